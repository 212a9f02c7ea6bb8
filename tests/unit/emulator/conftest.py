"""Emulators in subprocesses, and clients for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.processes import Running, start


@pytest.fixture(scope="session")
def emulator() -> Iterator[Running]:
    """An emulator as everybody starts it. Tests share it: they use names of their own."""
    running = start("emulator", "--port", "0")
    yield running
    running.stop()


@pytest.fixture
def started() -> Iterator[Callable[..., Running]]:
    """Starts further processes (``started("emulator", "--latency", "aws", "--port", "0")``), and stops them all."""
    all_of_them: list[Running] = []

    def begin(module: str, *arguments: str) -> Running:
        all_of_them.append(start(module, *arguments))
        return all_of_them[-1]

    yield begin
    for running in all_of_them:
        if running.process.poll() is None:
            running.stop()
