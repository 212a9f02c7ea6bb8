"""s3_buckets and s3_account_public_access_block."""

from __future__ import annotations

import json

import pytest

from ansible_collections.refarch.aws.plugins.module_utils.s3 import bucket_arn, is_local, leave_out_account
from ansible_collections.refarch.aws.plugins.modules.s3_buckets import by_id, lifecycle

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
TAGS = {"Project": "shop"}
LOG, DATA = "shop-staging-log-123456789012", "shop-staging-data-123456789012"
DELIVERY = {
    "Sid": "AccessLogs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::{LOG}/s3/*",
    "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
}
BUCKETS = [
    {
        "name": DATA,
        "kms_key_arn": KEY,
        "log_bucket": LOG,
        "log_prefix": f"s3/{DATA}/",
        "lifecycle_rules": [{"id": "v", "noncurrent_expiration_days": 90}],
    },
    {
        "name": LOG,
        "policy_statements": [DELIVERY],
        "lifecycle_rules": [{"id": "logs", "expiration_days": 365, "noncurrent_expiration_days": 30}],
    },
]
ALL = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def test_buckets_are_created_with_all_settings(converge, aws):
    result = converge("s3_buckets", buckets=BUCKETS, tags=TAGS)
    settings = [
        "CreateBucket",
        "PutPublicAccessBlock",
        "PutBucketOwnershipControls",
        "PutBucketEncryption",
        "PutBucketVersioning",
        "PutBucketPolicy",
        "PutBucketLifecycleConfiguration",
        "PutBucketTagging",
    ]
    assert operations(result) == [*settings, *settings, "PutBucketLogging"]
    s3 = aws("s3")
    assert s3.get_bucket_location(Bucket=DATA)["LocationConstraint"] == "ap-northeast-2"
    assert s3.get_public_access_block(Bucket=DATA)["PublicAccessBlockConfiguration"] == ALL
    assert s3.get_bucket_ownership_controls(Bucket=DATA)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (rule,) = s3.get_bucket_encryption(Bucket=DATA)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert rule["BucketKeyEnabled"] is True
    (rule,) = s3.get_bucket_encryption(Bucket=LOG)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(Bucket=DATA)["Status"] == "Enabled"
    statements = json.loads(s3.get_bucket_policy(Bucket=LOG)["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["RefuseRequestsWithoutTls", "AccessLogs"]
    assert s3.get_bucket_logging(Bucket=DATA)["LoggingEnabled"]["TargetBucket"] == LOG
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=LOG)["Rules"]}
    assert rules["logs"]["Expiration"] == {"Days": 365}
    assert rules["abort-incomplete-multipart-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_tagging(Bucket=DATA)["TagSet"] == [{"Key": "Project", "Value": "shop"}]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"kms_key_arn": None}, ["PutBucketEncryption"]),
        ({"versioning": False}, ["PutBucketVersioning"]),
        ({"policy_statements": [{**DELIVERY, "Resource": f"arn:aws:s3:::{DATA}/*"}]}, ["PutBucketPolicy"]),
        ({"abort_multipart_days": 1}, ["PutBucketLifecycleConfiguration"]),
        ({"lifecycle_rules": [{"id": "v", "transition_days": 30}]}, ["PutBucketLifecycleConfiguration"]),
        ({"log_bucket": None}, ["PutBucketLogging"]),
        ({"log_prefix": "s3/other/"}, ["PutBucketLogging"]),
        ({"tags": {"Purpose": "data"}}, ["PutBucketTagging"]),
    ],
)
def test_a_changed_setting_is_that_change(converge, run_module, change, expected):
    run_module("s3_buckets", buckets=BUCKETS, tags=TAGS)
    assert operations(converge("s3_buckets", buckets=[{**BUCKETS[0], **change}, BUCKETS[1]], tags=TAGS)) == expected


def test_a_bucket_of_a_killed_run_is_completed(converge, aws):
    aws("s3").create_bucket(Bucket=LOG, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    assert "CreateBucket" not in operations(converge("s3_buckets", buckets=BUCKETS[1:], tags=TAGS))


def test_a_bucket_that_never_had_versions_is_not_suspended(converge, aws):
    assert "PutBucketVersioning" not in operations(converge("s3_buckets", buckets=[{"name": DATA, "versioning": False}]))
    assert "Status" not in aws("s3").get_bucket_versioning(Bucket=DATA)


def test_objects_can_be_written_and_read_under_the_policy(run_module, aws):
    run_module("s3_buckets", buckets=BUCKETS)
    s3 = aws("s3")
    s3.put_object(Bucket=DATA, Key="a", Body=b"1")
    assert s3.get_object(Bucket=DATA, Key="a")["Body"].read() == b"1"


def test_removal_needs_force_where_something_is_stored(run_module, converge, aws):
    run_module("s3_buckets", buckets=BUCKETS)
    s3 = aws("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=DATA, Key="a", Body=body)
    s3.delete_object(Bucket=DATA, Key="a")
    with pytest.raises(AssertionError, match="Could not delete bucket"):
        run_module("s3_buckets", state="absent", buckets=[{"name": DATA}])
    result = run_module("s3_buckets", state="absent", force=True, buckets=[{"name": LOG}, {"name": DATA}])
    # The log bucket last, with the access logs that came in until then.
    removed = [(change["operation"], change["name"]) for change in result["changes"]]
    assert removed == [("DeleteObjects", DATA), ("DeleteBucket", DATA), ("DeleteObjects", LOG), ("DeleteBucket", LOG)]
    assert len(result["changes"][0]["parameters"]["Delete"]["Objects"]) == 3  # two versions and a delete marker
    assert converge("s3_buckets", state="absent", force=True, buckets=[{"name": LOG}, {"name": DATA}])["changed"] is False
    assert s3.list_buckets()["Buckets"] == []


def test_lifecycle_of_versions_takes_the_last_marker_along():
    bucket = {
        "name": "b",
        "abort_multipart_days": 7,
        "lifecycle_rules": [
            dict.fromkeys(("expiration_days", "transition_days"), None) | {"id": "v", "prefix": "p/", "noncurrent_expiration_days": 9}
        ],
    }
    assert by_id(lifecycle(bucket))["v"] == {
        "ID": "v",
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
        "Filter": {"Prefix": "p/"},
        "Status": "Enabled",
    }


def test_a_lifecycle_rule_that_does_nothing_is_refused(run_module):
    with pytest.raises(AssertionError, match="lifecycle rule idle of b1x does nothing"):
        run_module("s3_buckets", check=True, buckets=[{"name": "b1x", "lifecycle_rules": [{"id": "idle"}]}])


def test_arn_has_the_partition_of_the_region():
    assert bucket_arn("b", "ap-northeast-2") == "arn:aws:s3:::b"
    assert bucket_arn("b", "cn-north-1") == "arn:aws-cn:s3:::b"


def test_account_public_access_block_works_on_an_address(converge, aws):
    assert operations(converge("s3_account_public_access_block", account_id="123456789012")) == ["PutPublicAccessBlock"]
    control = leave_out_account(aws("s3control"), "123456789012")
    assert control.get_public_access_block(AccountId="123456789012")["PublicAccessBlockConfiguration"] == ALL
    assert operations(converge("s3_account_public_access_block", state="absent", account_id="123456789012")) == ["DeletePublicAccessBlock"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://[::1]:4566", True),
        ("https://s3-control.ap-northeast-2.amazonaws.com", False),
        ("http://localhost:1", True),
    ],
)
def test_only_addresses_take_no_prefix(url, expected):
    assert is_local(url) is expected
