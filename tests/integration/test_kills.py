"""A run that is killed after any mutating call is completed by the next, without an orphan."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Stack
from tests.integration.inventory import differences, listing

#: After how many mutating calls a run is killed: the very first ones, and shares of those of an undisturbed run.
FIRST = (1, 2, 5)
SHARES = (0.06, 0.2, 0.35, 0.5, 0.65, 0.8, 0.94)


@pytest.mark.parametrize("point", [*FIRST, *SHARES])
def test_a_killed_run_is_completed_by_the_next(emulator, fresh, first_run, proxies, tmp_path, point):
    stands, mutations = first_run
    after = point if point in FIRST else round(point * mutations)
    pid_file = tmp_path / "pid"
    proxy = proxies(emulator, "--kill-after-mutation", str(after), "--kill-pid-file", str(pid_file))
    process = Stack(proxy.url, tmp_path).begin()
    pid_file.write_text(str(process.pid), encoding="utf-8")
    process.communicate()
    assert process.returncode == -9
    Stack(emulator.url, tmp_path).apply()
    assert differences(listing(emulator), stands) == {}
