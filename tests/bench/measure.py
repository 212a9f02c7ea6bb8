"""The order in which everything is measured."""

from __future__ import annotations

import operator
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce

from tests.bench import parity
from tests.bench.process import Sample
from tests.bench.report import ALL, ALONE, ONE, Samples
from tests.bench.sides import APPLY, FIRST, NO_OP, PLAN, Refarch, Side, in_turn
from tests.processes import Running


class Measure:
    """*ways*: each side with the proxy that makes its calls slow. *samples*: by side, case, latency and what stands."""

    def __init__(self, ways: Sequence[tuple[Side, Running]], cases: Sequence[str], runs: int):
        self.samples: Samples = {}
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
        return self._compare()

    def at(self, latency: int) -> None:
        """All cases at *latency* ms per call. Without any the emulator is called directly."""
        self._slow_down(latency)
        if APPLY in self._cases:
            for number in range(self._runs):
                in_turn(self._sides, number, partial(self._apply, latency))
        if self._looks:
            for number in range(self._runs):
                in_turn(self._sides, number, partial(self._look, latency))

    def grow(self, environments: Sequence[str], latencies: Sequence[int]) -> list[str]:
        """Let all of *environments* stand in the account, the first of which stands there, and look once at each of them.

        Returns what stands otherwise on the two sides.
        """
        self._slow_down(0)
        for side in self._sides:
            with ThreadPoolExecutor() as pool:  # nobody measures how long this takes
                list(pool.map(partial(side.measure, APPLY), [name for name in environments if name != FIRST]))
        differences = self._compare()
        for number, latency in enumerate(latencies):
            self._slow_down(latency)
            in_turn(self._sides, number, partial(self._look_at_all, latency, environments))
        return differences

    @property
    def _looks(self) -> list[str]:
        return [case for case in (NO_OP, PLAN) if case in self._cases]

    def _cases_of(self, side: Side) -> list[str]:
        # Terraform's plan is what both of our ways to look are held against.
        return self._looks if isinstance(side, Refarch) else [PLAN]

    def _slow_down(self, latency: int) -> None:
        for side, slow in self._ways:
            slow.post("/__ctl", {"latency_ms": latency})
            side.place = slow.url if latency else side.emulator.url

    def _compare(self) -> list[str]:
        if len(self._sides) < 2:
            return []
        found = parity.differences(*(side.emulator for side in self._sides))
        print("\n".join(["What stands differs:", *found] if found else ["Both sides stand alike."]), flush=True)
        return found

    def _apply(self, latency: int, side: Side) -> None:
        side.fresh()
        self._take(side, APPLY, latency)

    def _look(self, latency: int, side: Side) -> None:
        for case in self._cases_of(side):
            self._take(side, case, latency)

    def _look_at_all(self, latency: int, environments: Sequence[str], side: Side) -> None:
        for case in self._cases_of(side):
            taken = [side.measure(case, name) for name in environments]
            for name, sample in zip(environments, taken, strict=True):
                _say(side, case, latency, f"environment {name}", sample)
            self.samples[side.name, case, latency, ONE] = [taken[list(environments).index(FIRST)]]
            self.samples[side.name, case, latency, ALL] = [reduce(operator.add, taken)]

    def _take(self, side: Side, case: str, latency: int) -> None:
        taken = self.samples.setdefault((side.name, case, latency, ALONE), [])
        taken.append(side.measure(case))
        _say(side, case, latency, f"run {len(taken)}", taken[-1])


def _say(side: Side, case: str, latency: int, what: str, sample: Sample) -> None:
    cost = f"{sample.wall:.2f} s, {sample.cpu:.2f} s of CPU, {sample.requests} calls"
    print(f"{time.strftime('%H:%M:%S')} {side.name} {case} at {latency} ms, {what}: {cost}", flush=True)
