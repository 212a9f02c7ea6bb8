"""Throttling, errors, broken connections, lost answers and kills: the run ends well or the next one completes it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.integration.conftest import Stack
from tests.integration.inventory import listing

#: Mutating calls after which the run is killed: the first ones of each component, and a sample of the rest, the same each day.
FIRST_APPLY_WRITES = 230
KILL_POINTS = sorted({1, 2, 3, 5, 8, *random.Random(20).sample(range(9, FIRST_APPLY_WRITES), 6)})


@pytest.fixture(scope="module")
def reference(emulator, tmp_path_factory):
    """What stands after an undisturbed first run."""
    emulator.post("/moto-api/reset")
    Stack(emulator.url, tmp_path_factory.mktemp("reference")).apply()
    stands = listing(emulator)
    emulator.post("/moto-api/reset")
    return stands


def differences(found: dict[str, list[str]], reference: dict[str, list[str]]) -> dict[str, list[str]]:
    """What stands too much (+) or is missing (-), by kind."""
    shown = {}
    for kind, names in reference.items():
        more, fewer = Counter(found[kind]) - Counter(names), Counter(names) - Counter(found[kind])
        if more or fewer:
            shown[kind] = [f"+{name}" for name in more.elements()] + [f"-{name}" for name in fewer.elements()]
    return shown


def test_a_bad_day_ends_well(emulator, fresh, reference, proxies, tmp_path):
    proxy = proxies(emulator, "--throttle", "0.5", "--error-500", "0.2", "--cut-before", "0.3", "--lose-answer", "0.1", "--seed", "7")
    done = Stack(proxy.url, tmp_path).apply()
    assert done.total("failed") == 0
    stats = proxy.get("/__stats")
    assert min(stats["throttled"], stats["failed"], stats["cut"], stats["lost"]) > 5
    assert differences(listing(emulator), reference) == {}
    assert Stack(emulator.url, tmp_path).apply().total("changed") == 0


@pytest.mark.parametrize("point", KILL_POINTS)
def test_a_killed_run_is_completed_by_the_next(emulator, fresh, reference, proxies, tmp_path, point):
    pid_file = tmp_path / "pid"
    proxy = proxies(emulator, "--kill-after-mutation", str(point), "--kill-pid-file", str(pid_file))
    process = Stack(proxy.url, tmp_path).begin()
    pid_file.write_text(str(process.pid), encoding="utf-8")
    process.communicate()
    assert process.returncode == -9
    Stack(emulator.url, tmp_path).apply()
    assert differences(listing(emulator), reference) == {}
