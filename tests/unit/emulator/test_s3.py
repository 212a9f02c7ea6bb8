"""The patches of Amazon S3, each through boto3."""

from __future__ import annotations

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.s3.models import s3_backends

import emulator.services

emulator.services.apply_all()
ARN = "arn:aws:s3:::shop"


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="shop")
        yield client


def permission(s3, *statements):
    s3.put_bucket_policy(Bucket="shop", Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    bucket = s3_backends["123456789012"]["aws"].buckets["shop"]
    return bucket.get_permission("s3:GetObject", f"{ARN}/key").name


def deny(**condition):
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{ARN}/*", **({"Condition": condition} if condition else {})}


def test_policy_conditions_hold(s3):
    assert permission(s3, deny(Bool={"aws:SecureTransport": "false"})) == "NEUTRAL"
    assert permission(s3, deny(Bool={"aws:SecureTransport": "true"})) == "DENIED"
    assert permission(s3, deny(StringEquals={"aws:SourceAccount": "1"})) == "NEUTRAL"
    assert permission(s3, deny()) == "DENIED"


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({}, True),
        ({"Action": ["s3:PutObject"], "Resource": [f"{ARN}/s3/*"]}, True),
        ({"Resource": f"{ARN}/elsewhere/*"}, False),
        ({"Principal": {"Service": "cloudtrail.amazonaws.com"}}, False),
    ],
)
def test_log_delivery_may_be_allowed_in_any_form(s3, change, accepted):
    allow = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject", "Resource": f"{ARN}/s3/*"}
    permission(s3, deny(Bool={"aws:SecureTransport": "false"}), {**allow, **change})
    status = {"LoggingEnabled": {"TargetBucket": "shop", "TargetPrefix": "s3/shop/"}}
    if accepted:
        s3.put_bucket_logging(Bucket="shop", BucketLoggingStatus=status)
        assert s3.get_bucket_logging(Bucket="shop")["LoggingEnabled"]["TargetPrefix"] == "s3/shop/"
    else:
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket="shop", BucketLoggingStatus=status)
