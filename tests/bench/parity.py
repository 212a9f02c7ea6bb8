"""Does the same stand on both emulators? Read through boto3, with names in the place of ids."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from tests.processes import Running

ACCOUNT = "123456789012"

#: Differ between two accounts in which the same was made.
_VOLATILE = re.compile(
    r"(Date|CreationTime|creationTime|createdAt|CreateDate|LastUsed|LastModified\w*|RoleId|PolicyId|GroupId|UserId|OwnerId|"
    r"DnsEntries|NetworkInterfaceIds|NetworkInterfaceId|PublicIp|PrivateIp|PrivateIpAddress|AvailabilityZoneId|SubnetArn|SecurityGroupArn|"
    r"NetworkAclAssociationId|RouteTableAssociationId|AssociationId|SecurityGroupRuleId|SecurityGroupRuleArn|CreationTimestamp|CreateTime|"
    r"storedBytes|NextRotationDate|ResponseMetadata|TimeLoggingStarted|LatestDeliveryTime|StartLoggingTime|LatestDigestDeliveryTime|"
    r"LatestDeliveryAttemptTime|LatestNotificationAttemptTime|LatestNotificationAttemptSucceeded|LatestDeliveryAttemptSucceeded)$"
)
_ID = re.compile(
    r"\b(?:(?:\d{1,3}\.){3}\d{1,3}|(?:vpc|subnet|igw|nat|rtb|acl|sg|vpce|eipalloc|fl|dopt|pl)-[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b"
)

#: What EC2 is asked for: operation, key of its list, key of the id.
_EC2 = (
    ("describe_vpcs", "Vpcs", "VpcId"),
    ("describe_subnets", "Subnets", "SubnetId"),
    ("describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("describe_addresses", "Addresses", "AllocationId"),
    ("describe_nat_gateways", "NatGateways", "NatGatewayId"),
    ("describe_route_tables", "RouteTables", "RouteTableId"),
    ("describe_network_acls", "NetworkAcls", "NetworkAclId"),
    ("describe_security_groups", "SecurityGroups", "GroupId"),
    ("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("describe_flow_logs", "FlowLogs", "FlowLogId"),
)

#: Settings of a bucket: operation, and the code of the answer that there is none.
_BUCKET = (
    "get_bucket_versioning",
    "get_public_access_block",
    "get_bucket_ownership_controls",
    "get_bucket_encryption",
    "get_bucket_policy",
    "get_bucket_lifecycle_configuration",
    "get_bucket_logging",
    "get_bucket_tagging",
)

Found = dict[str, Any]


def differences(ours: Running, theirs: Running) -> list[str]:
    """A line for each resource that one side lacks, or that differs."""
    left, right = standing(ours), standing(theirs)
    lines = [f"- {name}: only on the first side" for name in sorted(left.keys() - right.keys())]
    lines += [f"- {name}: only on the second side" for name in sorted(right.keys() - left.keys())]
    for name in sorted(left.keys() & right.keys()):
        if left[name] != right[name]:
            lines += [f"- {name}: {place}: {one!r} and {other!r}" for place, one, other in _unequal(left[name], right[name], "")]
    return lines


def standing(emulator: Running) -> Found:
    """What stands, by kind and name, in a form in which equal resources are equal."""
    names: dict[str, str] = {}
    found: Found = {}
    for part in (_kms, _ec2, _iam, _s3, _logs, _cloudtrail, _others):
        found |= dict(part(emulator.client, names))
    return {name: normal(settings, names) for name, settings in found.items()}


def normal(value: Any, names: dict[str, str]) -> Any:
    """*value* without what is never equal, ids replaced by *names*, JSON in texts read, lists without order."""
    if isinstance(value, dict):
        kept = {str(key): item for key, item in value.items() if not _VOLATILE.search(str(key)) and item not in (None, [], "")}
        return {key: normal(item, names) for key, item in kept.items()}
    if isinstance(value, list):
        return sorted((normal(item, names) for item in value), key=lambda item: json.dumps(item, sort_keys=True, default=str))
    if isinstance(value, str):
        if value[:2] in ('{"', "[{", '["'):  # not the pattern of a metric filter
            return normal(json.loads(value), names)
        return _ID.sub(lambda match: names.get(match[0], match[0]), value)
    return value


def _unequal(one: Any, other: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _unequal(one.get(key), other.get(key), f"{place}.{key}".lstrip("."))
    elif one != other:
        yield place, one, other


def _tag(tags: list[dict[str, str]] | None) -> str:
    return next((tag["Value"] for tag in tags or [] if tag["Key"] == "Name"), "")


def _answer(client: Any, operation: str, **parameters: Any) -> Any:
    """The answer, or the code of the error."""
    try:
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**parameters).build_full_result()
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _kms(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    kms = client("kms")
    for alias in kms.get_paginator("list_aliases").paginate().build_full_result()["Aliases"]:
        if alias["AliasName"].startswith("alias/aws/"):
            continue
        key = alias["TargetKeyId"]
        names[key] = alias["AliasName"]
        yield (
            f"kms {alias['AliasName']}",
            {
                "metadata": kms.describe_key(KeyId=key)["KeyMetadata"],
                "policy": kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
                "rotation": _answer(kms, "get_key_rotation_status", KeyId=key),
                "tags": kms.list_resource_tags(KeyId=key)["Tags"],
            },
        )


def _ec2(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    ec2 = client("ec2")
    names |= {found["PrefixListId"]: found["PrefixListName"] for found in _answer(ec2, "describe_managed_prefix_lists")["PrefixLists"]}
    own = {vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]}
    for operation, listed, key in _EC2:
        for item in _answer(ec2, operation)[listed]:
            vpc = item.get("VpcId") or next((attached["VpcId"] for attached in item.get("Attachments", [])), None)
            if vpc and vpc not in own:
                continue
            name = _tag(item.get("Tags")) or item.get("GroupName") or ("main" if listed == "RouteTables" else "?")
            names[item[key]] = f"{listed}:{name}"
            if "PublicIp" in item:
                names[item["PublicIp"]] = f"address of {name}"
            if item.get("LogGroupName"):
                item.pop("LogDestination", None)  # the same group's ARN, where it was made by it
            for entry in item.get("Entries", []):
                if entry["Protocol"] not in ("6", "17"):
                    entry.pop("PortRange", None)  # Terraform sends ports for protocols that have none
            yield f"ec2 {listed} {name}", item
    groups = [group["GroupId"] for group in ec2.describe_security_groups()["SecurityGroups"] if group["VpcId"] in own]
    for rule in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": groups}])["SecurityGroupRules"]:
        peer = rule.get("CidrIpv4") or names.get(rule.get("ReferencedGroupInfo", {}).get("GroupId", ""), "?")
        direction = "to" if rule["IsEgress"] else "from"
        yield f"ec2 rule {names[rule['GroupId']]} {direction} {peer} {rule.get('FromPort')}", rule
    for vpc in own:
        for attribute in ("enableDnsSupport", "enableDnsHostnames"):
            answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
            yield f"ec2 {names[vpc]} {attribute}", answer[attribute[0].upper() + attribute[1:]]
    yield "ec2 ebs encryption by default", _answer(ec2, "get_ebs_encryption_by_default")
    yield "ec2 ebs default key", _answer(ec2, "get_ebs_default_kms_key_id")


def _iam(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    iam = client("iam")
    yield "iam password policy", _answer(iam, "get_account_password_policy")
    for policy in _answer(iam, "list_policies", Scope="Local")["Policies"]:
        arn = policy["Arn"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
        about = iam.get_policy(PolicyArn=arn)["Policy"]
        yield f"iam policy {policy['PolicyName']}", {**about, "document": document}
    for group in _answer(iam, "list_groups")["Groups"]:
        name = {"GroupName": group["GroupName"]}
        details = (_answer(iam, operation, **name) for operation in ("list_attached_group_policies", "list_group_policies", "get_group"))
        yield f"iam group {group['GroupName']}", [group, *details]
    for user in _answer(iam, "list_users")["Users"]:
        name = {"UserName": user["UserName"]}
        yield f"iam user {user['UserName']}", [iam.get_user(**name)["User"], _answer(iam, "list_groups_for_user", **name)]
    for role in _answer(iam, "list_roles")["Roles"]:
        name = {"RoleName": role["RoleName"]}
        inline = {
            policy: iam.get_role_policy(**name, PolicyName=policy)["PolicyDocument"]
            for policy in _answer(iam, "list_role_policies", **name)["PolicyNames"]
        }
        attached = _answer(iam, "list_attached_role_policies", **name)
        yield f"iam role {role['RoleName']}", {**iam.get_role(**name)["Role"], "inline": inline, "attached": attached}


def _s3(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        yield f"s3 {bucket['Name']}", {operation: _answer(s3, operation, Bucket=bucket["Name"]) for operation in _BUCKET}
    control = client("s3control")
    prefix = f"//{ACCOUNT}."
    strip = lambda params, **_: params.update(url=params["url"].replace(prefix, "//", 1))  # noqa: E731
    control.meta.events.register("before-call.s3-control", strip)
    yield "s3 account public access block", _answer(control, "get_public_access_block", AccountId=ACCOUNT)


def _logs(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    logs = client("logs")
    for group in _answer(logs, "describe_log_groups")["logGroups"]:
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        yield f"logs {group['logGroupName']}", {**group, "tags": tags}
    for metric in _answer(logs, "describe_metric_filters")["metricFilters"]:
        for transformation in metric["metricTransformations"]:
            transformation.setdefault("unit", "None")  # "If you omit this, the unit is set as None" (MetricTransformation)
        yield f"logs filter {metric['filterName']}", metric


def _cloudtrail(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    cloudtrail = client("cloudtrail")
    for trail in cloudtrail.describe_trails()["trailList"]:
        arn = trail["TrailARN"]
        asked = {
            operation: _answer(cloudtrail, operation, **parameters)
            for operation, parameters in {
                "get_trail_status": {"Name": arn},
                "get_event_selectors": {"TrailName": arn},
                "get_insight_selectors": {"TrailName": arn},
                "list_tags": {"ResourceIdList": [arn]},
            }.items()
        }
        yield f"cloudtrail {trail['Name']}", {**trail, **asked}


def _others(client: Callable[..., Any], names: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for analyzer in _answer(client("accessanalyzer"), "list_analyzers")["analyzers"]:
        yield f"access analyzer {analyzer['name']}", analyzer
    ssm = client("ssm")
    for parameter in _answer(ssm, "get_parameters_by_path", Path="/", Recursive=True)["Parameters"]:
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=parameter["Name"])["TagList"]
        yield f"ssm {parameter['Name']}", {**{key: parameter[key] for key in ("Name", "Type", "Value")}, "tags": tags}
