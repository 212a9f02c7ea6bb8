from __future__ import annotations

import pytest

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::123456789012:role/refarch/shop-staging-backup"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-staging-critical"
TAGS = {"Project": "shop", "Environment": "staging"}
UNKNOWN = "(known after apply)"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}],
}
VAULT = {
    "name": "shop-staging",
    "kms_key_arn": KEY,
    "policy": POLICY,
    "notifications": {"topic_arn": TOPIC, "events": ["BACKUP_JOB_FAILED", "BACKUP_JOB_EXPIRED"]},
}
DAILY = {
    "RuleName": "daily",
    "TargetBackupVaultName": "shop-staging",
    "ScheduleExpression": "cron(0 18 * * ? *)",
    "Lifecycle": {"DeleteAfterDays": 35},
}
TAGGED = {"name": "tagged", "role_arn": ROLE, "resource_tags": {"Backup": "shop-staging"}}
PLAN = {"name": "shop-staging", "rules": [DAILY], "selections": [TAGGED]}
RDS = {"name": "rds", "resource_type": "RDS", "role_arn": ROLE, "resource_tags": {"Backup": "shop-staging"}}
TESTING = {"name": "shop_staging", "schedule_expression": "cron(0 20 ? * SUN *)", "selections": [RDS]}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def vaults(*given, **more):
    return {"vaults": list(given or [VAULT]), "tags": TAGS, **more}


def plans(*given, **more):
    return {"plans": list(given), "tags": TAGS, **more}


# -- vaults -------------------------------------------------------------------------------------------------------------
def test_a_vault_is_made_with_all_settings(converge, aws):
    result = converge("backup_vaults", **vaults({**VAULT, "min_retention_days": 7}))
    assert operations(result) == [
        "CreateBackupVault",
        "PutBackupVaultAccessPolicy",
        "PutBackupVaultNotifications",
        "PutBackupVaultLockConfiguration",
    ]
    found = aws("backup").describe_backup_vault(BackupVaultName="shop-staging")
    assert (found["EncryptionKeyArn"], found["Locked"], found["MinRetentionDays"]) == (KEY, True, 7)
    assert "LockDate" not in found  # governance mode
    assert result["vaults"][0]["vault_arn"] == found["BackupVaultArn"]
    assert aws("backup").list_tags(ResourceArn=found["BackupVaultArn"])["Tags"] == TAGS


def test_a_plan_with_unknown_inputs(run_module):
    vault = {**VAULT, "kms_key_arn": UNKNOWN, "notifications": {"topic_arn": UNKNOWN, "events": ["BACKUP_JOB_FAILED"]}}
    assert run_module("backup_vaults", check=True, **vaults(vault))["vaults"][0]["vault_arn"] == UNKNOWN
    planned = run_module("backup_plans", check=True, **plans({**PLAN, "selections": [{**TAGGED, "role_arn": UNKNOWN}]}))
    assert operations(planned) == ["CreateBackupPlan", "CreateBackupSelection"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"policy": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "backup:*"}]}}, ["PutBackupVaultAccessPolicy"]),
        ({"notifications": {"topic_arn": TOPIC, "events": ["BACKUP_JOB_FAILED"]}}, ["PutBackupVaultNotifications"]),
        ({"notifications": {"topic_arn": TOPIC, "events": ["BACKUP_JOB_EXPIRED", "BACKUP_JOB_FAILED"]}}, []),
        ({"max_retention_days": 400}, ["PutBackupVaultLockConfiguration"]),
        ({"tags": {"Tier": "data"}}, ["TagResource"]),
        ({"policy": None, "notifications": None}, []),
    ],
)
def test_a_changed_vault_is_that_change(run_module, converge, change, expected):
    run_module("backup_vaults", **vaults())
    assert operations(converge("backup_vaults", **vaults({**VAULT, **change}))) == expected


def test_a_lock_in_governance_mode_is_lifted(run_module, converge):
    run_module("backup_vaults", **vaults({**VAULT, "min_retention_days": 7}))
    assert operations(converge("backup_vaults", **vaults())) == ["DeleteBackupVaultLockConfiguration"]


def test_what_cant_be_is_refused(run_module, refusal):
    assert "more than max_retention_days" in refusal(
        "backup_vaults", check=True, **vaults({**VAULT, "min_retention_days": 9, "max_retention_days": 8})
    )
    run_module("backup_vaults", **vaults())
    assert "AWS can't change it" in refusal("backup_vaults", **vaults({**VAULT, "kms_key_arn": KEY.replace("1111", "2222")}))
    assert "needs rules" in refusal("backup_plans", check=True, **plans({"name": "x"}))
    assert "needs schedule_expression" in refusal("backup_restore_testing", check=True, **plans({"name": "x"}))


def hold(aws):
    return aws("backup").start_backup_job(BackupVaultName="shop-staging", ResourceArn="arn:aws:s3:::shop-data", IamRoleArn=ROLE)


def test_what_becomes_of_recovery_points(run_module, converge, refusal, aws):
    run_module("backup_vaults", **vaults())
    hold(aws)
    assert "holds 1 recovery points" in refusal("backup_vaults", state="absent", **vaults())
    kept = converge("backup_vaults", state="absent", recovery_points="keep", **vaults())
    assert (operations(kept), kept["kept_vault_names"]) == ([], ["shop-staging"])
    gone = converge("backup_vaults", state="absent", recovery_points="delete", **vaults())
    assert operations(gone) == ["DeleteRecoveryPoint", "DeleteBackupVault"]
    assert operations(converge("backup_vaults", state="absent", **vaults())) == []


def test_an_empty_vault_is_not_kept(run_module, converge):
    run_module("backup_vaults", **vaults())
    assert operations(converge("backup_vaults", state="absent", recovery_points="keep", **vaults())) == ["DeleteBackupVault"]


# -- plans --------------------------------------------------------------------------------------------------------------
def test_a_backup_plan_is_made(converge, aws):
    result = converge("backup_plans", **plans(PLAN))
    assert operations(result) == ["CreateBackupPlan", "CreateBackupSelection"]
    backup, plan_id = aws("backup"), result["plan_ids"]["shop-staging"]
    found = backup.get_backup_plan(BackupPlanId=plan_id)
    assert found["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 35}
    (selection,) = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    chosen = backup.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection["SelectionId"])["BackupSelection"]
    assert chosen["ListOfTags"] == [{"ConditionType": "STRINGEQUALS", "ConditionKey": "Backup", "ConditionValue": "shop-staging"}]
    assert backup.list_tags(ResourceArn=found["BackupPlanArn"])["Tags"] == TAGS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"rules": [{**DAILY, "Lifecycle": {"DeleteAfterDays": 7}}]}, ["UpdateBackupPlan"]),
        ({"rules": [{**DAILY, "Lifecycle": {}}]}, ["UpdateBackupPlan"]),
        ({"rules": [DAILY, {**DAILY, "RuleName": "monthly"}]}, ["UpdateBackupPlan"]),
        ({"rules": [{**DAILY, "StartWindowMinutes": 480, "EnableContinuousBackup": False}]}, []),
        ({"selections": [{**TAGGED, "resource_tags": {"Backup": "other"}}]}, ["DeleteBackupSelection", "CreateBackupSelection"]),
        ({"selections": [TAGGED, {**TAGGED, "name": "more"}]}, ["CreateBackupSelection"]),
        ({"selections": []}, ["DeleteBackupSelection"]),
        ({"tags": {"Tier": "data"}}, ["TagResource"]),
    ],
)
def test_a_changed_plan_is_that_change(run_module, converge, change, expected):
    run_module("backup_plans", **plans(PLAN))
    assert operations(converge("backup_plans", **plans({**PLAN, **change}))) == expected


def test_a_plan_without_its_selection_is_completed(run_module, converge):
    run_module("backup_plans", **plans({**PLAN, "selections": []}))
    assert operations(converge("backup_plans", **plans(PLAN))) == ["CreateBackupSelection"]


def test_plans_removed_also_when_half_is_gone(run_module, converge, aws):
    run_module("backup_plans", **plans(PLAN))
    result = converge("backup_plans", state="absent", **plans({"name": "shop-staging"}, {"name": "never-made"}))
    assert operations(result) == ["DeleteBackupSelection", "DeleteBackupPlan"]
    assert aws("backup").list_backup_plans()["BackupPlansList"] == []


# -- restore testing ----------------------------------------------------------------------------------------------------
def test_restore_testing_is_made(converge, aws):
    result = converge("backup_restore_testing", **plans(TESTING))
    assert operations(result) == ["CreateRestoreTestingPlan", "CreateRestoreTestingSelection"]
    backup = aws("backup")
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName="shop_staging")["RestoreTestingPlan"]
    assert plan["RecoveryPointSelection"]["RecoveryPointTypes"] == ["CONTINUOUS", "SNAPSHOT"]
    about = {"RestoreTestingPlanName": "shop_staging", "RestoreTestingSelectionName": "rds"}
    selection = backup.get_restore_testing_selection(**about)["RestoreTestingSelection"]
    assert selection["ProtectedResourceConditions"]["StringEquals"] == [{"Key": "aws:ResourceTag/Backup", "Value": "shop-staging"}]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schedule_expression": "cron(0 21 ? * SUN *)"}, ["UpdateRestoreTestingPlan"]),
        ({"selection_window_days": 7}, ["UpdateRestoreTestingPlan"]),
        ({"selections": [{**RDS, "validation_window_hours": 4}]}, ["UpdateRestoreTestingSelection"]),
        ({"selections": [{**RDS, "resource_type": "S3"}]}, ["DeleteRestoreTestingSelection", "CreateRestoreTestingSelection"]),
        ({"selections": [RDS, {**RDS, "name": "s3", "resource_type": "S3"}]}, ["CreateRestoreTestingSelection"]),
        ({"tags": {"Tier": "data"}}, ["TagResource"]),
    ],
)
def test_a_changed_restore_test_is_that_change(run_module, converge, change, expected):
    run_module("backup_restore_testing", **plans(TESTING))
    assert operations(converge("backup_restore_testing", **plans({**TESTING, **change}))) == expected


def test_restore_testing_removed(run_module, converge):
    run_module("backup_restore_testing", **plans(TESTING))
    result = converge("backup_restore_testing", state="absent", **plans({"name": "shop_staging"}, {"name": "never_made"}))
    assert operations(result) == ["DeleteRestoreTestingSelection", "DeleteRestoreTestingPlan"]


# -- settings of the region ---------------------------------------------------------------------------------------------
def test_types_are_only_added(converge, refusal, aws):
    backup = aws("backup")
    before = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    result = converge("backup_region_settings", resource_types=["RDS", "S3"])
    assert operations(result) == ["UpdateRegionSettings"]
    sent = result["changes"][0]["parameters"]["ResourceTypeOptInPreference"]
    assert sent["S3"] and sent["EFS"] and set(sent.values()) == {True} and not any(" " in kind for kind in sent)
    assert backup.describe_region_settings()["ResourceTypeOptInPreference"] == {**before, "S3": True}
    assert operations(converge("backup_region_settings", resource_types=["RDS"])) == []
    assert "Gopher is not one" in refusal("backup_region_settings", check=True, resource_types=["Gopher"])
