from __future__ import annotations

import json

import pytest

GROUP = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/shop/staging/cloudtrail"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
ROLE = "arn:aws:iam::123456789012:role/refarch/shop-staging-trail"
TRAIL = {
    "name": "shop-staging-trail",
    "s3_bucket_name": "shop-log",
    "s3_key_prefix": "cloudtrail",
    "kms_key_arn": KEY,
    "cloud_watch_logs_log_group_arn": GROUP,
    "cloud_watch_logs_role_arn": ROLE,
    "tags": {"Project": "shop"},
}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def bucket(aws):
    for name in ("shop-log", "other-log"):
        aws("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})


@pytest.fixture
def standing(run_module, bucket):
    return run_module("cloudtrail_trail", **TRAIL)["trail_arn"]


def test_created_strict_and_logging(converge, bucket, aws):
    result = converge("cloudtrail_trail", **TRAIL)
    assert operations(result) == ["CreateTrail", "StartLogging"]
    (trail,) = aws("cloudtrail").describe_trails()["trailList"]
    assert trail["TrailARN"] == result["trail_arn"]
    assert all(trail[setting] for setting in ("IsMultiRegionTrail", "IncludeGlobalServiceEvents", "LogFileValidationEnabled"))
    assert (trail["KmsKeyId"], trail["S3KeyPrefix"], trail["CloudWatchLogsRoleArn"]) == (KEY, "cloudtrail", ROLE)
    assert trail["CloudWatchLogsLogGroupArn"] == f"{GROUP}:*"
    assert aws("cloudtrail").get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    (selector,) = aws("cloudtrail").get_event_selectors(TrailName=trail["TrailARN"])["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True)


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({"s3_bucket_name": "other-log"}, ["UpdateTrail"]),
        ({"log_file_validation": False}, ["UpdateTrail"]),
        ({"kms_key_arn": KEY.replace("1111", "9999")}, ["UpdateTrail"]),
        ({"cloud_watch_logs_role_arn": f"{ROLE}-2"}, ["UpdateTrail"]),
        ({"cloud_watch_logs_log_group_arn": f"{GROUP}:*"}, []),
        ({"is_multi_region_trail": False}, ["UpdateTrail"]),
        ({"read_write_type": "WriteOnly"}, ["PutEventSelectors"]),
        ({"data_event_bucket_arns": ["arn:aws:s3:::b", "arn:aws:s3:::a/"]}, ["PutEventSelectors"]),
        ({"insight_types": ["ApiErrorRateInsight"]}, ["PutInsightSelectors"]),
        ({"logging": False}, ["StopLogging"]),
        ({"tags": {"Project": "shop", "Owner": "us"}}, ["AddTags"]),
        ({"tags": {}}, ["RemoveTags"]),
    ],
)
def test_a_changed_setting_is_that_change(converge, standing, change, made):
    assert operations(converge("cloudtrail_trail", **{**TRAIL, **change})) == made


def test_insights_and_data_events_can_be_switched_off(converge, run_module, bucket):
    run_module("cloudtrail_trail", **TRAIL, insight_types=["ApiCallRateInsight"], data_event_bucket_arns=["arn:aws:s3:::a"])
    assert operations(converge("cloudtrail_trail", **TRAIL)) == ["PutEventSelectors", "PutInsightSelectors"]


def test_advanced_selectors_of_others_are_replaced(converge, standing, aws):
    field = {"Field": "eventCategory", "Equals": ["Data"]}
    aws("cloudtrail").put_event_selectors(
        TrailName=standing, AdvancedEventSelectors=[{"FieldSelectors": [field, {"Field": "resources.type", "Equals": ["AWS::S3::Object"]}]}]
    )
    assert operations(converge("cloudtrail_trail", **TRAIL)) == ["PutEventSelectors"]


def test_completes_after_a_kill(converge, standing, aws):
    aws("cloudtrail").stop_logging(Name=standing)
    assert operations(converge("cloudtrail_trail", **TRAIL)) == ["StartLogging"]


def test_removed(converge, standing, aws):
    assert operations(converge("cloudtrail_trail", name=TRAIL["name"], state="absent")) == ["DeleteTrail"]
    assert aws("cloudtrail").describe_trails()["trailList"] == []


def test_unknown_inputs_are_a_plan_too(run_module):
    unknown = "(known after apply)"
    planned = run_module(
        "cloudtrail_trail", check=True, **{**TRAIL, "kms_key_arn": unknown, "cloud_watch_logs_log_group_arn": unknown,
        "cloud_watch_logs_role_arn": unknown},
    )  # fmt: skip
    assert operations(planned) == ["CreateTrail", "StartLogging"] and planned["trail_arn"] == unknown
    json.dumps(planned["changes"])


def test_refusals(refusal):
    assert "must log global services" in refusal("cloudtrail_trail", **TRAIL, include_global_service_events=False)
    assert "both the log group and the role" in refusal("cloudtrail_trail", **{**TRAIL, "cloud_watch_logs_role_arn": None})
    many = [f"arn:aws:s3:::b{number}" for number in range(251)]
    assert "takes 250 at most" in refusal("cloudtrail_trail", **TRAIL, data_event_bucket_arns=many)
