from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.cis_metric_filters import CIS_FILTERS, cis_metric_filters


def test_all_sections_and_controls_are_there_once():
    assert [section for section, _control, _pattern in CIS_FILTERS.values()] == [f"4.{number}" for number in range(1, 16)]
    controls = {control for _section, control, _pattern in CIS_FILTERS.values() if control}
    assert controls == {f"CloudWatch.{number}" for number in range(1, 15)}


@pytest.mark.parametrize("name", CIS_FILTERS)
def test_patterns_are_what_aws_takes(name):
    pattern = CIS_FILTERS[name][2]
    assert len(pattern) <= 1024
    assert pattern.startswith("{") and pattern.endswith("}")
    assert pattern.count("(") == pattern.count(")") and pattern.count('"') % 2 == 0


def test_patterns_are_verbatim():
    """Written out once more where Security Hub compares letter by letter."""
    assert CIS_FILTERS["key-disabled-or-deleted"][2] == (
        "{($.eventSource=kms.amazonaws.com) && (($.eventName=DisableKey) || ($.eventName=ScheduleKeyDeletion))}"
    )
    assert CIS_FILTERS["cloudtrail-changes"][2] == (
        "{($.eventName=CreateTrail) || ($.eventName=UpdateTrail) || ($.eventName=DeleteTrail) || ($.eventName=StartLogging) "
        "|| ($.eventName=StopLogging)}"
    )


def test_filters_have_a_metric_of_their_name():
    (found,) = cis_metric_filters(["root-usage"], "shop-staging/audit")
    assert (found["name"], found["metric_name"], found["metric_namespace"]) == ("root-usage", "root-usage", "shop-staging/audit")


def test_an_unknown_name_is_refused():
    with pytest.raises(AnsibleFilterError, match="gopher is not one of unauthorized-api-calls"):
        cis_metric_filters(["gopher"], "x")
