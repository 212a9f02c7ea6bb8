"""Medians, ratios, bars: what the measure says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from tests.bench.process import Sample
from tests.bench.sides import APPLY, NO_OP, PLAN

REFARCH, TERRAFORM = "refarch", "terraform"
#: Each case of ours, and what it is held against.
AGAINST = {NO_OP: PLAN, PLAN: PLAN, APPLY: APPLY}
LABELS = {
    NO_OP: "run without changes / terraform plan",
    PLAN: "--check --diff / terraform plan",
    APPLY: "first apply / terraform apply",
}
#: What stands in the account and what of it is measured: one environment; one of several; each of several, one after the other.
ALONE, ONE, ALL = "alone", "one", "all"


@dataclass(frozen=True, slots=True)
class Bar:
    """The case may take at most *ratio* of Terraform's wall time at *latency* ms per call."""

    case: str
    latency: int
    ratio: float


BARS = (Bar(NO_OP, 0, 0.8), Bar(NO_OP, 80, 0.8), Bar(APPLY, 80, 1.3))

#: By side, case, latency and what stands.
Samples = dict[tuple[str, str, int, str], list[Sample]]


@dataclass(frozen=True, slots=True)
class Figure:
    """Runs of one command: median and extremes of the wall time, medians of the rest."""

    wall: float
    least: float
    most: float
    cpu: float
    emulator: float
    requests: int
    writes: int
    runs: int

    @classmethod
    def of(cls, samples: list[Sample]) -> Figure:
        walls = [sample.wall for sample in samples]
        middle = {name: median(getattr(sample, name) for sample in samples) for name in ("cpu", "emulator", "requests", "writes")}
        whole = {name: int(middle.pop(name)) for name in ("requests", "writes")}
        return cls(wall=median(walls), least=min(walls), most=max(walls), **middle, **whole, runs=len(samples))


@dataclass(frozen=True, slots=True)
class Row:
    """A case at a latency: our figure, Terraform's, the ratio of the wall times, and the bar if there is one. None: not measured."""

    latency: int
    case: str
    ours: Figure | None
    theirs: Figure | None
    bar: float | None

    @property
    def ratio(self) -> float | None:
        return self.ours.wall / self.theirs.wall if self.ours and self.theirs else None

    @property
    def missed(self) -> bool:
        return self.bar is not None and self.ratio is not None and self.ratio > self.bar


def rows(samples: Samples, latencies: Iterable[int], bars: Iterable[Bar] = BARS, stands: str = ALONE) -> list[Row]:
    """A row for each latency and case of which there are samples, of what *stands*. Bars are for an environment alone."""

    def figure(side: str, case: str, latency: int) -> Figure | None:
        found = samples.get((side, case, latency, stands))
        return Figure.of(found) if found else None

    limits = {(bar.case, bar.latency): bar.ratio for bar in bars if stands == ALONE}
    made = [
        Row(latency, case, figure(REFARCH, case, latency), figure(TERRAFORM, against, latency), limits.get((case, latency)))
        for latency in latencies
        for case, against in AGAINST.items()
    ]
    return [row for row in made if row.ours or row.theirs]


HEAD = ("ms", "case", "refarch s", "terraform s", "ratio", "bar", "CPU s", "emulator s", "calls", "writes")


def table(found: list[Row]) -> str:
    """*found* for people. Where two numbers share a cell, ours is the first."""
    return _aligned([HEAD, *(_cells(row) for row in found)])


GROWTH_HEAD = ("ms", "case", "environments", "refarch s", "x", "terraform s", "x", "ratio", "calls")


def growth_table(samples: Samples, latencies: Iterable[int], environments: int) -> str:
    """What a look costs with one environment in the account, at one of several, and at all of them.

    x: how many times what one alone costs.
    """
    labels = {ALONE: "1 of 1", ONE: f"1 of {environments}", ALL: f"{environments} of {environments}"}
    lines = [GROWTH_HEAD]
    for latency in latencies:
        alone = {row.case: row for row in rows(samples, [latency])}
        for case in (NO_OP, PLAN):
            for stands, label in labels.items():
                found = [row for row in rows(samples, [latency], stands=stands) if row.case == case]
                lines += [_growth_cells(row, alone.get(case, row), label) for row in found]
    return _aligned(lines)


def _growth_cells(row: Row, alone: Row, label: str) -> tuple[str, ...]:
    def grown(figure: Figure | None, before: Figure | None) -> tuple[str, str]:
        if figure is None:
            return "-", "-"
        return f"{figure.wall:.2f}", f"{figure.wall / before.wall:.2f}" if before else "-"

    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    calls = " / ".join(str(figure.requests) if figure else "-" for figure in (row.ours, row.theirs))
    return (str(row.latency), LABELS[row.case], label, *grown(row.ours, alone.ours), *grown(row.theirs, alone.theirs), ratio, calls)


def _aligned(lines: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    def pair(name: str, form: str) -> str:
        return " / ".join(format(getattr(figure, name), form) if figure else "-" for figure in (row.ours, row.theirs))

    def wall(figure: Figure | None) -> str:
        return f"{figure.wall:.2f} ({figure.least:.2f}-{figure.most:.2f})" if figure else "-"

    ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
    bar = "" if row.bar is None else f"<= {row.bar}{' MISSED' if row.missed else ''}"
    numbers = (pair("cpu", ".2f"), pair("emulator", ".2f"), pair("requests", "d"), pair("writes", "d"))
    return (str(row.latency), LABELS[row.case], wall(row.ours), wall(row.theirs), ratio, bar, *numbers)


def as_json(found: list[Row], samples: Samples) -> dict[str, object]:
    """Everything for machines."""
    return {
        "ratios": [
            {
                "case": row.case,
                "latency_ms": row.latency,
                "ratio": None if row.ratio is None else round(row.ratio, 3),
                "bar": row.bar,
                "missed": row.missed,
            }
            for row in found
        ],
        "samples": [
            {"side": side, "case": case, "latency_ms": latency, "stands": stands, **sample.as_json()}
            for (side, case, latency, stands), taken in sorted(samples.items())
            for sample in taken
        ],
    }
