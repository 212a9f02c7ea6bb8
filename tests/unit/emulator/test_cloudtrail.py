"""The patches of CloudTrail, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

emulator.services.apply_all()
load_rules()
REGION, ACCOUNT = "ap-northeast-2", "123456789012"
SERVICE = {"Service": "cloudtrail.amazonaws.com"}


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="log", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield


@pytest.fixture
def cloudtrail(account):
    return boto3.client("cloudtrail", region_name=REGION)


@pytest.fixture
def trail(cloudtrail):
    return cloudtrail.create_trail(Name="one", S3BucketName="log", TagsList=[{"Key": "a", "Value": "b"}])["TrailARN"]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_trails_by_name(cloudtrail, trail):
    cloudtrail.create_trail(Name="two", S3BucketName="log")
    assert [found["Name"] for found in cloudtrail.describe_trails(trailNameList=["one"])["trailList"]] == ["one"]
    assert cloudtrail.describe_trails(trailNameList=["three"])["trailList"] == []
    assert len(cloudtrail.describe_trails()["trailList"]) == 2


def test_a_trail_is_made_and_deleted_once(cloudtrail, trail):
    assert code(cloudtrail.create_trail, Name="one", S3BucketName="log") == "TrailAlreadyExistsException"
    cloudtrail.delete_trail(Name=trail)
    assert code(cloudtrail.delete_trail, Name=trail) == "TrailNotFoundException"
    assert code(cloudtrail.list_tags, ResourceIdList=[trail]) == "TrailNotFoundException"


def test_management_events_by_default(cloudtrail, trail):
    (selector,) = cloudtrail.get_event_selectors(TrailName=trail)["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    cloudtrail.put_event_selectors(TrailName=trail, AdvancedEventSelectors=[{"FieldSelectors": fields}])
    assert cloudtrail.get_event_selectors(TrailName=trail).get("EventSelectors", []) == []
    cloudtrail.put_event_selectors(TrailName=trail, EventSelectors=[{"ReadWriteType": "WriteOnly"}])
    found = cloudtrail.get_event_selectors(TrailName=trail)
    assert found["EventSelectors"][0]["IncludeManagementEvents"] and not found.get("AdvancedEventSelectors")


def test_insights_are_replaced(cloudtrail, trail):
    assert code(cloudtrail.get_insight_selectors, TrailName=trail) == "InsightNotEnabledException"
    for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        cloudtrail.put_insight_selectors(TrailName=trail, InsightSelectors=[{"InsightType": kind}])
    assert cloudtrail.get_insight_selectors(TrailName=trail)["InsightSelectors"] == [{"InsightType": "ApiErrorRateInsight"}]
    assert cloudtrail.describe_trails()["trailList"][0]["HasInsightSelectors"]


def judged(rule, **params):
    return RULES[f"cloudtrail.{rule}"].judge({"Name": "one", **params}, Context(ACCOUNT, REGION))


def statement(action, resource="*", principal=SERVICE, **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_the_key_must_let_the_trail_encrypt(account):
    kms = boto3.client("kms", region_name=REGION)
    root = statement("kms:*", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    whose = {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/one"}}
    use = statement(["kms:GenerateDataKey*", "kms:DescribeKey"], Condition=whose)
    key = kms.create_key(Policy=document(root, use))["KeyMetadata"]["Arn"]
    assert judged("key_lets_the_trail_encrypt", KmsKeyId=key) is None
    assert judged("key_lets_the_trail_encrypt", Name="two", KmsKeyId=key)
    other = kms.create_key(Policy=document(root))["KeyMetadata"]["Arn"]
    assert judged("key_lets_the_trail_encrypt", KmsKeyId=other)


def test_the_role_must_trust_and_the_log_group_exist(account):
    logs, iam = boto3.client("logs", region_name=REGION), boto3.client("iam", region_name=REGION)
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"
    trusting = {
        name: statement("sts:AssumeRole", principal=principal)
        for name, principal in (("good", SERVICE), ("bad", {"Service": "ec2.amazonaws.com"}))
    }
    roles = {}
    for name, trust in trusting.items():
        trust.pop("Resource")
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))["Role"]["Arn"]
    assert judged("log_group", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=roles["good"])
    logs.create_log_group(logGroupName="g")
    assert judged("log_group", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=roles["good"]) is None
    assert judged("log_group_role", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=roles["good"]) is None
    assert "trust relationships" in judged("log_group_role", CloudWatchLogsLogGroupArn=group, CloudWatchLogsRoleArn=roles["bad"])
