from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.backup_rules import backup_rules
from ansible_collections.refarch.aws.plugins.filter.restore_test_selections import restore_test_selections

DAILY = {"schedule_expression": "cron(0 18 * * ? *)", "retention_days": 35, "continuous": True}
MONTHLY = {"schedule_expression": "cron(0 19 1 * ? *)", "retention_days": 365, "cold_storage_after_days": 30}
COPY = "arn:aws:backup:ap-northeast-1:123456789012:backup-vault:shop-staging-backup"


def test_one_rule_a_schedule():
    daily, monthly = backup_rules({"daily": DAILY, "monthly": MONTHLY}, "vault")
    assert (daily["RuleName"], daily["TargetBackupVaultName"], daily["EnableContinuousBackup"]) == ("daily", "vault", True)
    assert daily["Lifecycle"] == {"DeleteAfterDays": 35}
    assert monthly["Lifecycle"] == {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 365}
    assert "CopyActions" not in daily and "EnableContinuousBackup" not in monthly


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 3650), max_size=4), st.sampled_from(["", COPY]))
def test_copies_live_as_long_as_backups(retentions, copy):
    schedules = {name: {"schedule_expression": "rate(1 day)", "retention_days": days} for name, days in retentions.items()}
    rules = backup_rules(schedules, "vault", copy)
    assert [rule["RuleName"] for rule in rules] == list(schedules)
    for rule in rules:
        copies = rule.get("CopyActions", [])
        assert len(copies) == bool(copy)
        assert all(item["Lifecycle"] == rule["Lifecycle"] and item["DestinationBackupVaultArn"] == COPY for item in copies)


def test_one_restore_a_type():
    found = restore_test_selections(["RDS", "S3", "RDS"], "role", {"Backup": "shop"}, 4)
    assert [(item["name"], item["resource_type"]) for item in found] == [("rds", "RDS"), ("s3", "S3")]
    assert all(
        (item["role_arn"], item["resource_tags"], item["validation_window_hours"]) == ("role", {"Backup": "shop"}, 4) for item in found
    )
