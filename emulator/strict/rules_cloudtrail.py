"""What AWS CloudTrail refuses."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.rules_kms import service_may

TRAIL = {"Name": "shop-staging-trail", "S3BucketName": "shop-log"}
GROUP = "arn:aws:logs:ap-northeast-2:123456789012:log-group:/shop/staging/cloudtrail"
ROLE = "arn:aws:iam::123456789012:role/refarch/shop-staging-trail"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
SERVICE = "cloudtrail.amazonaws.com"


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _standing(params: dict[str, Any], context: Context) -> Any:
    """The trail that an update names, or None."""
    name = params.get("Name", "").rpartition("/")[2]
    return context.backend("cloudtrail").trails.get(name)


@rule(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    code="InsufficientS3BucketPolicyException",
    source="AWS CloudTrail User Guide, Amazon S3 bucket policy for CloudTrail",
    good=[TRAIL],
    bad=[],
)
def bucket_lets_the_trail_write(params: dict[str, Any], context: Context) -> str | None:
    bucket = context.backend("s3", "aws").buckets.get(params.get("S3BucketName", ""))
    if bucket is None:
        return None  # moto's matter
    statements = _many(json.loads(bucket.policy or b"{}").get("Statement", []))
    arn = f"arn:aws:s3:::{bucket.name}"
    prefix = params.get("S3KeyPrefix") or getattr(_standing(params, context), "s3_key_prefix", None)
    path = f"{arn}/{prefix + '/' if prefix else ''}AWSLogs/{context.account_id}/x"
    needed = (("s3:GetBucketAcl", arn), ("s3:PutObject", path))
    if all(any(_allows(statement, action, resource) for statement in statements) for action, resource in needed):
        return None
    return f"Incorrect S3 bucket policy is detected for bucket: {bucket.name}"


def _allows(statement: dict[str, Any], action: str, resource: str) -> bool:
    principal = statement.get("Principal")
    return (
        statement.get("Effect") == "Allow"
        and isinstance(principal, dict)
        and SERVICE in _many(principal.get("Service", []))
        and any(fnmatchcase(action, pattern) for pattern in _many(statement.get("Action", [])))
        and any(fnmatchcase(resource, pattern) for pattern in _many(statement.get("Resource", [])))
    )


@rule(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    code="InvalidCloudWatchLogsLogGroupArnException",
    source="AWS CloudTrail API Reference, CreateTrail",
    good=[TRAIL],
    bad=[
        {**TRAIL, "CloudWatchLogsLogGroupArn": GROUP, "CloudWatchLogsRoleArn": ROLE},
        {**TRAIL, "CloudWatchLogsLogGroupArn": f"{GROUP}:*", "CloudWatchLogsRoleArn": ROLE},
        {**TRAIL, "CloudWatchLogsRoleArn": ROLE},
    ],
)
def log_group(params: dict[str, Any], context: Context) -> str | None:
    arn, role = params.get("CloudWatchLogsLogGroupArn"), params.get("CloudWatchLogsRoleArn")
    if not arn:
        return "You must specify a log group ARN with a role ARN." if role else None
    if not arn.endswith(":*"):
        return f"CloudTrail cannot validate the specified log group ARN: {arn}"
    groups = context.backend("logs").groups.values()
    if arn.removesuffix(":*") not in [group.arn for group in groups]:
        return "Access denied. Verify in IAM that the role has adequate permissions, and that the log group exists."
    return None


@rule(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    code="InvalidCloudWatchLogsRoleArnException",
    source="AWS CloudTrail User Guide, Role policy document for CloudTrail to use CloudWatch Logs for monitoring",
    good=[TRAIL],
    bad=[
        {**TRAIL, "CloudWatchLogsLogGroupArn": f"{GROUP}:*"},
        {**TRAIL, "CloudWatchLogsLogGroupArn": f"{GROUP}:*", "CloudWatchLogsRoleArn": ROLE},
    ],
)
def log_group_role(params: dict[str, Any], context: Context) -> str | None:
    arn = params.get("CloudWatchLogsRoleArn")
    if not arn:
        return "You must specify a role ARN with a log group ARN." if params.get("CloudWatchLogsLogGroupArn") else None
    roles = [role for role in context.backend("iam").roles.values() if role.arn == arn]
    trusting = [statement for role in roles for statement in _many(json.loads(role.assume_role_policy_document)["Statement"])]
    if any(SERVICE in _many(statement.get("Principal", {}).get("Service", [])) for statement in trusting):
        return None
    return "Access denied. Check the trust relationships for your role."


@rule(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    code="InsufficientEncryptionPolicyException",
    source="AWS CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail",
    good=[TRAIL],
    bad=[{**TRAIL, "KmsKeyId": KEY}, {**TRAIL, "KmsKeyId": KEY.replace("ap-northeast-2", "us-east-1")}],
)
def key_lets_the_trail_encrypt(params: dict[str, Any], context: Context) -> str | None:
    key = params.get("KmsKeyId")
    if not key or not key.startswith("arn:") or ":key/" not in key:
        return None
    name = params["Name"].rpartition("/")[2]
    trail = f"arn:aws:cloudtrail:{context.region}:{context.account_id}:trail/{name}"
    if service_may(context, key, SERVICE, "kms:GenerateDataKey", trail) and service_may(context, key, SERVICE, "kms:DescribeKey", trail):
        return None
    return "Insufficient permissions to access S3 bucket or KMS key."


@rule(
    "cloudtrail",
    "CreateTrail",
    code="MaximumNumberOfTrailsExceededException",
    source="AWS CloudTrail User Guide, Quotas in AWS CloudTrail",
    good=[TRAIL],
    bad=[],
)
def trails_of_a_region(params: dict[str, Any], context: Context) -> str | None:
    trails = context.backend("cloudtrail").describe_trails(include_shadow_trails=True)
    return f"User: {context.account_id} already has 5 trails in {context.region}." if len(list(trails)) >= 5 else None


@rule(
    "cloudtrail",
    "PutEventSelectors",
    code="InvalidEventSelectorsException",
    source="AWS CloudTrail API Reference, PutEventSelectors",
    good=[
        {"TrailName": "t", "EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::shop-data/"]}]}]},
        {"TrailName": "t", "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]},
    ],
    bad=[
        {"TrailName": "t", "EventSelectors": [{}] * 6},
        {"TrailName": "t", "EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["shop-data"]}]}]},
        {"TrailName": "t", "EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Bucket", "Values": ["arn:aws:s3:::shop-data/"]}]}]},
        {"TrailName": "t", "EventSelectors": [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::b/"] * 251}]}]},
        {"TrailName": "t"},
        {"TrailName": "t", "EventSelectors": [{}], "AdvancedEventSelectors": [{"FieldSelectors": []}]},
    ],
)
def event_selectors(params: dict[str, Any], context: Context) -> str | None:
    simple, advanced = params.get("EventSelectors"), params.get("AdvancedEventSelectors")
    if bool(simple) == bool(advanced):
        return "Specify either event selectors or advanced event selectors."
    if len(simple or []) > 5:
        return "A trail takes 5 event selectors at most."
    resources = [resource for selector in simple or [] for resource in selector.get("DataResources", [])]
    if sum(len(resource.get("Values", [])) for resource in resources) > 250:
        return "A trail takes 250 data resources at most."
    for resource in resources:
        if resource["Type"] not in ("AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"):
            return f"{resource['Type']} is not a type of data resources."
        for value in resource.get("Values", []):
            if not value.startswith("arn:"):
                return f"Value {value} for DataResources.Values is invalid: it is not an ARN."
    return None


@rule(
    "cloudtrail",
    "CreateTrail",
    "UpdateTrail",
    code="InvalidS3PrefixException",
    source="AWS CloudTrail API Reference, CreateTrail: S3KeyPrefix",
    good=[{**TRAIL, "S3KeyPrefix": "p" * 200}],
    bad=[{**TRAIL, "S3KeyPrefix": "p" * 201}],
)
def key_prefix(params: dict[str, Any], context: Context) -> str | None:
    return "S3 prefix must be 200 characters at most." if len(params.get("S3KeyPrefix") or "") > 200 else None


@rule(
    "cloudtrail",
    "CreateTrail",
    "AddTags",
    code="InvalidTagParameterException",
    source="AWS CloudTrail API Reference, AddTags",
    good=[{**TRAIL, "TagsList": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**TRAIL, "TagsList": [{"Key": "aws:x", "Value": "y"}]}],
)
def trail_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("TagsList")))
