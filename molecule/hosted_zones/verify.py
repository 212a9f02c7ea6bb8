"""Checks the settings of the hosted zones through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
PRIVATE = f"{ENVIRONMENT}.internal."
TAGS = {"Project", "Environment", "Component", "ManagedBy"}

failures: list[str] = []
route53 = boto3.client("route53", region_name=REGION)
logs = boto3.client("logs", region_name="us-east-1")
ssm = boto3.client("ssm", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def tags_of(zone: dict) -> dict[str, str]:
    zone_id = zone["Id"].rpartition("/")[2]
    found = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)["ResourceTagSet"]["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def zones() -> list[dict]:
    """The stack's zones, each with its tags."""
    found = [{**zone, "Tags": tags_of(zone)} for zone in route53.list_hosted_zones()["HostedZones"]]
    return [zone for zone in found if (zone["Tags"].get("Project"), zone["Tags"].get("Environment")) == (PROJECT, ENVIRONMENT)]


def has_domain() -> bool:
    """Whether a domain was given: what a whole stack has registered tells; the scenario has one."""
    try:
        outputs = json.loads(ssm.get_parameter(Name=f"/{PROJECT}/{ENVIRONMENT}/hosted_zones")["Parameter"]["Value"])
    except ClientError:
        return True
    return bool(outputs["public_zone_name"])


def policies() -> list[dict]:
    return [policy for policy in logs.describe_resource_policies()["resourcePolicies"] if policy["policyName"] == f"{PREFIX}-query-logs"]


def private_zone_is_strict(found: list[dict]) -> None:
    check("one private zone", len(found) == 1, found)
    for zone in found:
        check("private zone: named after the environment", zone["Name"] == PRIVATE, zone)
        vpcs = route53.get_hosted_zone(Id=zone["Id"])["VPCs"]
        check("private zone: in the stack's VPC only", len(vpcs) == 1 and vpcs[0]["VPCRegion"] == REGION, vpcs)
        check("private zone: tags", set(zone["Tags"]) >= TAGS, zone["Tags"])


def public_zone_is_strict(found: list[dict]) -> None:
    check("one public zone, where a domain is given", len(found) == has_domain(), found)
    for zone in found:
        name = zone["Name"].rstrip(".")
        servers = route53.get_hosted_zone(Id=zone["Id"])["DelegationSet"]["NameServers"]
        check("public zone: four name servers", len(servers) == 4, servers)
        check("public zone: tags", set(zone["Tags"]) >= TAGS, zone["Tags"])
        configs = route53.list_query_logging_configs(HostedZoneId=zone["Id"].rpartition("/")[2])["QueryLoggingConfigs"]
        group = f"/aws/route53/{name}"
        check(
            "public zone: queries are logged [Route53.2]",
            [config["CloudWatchLogsLogGroupArn"].split(":log-group:")[1] for config in configs] == [f"{group}:*"],
            configs,
        )
        groups = [item for item in logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] if item["logGroupName"] == group]
        check("query log group: a year [CloudWatch.16]", [item.get("retentionInDays") for item in groups] == [365], groups)
        for item in groups:
            found_tags = logs.list_tags_for_resource(resourceArn=item["arn"].removesuffix(":*"))["tags"]
            check("query log group: tags", set(found_tags) >= TAGS, found_tags)
        (policy,) = policies() or [{"policyDocument": '{"Statement": [{}]}'}]
        (statement,) = json.loads(policy["policyDocument"])["Statement"]
        check("policy: for the log group only", statement.get("Resource", "").endswith(f":log-group:{group}:*"), statement)
        check("policy: for this account only", "aws:SourceAccount" in statement.get("Condition", {}).get("StringEquals", {}), statement)
        check("policy: Route 53 writes", statement.get("Action") == ["logs:CreateLogStream", "logs:PutLogEvents"], statement)


def absent() -> None:
    check("no zone left", zones() == [], zones())
    check("no resource policy left", policies() == [], policies())
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/route53/")["logGroups"]
    ours = [g for g in groups if logs.list_tags_for_resource(resourceArn=g["arn"].removesuffix(":*"))["tags"].get("Project") == PROJECT]
    check("no query log group left", ours == [], ours)


if "--absent" in sys.argv:
    absent()
else:
    standing = zones()
    private_zone_is_strict([zone for zone in standing if zone["Config"]["PrivateZone"]])
    public_zone_is_strict([zone for zone in standing if not zone["Config"]["PrivateZone"]])
if failures:
    sys.exit("\n".join(failures))
