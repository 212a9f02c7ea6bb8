from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.alerting import findings

GOOD = {
    "alerting_email_addresses": {"critical": ["on-call@example.com"], "warning": [], "info": []},
    "alerting_slack_webhook_url": "",
    "alerting_secret_recovery_window_days": 30,
    "alerting_function_runtime": "python3.13",
    "alerting_function_memory_mib": 256,
    "alerting_function_timeout_seconds": 60,
    "alerting_function_reserved_concurrency": 2,
    "alerting_function_retry_attempts": 2,
    "alerting_function_event_age_seconds": 21600,
    "alerting_role_path": "/refarch/",
    "alerting_log_retention_days": 365,
    "alerting_dead_letter_retention_days": 14,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"alerting_email_addresses": {}},
        {"alerting_slack_webhook_url": "https://hooks.slack.com/services/T0/B0/x"},
        {"alerting_slack_webhook_url": "http://127.0.0.1:9999/hook"},
        {"alerting_secret_recovery_window_days": 0},
        {"alerting_function_reserved_concurrency": -1},
    ],
)
def test_good_settings_have_no_findings(change):
    assert findings({**GOOD, **change}, {}) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"alerting_email_addresses": {"urgent": []}}, "'urgent' is not one of critical, warning, info"),
        ({"alerting_email_addresses": {"critical": ["on-call"]}}, "which is not an e-mail address"),
        ({"alerting_email_addresses": {"critical": ["a@example.com", "a@example.com"]}}, "an address twice"),
        ({"alerting_slack_webhook_url": "http://hooks.slack.com/SECRET"}, "must be the https address"),
        ({"alerting_slack_webhook_url": "SECRET"}, "must be the https address"),
        ({"alerting_slack_webhook_url": "https://[SECRET"}, "must be the https address"),
        ({"alerting_slack_webhook_url": "https://hooks.slack.com/SECRET x"}, "must be the https address"),
        ({"alerting_secret_recovery_window_days": 5}, "5 must be 7 to 30, or 0"),
        ({"alerting_function_runtime": "python3.9"}, "must be python3.12 or later"),
        ({"alerting_function_memory_mib": 64}, "64 must be 128 to 10240"),
        ({"alerting_function_timeout_seconds": 5}, "5 must be 10 to 900"),
        ({"alerting_function_reserved_concurrency": 0}, "with 0 nothing would run"),
        ({"alerting_function_retry_attempts": 3}, "3 must be 0 to 2"),
        ({"alerting_function_event_age_seconds": 59}, "59 must be 60 to 21600"),
        ({"alerting_dead_letter_retention_days": 15}, "15 must be 1 to 14"),
        ({"alerting_log_retention_days": 366}, "366 is not one of"),
        ({"alerting_role_path": "refarch"}, "must begin and end with a slash"),
    ],
)
def test_bad_settings_are_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(next(iter(change)) + ":") and sentence in found
    assert "SECRET" not in found
