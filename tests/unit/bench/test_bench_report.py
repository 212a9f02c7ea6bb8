"""Medians, ratios and bars."""

from __future__ import annotations

import re

import pytest

from tests.bench.process import Sample
from tests.bench.report import AGAINST, ALL, ALONE, BARS, ONE, Bar, Figure, as_json, growth_table, rows, table
from tests.bench.sides import APPLY, NO_OP, PLAN


def samples(*walls: float, calls: int = 10) -> list[Sample]:
    return [Sample(wall, wall / 2, 0.1, calls, 0) for wall in walls]


def test_figure_is_the_median_with_its_extremes():
    figure = Figure.of(samples(3.0, 1.0, 8.0))
    assert (figure.wall, figure.least, figure.most, figure.cpu, figure.requests, figure.runs) == (3.0, 1.0, 8.0, 1.5, 10, 3)


TAKEN = {
    ("refarch", NO_OP, 0, ALONE): samples(4.0),
    ("refarch", PLAN, 0, ALONE): samples(6.0),
    ("refarch", APPLY, 0, ALONE): samples(30.0),
    ("terraform", PLAN, 0, ALONE): samples(8.0),
    ("terraform", APPLY, 0, ALONE): samples(60.0),
}


def test_each_case_is_held_against_its_command():
    found = {row.case: row.ratio for row in rows(TAKEN, [0])}
    assert found == {NO_OP: 0.5, PLAN: 0.75, APPLY: 0.5}


@pytest.mark.parametrize(("limit", "missed"), [(0.5, False), (0.49, True)])
def test_a_bar_is_missed_above_it_only(limit, missed):
    found = rows(TAKEN, [0], [Bar(NO_OP, 0, limit)])
    assert [row.missed for row in found] == [missed, False, False]


def test_a_side_alone_has_no_ratio_and_misses_nothing():
    found = rows({("refarch", NO_OP, 0, ALONE): samples(100.0)}, [0, 80])
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


GROWN = TAKEN | {
    ("refarch", NO_OP, 0, ONE): samples(5.0),
    ("refarch", NO_OP, 0, ALL): samples(24.0, calls=50),
    ("terraform", PLAN, 0, ONE): samples(10.0),
    ("terraform", PLAN, 0, ALL): samples(48.0, calls=50),
}


def test_growth_is_told_in_times_of_one_alone():
    lines = [re.split(r"  +", line) for line in growth_table(GROWN, [0], 5).splitlines()]
    cells = [line for line in lines if line[1] == "run without changes / terraform plan"]
    assert [line[2:] for line in cells] == [
        ["1 of 1", "4.00", "1.00", "8.00", "1.00", "0.50", "10 / 10"],
        ["1 of 5", "5.00", "1.25", "10.00", "1.25", "0.50", "10 / 10"],
        ["5 of 5", "24.00", "6.00", "48.00", "6.00", "0.50", "50 / 50"],
    ]


def test_growth_does_not_count_for_the_bars():
    assert [row.missed for row in rows(GROWN, [0], [Bar(NO_OP, 0, 0.1)], ALL)] == [False, False]
    assert rows(GROWN, [0], [Bar(NO_OP, 0, 0.1)])[0].missed


def test_growth_of_a_side_alone():
    text = growth_table({key: taken for key, taken in GROWN.items() if key[0] == "refarch"}, [0], 5)
    assert "24.00" in text and "6.00" in text
