"""A run that is killed after any mutating call is completed by the next, without an orphan."""

from __future__ import annotations

import random

import pytest

from tests.integration.conftest import Stack
from tests.integration.inventory import differences, listing

#: Mutating calls after which the run is killed: the first ones of each component, and a sample of the rest, the same each day.
FIRST_APPLY_WRITES = 480
KILL_POINTS = sorted({1, 2, 5, *random.Random(20).sample(range(9, FIRST_APPLY_WRITES), 6)})


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
