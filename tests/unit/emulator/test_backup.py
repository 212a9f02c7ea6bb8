"""The patches of Backup, each through boto3."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/refarch/backup"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:critical"
PLAN = {"BackupPlanName": "daily", "Rules": [{"RuleName": "daily", "TargetBackupVaultName": "shop"}]}


@pytest.fixture
def backup(monkeypatch):
    from moto import mock_aws

    import emulator.services

    emulator.services.apply_all()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("backup", region_name="ap-northeast-2")


@pytest.fixture
def vault(backup):
    return backup.create_backup_vault(BackupVaultName="shop", BackupVaultTags={"a": "b"})["BackupVaultArn"]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_a_vault_has_a_policy_and_notifications(backup, vault):
    name = {"BackupVaultName": "shop"}
    assert code(backup.get_backup_vault_access_policy, **name) == "ResourceNotFoundException"
    assert code(backup.get_backup_vault_notifications, **name) == "ResourceNotFoundException"
    backup.put_backup_vault_access_policy(**name, Policy="{}")
    backup.put_backup_vault_notifications(**name, SNSTopicArn=TOPIC, BackupVaultEvents=["BACKUP_JOB_FAILED"])
    assert backup.get_backup_vault_access_policy(**name)["Policy"] == "{}"
    assert backup.get_backup_vault_notifications(**name)["BackupVaultEvents"] == ["BACKUP_JOB_FAILED"]
    backup.delete_backup_vault_notifications(**name)
    backup.delete_backup_vault_access_policy(**name)
    assert code(backup.get_backup_vault_access_policy, **name) == "ResourceNotFoundException"
    assert code(backup.describe_backup_vault, BackupVaultName="none") == "AccessDeniedException"


def test_a_vault_with_recovery_points_stays(backup, vault):
    job = {"BackupVaultName": "shop", "ResourceArn": "arn:aws:s3:::shop-data", "IamRoleArn": ROLE}
    point = backup.start_backup_job(**job)["RecoveryPointArn"]
    (found,) = backup.list_recovery_points_by_backup_vault(BackupVaultName="shop")["RecoveryPoints"]
    assert (found["RecoveryPointArn"], found["ResourceArn"]) == (point, "arn:aws:s3:::shop-data")
    assert backup.describe_backup_vault(BackupVaultName="shop")["NumberOfRecoveryPoints"] == 1
    assert code(backup.delete_backup_vault, BackupVaultName="shop") == "InvalidRequestException"
    backup.delete_recovery_point(BackupVaultName="shop", RecoveryPointArn=point)
    backup.delete_backup_vault(BackupVaultName="shop")
    assert code(backup.list_tags, ResourceArn=vault) == "ResourceNotFoundException"
    assert code(backup.delete_backup_vault, BackupVaultName="shop") == "ResourceNotFoundException"


def test_a_plan_and_its_selections(backup, vault):
    made = backup.create_backup_plan(BackupPlan=PLAN)
    plan = {"BackupPlanId": made["BackupPlanId"]}
    selection = {"SelectionName": "tagged", "IamRoleArn": ROLE, "ListOfTags": []}
    one = backup.create_backup_selection(**plan, BackupSelection=selection)["SelectionId"]
    assert code(backup.create_backup_selection, **plan, BackupSelection=selection) == "AlreadyExistsException"
    (listed,) = backup.list_backup_selections(**plan)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"], listed["IamRoleArn"]) == (one, "tagged", ROLE)
    assert backup.get_backup_selection(**plan, SelectionId=one)["BackupSelection"]["IamRoleArn"] == ROLE
    rule = {**PLAN["Rules"][0], "ScheduleExpression": "cron(0 3 * * ? *)"}
    version = backup.update_backup_plan(**plan, BackupPlan={**PLAN, "Rules": [rule]})["VersionId"]
    assert version != made["VersionId"]
    assert backup.get_backup_plan(**plan)["BackupPlan"]["Rules"][0]["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert code(backup.delete_backup_plan, **plan) == "InvalidRequestException"
    backup.delete_backup_selection(**plan, SelectionId=one)
    assert code(backup.get_backup_selection, **plan, SelectionId=one) == "InvalidParameterValueException"
    backup.delete_backup_plan(**plan)
    assert code(backup.get_backup_plan, **plan) == "ResourceNotFoundException"


def test_restore_testing(backup):
    chosen = {"Algorithm": "LATEST_WITHIN_WINDOW", "IncludeVaults": ["*"], "RecoveryPointTypes": ["SNAPSHOT"]}
    plan = {"RestoreTestingPlanName": "weekly", "ScheduleExpression": "cron(0 5 ? * SUN *)", "RecoveryPointSelection": chosen}
    arn = backup.create_restore_testing_plan(RestoreTestingPlan=plan, Tags={"a": "b"})["RestoreTestingPlanArn"]
    assert code(backup.create_restore_testing_plan, RestoreTestingPlan=plan) == "AlreadyExistsException"
    assert backup.list_tags(ResourceArn=arn)["Tags"] == {"a": "b"}
    name = {"RestoreTestingPlanName": "weekly"}
    backup.update_restore_testing_plan(**name, RestoreTestingPlan={"StartWindowHours": 8})
    found = backup.get_restore_testing_plan(**name)["RestoreTestingPlan"]
    assert (found["StartWindowHours"], found["RecoveryPointSelection"]["SelectionWindowDays"]) == (8, 30)
    selection = {"RestoreTestingSelectionName": "rds", "IamRoleArn": ROLE, "ProtectedResourceType": "RDS", "ProtectedResourceArns": ["*"]}
    backup.create_restore_testing_selection(**name, RestoreTestingSelection=selection)
    both = {**name, "RestoreTestingSelectionName": "rds"}
    backup.update_restore_testing_selection(**both, RestoreTestingSelection={"ValidationWindowHours": 4})
    assert backup.get_restore_testing_selection(**both)["RestoreTestingSelection"]["ValidationWindowHours"] == 4
    (listed,) = backup.list_restore_testing_selections(**name)["RestoreTestingSelections"]
    assert listed["ProtectedResourceType"] == "RDS"
    assert [item["RestoreTestingPlanName"] for item in backup.list_restore_testing_plans()["RestoreTestingPlans"]] == ["weekly"]
    assert code(backup.delete_restore_testing_plan, **name) == "InvalidRequestException"
    backup.delete_restore_testing_selection(**both)
    backup.delete_restore_testing_plan(**name)
    assert code(backup.get_restore_testing_plan, **name) == "ResourceNotFoundException"


def test_settings_of_a_region(backup):
    assert backup.describe_region_settings()["ResourceTypeOptInPreference"]["S3"] is False
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    found = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    assert (found["S3"], found["RDS"]) == (True, True)
    assert code(backup.update_region_settings, ResourceTypeOptInPreference={"Gopher": True}) == "InvalidParameterValueException"
