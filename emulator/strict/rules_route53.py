"""What Amazon Route 53 refuses."""

from __future__ import annotations

import ipaddress
import json
import re
from fnmatch import fnmatchcase
from typing import Any

from emulator.strict import Context, rule, tags

ZONE = {"Name": "shop.example.com", "CallerReference": "one"}
PRIVATE = {**ZONE, "HostedZoneConfig": {"PrivateZone": True}}
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/shop.example.com:*"
CHECK = {"Type": "HTTPS", "FullyQualifiedDomainName": "shop.example.com", "ResourcePath": "/health"}
CHECKERS = ["us-east-1", "eu-west-1", "ap-southeast-1"]
TARGET = {"HostedZoneId": "ZWKZPGTI48KDX", "DNSName": "x.ap-northeast-2.elb.amazonaws.com", "EvaluateTargetHealth": True}
#: "DNS domain name format" (Amazon Route 53 Developer Guide): labels of at most 63 characters.
LABEL = re.compile(r"[A-Za-z0-9_*\\!\"#$%&'()+,\-/:;<=>?@\[\]^`{|}~]{1,63}")


def _records(*records: dict[str, Any], action: str = "CREATE") -> dict[str, Any]:
    return {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": record} for record in records]}}


def _values(kind: str, *values: str, **more: Any) -> dict[str, Any]:
    record = {"Name": "x.example.com", "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values], **more}
    return _records({key: value for key, value in record.items() if value is not None})


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@rule(
    "route53",
    "CreateHostedZone",
    code="InvalidDomainName",
    source="Amazon Route 53 Developer Guide, DNS domain name format",
    good=[ZONE, {**ZONE, "Name": "local.internal."}],
    bad=[{**ZONE, "Name": name} for name in ("a..com", f"{'a' * 64}.com", f"{'a.' * 130}com", "sh op.com")],
)
def zone_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["Name"].removesuffix(".")
    if len(name) <= 255 and all(LABEL.fullmatch(label) for label in name.split(".")):
        return None
    return f"{params['Name']} is not a valid domain name"


@rule(
    "route53",
    "CreateHostedZone",
    "AssociateVPCWithHostedZone",
    code="InvalidVPCId",
    source="Amazon Route 53 API Reference, CreateHostedZone",
    good=[ZONE],
    bad=[PRIVATE, {**PRIVATE, "VPC": {"VPCId": "vpc-1", "VPCRegion": "ap-northeast-2"}}],
)
def private_zone_has_a_vpc(params: dict[str, Any], context: Context) -> str | None:
    vpc = params.get("VPC")
    if not vpc:
        return "A private hosted zone needs a VPC." if params.get("HostedZoneConfig", {}).get("PrivateZone") else None
    vpcs = context.backend("ec2", vpc["VPCRegion"]).vpcs
    return None if vpc["VPCId"] in vpcs else f"The VPC: {vpc['VPCId']} in region {vpc['VPCRegion']} that you provided is not valid."


@rule(
    "route53",
    "CreateHostedZone",
    code="InvalidInput",
    source="Amazon Route 53 API Reference, CreateHostedZone",
    good=[ZONE],
    bad=[{**ZONE, "VPC": {"VPCId": "vpc-1", "VPCRegion": "ap-northeast-2"}, "HostedZoneConfig": {"PrivateZone": False}}],
)
def public_zone_has_no_vpc(params: dict[str, Any], context: Context) -> str | None:
    if params.get("VPC") and not params.get("HostedZoneConfig", {}).get("PrivateZone", True):
        return "You specified a VPC and PrivateZone false: only private hosted zones take a VPC."
    return None


@rule(
    "route53",
    "CreateQueryLoggingConfig",
    code="InsufficientCloudWatchLogsResourcePolicy",
    source="Amazon Route 53 API Reference, CreateQueryLoggingConfig",
    good=[],
    bad=[{"HostedZoneId": "Z1", "CloudWatchLogsLogGroupArn": GROUP}],
)
def policy_lets_route53_write(params: dict[str, Any], context: Context) -> str | None:
    group = params["CloudWatchLogsLogGroupArn"].removesuffix(":*")
    zone = f"arn:aws:route53:::hostedzone/{params['HostedZoneId'].rpartition('/')[2]}"
    policies = context.backend("logs", "us-east-1").resource_policies.values()
    statements = [item for policy in policies for item in _many(json.loads(policy.policy_document).get("Statement", []))]
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not any(_allows(statement, action, f"{group}:log-stream:x", zone, context.account_id) for statement in statements):
            return (
                "The resource policy that you're using for Route 53 query logging doesn't grant Route 53 sufficient permission to create "
                "a log stream in the specified log group."
            )
    return None


def _allows(statement: dict[str, Any], action: str, resource: str, zone: str, account: str) -> bool:
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or not isinstance(principal, dict):
        return False
    told = {"aws:sourceaccount": account, "aws:sourcearn": zone}
    conditions = [(key.lower(), _many(values)) for block in statement.get("Condition", {}).values() for key, values in block.items()]
    return (
        "route53.amazonaws.com" in _many(principal.get("Service", []))
        and any(fnmatchcase(action, pattern) for pattern in _many(statement.get("Action", [])))
        and any(fnmatchcase(resource, pattern) for pattern in _many(statement.get("Resource", [])))
        and all(any(fnmatchcase(told.get(key, ""), value) for value in values) for key, values in conditions)
    )


@rule(
    "route53",
    "CreateQueryLoggingConfig",
    code="InvalidInput",
    source="Amazon Route 53 API Reference, CreateQueryLoggingConfig",
    good=[{"HostedZoneId": "Z1", "CloudWatchLogsLogGroupArn": GROUP}],
    bad=[{"HostedZoneId": "Z1", "CloudWatchLogsLogGroupArn": GROUP.replace("us-east-1", "ap-northeast-2")}],
)
def query_logs_are_of_a_public_zone(params: dict[str, Any], context: Context) -> str | None:
    if params["CloudWatchLogsLogGroupArn"].split(":")[3] != "us-east-1":
        return "The ARN for the CloudWatch Logs log group is invalid: it must be in us-east-1."
    zone = context.backend("route53", "aws").zones.get(params["HostedZoneId"].rpartition("/")[2])
    return "Query logging is for public hosted zones only." if zone is not None and zone.private_zone else None


@rule(
    "route53",
    "ChangeResourceRecordSets",
    code="InvalidChangeBatch",
    source="Amazon Route 53 Developer Guide, Supported DNS record types",
    good=[
        _values("A", "10.0.0.1", "10.0.0.2"),
        _values("AAAA", "2001:db8::1"),
        _values("CNAME", "db.example.com"),
        _values("TXT", '"v=spf1 -all"'),
        _records({"Name": "x.example.com", "Type": "A", "AliasTarget": TARGET}),
    ],
    bad=[
        _values("A", "db.example.com"),
        _values("A", "2001:db8::1"),
        _values("AAAA", "10.0.0.1"),
        _values("A", "10.0.0.1", "10.0.0.1"),
        _values("CNAME", "a.example.com", "b.example.com"),
        _values("CNAME", "a example com"),
        _values("TXT", "v=spf1 -all"),
        _values("TXT", f'"{"a" * 256}"'),
        _values("A", "10.0.0.1", TTL=None),
        _values("A", "10.0.0.1", AliasTarget=TARGET),
    ],
)
def record_values(params: dict[str, Any], context: Context) -> str | None:
    for change in params["ChangeBatch"]["Changes"]:
        record = change["ResourceRecordSet"]
        problem = _wrong_with(record)
        if problem:
            return f"[Invalid Resource Record: {problem} (name='{record['Name']}', type='{record['Type']}')]"
    return None


def _wrong_with(record: dict[str, Any]) -> str | None:
    values = [item["Value"] for item in record.get("ResourceRecords", [])]
    if "AliasTarget" in record:
        return "an alias has neither TTL nor values" if values or "TTL" in record else None
    if values and "TTL" not in record:
        return "values need a TTL"
    if len(set(values)) != len(values):
        return "a value occurs twice"
    kind = record["Type"]
    if kind == "CNAME" and len(values) != 1:
        return "a CNAME has one value"
    return next((f"{value!r} is not a value of type {kind}" for value in values if not _fits(kind, value)), None)


def _fits(kind: str, value: str) -> bool:
    if kind in ("A", "AAAA"):
        try:
            return ipaddress.ip_address(value).version == (4 if kind == "A" else 6)
        except ValueError:
            return False
    if kind in ("CNAME", "NS", "PTR"):
        return all(LABEL.fullmatch(label) for label in value.removesuffix(".").split("."))
    if kind == "TXT":
        return bool(re.fullmatch(r'"(?:[^"\\]|\\.){0,255}"(?:\s+"(?:[^"\\]|\\.){0,255}")*', value))
    return True


@rule(
    "route53",
    "ChangeResourceRecordSets",
    code="InvalidChangeBatch",
    source="Amazon Route 53 Developer Guide, Choosing between alias and non-alias records",
    good=[_records({"Name": "x.example.com", "Type": "AAAA", "AliasTarget": TARGET})],
    bad=[
        _records({"Name": "x.example.com", "Type": "CNAME", "AliasTarget": TARGET}),
        _records({"Name": "x.example.com", "Type": "A", "AliasTarget": {**TARGET, "HostedZoneId": "Z35SXDOTRQ7X7K"}}),
    ],
)
def alias_targets(params: dict[str, Any], context: Context) -> str | None:
    for change in params["ChangeBatch"]["Changes"]:
        record = change["ResourceRecordSet"]
        target = record.get("AliasTarget")
        if not target or change["Action"] == "DELETE":
            continue
        dns_name = target["DNSName"].lower().removesuffix(".")
        balancer = re.fullmatch(r".+\.([a-z0-9-]+)\.elb\.amazonaws\.com", dns_name)
        if balancer is None:
            continue
        words = f"[name='{record['Name']}', type='{record['Type']}']"
        if record["Type"] not in ("A", "AAAA"):
            return f"[Tried to create an alias {words} of a type that a load balancer does not have]"
        if not _is_of_load_balancers(target["HostedZoneId"], balancer[1], dns_name, context):
            return (
                f"[Tried to create an alias that targets {dns_name}., type {record['Type']} in zone {target['HostedZoneId']}, "
                "but the alias target name does not lie within the target zone]"
            )
    return None


#: Hosted zones of application load balancers ("Elastic Load Balancing endpoints and quotas", AWS General Reference).
LOAD_BALANCER_ZONES = {
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-2": "ZWKZPGTI48KDX",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-west-2": "Z1H1FL5HABSF5",
}


def _is_of_load_balancers(zone: str, region: str, dns_name: str, context: Context) -> bool:
    name = dns_name.removeprefix("dualstack.")
    for balancer in context.backend("elbv2", region).load_balancers.values():
        if balancer.dns_name.lower() == name:
            # What DescribeLoadBalancers answers is right, whatever the table says.
            return zone == getattr(balancer, "canonical_hosted_zone_id", zone) or zone == LOAD_BALANCER_ZONES.get(region, zone)
    return zone == LOAD_BALANCER_ZONES.get(region, zone)


@rule(
    "route53",
    "CreateHealthCheck",
    code="InvalidInput",
    source="Amazon Route 53 API Reference, HealthCheckConfig",
    good=[
        {"CallerReference": "one", "HealthCheckConfig": CHECK},
        {"CallerReference": "one", "HealthCheckConfig": {**CHECK, "RequestInterval": 10, "Regions": CHECKERS}},
        {"CallerReference": "one", "HealthCheckConfig": {"Type": "HTTP", "IPAddress": "192.0.2.1", "Port": 80}},
    ],
    bad=[
        {"CallerReference": "one", "HealthCheckConfig": config}
        for config in (
            {"Type": "HTTPS"},
            {**CHECK, "RequestInterval": 20},
            {**CHECK, "Regions": CHECKERS[:2]},
            {**CHECK, "Type": "HTTPS_STR_MATCH"},
            {**CHECK, "SearchString": "ok"},
            {**CHECK, "HealthThreshold": 1},
            {**CHECK, "Type": "HTTP", "EnableSNI": True},
            {**CHECK, "Type": "TCP", "Port": 443},
            {"Type": "TCP", "IPAddress": "192.0.2.1"},
            {"Type": "HTTP", "IPAddress": "10.0.0.1", "Port": 80},
            {"Type": "CALCULATED"},
        )
    ],
)
def health_check(params: dict[str, Any], context: Context) -> str | None:
    config = params["HealthCheckConfig"]
    kind = config["Type"]
    if kind == "CALCULATED":
        return None if "ChildHealthChecks" in config else "A calculated health check needs ChildHealthChecks."
    if kind in ("CLOUDWATCH_METRIC", "RECOVERY_CONTROL"):
        return None
    address = config.get("IPAddress")
    if not address and not config.get("FullyQualifiedDomainName"):
        return "Specify IPAddress or FullyQualifiedDomainName."
    if address and not ipaddress.ip_address(address).is_global and not address.startswith("192.0.2."):
        return f"{address} is not a public address."
    if kind == "TCP" and ("Port" not in config or "ResourcePath" in config):
        return "A health check of type TCP needs a port and has no path."
    if config.get("RequestInterval", 30) not in (10, 30):
        return "RequestInterval is 10 or 30 seconds."
    if 0 < len(config.get("Regions", [])) < 3:
        return "Specify at least three regions."
    if ("SearchString" in config) != kind.endswith("_STR_MATCH"):
        return "SearchString goes with the types HTTP_STR_MATCH and HTTPS_STR_MATCH."
    if "HealthThreshold" in config:
        return "HealthThreshold goes with type CALCULATED."
    if config.get("EnableSNI") and not kind.startswith("HTTPS"):
        return "EnableSNI goes with HTTPS."
    return None


@rule(
    "route53",
    "ChangeTagsForResource",
    code="InvalidInput",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{"ResourceType": "hostedzone", "ResourceId": "Z1", "AddTags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{"ResourceType": "hostedzone", "ResourceId": "Z1", "AddTags": [{"Key": "aws:x", "Value": "y"}]}],
)
def zone_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("AddTags")))


@rule(
    "route53",
    "ChangeResourceRecordSets",
    code="InvalidChangeBatch",
    source="Amazon Route 53 Developer Guide, Quotas: ChangeResourceRecordSets requests",
    good=[_records(*[{"Name": f"x{n}.example.com", "Type": "A", "AliasTarget": TARGET} for n in range(1000)])],
    bad=[
        _records(*[{"Name": f"x{n}.example.com", "Type": "A", "AliasTarget": TARGET} for n in range(1001)]),
        _records(*[{"Name": f"x{n}.example.com", "Type": "A", "AliasTarget": TARGET} for n in range(501)], action="UPSERT"),
        _values("TXT", *[f'"{n}{"a" * 200}"' for n in range(160)]),
    ],
)
def size_of_a_batch(params: dict[str, Any], context: Context) -> str | None:
    changes = params["ChangeBatch"]["Changes"]
    # An UPSERT counts twice.
    times = [2 if change["Action"] == "UPSERT" else 1 for change in changes]
    values = [[item["Value"] for item in change["ResourceRecordSet"].get("ResourceRecords", [])] for change in changes]
    if sum(count * max(len(some), 1) for count, some in zip(times, values, strict=True)) > 1000:
        return "Number of records limit of 1000 exceeded."
    if sum(count * sum(map(len, some)) for count, some in zip(times, values, strict=True)) > 32000:
        return "RDATA character limit of 32000 exceeded."
    return None
