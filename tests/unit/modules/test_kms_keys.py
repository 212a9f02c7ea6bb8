from __future__ import annotations

import json

import pytest

ROOT = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
POLICY = {"Version": "2012-10-17", "Statement": [ROOT]}
OTHER_POLICY = {"Version": "2012-10-17", "Statement": [ROOT, {**ROOT, "Principal": {"Service": "logs.amazonaws.com"}}]}
TAGS = {"Project": "shop", "Environment": "staging", "ManagedBy": "refarch"}
LOGS = {"purpose": "logs", "alias": "shop-staging-logs", "description": "Logs", "policy": POLICY}
STORAGE = {"purpose": "storage", "alias": "shop-staging-storage", "policy": POLICY, "rotation_period_days": 180}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def keys_of(aws):
    kms = aws("kms")
    return [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]


@pytest.fixture
def standing(run_module):
    return run_module("kms_keys", keys=[LOGS], tags=TAGS)["key_ids"]["logs"]


def test_created_with_alias_rotation_policy_and_tags(converge, aws):
    result = converge("kms_keys", keys=[LOGS, STORAGE], tags=TAGS)
    assert operations(result) == ["CreateKey", "CreateAlias", "EnableKeyRotation"] * 2
    kms = aws("kms")
    key = kms.describe_key(KeyId="alias/shop-staging-storage")["KeyMetadata"]
    assert (result["key_arns"]["storage"], result["key_ids"]["storage"]) == (key["Arn"], key["KeyId"])
    assert result["key_aliases"] == {"logs": "alias/shop-staging-logs", "storage": "alias/shop-staging-storage"}
    status = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 180)
    assert json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]) == POLICY
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
    assert tags == {**TAGS, "Name": "shop-staging-storage"}


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"description": "Others"}, "UpdateKeyDescription"),
        ({"policy": OTHER_POLICY}, "PutKeyPolicy"),
        ({"rotation_period_days": 90}, "EnableKeyRotation"),
        ({"rotation": False}, "DisableKeyRotation"),
        ({"tags": {"Data": "logs"}}, "TagResource"),
    ],
)
def test_a_changed_setting_is_that_change(converge, standing, change, operation):
    assert operations(converge("kms_keys", keys=[{**LOGS, **change}], tags=TAGS)) == [operation]


def test_foreign_tags_go(converge, aws, standing):
    aws("kms").tag_resource(KeyId=standing, Tags=[{"TagKey": "Foreign", "TagValue": "1"}])
    assert operations(converge("kms_keys", keys=[LOGS], tags=TAGS)) == ["UntagResource"]


def test_a_disabled_key_is_enabled(converge, aws, standing):
    aws("kms").disable_key(KeyId=standing)
    assert operations(converge("kms_keys", keys=[LOGS], tags=TAGS)) == ["EnableKey"]


def test_a_kill_before_the_alias_leaves_no_orphan(converge, aws, standing):
    aws("kms").delete_alias(AliasName="alias/shop-staging-logs")
    result = converge("kms_keys", keys=[LOGS], tags=TAGS)
    assert operations(result) == ["CreateAlias"]
    assert result["key_ids"]["logs"] == standing


@pytest.mark.parametrize("tags", [{**TAGS, "Environment": "production"}, {**TAGS, "ManagedBy": "others"}])
def test_a_key_of_others_is_not_adopted(converge, aws, standing, tags):
    aws("kms").delete_alias(AliasName="alias/shop-staging-logs")
    assert "CreateKey" in operations(converge("kms_keys", keys=[LOGS], tags=tags))


def test_down_and_up_again_is_the_same_key(converge, run_module, aws, standing):
    removed = converge("kms_keys", state="absent", keys=[LOGS], tags=TAGS)
    assert operations(removed) == ["DeleteAlias", "ScheduleKeyDeletion"]
    (key,) = keys_of(aws)
    assert removed["removed_key_arns"] == run_module("kms_keys", state="absent", keys=[LOGS], tags=TAGS)["removed_key_arns"] == [key["Arn"]]
    assert key["KeyState"] == "PendingDeletion" and 29 <= (key["DeletionDate"] - key["CreationDate"]).days <= 30
    restored = converge("kms_keys", keys=[LOGS], tags=TAGS)
    assert operations(restored) == ["CancelKeyDeletion", "EnableKey", "CreateAlias", "EnableKeyRotation"]
    (key,) = keys_of(aws)
    assert (key["KeyId"], key["KeyState"]) == (standing, "Enabled")


def test_the_key_in_use_is_adopted_before_one_that_awaits_deletion(converge, aws, standing):
    kms = aws("kms")
    converge("kms_keys", state="absent", keys=[LOGS], tags=TAGS)
    tags = [{"TagKey": name, "TagValue": value} for name, value in {**TAGS, "Name": LOGS["alias"]}.items()]
    second = kms.create_key(Description="Logs", Policy=json.dumps(POLICY), Tags=tags)["KeyMetadata"]["KeyId"]
    assert converge("kms_keys", keys=[LOGS], tags=TAGS)["key_ids"]["logs"] == second


def test_removal_finds_the_key_without_alias(converge, aws, standing):
    aws("kms").delete_alias(AliasName="alias/shop-staging-logs")
    assert operations(converge("kms_keys", state="absent", keys=[LOGS, STORAGE], tags=TAGS)) == ["ScheduleKeyDeletion"]


def test_removal_completes_when_the_key_awaits_deletion_already(converge, aws, standing):
    aws("kms").schedule_key_deletion(KeyId=standing, PendingWindowInDays=7)
    assert operations(converge("kms_keys", state="absent", keys=[LOGS], tags=TAGS)) == ["DeleteAlias"]


def test_refusals(refusal, standing):
    assert "lacks policy" in refusal("kms_keys", keys=[{"purpose": "logs", "alias": "x"}])
    assert "90 to 2560" in refusal("kms_keys", keys=[{**LOGS, "rotation_period_days": 30}])
    assert "7 to 30" in refusal("kms_keys", keys=[{**LOGS, "deletion_window_days": 31}])
    assert "AWS can't change it" in refusal("kms_keys", keys=[{**LOGS, "multi_region": True}], tags=TAGS)
