"""Servers of the tests: emulated instances on which the node roles are applied through Run Command, by the nodes themselves."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.instances.machine import ENVIRONMENT
from emulator.instances.network import RESOLVER, Network
from emulator.instances.relay import Relay
from tests.packages import needed
from tests.processes import REGION, ROOT, Running, ran

#: Python of the nodes: Debian 12's.
PYTHON = "3.11"
#: Seconds that one run of Ansible may take.
RUN_SECONDS = 240

_LOCK = ROOT / "files" / "nodes" / f"python-{PYTHON}.txt"
_BUILD = ROOT / "build" / "wheels"
_ENVIRONMENT = "/opt/refarch/ansible/tests"
_WORK = "/var/lib/refarch/bundles/tests"
_OUTPUT = "/var/lib/refarch/bundles/tests.log"
#: What the roles use of collections.
_MODULES = ("elb_target", "elb_target_info")
_COLLECTIONS = (
    ("amazon/aws", ("plugins/module_utils", "meta", "MANIFEST.json")),
    ("community/aws", ("plugins/module_utils", *(f"plugins/modules/{name}.py" for name in _MODULES), "meta", "MANIFEST.json")),
)


@dataclass(frozen=True)
class Done:
    """An ended run of Ansible: exit code, output, counts of the recap."""

    code: int
    output: str

    @property
    def recap(self) -> dict[str, int]:
        row = re.search(r"^localhost\s+: (ok=.*)$", self.output, re.MULTILINE)
        return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", row[1])} if row else {}


class Node:
    """The emulated instance *instance_id* of the emulator *running*, which has ``--instances``."""

    def __init__(self, running: Running, instance_id: str, address: str):
        self.id, self.address = instance_id, address
        self._ssm = running.client("ssm")
        aws = {"AWS_ENDPOINT_URL": f"http://{RESOLVER}:{running.port}", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        self._environment = {**ENVIRONMENT, **aws}
        holder = subprocess.run(["pgrep", "-f", f"boot.sh .*{instance_id}"], capture_output=True, text=True, check=True).stdout.split()[0]
        self._pid = Path(f"/proc/{holder}/task/{holder}/children").read_text(encoding="ascii").split()[0]

    def command(self, *arguments: str) -> list[str]:
        """What runs *arguments* there as root."""
        enter = ["nsenter", "--target", self._pid, "--mount", "--pid", "--uts", "--ipc", "--net"]
        environment = (f"{name}={value}" for name, value in self._environment.items())
        return [*enter, "env", "--chdir=/", "--ignore-environment", *environment, *arguments]

    def run(self, *arguments: str, given: bytes = b"", seconds: float = RUN_SECONDS) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(self.command(*arguments), input=given, capture_output=True, timeout=seconds, check=False)
        said, complained = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(done.args, done.returncode, said, complained)

    def said(self, script: str) -> str:
        """What the shell *script* prints. Raises AssertionError where it fails."""
        done = self.run("bash", "-c", script)
        assert done.returncode == 0, f"{script}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def get(self, port: int, path: str, *options: str) -> tuple[int, str]:
        """(status, body and what curl says) of a request from the node itself."""
        url = f"http://127.0.0.1:{port}{path}"
        done = self.run("curl", "--silent", "--show-error", "--max-time", "10", "--write-out", "\n%{http_code}", *options, url)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body + done.stderr

    def put(self, place: str, parts: Iterable[tuple[Path, str]], texts: Mapping[str, str] | None = None) -> None:
        """Replace the folder *place* by files and folders of this machine (with their paths there) and by *texts*."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for source, into in parts:
                archive.add(source, into, filter=_plain)
            for name, text in (texts or {}).items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        script = 'rm -rf "$1" && mkdir -p "$1" && tar -x -C "$1"'
        done = self.run("sh", "-c", script, "sh", place, given=packed.getvalue())
        assert done.returncode == 0, done.stderr

    def ready(self) -> None:
        """Bring Ansible, the roles and the collections, where the document of node_configuration puts them."""
        self.said(f"python{PYTHON} -m venv --without-pip {_ENVIRONMENT}")
        packed = subprocess.run(["tar", "-c", "-C", str(ansible_of_nodes()), "."], capture_output=True, check=True).stdout
        self.run("tar", "-x", "-C", f"{_ENVIRONMENT}/lib/python{PYTHON}/site-packages", given=packed).check_returncode()
        collections = next(Path(sys.prefix).glob("lib/python*/site-packages/ansible_collections"))
        parts = [
            (collections / name / part, f"collections/ansible_collections/{name}/{part}")
            for name, wanted in _COLLECTIONS
            for part in wanted
        ]
        parts += [(path, f"roles/{path.name}") for path in sorted((ROOT / "roles").glob("node_*"))]
        parts += [(path, f"wheels/{path.name}") for path in wheels_of_nodes()]
        self.put(_WORK, parts)

    def begin(self, roles: Iterable[str], release: Path, variables: Mapping[str, Any], *options: str) -> str:
        """Let the node apply *roles* with the *release*, whose files are brought. Returns the id of the command."""
        self.put(f"{_WORK}/release", [(release, ".")])
        play = {"hosts": "localhost", "gather_facts": True, "gather_subset": ["!all", "min"], "roles": list(roles)}
        texts = {"site.yml": json.dumps([play]), "vars.json": json.dumps(variables)}
        self.put(f"{_WORK}/play", [], texts)
        settings = {"ANSIBLE_ROLES_PATH": f"{_WORK}/roles", "ANSIBLE_COLLECTIONS_PATH": f"{_WORK}/collections", "ANSIBLE_NOCOLOR": "1"}
        settings |= {"ANSIBLE_PIPELINING": "True", "ANSIBLE_HOME": "/var/lib/refarch/ansible", "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "False"}
        python = f"{_ENVIRONMENT}/bin/python"
        words = [
            "env", *(f"{name}={value}" for name, value in (self._environment | settings).items()),
            python, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={python}",
            "-e", f"@{_WORK}/play/vars.json", *options, f"{_WORK}/play/site.yml",
        ]  # fmt: skip
        # Into a file, since GetCommandInvocation keeps 24,000 characters.
        commands = [f"{shlex.join(words)} > {_OUTPUT} 2>&1"]
        sent = self._ssm.send_command(
            DocumentName="AWS-RunShellScript",
            InstanceIds=[self.id],
            Parameters={"commands": commands, "executionTimeout": [str(RUN_SECONDS)]},
        )
        return sent["Command"]["CommandId"]

    def ended(self, command: str) -> Done:
        """What became of the *command* of C(begin)."""
        ends = time.monotonic() + RUN_SECONDS
        while time.monotonic() < ends:
            found = self._ssm.list_command_invocations(CommandId=command, InstanceId=self.id)["CommandInvocations"]
            if found and found[0]["Status"] not in ("Pending", "InProgress", "Delayed"):
                code = self._ssm.get_command_invocation(CommandId=command, InstanceId=self.id)["ResponseCode"]
                return Done(code, self.said(f"cat {_OUTPUT}"))
            time.sleep(0.2)
        raise AssertionError(f"{command} did not end within {RUN_SECONDS} seconds")

    def apply(self, roles: Iterable[str], release: Path, variables: Mapping[str, Any], *options: str) -> Done:
        return self.ended(self.begin(roles, release, variables, *options))


#: Where a node finds the release, and the wheels, that C(Node) brings.
RELEASE, WHEELS = f"{_WORK}/release", f"{_WORK}/wheels"


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """*member* as it is in a bundle, which keeps no owners."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def wheels_of_nodes() -> list[Path]:
    """The wheels of a bundle: Ansible, pip, and what the sample service needs."""
    found = {path.name: path for lock in (_LOCK, ROOT / "files" / "apps" / "app" / "requirements.txt") for path in _wheels_of(lock)}
    return [found[name] for name in sorted(found)]


def _wheels_of(lock: Path) -> list[Path]:
    from ansible_collections.refarch.aws.plugins.module_utils.wheels import wheels_of

    return wheels_of(lock, PYTHON, "x86_64", _BUILD, ran)


def ansible_of_nodes() -> Path:
    """The packages of a node's environment, installed once and kept as long as the pins are the same."""
    python = needed(shutil.which(f"python{PYTHON}"), f"python{PYTHON}")
    wheels = _wheels_of(_LOCK)
    place = wheels[0].parent.with_name(f"installed-{wheels[0].parent.name}")
    if not place.is_dir():
        part = Path(tempfile.mkdtemp(dir=_BUILD, prefix=".part-"))
        pip = next(wheel for wheel in wheels if wheel.name.startswith("pip-"))
        subprocess.run(
            [python, str(pip / "pip"), "install", "--quiet", "--no-warn-conflicts", "--no-index", "--find-links", str(pip.parent),
             "--require-hashes", "--requirement", str(_LOCK), "--target", str(part)],
            check=True, timeout=RUN_SECONDS,
        )  # fmt: skip
        try:
            part.replace(place)
        except OSError:
            if not place.is_dir():  # where it is, another run was faster
                raise
            shutil.rmtree(part)
    return place


@contextmanager
def reachable(running: Running, *ports: int):
    """Meanwhile the nodes of *running* find each of this machine's TCP *ports* at the same port of RESOLVER."""
    network = Network()
    network.name = f"refarch-{running.process.pid}"
    relays = [Relay(network, (RESOLVER, port), ("127.0.0.1", port)) for port in ports]
    try:
        yield
    finally:
        for relay in relays:
            relay.close()
