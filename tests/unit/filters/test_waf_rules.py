from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.waf_rules import waf_rules

ARNS = {"deny": ["arn:4", "arn:6"], "allow": ["arn:a"]}
LIMIT = {"requests": 2000, "window_seconds": 300, "mode": "block"}
GROUPS = {
    "AWSManagedRulesSQLiRuleSet": {"priority": 20, "mode": "count"},
    "AWSManagedRulesCommonRuleSet": {"priority": 10, "rules_to_count": ["SizeRestrictions_BODY"], "version": "Version_1.14"},
}


def test_rules_in_order():
    rules = waf_rules(GROUPS, ARNS, LIMIT, "shop")
    assert [rule["Name"] for rule in rules] == [
        "deny-list",
        "allow-list",
        "rate-limit",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    ]
    deny, allow, rate, common, sqli = rules
    assert (deny["Action"], len(deny["Statement"]["OrStatement"]["Statements"])) == ({"Block": {}}, 2)
    assert (allow["Action"], allow["Statement"]) == ({"Allow": {}}, {"IPSetReferenceStatement": {"ARN": "arn:a"}})
    assert rate["Statement"]["RateBasedStatement"] == {"Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}
    group = common["Statement"]["ManagedRuleGroupStatement"]
    assert group["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
    assert (group["Version"], common["OverrideAction"], sqli["OverrideAction"]) == ("Version_1.14", {"None": {}}, {"Count": {}})
    assert sqli["VisibilityConfig"]["MetricName"] == "shop-AWSManagedRulesSQLiRuleSet"


def test_behind_a_proxy_and_without_a_limit():
    (rate,) = waf_rules({}, {}, {**LIMIT, "forwarded_header": "X-Forwarded-For", "mode": "count"}, "shop")
    statement = rate["Statement"]["RateBasedStatement"]
    assert (statement["AggregateKeyType"], statement["ForwardedIPConfig"]["HeaderName"]) == ("FORWARDED_IP", "X-Forwarded-For")
    assert rate["Action"] == {"Count": {}}
    assert waf_rules({}, {}, {**LIMIT, "mode": "off"}, "shop") == []


def test_bot_control_needs_its_level():
    (rule,) = waf_rules({"AWSManagedRulesBotControlRuleSet": {"priority": 50}}, {}, {"mode": "off"}, "shop")
    (config,) = rule["Statement"]["ManagedRuleGroupStatement"]["ManagedRuleGroupConfigs"]
    assert config == {"AWSManagedRulesBotControlRuleSet": {"InspectionLevel": "COMMON"}}


@pytest.mark.parametrize("group", [{"priority": 9}, {"priority": 10, "mode": "off"}])
def test_what_cant_be_is_refused(group):
    with pytest.raises(AnsibleFilterError):
        waf_rules({"AWSManagedRulesSQLiRuleSet": group}, {}, LIMIT, "shop")


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(10, 99), max_size=6), st.booleans())
def test_each_rule_has_one_statement_and_one_kind_of_action(groups, limited):
    rules = waf_rules(
        {name: {"priority": value} for name, value in groups.items()}, ARNS, {**LIMIT, "mode": "block" if limited else "off"}, "p"
    )
    assert len(rules) == len(groups) + 2 + limited
    assert [rule["Priority"] for rule in rules] == sorted(rule["Priority"] for rule in rules)
    assert all(len(rule["Statement"]) == 1 and len({"Action", "OverrideAction"} & set(rule)) == 1 for rule in rules)
