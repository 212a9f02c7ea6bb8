from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.backup import findings

DAILY = {"schedule_expression": "cron(0 18 * * ? *)", "retention_days": 35}
COPY = "arn:aws:backup:ap-northeast-1:123456789012:backup-vault:shop-staging-backup"
GOOD = {
    "stack_region": "ap-northeast-2",
    "stack_account_id": "123456789012",
    "backup_vault_name": "shop-staging-backup",
    "backup_schedules": {"daily": DAILY, "monthly": {**DAILY, "retention_days": 365, "cold_storage_after_days": 30}},
    "backup_copy_vault_arn": COPY,
    "backup_administrator_arns": ["arn:aws:iam::123456789012:role/Admin*"],
    "backup_lock_min_retention_days": 7,
    "backup_lock_max_retention_days": 0,
    "backup_notification_events": ["COPY_JOB_FAILED"],
    "backup_selection_tags": {"Backup": "shop-staging"},
    "backup_restore_testing_schedule_expression": "cron(0 20 ? * SUN *)",
    "backup_restore_testing_validation_window_hours": 1,
}


@pytest.mark.parametrize("given", [GOOD, {}])
def test_sound_settings_have_no_findings(given):
    assert findings(given, {}) == []


def daily(**more):
    return {"backup_schedules": {"daily": {**DAILY, **more}}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"backup_schedules": {}}, "backup_schedules: one schedule at least"),
        ({"backup_schedules": {"a b": DAILY}}, "backup_schedules: a b must be a name"),
        ({"backup_schedules": {"daily": "often"}}, "backup_schedules: daily must be {schedule_expression"),
        (daily(days=3), "backup_schedules: daily has days"),
        (daily(schedule_expression="every night"), "backup_schedules: daily needs a schedule_expression"),
        (daily(retention_days=None), "backup_schedules: daily needs retention_days"),
        (daily(retention_days=100, cold_storage_after_days=30), "backup_schedules: daily moves to cold storage after 30 days"),
        (daily(retention_days=36, continuous=True), "backup_schedules: daily is continuous"),
        (daily(retention_days=3), "backup_schedules: daily keeps 3 days, which the lock"),
        ({"backup_lock_min_retention_days": 9, "backup_lock_max_retention_days": 8}, "backup_lock_min_retention_days: 9 must be 0"),
        ({"backup_vault_name": "a"}, "backup_vault_name: 'a' must be"),
        ({"backup_copy_vault_arn": "tokyo"}, "backup_copy_vault_arn: 'tokyo' must be the ARN"),
        ({"backup_copy_vault_arn": COPY.replace("northeast-1", "northeast-2")}, "backup_copy_vault_arn: a copy in the vault"),
        ({"backup_administrator_arns": ["Admin"]}, "backup_administrator_arns: 'Admin' is not the ARN"),
        ({"backup_notification_events": ["BACKUP_JOB_FAILED"]}, "backup_notification_events: BACKUP_JOB_FAILED is never sent"),
        ({"backup_selection_tags": {}}, "backup_selection_tags: one tag at least"),
        ({"backup_restore_testing_schedule_expression": "sunday"}, "backup_restore_testing_schedule_expression: 'sunday'"),
        ({"backup_restore_testing_validation_window_hours": 169}, "backup_restore_testing_validation_window_hours: must be"),
    ],
)
def test_a_fault_is_one_sentence(change, sentence):
    (found,) = findings({**GOOD, **change}, {})
    assert found.startswith(sentence) and found.endswith(".")
