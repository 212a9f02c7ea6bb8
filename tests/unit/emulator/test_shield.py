"""The patches of Shield, each through boto3."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services

emulator.services.apply_all()
ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop/0123456789abcdef"


@pytest.fixture
def shield(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("shield", region_name="us-east-1")


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_a_subscription_is_made_once(shield):
    assert shield.get_subscription_state()["SubscriptionState"] == "INACTIVE"
    shield.create_subscription()
    assert code(shield.create_subscription) == "ResourceAlreadyExistsException"
    found = shield.describe_subscription()["Subscription"]
    assert (found["EndTime"] - found["StartTime"]).days == 365


def test_health_checks_of_a_protection(shield):
    shield.create_subscription()
    made = shield.create_protection(Name="one", ResourceArn=ARN)["ProtectionId"]
    about = {"ProtectionId": made, "HealthCheckArn": "arn:aws:route53:::healthcheck/11111111-2222-3333-4444-555555555555"}
    shield.associate_health_check(**about)
    assert shield.describe_protection(ProtectionId=made)["Protection"]["HealthCheckIds"] == ["11111111-2222-3333-4444-555555555555"]
    shield.disassociate_health_check(**about)
    assert "HealthCheckIds" not in shield.describe_protection(ProtectionId=made)["Protection"]
    shield.delete_protection(ProtectionId=made)
    assert code(shield.associate_health_check, **about) == "ResourceNotFoundException"
