"""A command's whole cost: wall time, CPU time of all its processes, and what the emulator behind it had to do."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from tests.processes import Running

GIVE_UP_SECONDS = 900
SHOWN_LINES = 40


class Failed(Exception):
    """A command did not do what it is measured for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of a command. Seconds; *emulator* is the CPU time that the emulator spent on it; *writes* are mutating calls."""

    wall: float
    cpu: float
    emulator: float
    requests: int
    writes: int

    def __add__(self, other: Sample) -> Sample:
        return Sample(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in asdict(self).items()}


def cpu_seconds(pid: int) -> float:
    """CPU time of the process *pid*, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(command: list[str], folder: Path, environment: Mapping[str, str], log: Path) -> tuple[float, float]:
    """(wall, CPU) seconds of *command* with everything it started. Raises Failed unless it ends with 0; its words are in *log*."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        guard = threading.Timer(GIVE_UP_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
        guard.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
        finally:
            guard.cancel()
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN_LINES:]
        raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n" + "\n".join(said))
    return wall, usage.ru_utime + usage.ru_stime


def measured(command: list[str], folder: Path, environment: Mapping[str, str], log: Path, emulator: Running) -> tuple[Sample, dict]:
    """The sample of *command*, and the emulator's report on its calls."""
    emulator.post("/emulator/requests/reset")
    before = cpu_seconds(emulator.process.pid)
    wall, cpu = run(command, folder, environment, log)
    spent = cpu_seconds(emulator.process.pid) - before
    report = emulator.get("/emulator/requests?limit=0")
    return Sample(wall, cpu, spent, report["total"], report["writes"]), report
