"""The network of emulated instances: a namespace with a bridge, which this machine's own network does not see.

Addresses are those that EC2 gave. Two are AWS's own in each VPC: 169.254.169.254 has the instance metadata service and
169.254.169.253 the resolver of names ("DNS attributes for your VPC", Amazon VPC User Guide).
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

METADATA, RESOLVER = "169.254.169.254", "169.254.169.253"
BRIDGE = "vpc"
#: Names of namespaces: by the process that made them, so that what a dead one left can be told.
_NAME = "refarch-{pid}"
_PATTERN = re.compile(r"^refarch-(\d+)$")
_FOLDER = Path("/run/netns")


class NotPossible(Exception):
    """This machine can't have instances. Its text says why."""


def ip(*arguments: str, check: bool = True) -> None:
    """Run ip(8). Raises NotPossible with what it said."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise NotPossible(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


class Network:
    """One network of instances. Made by C(create), gone by C(delete)."""

    def __init__(self) -> None:
        self.name = _NAME.format(pid=os.getpid())

    def create(self) -> None:
        """Raises NotPossible where this process may not."""
        remove_left_over()
        ip("netns", "add", self.name)
        for command in (
            ("link", "set", "lo", "up"),
            # An address of its own: a bridge without one takes the lowest of its ports', another whenever a machine comes or goes, and
            # those that stay would send to the one before for most of a minute.
            ("link", "add", BRIDGE, "address", hardware_address(METADATA), "type", "bridge"),
            ("address", "add", f"{METADATA}/32", "dev", BRIDGE),
            ("address", "add", f"{RESOLVER}/32", "dev", BRIDGE),
            ("link", "set", BRIDGE, "up"),
        ):
            ip("-n", self.name, *command)

    def delete(self) -> None:
        ip("netns", "delete", self.name, check=False)

    def attach(self, pid: int, address: str, label: str) -> None:
        """Give the instance whose first process is *pid* its *address*. *label* names the bridge's end, 15 characters at most."""
        ip("-n", self.name, "link", "add", label, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        ip("-n", self.name, "link", "set", label, "master", BRIDGE, "up")
        ip("-n", self.name, "route", "replace", f"{address}/32", "dev", BRIDGE)
        enter = ["nsenter", "--target", str(pid), "--net", "ip"]
        for command in (
            ("link", "set", "lo", "up"),
            # Who gets the address of one that is gone is found at once: nobody has to forget its hardware address.
            ("link", "set", "eth0", "address", hardware_address(address)),
            ("address", "add", f"{address}/32", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("route", "add", METADATA, "dev", "eth0"),
            ("route", "add", RESOLVER, "dev", "eth0"),
            # All that is not on this bridge ends at it: there is no way out.
            ("route", "add", "default", "dev", "eth0"),
        ):
            done = subprocess.run([*enter, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                raise NotPossible(f"ip {' '.join(command)}: {done.stderr.strip()}")

    def add_address(self, address: str) -> None:
        """*address* is the emulator's own inside the network, as that of a load balancer's interface."""
        ip("-n", self.name, "address", "replace", f"{address}/32", "dev", BRIDGE)

    def remove_address(self, address: str) -> None:
        ip("-n", self.name, "address", "delete", f"{address}/32", "dev", BRIDGE, check=False)

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        """A connection to *address* in the network, which may wait *seconds* for each answer. Raises OSError, as TimeoutError."""
        with self.inside():
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.settimeout(seconds)
            made.connect((address, port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            made.close()
            raise
        return made

    def inside(self) -> AbstractContextManager[None]:
        """What this thread opens meanwhile is in the network: sockets stay there when the thread is back."""
        return in_namespace(_FOLDER / self.name)


@contextmanager
def in_namespace(path: str | Path) -> Iterator[None]:
    """This thread is in the network namespace at *path* meanwhile."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.setns(there, os.CLONE_NEWNET)
            try:
                yield
            finally:
                os.setns(here, os.CLONE_NEWNET)
        finally:
            os.close(there)
    finally:
        os.close(here)


def hardware_address(address: str) -> str:
    """Of the interface that has *address*: a locally administered one, made of its four bytes."""
    return ":".join(["02", "00", *(f"{int(part):02x}" for part in address.split("."))])


def remove_left_over() -> None:
    """Remove the networks of processes that are gone."""
    for found in _FOLDER.glob("refarch-*") if _FOLDER.is_dir() else ():
        match = _PATTERN.match(found.name)
        if match and not Path("/proc", match[1]).exists():
            with suppress(NotPossible):
                ip("netns", "delete", found.name)
