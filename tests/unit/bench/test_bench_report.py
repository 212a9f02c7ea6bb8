"""Medians, ratios and bars."""

from __future__ import annotations

import pytest

from tests.bench.process import Sample
from tests.bench.report import AGAINST, BARS, Bar, Figure, as_json, rows, table
from tests.bench.sides import APPLY, NO_OP, PLAN


def samples(*walls: float, calls: int = 10) -> list[Sample]:
    return [Sample(wall, wall / 2, 0.1, calls, 0) for wall in walls]


def test_figure_is_the_median_with_its_extremes():
    figure = Figure.of(samples(3.0, 1.0, 8.0))
    assert (figure.wall, figure.least, figure.most, figure.cpu, figure.requests, figure.runs) == (3.0, 1.0, 8.0, 1.5, 10, 3)


TAKEN = {
    ("refarch", NO_OP, 0): samples(4.0),
    ("refarch", PLAN, 0): samples(6.0),
    ("refarch", APPLY, 0): samples(30.0),
    ("terraform", PLAN, 0): samples(8.0),
    ("terraform", APPLY, 0): samples(60.0),
}


def test_each_case_is_held_against_its_command():
    found = {row.case: row.ratio for row in rows(TAKEN, [0])}
    assert found == {NO_OP: 0.5, PLAN: 0.75, APPLY: 0.5}


@pytest.mark.parametrize(("limit", "missed"), [(0.5, False), (0.49, True)])
def test_a_bar_is_missed_above_it_only(limit, missed):
    found = rows(TAKEN, [0], [Bar(NO_OP, 0, limit)])
    assert [row.missed for row in found] == [missed, False, False]


def test_a_side_alone_has_no_ratio_and_misses_nothing():
    found = rows({("refarch", NO_OP, 0): samples(100.0)}, [0, 80])
    assert [(row.case, row.ratio, row.missed) for row in found] == [(NO_OP, None, False)]
    assert "100.00 (100.00-100.00)  -" in table(found)


def test_the_table_shows_what_is_missed():
    text = table(rows(TAKEN, [0], [Bar(APPLY, 0, 0.1)]))
    assert "<= 0.1 MISSED" in text and text.count("MISSED") == 1
    assert len(text.splitlines()) == 1 + len(AGAINST)


def test_json_has_every_sample():
    content = as_json(rows(TAKEN, [0]), TAKEN)
    assert [entry["ratio"] for entry in content["ratios"]] == [0.5, 0.75, 0.5]
    assert len(content["samples"]) == len(TAKEN)


def test_bars_are_of_cases_that_are_measured():
    assert {bar.case for bar in BARS} <= set(AGAINST)
