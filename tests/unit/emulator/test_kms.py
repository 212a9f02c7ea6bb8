"""The patches of KMS, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services

emulator.services.apply_all()


@pytest.fixture
def kms(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("kms", region_name="ap-northeast-2")


@pytest.fixture
def key(kms):
    return kms.create_key()["KeyMetadata"]["Arn"]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def state(kms, key):
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def test_arns_do_for_each_operation(kms, key):
    kms.update_key_description(KeyId=key, Description="d")
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.cancel_key_deletion(KeyId=key)
    assert state(kms, key) == "Disabled"


def test_a_key_that_awaits_deletion_refuses(kms, key):
    answer = kms.schedule_key_deletion(KeyId=key)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 30)
    refused = "KMSInvalidStateException"
    assert code(kms.create_alias, AliasName="alias/a", TargetKeyId=key) == refused
    assert code(kms.schedule_key_deletion, KeyId=key) == refused
    assert code(kms.enable_key, KeyId=key) == refused
    assert code(kms.tag_resource, KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]) == refused
    assert code(kms.encrypt, KeyId=key, Plaintext=b"x") == refused
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])


def test_other_states_refuse_too(kms, key):
    assert code(kms.cancel_key_deletion, KeyId=key) == "KMSInvalidStateException"
    kms.disable_key(KeyId=key)
    assert code(kms.enable_key_rotation, KeyId=key) == "DisabledException"
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)


def test_rotation_has_a_period(kms, key):
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 365
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90
    kms.schedule_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    kms.cancel_key_deletion(KeyId=key)
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
