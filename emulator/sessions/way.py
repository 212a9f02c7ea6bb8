"""Files on their way: the one address at which Ansible and an instance both reach the emulator's S3.

amazon.aws.aws_ssm signs a URL on the machine that it runs on, and has curl fetch it on the instance. AWS's names are the same for both.
Here 127.0.0.1 is each one's own, so that both find the emulator at another address of their loopback interface, as long as a session lasts.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from emulator.instances.network import in_namespace
from emulator.instances.relay import Relay

#: inventories/local has it too (group_vars/servers.yml). Its numbers are those at which instances reach AWS.
ADDRESS = "127.169.254.253"
HOST = "127.0.0.1"

_lock = threading.Lock()
_open: dict[int, tuple[Relay, int]] = {}
_here: list[Relay] = []


class _Namespace:
    """The network of the process *pid*, None for the emulator's own."""

    def __init__(self, pid: int | None):
        self._pid = pid

    def inside(self) -> AbstractContextManager[None]:
        return nullcontext() if self._pid is None else in_namespace(f"/proc/{self._pid}/ns/net")


def take(machine: Any) -> Callable[[], None]:
    """Open the way of a session on *machine*; what closes it. The last one does: an open socket would keep the network of a machine that
    is gone."""
    pid, port = getattr(machine, "pid", 0), int(os.environ.get("MOTO_PORT") or 0)
    if not pid or not port:
        return lambda: None
    with _lock:
        if not _here:
            _here.append(Relay(_Namespace(None), (ADDRESS, port), (HOST, port)))
        relay, users = _open.get(pid) or (Relay(_Namespace(pid), (ADDRESS, port), (HOST, port)), 0)
        _open[pid] = relay, users + 1
    return functools.partial(_give_back, pid)


def _give_back(pid: int) -> None:
    with _lock:
        relay, users = _open.pop(pid)
        if users > 1:
            _open[pid] = relay, users - 1
        else:
            relay.close()
