"""What stands in an account, listed through boto3 alone: independent of everything that built it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.processes import Running


def name_of(resource: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in resource.get("Tags", []) if tag["Key"] == "Name"), "")


def listing(emulator: Running) -> dict[str, list[str]]:
    """Names of all resources by kind, sorted; things that are being deleted are left out, copies of a name are not."""
    ec2, iam, kms, logs = (emulator.client(service) for service in ("ec2", "iam", "kms", "logs"))
    s3, ssm, trails, analyzers = (emulator.client(service) for service in ("s3", "ssm", "cloudtrail", "accessanalyzer"))

    def ec2_names(operation: str, key: str, keep: Callable[[dict], bool] = lambda _found: True) -> list[str]:
        return sorted(name_of(found) for found in getattr(ec2, operation)()[key] if keep(found))

    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    groups = logs.describe_log_groups()["logGroups"]
    roles = iam.list_roles()["Roles"]
    return {
        "vpc": ec2_names("describe_vpcs", "Vpcs"),
        "subnet": ec2_names("describe_subnets", "Subnets"),
        "internet gateway": ec2_names("describe_internet_gateways", "InternetGateways"),
        "nat gateway": ec2_names("describe_nat_gateways", "NatGateways", lambda gateway: gateway["State"] not in ("deleted", "deleting")),
        "address": ec2_names("describe_addresses", "Addresses"),
        "route table": ec2_names("describe_route_tables", "RouteTables"),
        "network acl": ec2_names("describe_network_acls", "NetworkAcls"),
        "security group": sorted(group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]),
        "security group rule": sorted(
            f"{rule['IsEgress']} {rule['IpProtocol']} {rule.get('FromPort')} {rule.get('CidrIpv4')} {bool(rule.get('ReferencedGroupInfo'))}"
            for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]
        ),
        "endpoint": sorted(
            endpoint["ServiceName"]
            for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]
            if endpoint["State"] not in ("deleted", "deleting")
        ),
        "flow log": sorted(log["LogDestinationType"] for log in ec2.describe_flow_logs()["FlowLogs"]),
        "key": sorted(
            key.get("Description", "") for key in keys if key["KeyManager"] == "CUSTOMER" and key["KeyState"] not in ("PendingDeletion",)
        ),
        "alias": sorted(alias["AliasName"] for alias in kms.list_aliases()["Aliases"] if not alias["AliasName"].startswith("alias/aws/")),
        "bucket": sorted(bucket["Name"] for bucket in s3.list_buckets()["Buckets"]),
        "role": sorted(role["RoleName"] for role in roles if not role["Path"].startswith("/aws-service-role/")),
        "user": sorted(user["UserName"] for user in iam.list_users()["Users"]),
        "group": sorted(group["GroupName"] for group in iam.list_groups()["Groups"]),
        "policy": sorted(policy["PolicyName"] for policy in iam.list_policies(Scope="Local")["Policies"]),
        "analyzer": sorted(analyzer["name"] for analyzer in analyzers.list_analyzers()["analyzers"]),
        "trail": sorted(trail["Name"] for trail in trails.list_trails()["Trails"]),
        "log group": sorted(group["logGroupName"] for group in groups),
        "metric filter": sorted(
            found["filterName"]
            for group in groups
            for found in logs.describe_metric_filters(logGroupName=group["logGroupName"])["metricFilters"]
        ),
        "parameter": sorted(
            parameter["Name"] for page in ssm.get_paginator("describe_parameters").paginate() for parameter in page["Parameters"]
        ),
    }


def differences(found: dict[str, list[str]], reference: dict[str, list[str]]) -> dict[str, list[str]]:
    """What stands too much (+) or is missing (-), by kind."""
    shown = {}
    for kind, names in reference.items():
        more, fewer = Counter(found[kind]) - Counter(names), Counter(names) - Counter(found[kind])
        if more or fewer:
            shown[kind] = [f"+{name}" for name in more.elements()] + [f"-{name}" for name in fewer.elements()]
    return shown
