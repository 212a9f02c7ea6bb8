"""A run that is killed after any mutating call is completed by the next, without an orphan."""

from __future__ import annotations

from tests.integration.conftest import Stack
from tests.integration.inventory import differences, listing

#: After how many mutating calls of an undisturbed run, or what share of them, a run is killed: after the very first ones, and all along.
POINTS = (1, 2, 5, 0.06, 0.2, 0.35, 0.5, 0.65, 0.8, 0.94)


def test_killed_runs_are_completed_by_the_next(emulator, fresh, first_run, proxies, tmp_path):
    """Each run goes on where the one before was killed: it fails if it can't, and what none completes, or is there twice, is found in
    the end."""
    stands, mutations = first_run
    made = 0
    for point in POINTS:
        after = point if isinstance(point, int) else round(point * mutations)
        pid_file = tmp_path / f"pid-{point}"
        proxy = proxies(emulator, "--kill-after-mutation", str(after - made), "--kill-pid-file", str(pid_file))
        process = Stack(proxy.url, tmp_path).begin()
        pid_file.write_text(str(process.pid), encoding="utf-8")
        output, _nothing = process.communicate()
        assert process.returncode == -9, output[-8000:]
        made = after
    Stack(emulator.url, tmp_path).apply()
    assert differences(listing(emulator), stands) == {}
