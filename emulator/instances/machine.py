"""One emulated instance."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3

from emulator.instances.network import Network, NotPossible

BOOT = Path(__file__).parent / "boot.sh"
#: Seconds that an instance has for its first process to be ready.
PATIENCE = 10.0
#: What a process on each instance finds in its environment.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "xterm-256color",
    "HOME": "/root",
}
_NAMESPACES = ("unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork")
#: Ends what it starts when the emulator ends, however that was.
_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_NEEDED = ("unshare", "nsenter", "setpriv", "ip", "mount")
#: All that an instance and its network are made of, tried in namespaces that end with it.
_TRIAL = """
mount --make-rprivate / && mount -t tmpfs trial /mnt && mkdir /mnt/changed /mnt/work /mnt/root &&
mount -t overlay -o lowerdir=/,upperdir=/mnt/changed,workdir=/mnt/work trial /mnt/root &&
ip link add vpc type bridge && ip link add one type veth peer name other
"""


class BootFailed(Exception):
    """An instance did not come up. Its text is what its first process said."""


@functools.cache
def missing() -> str | None:
    """Why this machine can't have instances; None if it can."""
    if sys.platform != "linux":
        return "emulated instances need Linux"
    if os.geteuid() != 0:
        return "emulated instances need root"
    if absent := [name for name in _NEEDED if not shutil.which(name)]:
        return f"emulated instances need {', '.join(absent)}"
    tried = subprocess.run(
        ["unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "sh", "-c", _TRIAL],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"emulated instances need namespaces, which are not to be had here: {tried.stderr.strip()}" if tried.returncode else None


#: One at a time: a session of the SDK makes its clients for one thread.
_clients = threading.Lock()


@functools.cache
def _sdk() -> boto3.session.Session:
    """One for all instances: each would load the models of its services anew, which takes a tenth of a second."""
    return boto3.session.Session()


def _rooms(pid: int) -> Path:
    return Path(tempfile.gettempdir()) / f"refarch-instances-{pid}"


def remove_left_over() -> None:
    """Remove the folders of emulators that are gone, and this one's, which is empty then."""
    for found in Path(tempfile.gettempdir()).glob("refarch-instances-*"):
        pid = found.name.rpartition("-")[2]
        if pid == str(os.getpid()) or not Path("/proc", pid).exists():
            shutil.rmtree(found, ignore_errors=True)


class Instance:
    """A machine with the id and the private address of an EC2 instance.

    *aws*: what a boto3 client with its credentials is made with; *environment*: of its processes, beside C(ENVIRONMENT);
    *lower*: the files that it begins with.
    """

    def __init__(
        self,
        instance_id: str,
        address: str,
        network: Network,
        *,
        aws: Callable[[], dict[str, Any]] = dict,
        environment: Mapping[str, str] | None = None,
        lower: str = "/",
    ):
        self.id, self.address, self.network, self.lower = instance_id, address, network, lower
        self._aws, self._environment = aws, {**ENVIRONMENT, **(environment or {})}
        self._room = _rooms(os.getpid()) / instance_id
        self._holder: subprocess.Popen[str] | None = None
        self._pid = 0
        self._made: dict[str, tuple[dict[str, Any], Any]] = {}

    def boot(self) -> None:
        """Come up. Raises BootFailed; what was begun is gone then."""
        self._room.mkdir(mode=0o700, parents=True)
        self._holder = subprocess.Popen(
            [*_WITH_US, *_NAMESPACES, "--kill-child", "sh", str(BOOT), str(self._room), self.lower, self.id],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            self._pid = self._first_process()
            self.network.attach(self._pid, self.address, f"i{self.id[-12:]}")
        except (BootFailed, NotPossible) as error:
            self.stop()
            raise BootFailed(f"{self.id}: {error}") from error

    def stop(self) -> None:
        """Go away, with all processes and files. Nothing happens where it isn't there."""
        holder, self._holder, self._pid = self._holder, None, 0
        if holder is not None:
            holder.send_signal(signal.SIGKILL)  # which ends the first process (--kill-child), and so all others
            holder.wait()
            if holder.stdout:
                holder.stdout.close()
        with suppress(FileNotFoundError):
            self._room.rmdir()

    @property
    def running(self) -> bool:
        return self._holder is not None and self._holder.poll() is None

    @property
    def pid(self) -> int:
        """Of the instance's first process, as this machine has it; 0 where there is none."""
        return self._pid

    def command(self, *arguments: str) -> list[str]:
        """What runs *arguments* on the instance, as root, from the top of its files."""
        enter = ["nsenter", "--target", str(self._pid), "--mount", "--pid", "--uts", "--ipc", "--net"]
        return [
            *enter,
            "env",
            "--chdir=/",
            "--ignore-environment",
            *(f"{name}={value}" for name, value in self._environment.items()),
            *arguments,
        ]

    def run(self, *arguments: str, given: bytes = b"", seconds: float | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run *arguments* there, with *given* for input. Raises subprocess.TimeoutExpired."""
        return subprocess.run(self.command(*arguments), input=given, capture_output=True, timeout=seconds, check=False)

    def shell(self) -> list[str]:
        return self.command("sh", "-i")

    def client(self, service: str) -> Any:
        """A client with the credentials that its role has now. Each session asks for some, and they take longer to make than to use."""
        given = self._aws()
        with _clients:
            known = self._made.get(service)
            if known is None or known[0] != given:
                known = self._made[service] = given, _sdk().client(service, **given)
            return known[1]

    def _first_process(self) -> int:
        """The process id of the instance's first process, once it is ready."""
        assert self._holder is not None
        children = Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._holder.poll() is not None:
                assert self._holder.stdout is not None
                raise BootFailed(self._holder.stdout.read().strip() or f"ended with {self._holder.returncode}")
            with suppress(FileNotFoundError, IndexError):
                pid = int(children.read_text(encoding="ascii").split()[0])
                if Path(f"/proc/{pid}/root/run/booted").exists():
                    return pid
            time.sleep(0.01)
        raise BootFailed(f"not ready after {PATIENCE:g} seconds")
