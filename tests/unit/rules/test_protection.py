from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.protection import findings

GROUPS = {
    "AWSManagedRulesCommonRuleSet": {"priority": 20, "mode": "block", "rules_to_count": ["SizeRestrictions_BODY"]},
    "AWSManagedRulesSQLiRuleSet": {"priority": 40, "mode": "count"},
}
GOOD = {
    "stack_account_id": "123456789012",
    "protection_web_acl_name": "shop-staging-public",
    "protection_denied_addresses": ["203.0.113.0/24", "2001:db8::/32"],
    "protection_allowed_addresses": ["198.51.100.7/32"],
    "protection_rule_groups": GROUPS,
    "protection_rate_limit": {"mode": "block", "requests": 2000, "window_seconds": 300, "forwarded_header": None},
    "protection_max_capacity_units": 1500,
    "protection_log_group_name": "aws-waf-logs-shop-staging",
    "protection_log_retention_days": 365,
    "protection_redacted_headers": ["authorization"],
    "protection_shield_advanced": False,
    "protection_shield_advanced_account_id": "",
}
SHIELD = {"protection_shield_advanced": True, "protection_shield_advanced_account_id": "123456789012"}


@pytest.mark.parametrize("given", [GOOD, {}, {**GOOD, **SHIELD}, {**GOOD, "protection_rate_limit": {"mode": "off", "requests": 0}}])
def test_sound_settings_have_no_findings(given):
    assert findings(given, {}) == []


def groups(**more):
    return {"protection_rule_groups": {"AWSManagedRulesSQLiRuleSet": {"priority": 40, **more}}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"protection_denied_addresses": ["203.0.113.1/24"]}, "protection_denied_addresses: '203.0.113.1/24' is not a block"),
        ({"protection_allowed_addresses": ["0.0.0.0/0"]}, "protection_allowed_addresses: 0.0.0.0/0 is everybody"),
        ({"protection_rule_groups": {"Gopher": {"priority": 10}}}, "protection_rule_groups: 'Gopher' is not the name"),
        ({"protection_rule_groups": {"AWSManagedRulesSQLiRuleSet": "block"}}, "protection_rule_groups: AWSManagedRulesSQLiRuleSet must be"),
        (groups(mode="off"), "protection_rule_groups: mode 'off' of AWSManagedRulesSQLiRuleSet"),
        (groups(priority=2), "protection_rule_groups: AWSManagedRulesSQLiRuleSet needs a priority from 10 on"),
        (groups(excluded=[]), "protection_rule_groups: AWSManagedRulesSQLiRuleSet has excluded"),
        (
            {"protection_rule_groups": {**GROUPS, "AWSManagedRulesLinuxRuleSet": {"priority": 40}}},
            "protection_rule_groups: AWSManagedRulesLinuxRuleSet and AWSManagedRulesSQLiRuleSet have the same priority",
        ),
        ({"protection_rate_limit": {"requests": 9}}, "protection_rate_limit: requests 9 must be"),
        ({"protection_rate_limit": {"requests": 10, "forwarded_header": "X Y"}}, "protection_rate_limit: forwarded_header 'X Y'"),
        ({"protection_max_capacity_units": 5001}, "protection_max_capacity_units: 5001 must be"),
        ({"protection_web_acl_name": "a b"}, "protection_web_acl_name: 'a b' must be"),
        ({"protection_log_group_name": "waf"}, "protection_log_group_name: 'waf' must begin with"),
        ({"protection_log_retention_days": 366}, "protection_log_retention_days: 366 is not one of 1, 3"),
        ({"protection_redacted_headers": ["a b"]}, "protection_redacted_headers: 'a b' must be"),
        ({"protection_shield_advanced": True}, "protection_shield_advanced_account_id: '' must repeat the account 123456789012"),
        ({**SHIELD, "stack_account_id": "210987654321"}, "protection_shield_advanced_account_id: '123456789012' must repeat"),
        ({"protection_shield_advanced_account_id": "210987654321"}, "protection_shield_advanced_account_id: 210987654321 is not the"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
