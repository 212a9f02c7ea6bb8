"""Checks the settings of the audit through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
GROUP = "/{}/{}/cloudtrail".format(*PREFIX.rsplit("-", 1))

failures: list[str] = []
cloudtrail = boto3.client("cloudtrail", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def trails() -> list[dict]:
    return cloudtrail.describe_trails(trailNameList=[f"{PREFIX}-trail"])["trailList"]


def groups() -> list[dict]:
    return [group for group in logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] if group["logGroupName"] == GROUP]


def trail_is_strict() -> None:
    found = trails()
    check("the trail stands", len(found) == 1, found)
    for trail in found:
        check(
            "trail: all regions and global services [CloudTrail.1]",
            trail["IsMultiRegionTrail"] and trail["IncludeGlobalServiceEvents"],
            trail,
        )
        check("trail: encrypted with a customer key [CloudTrail.2]", ":key/" in trail.get("KmsKeyId", ""), trail)
        check("trail: files can be validated [CloudTrail.4]", trail["LogFileValidationEnabled"], trail)
        check("trail: to CloudWatch Logs [CloudTrail.5]", f":log-group:{GROUP}:*" in trail.get("CloudWatchLogsLogGroupArn", ""), trail)
        check(
            "trail: to the log bucket under its prefix",
            trail["S3BucketName"].startswith(PREFIX) and trail.get("S3KeyPrefix") == "cloudtrail",
            trail,
        )
        arn = trail["TrailARN"]
        check("trail: logs [CloudTrail.3]", cloudtrail.get_trail_status(Name=arn)["IsLogging"])
        (selector,) = cloudtrail.get_event_selectors(TrailName=arn)["EventSelectors"]
        check(
            "trail: reads and writes of management",
            (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("All", True),
            selector,
        )
        check("trail: objects of the chosen bucket", len(selector["DataResources"][0]["Values"]) == 1, selector)
        insights = cloudtrail.get_insight_selectors(TrailName=arn)["InsightSelectors"]
        check("trail: the chosen insights", insights == [{"InsightType": "ApiCallRateInsight"}], insights)
        tags = {tag["Key"] for tag in cloudtrail.list_tags(ResourceIdList=[arn])["ResourceTagList"][0]["TagsList"]}
        check("trail: tags", {"Project", "Environment", "Component", "ManagedBy"} <= tags, tags)


def role_is_bounded() -> None:
    role = iam.get_role(RoleName=f"{PREFIX}-trail")["Role"]
    check("role: within a boundary", "PermissionsBoundary" in role, role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    condition = statement["Condition"]["StringEquals"]
    check(
        "role: for this trail only",
        condition["aws:SourceArn"].endswith(f":trail/{PREFIX}-trail") and "aws:SourceAccount" in condition,
        condition,
    )
    (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    (right,) = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]["Statement"]
    check("role: writes to its streams only", f":log-group:{GROUP}:log-stream:" in right["Resource"], right)


def log_group_is_strict() -> None:
    found = groups()
    check("the log group stands", len(found) == 1, found)
    for group in found:
        check("log group: a year [CloudWatch.16]", group.get("retentionInDays") == 365, group)
        check("log group: encrypted with a customer key", ":key/" in group.get("kmsKeyId", ""), group)
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        check("log group: tags", {"Project", "Environment", "Component", "ManagedBy"} <= set(tags), tags)
        filters = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
        check("the fifteen metric filters of CIS [CloudWatch.1-14]", len(filters) == 15, [item["filterName"] for item in filters])
        spaces = {metric["metricNamespace"] for item in filters for metric in item["metricTransformations"]}
        check("metric filters: the stack's namespace", spaces == {f"{PREFIX}/audit"}, spaces)


def absent() -> None:
    check("no trail left", trails() == [], trails())
    check("no log group left", groups() == [], groups())
    try:
        check("no role left", False, iam.get_role(RoleName=f"{PREFIX}-trail")["Role"]["Arn"])
    except ClientError:
        check("no role left", True)


if "--absent" in sys.argv:
    absent()
else:
    trail_is_strict()
    log_group_is_strict()
    role_is_bounded()
if failures:
    sys.exit("\n".join(failures))
