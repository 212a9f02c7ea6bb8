from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.identity import findings

JANE = {"name": "jane", "email": "jane@example.com", "groups": ["operators"]}
ROLE = {"name": "auditor", "people": True}
GOOD = {
    "stack_prefix": "shop-staging",
    "stack_project": "shop",
    "stack_environment": "staging",
    "stack_account_id": "123456789012",
    "stack_region": "ap-northeast-2",
    "identity_path": "/refarch/",
    "identity_groups": {
        "operators": {"policies": ["operations"], "managed_policy_arns": ["arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"]}
    },
    "identity_users": [JANE],
    "identity_roles": [ROLE],
    "identity_password_minimum_length": 14,
    "identity_password_max_age_days": 90,
    "identity_password_reuse_prevention": 24,
}


def test_sound_settings_have_no_findings():
    assert findings(GOOD, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"identity_password_minimum_length": 5}, "identity_password_minimum_length: 5 must be 6 to 128"),
        ({"identity_password_max_age_days": 1096}, "identity_password_max_age_days: 1096 must be 1 to 1095"),
        ({"identity_password_reuse_prevention": 0}, "identity_password_reuse_prevention: 0 must be 1 to 24"),
        ({"identity_path": "refarch"}, "identity_path: must begin and end with a slash"),
        ({"identity_groups": {**GOOD["identity_groups"], "a b": {}}}, "identity_groups: the name 'a b' may have"),
        (
            {"identity_groups": {**GOOD["identity_groups"], "x": {"managed_policy_arns": ["ReadOnly"]}}},
            "identity_groups: x names 'ReadOnly'",
        ),
        (
            {"identity_groups": {**GOOD["identity_groups"], "x": {"policies": ["root"]}}},
            "identity_groups: x names the policy root; allowed are",
        ),
        (
            {"identity_groups": {**GOOD["identity_groups"], "x": {"managed_policy_arns": ["arn:aws:iam::aws:policy/A"] * 10}}},
            "identity_groups: x has more than 10 policies",
        ),
        ({"identity_users": [JANE, {**JANE, "name": "Jane"}]}, "identity_users: jane is given more than once"),
        ({"identity_users": [{**JANE, "email": "jane@example"}]}, "identity_users: the e-mail address 'jane@example' of jane is malformed"),
        ({"identity_users": [{**JANE, "groups": ["operators", "gods"]}]}, "identity_users: jane is in gods; allowed are operators"),
        ({"identity_users": [{**JANE, "groups": []}]}, "identity_users: jane is in no group"),
        ({"identity_users": [{**JANE, "name": "ja/ne"}]}, "identity_users: the name 'ja/ne' may have"),
        ({"identity_roles": [ROLE, ROLE]}, "identity_roles: auditor is given more than once"),
        ({"identity_roles": [{"name": "x"}]}, "identity_roles: x needs people: true or services"),
        ({"identity_roles": [{"name": "x", "services": ["lambda"]}]}, "identity_roles: x trusts 'lambda'"),
        ({"identity_roles": [{**ROLE, "max_session_seconds": 60}]}, "identity_roles: max_session_seconds of auditor must be"),
        (
            {"identity_roles": [{**ROLE, "managed_policy_arns": ["arn:aws:iam::x:policy/a"]}]},
            "identity_roles: auditor names 'arn:aws:iam::x",
        ),
        ({"stack_prefix": "p" * 60}, "stack_prefix: resource_name: prefix"),
        ({"stack_prefix": "shop", "stack_project": "p" * 600}, "stack_prefix: the policy shop-boundary has"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")


@pytest.mark.parametrize("email", ["a@b.co", "first.last+tag@sub.example.com", "x-1_y@ex-ample.io"])
def test_addresses(email):
    assert findings({**GOOD, "identity_users": [{**JANE, "email": email}]}, {}) == []


@pytest.mark.parametrize(
    "email", ["", "jane", "@example.com", "jane@", "jane@-x.com", "jane@x..com", "ja ne@example.com", "jane@example.com\n"]
)
def test_no_addresses(email):
    assert len(findings({**GOOD, "identity_users": [{**JANE, "email": email}]}, {})) == 1
