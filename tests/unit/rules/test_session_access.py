from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.session_access import findings

RULE = {"filters": {"CLASSIFICATION": ["Security"], "SEVERITY": ["Critical"]}, "compliance_level": "CRITICAL", "approve_after_days": 7}
GOOD = {
    "session_access_idle_timeout_minutes": 20,
    "session_access_max_session_minutes": 60,
    "session_access_ansible_idle_timeout_minutes": 60,
    "session_access_ansible_max_session_minutes": 1440,
    "session_access_shell_profile": "",
    "session_access_log_group_name": "/shop/staging/sessions",
    "session_access_log_retention_days": 365,
    "session_access_log_bucket_prefix": "sessions",
    "session_access_policy_path": "/refarch/",
    "session_access_patch_rules": [RULE],
    "session_access_patch_scan_schedule": "cron(0 18 * * ? *)",
    "session_access_patch_install_schedule": "",
    "session_access_patch_bucket_prefix": "patches",
}


@pytest.mark.parametrize(
    "change",
    [{}, {"session_access_patch_scan_schedule": "rate(1 day)"}, {"session_access_patch_install_schedule": "cron(0 19 ? * SUN *)"}],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"session_access_idle_timeout_minutes": 0}, "0 must be 1 to 60"),
        ({"session_access_ansible_idle_timeout_minutes": 61}, "61 must be 1 to 60"),
        ({"session_access_max_session_minutes": 1441}, "1441 must be 1 to 1440"),
        ({"session_access_idle_timeout_minutes": 30, "session_access_max_session_minutes": 20}, "longer than a session may last"),
        ({"session_access_patch_scan_schedule": ""}, "must be a schedule"),
        ({"session_access_patch_scan_schedule": "daily"}, "is not a schedule"),
        ({"session_access_patch_install_schedule": "cron(0 19)"}, "is not a schedule"),
        ({"session_access_patch_rules": []}, "0 rules are given"),
        ({"session_access_patch_rules": [{**RULE, "filters": {}}]}, "each rule needs filters"),
        ({"session_access_patch_rules": [{**RULE, "filters": {"MSRC_SEVERITY": ["Critical"]}}]}, "MSRC_SEVERITY is not one of"),
        ({"session_access_patch_rules": [{**RULE, "filters": {"SEVERITY": ["Grave"]}}]}, "SEVERITY has Grave"),
        ({"session_access_patch_rules": [{**RULE, "approve_after_days": 361}]}, "0 to 360"),
        ({"session_access_patch_rules": [{**RULE, "compliance_level": "GRAVE"}]}, "'GRAVE' is not one of"),
        ({"session_access_log_retention_days": 366}, "366 is not one of"),
        ({"session_access_log_group_name": "a b"}, "1 to 512 letters"),
        ({"session_access_log_bucket_prefix": "/sessions"}, "must be a prefix"),
        ({"session_access_policy_path": "refarch"}, "must begin and end with a slash"),
        ({"session_access_shell_profile": "x" * 501}, "at most 500"),
    ],
)
def test_bad_settings_are_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(next(iter(change)) + ":") and sentence in found
