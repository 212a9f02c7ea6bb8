"""Runs that are disturbed, and runs that are killed: what stands in the end is what stands after an undisturbed run, and nothing twice."""

from __future__ import annotations

import pytest

from tests.integration.inventory import differences, listing
from tests.integration.stack import Stack, writes

#: After how many mutating calls of an undisturbed run, or what share of them, a run is killed: after the very first ones, and all along.
POINTS = (1, 2, 0.06, 5, 0.35, 0.2, 0.65, 0.5, 0.94, 0.8)


@pytest.fixture(scope="module")
def first_run(emulator, tmp_path_factory) -> tuple[dict[str, list[str]], int]:
    """(what stands after an undisturbed first run, its mutating requests)."""
    emulator.post("/emulator/requests/reset")
    Stack(emulator.url, tmp_path_factory.mktemp("reference")).apply()
    found = listing(emulator), writes(emulator)
    emulator.post("/moto-api/reset")
    return found


def test_killed_runs_are_completed_by_the_next(emulator, fresh, first_run, proxies, long, tmp_path):
    """Each run goes on where the one before was killed: it fails if it can't, and what none completes, or is there twice, is found in
    the end."""
    stands, mutations = first_run
    made = 0
    for after in sorted(point if isinstance(point, int) else round(point * mutations) for point in (POINTS if long else POINTS[::2])):
        pid_file = tmp_path / f"pid-{after}"
        proxy = proxies(emulator, "--kill-after-mutation", str(after - made), "--kill-pid-file", str(pid_file))
        process = Stack(proxy.url, tmp_path).begin()
        pid_file.write_text(str(process.pid), encoding="utf-8")
        output, _nothing = process.communicate()
        assert process.returncode == -9, output[-8000:]
        made = after
    Stack(emulator.url, tmp_path).apply()
    assert differences(listing(emulator), stands) == {}


def test_a_bad_day_ends_well(emulator, fresh, first_run, proxies, long, tmp_path):
    """Throttling, errors, broken connections and lost answers; with LONG=1 of all but the last twice as many."""
    throttle, error, cut = ("0.5", "0.2", "0.3") if long else ("0.3", "0.1", "0.15")
    proxy = proxies(emulator, "--throttle", throttle, "--error-500", error, "--cut-before", cut, "--lose-answer", "0.1", "--seed", "7")
    done = Stack(proxy.url, tmp_path).apply()
    assert done.total("failed") == 0
    stats = proxy.get("/__stats")
    assert min(stats[fault] for fault in ("throttle", "error_500", "cut_before", "lose_answer")) > 5
    assert differences(listing(emulator), first_run[0]) == {}
    assert Stack(emulator.url, tmp_path).apply().total("changed") == 0
