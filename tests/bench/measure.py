"""The order in which everything is measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from tests.bench import parity
from tests.bench.process import Sample
from tests.bench.sides import APPLY, NO_OP, PLAN, Refarch, Side, in_turn
from tests.processes import Running


class Measure:
    """*ways*: each side with the proxy that makes its calls slow. *samples*: by side, case and latency."""

    def __init__(self, ways: Sequence[tuple[Side, Running]], cases: Sequence[str], runs: int):
        self.samples: dict[tuple[str, str, int], list[Sample]] = {}
        self._ways = ways
        self._sides = [side for side, _slow in ways]
        self._cases = cases
        self._runs = runs

    def warm_up(self) -> list[str]:
        """Run each command once, so that emulators, files and byte code are warm. Returns what stands otherwise on the two sides."""
        for side in self._sides:
            side.place = side.emulator.url
            side.fresh()
            _say(side, APPLY, 0, "warm-up", side.measure(APPLY))
            side.measure(PLAN)
        if len(self._sides) < 2:
            return []
        found = parity.differences(*(side.emulator for side in self._sides))
        print("\n".join(["What stands differs:", *found] if found else ["Both sides stand alike."]), flush=True)
        return found

    def at(self, latency: int) -> None:
        """All cases at *latency* ms per call. Without any the emulator is called directly."""
        for side, slow in self._ways:
            slow.post("/__ctl", {"latency_ms": latency})
            side.place = slow.url if latency else side.emulator.url
        if APPLY in self._cases:
            for number in range(self._runs):
                in_turn(self._sides, number, partial(self._apply, latency))
        if {NO_OP, PLAN} & set(self._cases):
            for number in range(self._runs):
                in_turn(self._sides, number, partial(self._look, latency))

    def _apply(self, latency: int, side: Side) -> None:
        side.fresh()
        self._take(side, APPLY, latency)

    def _look(self, latency: int, side: Side) -> None:
        # Terraform's plan is what both of our ways to look are held against.
        for case in (case for case in (NO_OP, PLAN) if case in self._cases) if isinstance(side, Refarch) else (PLAN,):
            self._take(side, case, latency)

    def _take(self, side: Side, case: str, latency: int) -> None:
        taken = self.samples.setdefault((side.name, case, latency), [])
        taken.append(side.measure(case))
        _say(side, case, latency, f"run {len(taken)}", taken[-1])


def _say(side: Side, case: str, latency: int, what: str, sample: Sample) -> None:
    cost = f"{sample.wall:.2f} s, {sample.requests} calls"
    print(f"{time.strftime('%H:%M:%S')} {side.name} {case} at {latency} ms, {what}: {cost}", flush=True)
