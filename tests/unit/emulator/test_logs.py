"""The patches of CloudWatch Logs, each through boto3; and its hand rules on what stands."""

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
REGION = "ap-northeast-2"
KEY = f"arn:aws:kms:{REGION}:123456789012:key/k"
METRIC = [{"metricName": "m", "metricNamespace": "shop", "metricValue": "1"}]


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def logs(account):
    client = boto3.client("logs", region_name=REGION)
    client.create_log_group(logGroupName="g", logGroupClass="INFREQUENT_ACCESS", tags={"a": "b"})
    return client


def group(logs):
    return logs.describe_log_groups()["logGroups"][0]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def test_class_key_and_filters_are_described(logs):
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="x", metricTransformations=METRIC)
    logs.associate_kms_key(logGroupName="g", kmsKeyId=KEY)
    found = group(logs)
    assert (found["logGroupClass"], found["kmsKeyId"], found["metricFilterCount"]) == ("INFREQUENT_ACCESS", KEY, 1)
    logs.disassociate_kms_key(logGroupName="g")
    assert "kmsKeyId" not in group(logs)
    assert code(logs.associate_kms_key, logGroupName="absent", kmsKeyId=KEY) == "ResourceNotFoundException"


def test_tags_and_filters_go_with_the_group(logs):
    arn = group(logs)["logGroupArn"]
    logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern="x", metricTransformations=METRIC)
    logs.delete_log_group(logGroupName="g")
    assert code(logs.list_tags_for_resource, resourceArn=arn) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="g")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    assert logs.describe_metric_filters(logGroupName="g")["metricFilters"] == []


def test_a_filter_is_replaced(logs):
    for pattern in ("x", "y"):
        logs.put_metric_filter(logGroupName="g", filterName="f", filterPattern=pattern, metricTransformations=METRIC)
    assert [item["filterPattern"] for item in logs.describe_metric_filters(logGroupName="g")["metricFilters"]] == ["y"]


def test_filters_need_a_group(logs):
    absent = "ResourceNotFoundException"
    put = {"filterName": "f", "filterPattern": "x", "metricTransformations": METRIC}
    assert code(logs.put_metric_filter, logGroupName="absent", **put) == absent
    assert code(logs.describe_metric_filters, logGroupName="absent") == absent
    assert code(logs.delete_metric_filter, logGroupName="g", filterName="absent") == absent


def judged(rule, **params):
    return RULES[f"logs.{rule}"].judge(params, Context("123456789012", REGION))


def test_a_key_must_let_logs_use_it(account):
    root = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
    service = {"Effect": "Allow", "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}, "Action": ["kms:Encrypt*"], "Resource": "*"}
    kms = boto3.client("kms", region_name=REGION)
    key = kms.create_key(Policy=json.dumps({"Version": "2012-10-17", "Statement": [root]}))["KeyMetadata"]["Arn"]
    assert judged("kms_key", logGroupName="g", kmsKeyId=key)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [root, service]}))
    assert judged("kms_key", logGroupName="g", kmsKeyId=key) is None
