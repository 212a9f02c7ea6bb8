"""The state of the emulator in a file, so that it outlives a restart.

A pickle of moto's backends: a replay of recorded requests would give new ids and dates, and fail where the order matters.

What is true of machines only as long as their process runs is not kept: sessions, commands, what associations have done. The next process
boots machines anew, and associations are applied to them again. (Health of targets is kept nowhere: emulator/targets.py.)
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import moto
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.ssm.models import ssm_backends

from emulator import pickling
from emulator.operations import STORES
from emulator.services.ssm_management import associations_of, pending

if TYPE_CHECKING:
    from emulator.pipeline import Emulator

log = logging.getLogger("emulator.state")

NAME = "state.pickle"
SAVE_EVERY_SECONDS = 2.0
_NOT_KEPT = ("moto_api", "instance_metadata")
#: Of stores (emulator/operations.py): what belongs to machines.
_OF_MACHINES = {"ssm": ("sessions", "commands")}
#: Of associations, which stand in moto's backend of Systems Manager.
_OF_ASSOCIATIONS = ("applied", "executions", "asked", "LastExecutionDate")


class StateError(Exception):
    """The state file can't be used."""


class StateFile:
    """Saves at most every `SAVE_EVERY_SECONDS` after a change, and when the emulator stops."""

    def __init__(self, directory: Path):
        self.path = directory / NAME
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._emulator: Emulator | None = None
        self._saver = threading.Thread(target=self._save_now_and_then, name="state", daemon=True)

    def changed(self) -> None:
        """Something changed: save soon."""
        self._dirty.set()

    def open(self, emulator: Emulator) -> None:
        """Load what is there, and save from now on."""
        self._emulator = emulator
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            load(self.path, emulator)
        self._saver.start()

    def close(self) -> None:
        """Save for the last time."""
        self._closing.set()
        self._dirty.set()
        self._saver.join()

    def _save_now_and_then(self) -> None:
        assert self._emulator is not None
        while not self._closing.is_set():
            self._dirty.wait()
            self._closing.wait(SAVE_EVERY_SECONDS)
            self._dirty.clear()
            try:
                save(self.path, self._emulator)
            except Exception:
                log.exception("The state could not be saved")


def save(path: Path, emulator: Emulator) -> None:
    """Write everything to *path*, or leave it as it was."""
    started = time.perf_counter()
    with emulator.lock.read():
        content = pickle.dumps(_versions()) + pickling.dumps({
            "backends": {
                (backends.service_name, account, region): backend
                for backends in list(BackendDict._instances)
                if backends.service_name not in _NOT_KEPT
                for account, region, backend in backends.iter_backends()
            },
            "stores": {
                key: {name: value for name, value in kept.items() if name not in _OF_MACHINES.get(key[0], ())}
                for key, kept in list(STORES.items())
            },
            "tokens": emulator.tokens.answers,
        })  # fmt: skip
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=NAME, delete=False) as temporary:
        temporary.write(content)
        temporary.flush()
        os.fsync(temporary.fileno())
    Path(temporary.name).replace(path)
    log.info("State saved: %d KB in %.0f ms", len(content) // 1024, (time.perf_counter() - started) * 1000)


def load(path: Path, emulator: Emulator) -> None:
    """Take over the state in *path*. Raises StateError if another moto or Python wrote it, or it is no state file."""
    with path.open("rb") as file:
        try:
            versions = pickling.load(file)
        except Exception as error:
            raise StateError(f"{path} is not a state file of the emulator ({error}): remove it.") from error
        if versions != _versions():
            raise StateError(f"{path} was written by {versions}, and this is {_versions()}: remove it, or use those versions.")
        try:
            content = pickling.load(file)
        except Exception as error:
            raise StateError(f"{path} can't be read ({type(error).__name__}: {error}): remove it.") from error
    for (service, account, region), backend in content["backends"].items():
        dict.__setitem__(get_backend(service)[account], region, backend)
    for _account, _region, systems_manager in ssm_backends.iter_backends():
        for association in associations_of(systems_manager).values():
            for name in _OF_ASSOCIATIONS:
                association.pop(name, None)
            association["Overview"] = pending()
    STORES.update(content["stores"])
    emulator.tokens.answers.update(content["tokens"])


def _versions() -> str:
    return f"moto {moto.__version__} on Python {sys.version_info.major}.{sys.version_info.minor}"
