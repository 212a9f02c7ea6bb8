"""Checks the settings of the network through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import ipaddress
import os
import sys

import boto3

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
TIERS = ("public", "web", "app", "db")
ADMIN_PORTS = (22, 3389)
INTERFACES = {"ssm", "ssmmessages", "logs", "kms", "secretsmanager", "ecr.api", "ecr.dkr"}
EVERYONE = ("0.0.0.0/0", "::/0")
TAGS = {"Project", "Environment", "Component", "ManagedBy", "Name"}

failures: list[str] = []
ec2 = boto3.client("ec2", region_name=REGION)
logs = boto3.client("logs", region_name=REGION)
iam = boto3.client("iam", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def tags(resource: dict) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def tagged(what: str, resources: list[dict]) -> None:
    lacking = [resource for resource in resources if not tags(resource).keys() >= TAGS]
    check(f"{what}: {len(resources)} with all tags", bool(resources) and not lacking, lacking)


def in_vpc(operation: str, key: str, vpc_id: str, name: str = "vpc-id") -> list[dict]:
    return getattr(ec2, operation)(Filters=[{"Name": name, "Values": [vpc_id]}])[key]


def vpc() -> str:
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [f"{PREFIX}-vpc"]}])["Vpcs"]
    check("one VPC", len(found) == 1, found)
    if not found:
        sys.exit("\n".join(failures))
    tagged("VPC", found)
    vpc_id = found[0]["VpcId"]
    for attribute, key in (("enableDnsSupport", "EnableDnsSupport"), ("enableDnsHostnames", "EnableDnsHostnames")):
        check(f"VPC: {attribute}", ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)[key]["Value"])
    return vpc_id


def subnets(vpc_id: str) -> dict[str, list[dict]]:
    found = in_vpc("describe_subnets", "Subnets", vpc_id)
    tagged("subnets", found)
    by_tier = {tier: [subnet for subnet in found if tags(subnet).get("Tier") == tier] for tier in TIERS}
    for tier, members in by_tier.items():
        zones = {subnet["AvailabilityZone"] for subnet in members}
        check(f"{tier}: a subnet in each of two zones", len(members) == len(zones) == 2, zones)
    check("no subnet gives public addresses by itself [EC2.15]", not any(subnet["MapPublicIpOnLaunch"] for subnet in found))
    blocks = [ipaddress.ip_network(subnet["CidrBlock"]) for subnet in found]
    check("no two subnets overlap", not any(a.overlaps(b) for i, a in enumerate(blocks) for b in blocks[i + 1 :]), blocks)
    return by_tier


def routes(vpc_id: str, by_tier: dict[str, list[dict]]) -> None:
    tables = in_vpc("describe_route_tables", "RouteTables", vpc_id)
    table_of = {a["SubnetId"]: table for table in tables for a in table["Associations"] if "SubnetId" in a}
    gateways = {g["NatGatewayId"]: g for g in ec2.describe_nat_gateways(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["NatGateways"]}
    gateways = {id: gateway for id, gateway in gateways.items() if gateway["State"] == "available"}
    tagged("NAT gateways", list(gateways.values()))
    tagged("Elastic IP addresses", ec2.describe_addresses(Filters=[{"Name": "tag:Component", "Values": ["network"]}])["Addresses"])
    zone_of = {subnet["SubnetId"]: subnet["AvailabilityZone"] for members in by_tier.values() for subnet in members}

    def way_out(subnet: dict) -> dict:
        table = table_of.get(subnet["SubnetId"])
        check(f"{tags(subnet)['Name']}: has a route table of its own", table is not None)
        return next((route for route in (table or {"Routes": []})["Routes"] if route.get("DestinationCidrBlock") in EVERYONE), {})

    for subnet in by_tier["public"]:
        check(f"{tags(subnet)['Name']}: out through the internet gateway", way_out(subnet).get("GatewayId", "").startswith("igw-"))
    for subnet in by_tier["web"] + by_tier["app"]:
        gateway = gateways.get(way_out(subnet).get("NatGatewayId", ""))
        own = gateway is not None and zone_of[gateway["SubnetId"]] == subnet["AvailabilityZone"]
        check(f"{tags(subnet)['Name']}: out through the NAT gateway of its own zone", own, gateway)
    for subnet in by_tier["db"]:
        check(f"{tags(subnet)['Name']}: no route to the internet", way_out(subnet) == {}, way_out(subnet))
    propagating = [gateway for table in tables for gateway in table.get("PropagatingVgws", [])]
    check("no route is propagated", propagating == [], propagating)


def security_groups(vpc_id: str) -> None:
    groups = {group["GroupName"]: group for group in in_vpc("describe_security_groups", "SecurityGroups", vpc_id)}
    default = groups.pop("default")
    empty = (default["IpPermissions"], default["IpPermissionsEgress"]) == ([], [])
    check("the default security group is empty [EC2.2]", empty, default)
    tagged("security groups", list(groups.values()))
    names = {group["GroupId"]: name.removeprefix(f"{PREFIX}-") for name, group in groups.items()}
    edges, open_to_all = set(), set()
    for group in groups.values():
        for permission in group["IpPermissions"]:
            ports = (permission.get("FromPort", 0), permission.get("ToPort", 65535))
            admin = [port for port in ADMIN_PORTS if ports[0] <= port <= ports[1]]
            check(f"{group['GroupName']}: {ports} is no way to SSH or remote desktop [EC2.13, EC2.14]", admin == [], permission)
            edges |= {(names[pair["GroupId"]], names[group["GroupId"]], ports[0]) for pair in permission["UserIdGroupPairs"]}
            if any(block["CidrIp"] in EVERYONE for block in permission["IpRanges"]):
                open_to_all.add((names[group["GroupId"]], ports[0]))
    wanted = {
        ("public-load-balancer", "web", 8080),
        ("web", "internal-load-balancer", 80),
        ("web", "internal-load-balancer", 443),
        ("internal-load-balancer", "app", 8080),
        ("app", "database", 15432),
    }
    check("from tier to tier by group only", edges == wanted, edges)
    check(
        "only the public load balancer is open to all",
        open_to_all == {("public-load-balancer", 80), ("public-load-balancer", 443)},
        open_to_all,
    )
    database = groups[f"{PREFIX}-database"]
    check("the database reaches nothing", database["IpPermissionsEgress"] == [], database["IpPermissionsEgress"])


def network_acls(vpc_id: str, by_tier: dict[str, list[dict]]) -> None:
    acls = in_vpc("describe_network_acls", "NetworkAcls", vpc_id)
    tagged("network ACLs", acls)
    (default,) = [acl for acl in acls if acl["IsDefault"]]
    entries = [entry for entry in default["Entries"] if entry["RuleNumber"] < 32767]
    check("the default network ACL denies all, and no subnet is left to it", (entries, default["Associations"]) == ([], []), default)
    acl_of = {association["SubnetId"]: acl for acl in acls for association in acl["Associations"]}
    for acl in acls:
        for port in ADMIN_PORTS:
            for everyone in EVERYONE:
                decided = [
                    entry["RuleAction"]
                    for entry in sorted(acl["Entries"], key=lambda entry: entry["RuleNumber"])
                    if not entry["Egress"]
                    and everyone in (entry.get("CidrBlock"), entry.get("Ipv6CidrBlock"))
                    and entry["Protocol"] in ("-1", "6")
                    and entry.get("PortRange", {"From": 0})["From"] <= port <= entry.get("PortRange", {"To": 65535})["To"]
                ]
                check(f"{tags(acl)['Name']}: port {port} is denied from {everyone} [EC2.21]", decided[:1] != ["allow"], decided)
    app = {subnet["CidrBlock"] for subnet in by_tier["app"]}
    for subnet in by_tier["db"]:
        allowed = {e.get("CidrBlock") for e in acl_of[subnet["SubnetId"]]["Entries"] if e["RuleAction"] == "allow"}
        check(f"{tags(subnet)['Name']}: the network ACL knows the app tier only", allowed == app, allowed)


def endpoints(vpc_id: str) -> None:
    found = in_vpc("describe_vpc_endpoints", "VpcEndpoints", vpc_id)
    tagged("endpoints", found)
    services = {
        kind: {e["ServiceName"].split(f"{REGION}.")[1] for e in found if e["VpcEndpointType"] == kind} for kind in ("Gateway", "Interface")
    }
    check("gateway endpoints", services["Gateway"] == {"s3", "dynamodb"}, services)
    check("interface endpoints", services["Interface"] == INTERFACES, services)
    for endpoint in (endpoint for endpoint in found if endpoint["VpcEndpointType"] == "Interface"):
        name = tags(endpoint)["Name"]
        check(f"{name}: private DNS", endpoint["PrivateDnsEnabled"])
        check(f"{name}: in two subnets", len(endpoint["SubnetIds"]) == 2, endpoint["SubnetIds"])
        groups = [group["GroupName"] for group in endpoint["Groups"]]
        check(f"{name}: its own security group", groups == [f"{PREFIX}-endpoints"], groups)


def flow_logs(vpc_id: str) -> None:
    found = ec2.describe_flow_logs(Filter=[{"Name": "resource-id", "Values": [vpc_id]}])["FlowLogs"]
    tagged("flow logs", found)
    flow_log = found[0]
    settings = (flow_log["TrafficType"], flow_log["MaxAggregationInterval"], flow_log["FlowLogStatus"])
    check("flow logs of all traffic, every 60 seconds [EC2.6]", settings == ("ALL", 60, "ACTIVE"), settings)
    (group,) = logs.describe_log_groups(logGroupNamePrefix=flow_log["LogGroupName"])["logGroups"]
    kept = (group.get("retentionInDays"), bool(group.get("kmsKeyId")))
    check("the log group is encrypted and kept for 365 days", kept == (365, True), kept)
    role = iam.get_role(RoleName=flow_log["DeliverLogsPermissionArn"].rpartition("/")[2])["Role"]
    check("the role has a permissions boundary", "PermissionsBoundary" in role, role)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
    check("the role trusts flow logs of the account only", keys == {"aws:SourceAccount", "aws:SourceArn"}, statement)


def present() -> None:
    vpc_id = vpc()
    by_tier = subnets(vpc_id)
    routes(vpc_id, by_tier)
    security_groups(vpc_id)
    network_acls(vpc_id, by_tier)
    endpoints(vpc_id)
    flow_logs(vpc_id)


def absent() -> None:
    mine = [{"Name": "tag:Component", "Values": ["network"]}]
    for operation, key in (
        ("describe_vpcs", "Vpcs"),
        ("describe_subnets", "Subnets"),
        ("describe_route_tables", "RouteTables"),
        ("describe_internet_gateways", "InternetGateways"),
        ("describe_security_groups", "SecurityGroups"),
        ("describe_network_acls", "NetworkAcls"),
        ("describe_vpc_endpoints", "VpcEndpoints"),
        ("describe_addresses", "Addresses"),
    ):
        found = getattr(ec2, operation)(Filters=mine)[key]
        check(f"no {key} left", found == [], found)
    found = ec2.describe_flow_logs(Filter=mine)["FlowLogs"]
    check("no FlowLogs left", found == [], found)
    gateways = [gateway["State"] for gateway in ec2.describe_nat_gateways(Filters=mine)["NatGateways"]]
    check("no NAT gateways left", set(gateways) <= {"deleted"}, gateways)
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/{PREFIX}-vpc")["logGroups"]
    check("no log group left", groups == [], groups)
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith(f"{PREFIX}-vpc")]
    check("no role left", roles == [], roles)


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
