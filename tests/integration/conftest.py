"""Emulators and stacks for the tests, and which worker has which tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.integration.standing import Standing, built
from tests.processes import Running, start


@pytest.fixture(scope="module")
def emulator() -> Iterator[Running]:
    """An emulator with nothing in it, for the tests of one file."""
    running = start("emulator", "--port", "0")
    yield running
    running.stop()


@pytest.fixture
def fresh(emulator: Running) -> Running:
    """The same with nothing in it again."""
    emulator.post("/moto-api/reset")
    emulator.post("/emulator/requests/reset")
    return emulator


@pytest.fixture
def proxies() -> Iterator[Callable[..., Running]]:
    """Starts fault proxies before a backend, and stops them."""
    running: list[Running] = []

    def begin(backend: Running, *arguments: str) -> Running:
        running.append(start("tests.faults.proxy", "--listen", "0", "--backend", str(backend.port), *arguments))
        return running[-1]

    yield begin
    for proxy in running:
        proxy.stop()


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """For the files that look at a stack, or turn one setting and back."""
    running = start("emulator", "--port", "0")
    yield built(running, tmp_path_factory.mktemp("standing"))
    running.stop()


@pytest.fixture(scope="session")
def long(pytestconfig: pytest.Config) -> bool:
    """Whether a test may take its time: not where C(-m) leaves the long ones out, as all targets of make do without LONG=1."""
    return "not long" not in pytestconfig.option.markexpr


#: The files that take longest, in this order, so that no worker is done long before the others.
FIRST = (
    "test_lifecycle", "test_three_tiers", "test_faults", "test_side_by_side", "test_policy", "test_refusals", "test_settings",
    "test_verify",
)  # fmt: skip


#: Those that share the fixture C(standing).
ON_STANDING = ("test_settings.py", "test_verify.py")


class ByStack(LoadFileScheduling):
    """A worker has all tests of a file, and of the files that share a stack. (xdist's own groups do nothing with pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "standing" if file.endswith(ON_STANDING) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    return ByStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))
