"""Throttling, errors, broken connections and lost answers: the run ends well, and nothing is there twice."""

from __future__ import annotations

from tests.integration.conftest import Stack
from tests.integration.inventory import differences, listing


def test_a_bad_day_ends_well(emulator, fresh, first_run, proxies, tmp_path):
    proxy = proxies(emulator, "--throttle", "0.5", "--error-500", "0.2", "--cut-before", "0.3", "--lose-answer", "0.1", "--seed", "7")
    done = Stack(proxy.url, tmp_path).apply()
    assert done.total("failed") == 0
    stats = proxy.get("/__stats")
    assert min(stats[fault] for fault in ("throttle", "error_500", "cut_before", "lose_answer")) > 5
    assert differences(listing(emulator), first_run[0]) == {}
    assert Stack(emulator.url, tmp_path).apply().total("changed") == 0
