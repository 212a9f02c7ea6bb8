"""Every hand rule passes its good examples and refuses its bad ones, on an empty account; test_rules_on_what_stands.py has the others."""

from __future__ import annotations

import pytest

from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

load_rules()
ON_EMPTY = Context("123456789012", "ap-northeast-2")
GOOD = [pytest.param(rule, params, id=f"{rule.name}-{number}") for rule in RULES.values() for number, params in enumerate(rule.good)]
BAD = [pytest.param(rule, params, id=f"{rule.name}-{number}") for rule in RULES.values() for number, params in enumerate(rule.bad)]


@pytest.mark.parametrize(("rule", "params"), GOOD)
def test_good_passes(rule, params):
    assert rule.judge(params, ON_EMPTY) is None


@pytest.mark.parametrize(("rule", "params"), BAD)
def test_bad_is_refused(rule, params):
    assert rule.judge(params, ON_EMPTY)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
def test_a_rule_says_where_it_comes_from(rule):
    assert rule.source and rule.code and rule.operations
