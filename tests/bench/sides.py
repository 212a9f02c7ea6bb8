"""The two tools that are measured, each with an emulator of its own.

Its own, since both make resources of the same names, and a run without changes needs what the tool's own first apply made: with one
emulator every change of turns would cost a reset and an apply. Both are the same program with the same options, idle while it is not
their tool's turn, and side by side in one run, so that the machine is equally fast for both.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.process import Failed, Sample, measured, run
from tests.bench.provider import Tool
from tests.bench.shipped import ship
from tests.processes import ROOT, Running

NO_OP, PLAN, APPLY = "no-op", "plan", "apply"
#: Calls of a run without changes that write: the lock is a parameter, taken and released.
LOCK = {("ssm", "PutParameter"), ("ssm", "DeleteParameter"), ("ssm", "AddTagsToResource")}
CONFIGURATIONS = Path(__file__).parent / "terraform"
#: The folders of which the configuration of a scenario is made.
LAYERS = {"foundation": ("foundation",), "base": ("foundation", "base")}
#: The environment of inventories/local.
FIRST = "local"


def environments(number: int) -> list[str]:
    """Names of *number* environments of one account, the first one first."""
    return [FIRST, *(f"{FIRST}{place}" for place in range(2, number + 1))]


@dataclass
class Side:
    """A tool. *place*: what its commands call AWS, the emulator itself or the slow way there. *scenario*: what it builds."""

    name: str
    emulator: Running
    folder: Path
    place: str = ""
    scenario: str = "base"

    def fresh(self) -> None:
        """Empty the account."""
        self.emulator.post("/moto-api/reset")

    def measure(self, case: str, environment: str = FIRST) -> Sample:
        """Run *case* of *environment* once. Raises Failed where it does what it must not."""
        command, folder, variables = self.command(case, environment)
        sample, report = measured(command, folder, variables, self.folder / f"{environment}-{case}.log", self.emulator)
        if case != APPLY and (written := _written(report, LOCK if case == NO_OP else set())):
            raise Failed(f"{self.name}: a {case} run on what stands must not write, and wrote {', '.join(sorted(written))}.")
        return sample

    def command(self, case: str, environment: str = FIRST) -> tuple[list[str], Path, dict[str, str]]:
        raise NotImplementedError


@dataclass
class Refarch(Side):
    """``ansible-playbook`` as `make up` and `make plan` call it, for further environments with another name."""

    def command(self, case: str, environment: str = FIRST) -> tuple[list[str], Path, dict[str, str]]:
        options = ["--check", "--diff"] if case == PLAN else []
        if environment != FIRST:
            options += ["-e", f"stack_environment={environment}"]
        play = [".venv/bin/ansible-playbook", "-i", "inventories/local", f"playbooks/{self.scenario}.yml", *options]
        return play, ROOT, {**os.environ, "AWS_ENDPOINT_URL": self.place}


@dataclass
class Terraform(Side):
    """``terraform`` with the configuration of the scenario, without a user's settings and without network.

    Each environment has a folder and thus a state of its own. What the account has only once is made by the first one.
    """

    tool: Tool | None = None

    def prepare(self, names: Sequence[str] = (FIRST,)) -> None:
        """Lay out and initialise the folders of the environments *names*."""
        assert self.tool is not None
        shutil.rmtree(self.folder / "terraform", ignore_errors=True)
        for name in names:
            work = self.work(name)
            lay_out(self.scenario, work, name)
            (work / "empty").touch()
            command = [self.tool.terraform, "init", "-input=false", "-no-color", f"-plugin-dir={self.tool.mirror}"]
            run(command, work, self.variables(name), self.folder / f"{name}-init.log")

    def work(self, environment: str) -> Path:
        return self.folder / "terraform" / environment

    def fresh(self) -> None:
        super().fresh()
        for state in (self.folder / "terraform").glob("*/terraform.tfstate*"):
            state.unlink()

    def variables(self, environment: str = FIRST) -> dict[str, str]:
        """The environment variables of a command."""
        empty = str(self.work(environment) / "empty")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_")) and "proxy" not in name.lower()}
        return kept | {
            "AWS_CONFIG_FILE": empty,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": empty,
            "CHECKPOINT_DISABLE": "1",
            # S3 Control's host begins with the account, and <account>.127.0.0.1 is no host: it is asked for as through a proxy.
            "HTTP_PROXY": self.place,
            "TF_CLI_CONFIG_FILE": empty,
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_account_environment": FIRST,
            "TF_VAR_architecture": platform.machine(),
            "TF_VAR_endpoint": self.place,
            "TF_VAR_environment": environment,
        }

    def command(self, case: str, environment: str = FIRST) -> tuple[list[str], Path, dict[str, str]]:
        assert self.tool is not None
        action = ["apply", "-auto-approve"] if case == APPLY else ["plan", "-detailed-exitcode"]  # 2: there are changes
        return [self.tool.terraform, *action, "-input=false", "-no-color"], self.work(environment), self.variables(environment)


def lay_out(scenario: str, work: Path, environment: str = FIRST) -> None:
    """Put the configuration of *scenario* into the new folder *work*: the files of its layers, and what they ship in *environment*."""
    work.mkdir(parents=True)
    for layer in LAYERS[scenario]:
        for file in sorted((CONFIGURATIONS / layer).glob("*.tf")):
            if (work / file.name).exists():
                raise ValueError(f"{file.name} is in two of the folders of {scenario}.")
            shutil.copy(file, work)
    ship(work / "shipped", environment)


def terraform_version(tool: Tool) -> str:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    said = subprocess.run([tool.terraform, "version"], capture_output=True, text=True, check=True, env=environment)
    return said.stdout.split()[1]


def _written(report: dict[str, Any], allowed: set[tuple[str, str]]) -> set[str]:
    rows = [row for row in report["counts"] if row["kind"] == "write" and (row["service"], row["operation"]) not in allowed]
    return {f"{row['service']}:{row['operation']}" for row in rows}


def in_turn(sides: list[Side], number: int, action: Callable[[Side], None]) -> None:
    """*action* with each of *sides*; each second round begins with the other one, so that no side always has the warmer machine."""
    for side in sides if number % 2 == 0 else reversed(sides):
        action(side)
