"""What the components of the foundation made: keys, network, people and rights, buckets, logs, the trail, parameters."""

from __future__ import annotations

from tests.bench.parity.alike import ACCOUNT, Client, Found, Names, answer

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


def _name_tag(tags: list[dict[str, str]] | None) -> str:
    return next((tag["Value"] for tag in tags or [] if tag["Key"] == "Name"), "")


def _kms(client: Client, names: Names) -> Found:
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
                "rotation": answer(kms, "get_key_rotation_status", KeyId=key),
                "tags": kms.list_resource_tags(KeyId=key)["Tags"],
            },
        )


def _ec2(client: Client, names: Names) -> Found:
    ec2 = client("ec2")
    names |= {found["PrefixListId"]: found["PrefixListName"] for found in answer(ec2, "describe_managed_prefix_lists")["PrefixLists"]}
    own = {vpc["VpcId"] for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]}
    for operation, listed, key in _EC2:
        for item in answer(ec2, operation)[listed]:
            vpc = item.get("VpcId") or next((attached["VpcId"] for attached in item.get("Attachments", [])), None)
            if vpc and vpc not in own:
                continue
            name = _name_tag(item.get("Tags")) or item.get("GroupName") or ("main" if listed == "RouteTables" else "?")
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
            told = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
            yield f"ec2 {names[vpc]} {attribute}", told[attribute[0].upper() + attribute[1:]]
    yield "ec2 ebs encryption by default", answer(ec2, "get_ebs_encryption_by_default")
    yield "ec2 ebs default key", answer(ec2, "get_ebs_default_kms_key_id")


def _iam(client: Client, names: Names) -> Found:
    iam = client("iam")
    yield "iam password policy", answer(iam, "get_account_password_policy")
    for policy in answer(iam, "list_policies", Scope="Local")["Policies"]:
        arn = policy["Arn"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=policy["DefaultVersionId"])["PolicyVersion"]["Document"]
        about = iam.get_policy(PolicyArn=arn)["Policy"]
        yield f"iam policy {policy['PolicyName']}", {**about, "document": document}
    for group in answer(iam, "list_groups")["Groups"]:
        name = {"GroupName": group["GroupName"]}
        details = (answer(iam, operation, **name) for operation in ("list_attached_group_policies", "list_group_policies", "get_group"))
        yield f"iam group {group['GroupName']}", [group, *details]
    for user in answer(iam, "list_users")["Users"]:
        name = {"UserName": user["UserName"]}
        yield f"iam user {user['UserName']}", [iam.get_user(**name)["User"], answer(iam, "list_groups_for_user", **name)]
    for role in answer(iam, "list_roles")["Roles"]:
        name = {"RoleName": role["RoleName"]}
        inline = {
            policy: iam.get_role_policy(**name, PolicyName=policy)["PolicyDocument"]
            for policy in answer(iam, "list_role_policies", **name)["PolicyNames"]
        }
        attached = answer(iam, "list_attached_role_policies", **name)
        yield f"iam role {role['RoleName']}", {**iam.get_role(**name)["Role"], "inline": inline, "attached": attached}


def _s3(client: Client, names: Names) -> Found:
    s3 = client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        yield f"s3 {bucket['Name']}", {operation: answer(s3, operation, Bucket=bucket["Name"]) for operation in _BUCKET}
    control = client("s3control")
    prefix = f"//{ACCOUNT}."
    strip = lambda params, **_: params.update(url=params["url"].replace(prefix, "//", 1))  # noqa: E731
    control.meta.events.register("before-call.s3-control", strip)
    yield "s3 account public access block", answer(control, "get_public_access_block", AccountId=ACCOUNT)


def _logs(client: Client, names: Names) -> Found:
    logs = client("logs")
    for group in answer(logs, "describe_log_groups")["logGroups"]:
        tags = logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
        yield f"logs {group['logGroupName']}", {**group, "tags": tags}
    for metric in answer(logs, "describe_metric_filters")["metricFilters"]:
        for transformation in metric["metricTransformations"]:
            transformation.setdefault("unit", "None")  # "If you omit this, the unit is set as None" (MetricTransformation)
        yield f"logs filter {metric['filterName']}", metric


def _cloudtrail(client: Client, names: Names) -> Found:
    cloudtrail = client("cloudtrail")
    for trail in cloudtrail.describe_trails()["trailList"]:
        arn = trail["TrailARN"]
        asked = {
            operation: answer(cloudtrail, operation, **parameters)
            for operation, parameters in {
                "get_trail_status": {"Name": arn},
                "get_event_selectors": {"TrailName": arn},
                "get_insight_selectors": {"TrailName": arn},
                "list_tags": {"ResourceIdList": [arn]},
            }.items()
        }
        yield f"cloudtrail {trail['Name']}", {**trail, **asked}


def _others(client: Client, names: Names) -> Found:
    for analyzer in answer(client("accessanalyzer"), "list_analyzers")["analyzers"]:
        yield f"access analyzer {analyzer['name']}", analyzer
    ssm = client("ssm")
    for parameter in answer(ssm, "get_parameters_by_path", Path="/", Recursive=True)["Parameters"]:
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=parameter["Name"])["TagList"]
        yield f"ssm {parameter['Name']}", {**{key: parameter[key] for key in ("Name", "Type", "Value")}, "tags": tags}


READERS = (_kms, _ec2, _iam, _s3, _logs, _cloudtrail, _others)
