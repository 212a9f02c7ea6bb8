"""A stack, driven as a user drives it: by ansible-playbook; and its account, looked at as a user."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3

from tests.processes import REGION, ROOT, Running

RUN_SECONDS = 900


@dataclass
class Done:
    """An ended run: exit code, output, recap by host, and the file that it wrote."""

    code: int
    output: str
    seconds: float
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        rows = re.findall(r"^(\S+)\s+: (ok=.*)$", self.output.partition("PLAY RECAP")[2], re.MULTILINE)
        return {host: {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", row)} for host, row in rows}

    def total(self, what: str) -> int:
        return sum(row[what] for row in self.recap.values())

    @property
    def planned(self) -> list[dict[str, Any]]:
        return self.report["changes"]


class Stack:
    """A stack at one endpoint. C(run) is C(ansible-playbook -i inventories/<inventory> playbooks/<playbook>)."""

    def __init__(
        self, url: str, folder: Path, playbook: str = "base.yml", settings: dict[str, Any] | None = None, inventory: str = "local"
    ):
        self.url, self.folder, self.playbook, self.settings, self.inventory = url, folder, playbook, settings or {}, inventory

    def command(self, *arguments: str, **settings: Any) -> list[str]:
        variables = {"stack_build_folder": str(self.folder), **self.settings, **settings}
        return [
            str(ROOT / ".venv" / "bin" / "ansible-playbook"),
            "-i",
            f"inventories/{self.inventory}",
            str(ROOT / "playbooks" / self.playbook),
            "-e",
            json.dumps(variables),
            *arguments,
        ]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
        return {**kept, "AWS_ENDPOINT_URL": self.url, "ANSIBLE_NOCOLOR": "1", **more}

    def begin(self, *arguments: str, environment: dict[str, str] | None = None, **settings: Any) -> subprocess.Popen[str]:
        """Start a run in a process group of its own."""
        return subprocess.Popen(
            self.command(*arguments, **settings),
            cwd=ROOT,
            env=self.environment(**(environment or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, environment: dict[str, str] | None = None, **settings: Any) -> Done:
        for name in ("report.json", "plan.json"):
            (self.folder / name).unlink(missing_ok=True)
        begun = time.monotonic()
        process = self.begin(*arguments, environment=environment, **settings)
        output, _nothing = process.communicate(timeout=RUN_SECONDS)
        done = Done(process.returncode, output, time.monotonic() - begun)
        for name in ("report.json", "plan.json"):
            if (self.folder / name).exists():
                done.report = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return done

    def apply(self, *arguments: str, **settings: Any) -> Done:
        done = self.run(*arguments, **settings)
        assert done.code == 0, done.output[-8000:]
        assert done.total("failed") == 0
        return done

    def plan(self, *arguments: str, **settings: Any) -> Done:
        return self.apply("--check", "--diff", *arguments, **settings)

    def remove(self, **settings: Any) -> Done:
        return self.apply(stack_state="absent", **settings)


@contextmanager
def as_user(emulator: Running) -> Iterator[None]:
    """Meanwhile boto3 of this process is that of a user of the local inventory, as far as the environment says who it is."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    given = {
        "AWS_ENDPOINT_URL": emulator.url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "emulator",
        "AWS_SECRET_ACCESS_KEY": "emulator",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    with patch.dict(os.environ, {**kept, **given}, clear=True):
        boto3.setup_default_session()
        yield


def writes(emulator: Running) -> int:
    """Mutating requests that reached the server since the last reset of its counters."""
    return emulator.get("/emulator/requests?limit=0")["writes"]
