"""What Elastic Load Balancing refuses."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

from emulator.strict import Context, rule

_API = "Elastic Load Balancing API Reference"
_GUIDE = "Elastic Load Balancing User Guide for Application Load Balancers"
NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)")
BALANCER = {"Name": "shop-public", "Subnets": ["subnet-1", "subnet-2"]}
GROUP = {"Name": "shop-web", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"}
BALANCER_ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop-public/0123456789abcdef"
LISTENER_ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:listener/app/shop-public/0123456789abcdef/0123456789abcdef"
GROUP_ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:targetgroup/shop-web/0123456789abcdef"
CERTIFICATE = "arn:aws:acm:ap-northeast-2:123456789012:certificate/11111111-2222-3333-4444-555555555555"
FORWARD = [{"Type": "forward", "TargetGroupArn": GROUP_ARN}]
HTTP = {"LoadBalancerArn": BALANCER_ARN, "Protocol": "HTTP", "Port": 80, "DefaultActions": FORWARD}
HTTPS = {**HTTP, "Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": CERTIFICATE}]}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}

BOOLEAN = re.compile("true|false")


def _numbers(low: int, high: int, *words: str) -> re.Pattern[str] | tuple[int, int, tuple[str, ...]]:
    return low, high, words


#: What each attribute takes: a pattern, or a range with words beside it (API Reference, LoadBalancerAttribute and others).
BALANCER_VALUES: dict[str, Any] = {
    "access_logs.s3.enabled": BOOLEAN,
    "access_logs.s3.bucket": re.compile(".*"),
    "access_logs.s3.prefix": re.compile(".*"),
    "client_keep_alive.seconds": _numbers(60, 604800),
    "connection_logs.s3.enabled": BOOLEAN,
    "connection_logs.s3.bucket": re.compile(".*"),
    "connection_logs.s3.prefix": re.compile(".*"),
    "deletion_protection.enabled": BOOLEAN,
    "health_check_logs.s3.enabled": BOOLEAN,
    "health_check_logs.s3.bucket": re.compile(".*"),
    "health_check_logs.s3.prefix": re.compile(".*"),
    "idle_timeout.timeout_seconds": _numbers(1, 4000),
    "ipv6.deny_all_igw_traffic": BOOLEAN,
    "load_balancing.cross_zone.enabled": re.compile("true"),
    "routing.http.desync_mitigation_mode": re.compile("monitor|defensive|strictest"),
    "routing.http.drop_invalid_header_fields.enabled": BOOLEAN,
    "routing.http.preserve_host_header.enabled": BOOLEAN,
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": BOOLEAN,
    "routing.http.xff_client_port.enabled": BOOLEAN,
    "routing.http.xff_header_processing.mode": re.compile("append|preserve|remove"),
    "routing.http2.enabled": BOOLEAN,
    "waf.fail_open.enabled": BOOLEAN,
    "zonal_shift.config.enabled": BOOLEAN,
}
GROUP_VALUES: dict[str, Any] = {
    "deregistration_delay.timeout_seconds": _numbers(0, 3600),
    "load_balancing.algorithm.anomaly_mitigation": re.compile("on|off"),
    "load_balancing.algorithm.type": re.compile("round_robin|least_outstanding_requests|weighted_random"),
    "load_balancing.cross_zone.enabled": re.compile("true|false|use_load_balancer_configuration"),
    "slow_start.duration_seconds": _numbers(30, 900, "0"),
    "stickiness.app_cookie.cookie_name": re.compile("(?!AWSALB).*"),
    "stickiness.app_cookie.duration_seconds": _numbers(1, 604800),
    "stickiness.enabled": BOOLEAN,
    "stickiness.lb_cookie.duration_seconds": _numbers(1, 604800),
    "stickiness.type": re.compile("lb_cookie|app_cookie"),
    "target_group_health.dns_failover.minimum_healthy_targets.count": _numbers(1, 1000, "off"),
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": _numbers(1, 100, "off"),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": _numbers(1, 1000),
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": _numbers(1, 100, "off"),
}


def _wrong_attribute(params: dict[str, Any], known: dict[str, Any]) -> str | None:
    for attribute in params.get("Attributes", []):
        key, value = attribute.get("Key", ""), attribute.get("Value", "")
        if key not in known:
            return f"Attribute key '{key}' is not recognized"
        takes = known[key]
        if isinstance(takes, tuple):
            low, high, words = takes
            ok = value in words or (value.isdigit() and low <= int(value) <= high)
        else:
            ok = takes.fullmatch(value) is not None
        if not ok:
            return f"The value '{value}' of attribute '{key}' is not valid"
    return None


def _attributes(arn_key: str, arn: str, **pairs: str) -> dict[str, Any]:
    return {arn_key: arn, "Attributes": [{"Key": key.replace("__", "."), "Value": value} for key, value in pairs.items()]}


@rule(
    "elbv2", "CreateLoadBalancer", code="ValidationError", source=f"{_API}, CreateLoadBalancer",
    good=[BALANCER],
    bad=[{**BALANCER, "Name": name} for name in ("a" * 33, "-shop", "shop-", "shop_public", "internal-shop")],
)  # fmt: skip
def load_balancer_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["Name"]
    if not NAME.fullmatch(name) or name.startswith("internal-"):
        return f"The load balancer name '{name}' must have 1 to 32 letters, digits and hyphens, and not begin with '-' or 'internal-'"
    return None


@rule(
    "elbv2", "CreateTargetGroup", code="ValidationError", source=f"{_API}, CreateTargetGroup",
    good=[GROUP, {**GROUP, "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 9, "HealthCheckPath": "/health"}],
    bad=[
        {**GROUP, "Name": "a" * 33},
        {**GROUP, "Name": "shop_web"},
        {**GROUP, "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 10},
        {**GROUP, "HealthCheckPath": "health"},
        {**GROUP, "Matcher": {"HttpCode": "100"}},
        {**GROUP, "Matcher": {"HttpCode": "200 OK"}},
        {"Name": "shop-web", "Protocol": "HTTP", "Port": 80},
    ],
)  # fmt: skip
def target_group(params: dict[str, Any], context: Context) -> str | None:
    if not NAME.fullmatch(params["Name"]):
        return f"Target group name '{params['Name']}' must have 1 to 32 letters, digits and hyphens, not at its ends"
    if params.get("TargetType") != "lambda" and not all(params.get(key) for key in ("Protocol", "Port", "VpcId")):
        return "A protocol, a port and a VPC ID must be specified"
    return _health_check(params)


@rule(
    "elbv2", "ModifyTargetGroup", code="ValidationError", source=f"{_API}, ModifyTargetGroup",
    good=[{"TargetGroupArn": GROUP_ARN, "HealthCheckPath": "/"}],
    bad=[{"TargetGroupArn": GROUP_ARN, "HealthCheckPath": "no-slash"}, {"TargetGroupArn": GROUP_ARN, "Matcher": {"HttpCode": "600"}}],
)  # fmt: skip
def modified_target_group(params: dict[str, Any], context: Context) -> str | None:
    return _health_check(params)


def _health_check(params: dict[str, Any]) -> str | None:
    interval, timeout = params.get("HealthCheckIntervalSeconds"), params.get("HealthCheckTimeoutSeconds")
    if interval and timeout and int(timeout) >= int(interval):
        return f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'"
    path = params.get("HealthCheckPath")
    if path is not None and (not path.startswith("/") or len(path) > 1024):
        return "Health check path must begin with '/', and have 1024 characters at most"
    codes = (params.get("Matcher") or {}).get("HttpCode")
    for part in codes.split(",") if codes else ():
        if not re.fullmatch(r"[2-4]\d\d(-[2-4]\d\d)?", part):
            return f"Health check matcher '{codes}' is not valid: codes are 200 to 499"
    return None


@rule(
    "elbv2", "CreateLoadBalancer", "SetSubnets", code="InvalidConfigurationRequest", source=f'{_GUIDE}, "Subnets for your load balancer"',
    good=[BALANCER],
    bad=[{**BALANCER, "Subnets": ["subnet-1"]}],
)  # fmt: skip
def zones(params: dict[str, Any], context: Context) -> str | None:
    wanted = params.get("Subnets") or [mapping["SubnetId"] for mapping in params.get("SubnetMappings") or []]
    if params.get("Type", "application") != "application":
        return None
    if len(wanted) < 2:
        return "At least two subnets in two different Availability Zones must be specified"
    standing = [subnet for subnet in map(_subnets(context).get, wanted) if subnet is not None]
    if len({subnet.availability_zone for subnet in standing}) < len(standing):
        return "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
    if len({subnet.vpc_id for subnet in standing}) > 1:
        return "All subnets must belong to the same VPC"
    small = [subnet.id for subnet in standing if subnet.cidr.prefixlen > 27]
    return f"Not enough IP space available in {small[0]}: a subnet must be a /27 at least" if small else None


def _subnets(context: Context) -> dict[str, Any]:
    return {name: subnet for some in context.backend("ec2").subnets.values() for name, subnet in some.items()}


@rule(
    "elbv2", "CreateLoadBalancer", code="InvalidSubnet", source=f"{_API}, CreateLoadBalancer: InvalidSubnetException",
    good=[BALANCER, {**BALANCER, "Scheme": "internal"}],
    bad=[],
)  # fmt: skip
def vpc_has_an_internet_gateway(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Scheme") == "internal":
        return None
    ec2 = context.backend("ec2")
    for subnet in filter(None, map(_subnets(context).get, params.get("Subnets") or [])):
        if not any(getattr(gateway.vpc, "id", None) == subnet.vpc_id for gateway in ec2.internet_gateways.values()):
            return f"VPC {subnet.vpc_id} has no internet gateway"
    return None


@rule(
    "elbv2", "CreateLoadBalancer", "SetSecurityGroups", code="InvalidSecurityGroup", source=f"{_API}, SetSecurityGroups",
    good=[BALANCER],
    bad=[{**BALANCER, "SecurityGroups": ["sg-0123456789abcdef0"]}],
)  # fmt: skip
def security_groups_exist(params: dict[str, Any], context: Context) -> str | None:
    standing = {name: group for some in context.backend("ec2").groups.values() for name, group in some.items()}
    subnets = list(filter(None, map(_subnets(context).get, params.get("Subnets") or [])))
    for name in params.get("SecurityGroups") or []:
        if name not in standing:
            return f"One or more security groups are invalid: {name}"
        if subnets and standing[name].vpc_id != subnets[0].vpc_id:
            return f"Security group {name} is not in the VPC of the subnets"
    return None


@rule(
    "elbv2", "ModifyLoadBalancerAttributes", code="ValidationError", source=f"{_API}, LoadBalancerAttribute",
    good=[_attributes("LoadBalancerArn", BALANCER_ARN, idle_timeout__timeout_seconds="60", routing__http2__enabled="true")],
    bad=[
        _attributes("LoadBalancerArn", BALANCER_ARN, idle_timeout__timeout_seconds="0"),
        _attributes("LoadBalancerArn", BALANCER_ARN, deletion_protection__enabled="True"),
        _attributes("LoadBalancerArn", BALANCER_ARN, routing__http__desync_mitigation_mode="strict"),
        _attributes("LoadBalancerArn", BALANCER_ARN, load_balancing__cross_zone__enabled="false"),
        _attributes("LoadBalancerArn", BALANCER_ARN, routing__drop="true"),
    ],
)  # fmt: skip
def load_balancer_attributes(params: dict[str, Any], context: Context) -> str | None:
    return _wrong_attribute(params, BALANCER_VALUES) if ":loadbalancer/app/" in params["LoadBalancerArn"] else None


@rule(
    "elbv2", "ModifyTargetGroupAttributes", code="ValidationError", source=f"{_API}, TargetGroupAttribute",
    good=[_attributes("TargetGroupArn", GROUP_ARN, slow_start__duration_seconds="0", stickiness__enabled="false")],
    bad=[
        _attributes("TargetGroupArn", GROUP_ARN, slow_start__duration_seconds="10"),
        _attributes("TargetGroupArn", GROUP_ARN, deregistration_delay__timeout_seconds="3601"),
        _attributes("TargetGroupArn", GROUP_ARN, load_balancing__algorithm__type="random"),
        _attributes("TargetGroupArn", GROUP_ARN, stickiness="true"),
    ],
)  # fmt: skip
def target_group_attributes(params: dict[str, Any], context: Context) -> str | None:
    group = context.backend("elbv2").target_groups.get(params["TargetGroupArn"])
    if group is not None and (group.protocol not in ("HTTP", "HTTPS") or group.target_type == "lambda"):
        return None
    wrong = _wrong_attribute(params, GROUP_VALUES)
    if wrong:
        return wrong
    given = {attribute["Key"]: attribute["Value"] for attribute in params.get("Attributes", [])}
    now = {**(group.attributes if group else {}), **given}
    mitigation, algorithm = "load_balancing.algorithm.anomaly_mitigation", "load_balancing.algorithm.type"
    if now.get(mitigation) == "on" and now.get(algorithm) != "weighted_random":
        return f"Attribute '{mitigation}' needs the algorithm weighted_random"
    if now.get(algorithm) != "round_robin" and now.get("slow_start.duration_seconds", "0") != "0":
        return "Slow start is available with the algorithm round_robin only"
    return None


@rule(
    "elbv2", "ModifyListenerAttributes", code="ValidationError", source=f"{_API}, ListenerAttribute",
    good=[_attributes("ListenerArn", LISTENER_ARN, routing__http__response__server__enabled="false")],
    bad=[
        _attributes("ListenerArn", LISTENER_ARN, routing__http__response__server__enabled="no"),
        _attributes("ListenerArn", LISTENER_ARN, routing__http__response__x_frame_options__header_value="ALLOW"),
        _attributes("ListenerArn", LISTENER_ARN, tcp__idle_timeout__seconds="350"),
        _attributes("ListenerArn", LISTENER_ARN, server="false"),
    ],
)  # fmt: skip
def listener_attributes(params: dict[str, Any], context: Context) -> str | None:
    from emulator.services.elbv2 import HTTPS_ATTRIBUTES, LISTENER_ATTRIBUTES

    if ":listener/app/" not in params["ListenerArn"]:
        return None
    values: dict[str, Any] = dict.fromkeys([*LISTENER_ATTRIBUTES, *HTTPS_ATTRIBUTES], re.compile(r"[\x20-\x7e]{0,1024}"))
    values["routing.http.response.server.enabled"] = BOOLEAN
    values["routing.http.response.x_content_type_options.header_value"] = re.compile("(nosniff)?")
    values["routing.http.response.x_frame_options.header_value"] = re.compile("(DENY|SAMEORIGIN|ALLOW-FROM .+)?")
    wrong = _wrong_attribute(params, values)
    listener = _listener(context, params["ListenerArn"])
    if wrong or listener is None or listener.protocol == "HTTPS":
        return wrong
    secure = [attribute["Key"] for attribute in params["Attributes"] if attribute["Key"] in HTTPS_ATTRIBUTES]
    return f"Attribute '{secure[0]}' is for HTTPS listeners only" if secure else None


def _listener(context: Context, arn: str) -> Any:
    balancers = context.backend("elbv2").load_balancers.values()
    return next((balancer.listeners[arn] for balancer in balancers if arn in balancer.listeners), None)


@rule(
    "elbv2", "ModifyLoadBalancerAttributes", code="InvalidConfigurationRequest",
    source=f'{_GUIDE}, "Enable access logs for your Application Load Balancer"',
    good=[_attributes("LoadBalancerArn", BALANCER_ARN, access_logs__s3__enabled="false")],
    bad=[
        _attributes("LoadBalancerArn", BALANCER_ARN, access_logs__s3__enabled="true"),
        _attributes("LoadBalancerArn", BALANCER_ARN, access_logs__s3__enabled="true", access_logs__s3__bucket="absent"),
        _attributes("LoadBalancerArn", BALANCER_ARN, connection_logs__s3__enabled="true", connection_logs__s3__bucket="absent"),
        _attributes(
            "LoadBalancerArn", BALANCER_ARN, access_logs__s3__enabled="true", access_logs__s3__bucket="b", access_logs__s3__prefix="AWSLogs"
        ),
    ],
)  # fmt: skip
def logs_can_be_delivered(params: dict[str, Any], context: Context) -> str | None:
    balancer = context.backend("elbv2").load_balancers.get(params["LoadBalancerArn"])
    given = {attribute["Key"]: attribute.get("Value", "") for attribute in params.get("Attributes", [])}
    now = {**(balancer.attrs if balancer else {}), **given}
    for kind in ("access_logs", "connection_logs", "health_check_logs"):
        if now.get(f"{kind}.s3.enabled") != "true" or not any(key.startswith(f"{kind}.") for key in given):
            continue
        name, prefix = now.get(f"{kind}.s3.bucket", ""), now.get(f"{kind}.s3.prefix", "")
        if not name:
            return f"The value of '{kind}.s3.bucket' cannot be empty"
        if "AWSLogs" in prefix or prefix.startswith("/") or prefix.endswith("/"):
            return f"The value of '{kind}.s3.prefix' is not valid: it must not contain AWSLogs, nor begin or end with a slash"
        bucket = context.backend("s3", "aws").buckets.get(name)
        if bucket is None or bucket.region_name != context.region:
            return f"Access Denied for bucket: {name}. Please check S3bucket permission"
        path = f"arn:aws:s3:::{name}/{prefix + '/' if prefix else ''}AWSLogs/{context.account_id}/x"
        statements = _many(json.loads(bucket.policy or b"{}").get("Statement", []))
        if not any(_lets_deliver(statement, path) for statement in statements):
            return f"Access Denied for bucket: {name}. Please check S3bucket permission"
    return None


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _lets_deliver(statement: dict[str, Any], path: str) -> bool:
    principal = statement.get("Principal")
    if statement.get("Effect") != "Allow" or not isinstance(principal, dict):
        return False
    service = "logdelivery.elasticloadbalancing.amazonaws.com" in _many(principal.get("Service", []))
    # The account of the region's load balancers, an older way.
    account = any(re.fullmatch(r"(arn:aws:iam::)?\d{12}(:root)?", str(one)) for one in _many(principal.get("AWS", [])))
    return (
        (service or account)
        and any(fnmatchcase("s3:PutObject", action) for action in _many(statement.get("Action", [])))
        and any(fnmatchcase(path, resource) for resource in _many(statement.get("Resource", [])))
    )


@rule(
    "elbv2", "CreateListener", "ModifyListener", code="ValidationError", source=f"{_API}, CreateListener",
    good=[HTTP, {**HTTP, "DefaultActions": [REDIRECT]}],
    bad=[
        {**HTTP, "Certificates": [{"CertificateArn": CERTIFICATE}]},
        {**HTTPS, "Certificates": []},
        {**HTTPS, "Certificates": [{"CertificateArn": CERTIFICATE}] * 2},
        {**HTTPS, "Protocol": "HTTP", "SslPolicy": "ELBSecurityPolicy-2016-08", "Certificates": []},
        {**HTTP, "Protocol": "TCP"},
    ],
)  # fmt: skip
def listener_protocol(params: dict[str, Any], context: Context) -> str | None:
    protocol, certificates = params.get("Protocol"), params.get("Certificates") or []
    if protocol is None:
        return None
    application = ":loadbalancer/app/" in params.get("LoadBalancerArn", "") or ":listener/app/" in params.get("ListenerArn", "")
    if not application:
        return None
    if protocol not in ("HTTP", "HTTPS"):
        return f"Listener protocol '{protocol}' must be one of 'HTTP, HTTPS'"
    if protocol == "HTTP" and (certificates or params.get("SslPolicy")):
        return "Certificates and a security policy are for HTTPS listeners only"
    if protocol == "HTTPS" and len(certificates) != 1:
        return "A certificate must be specified for HTTPS listeners, exactly one"
    return None


@rule(
    "elbv2", "CreateListener", "ModifyListener", code="SSLPolicyNotFound", source=f'{_GUIDE}, "Security policies"',
    good=[HTTP],
    bad=[{**HTTPS, "SslPolicy": "ELBSecurityPolicy-TLS14"}],
)  # fmt: skip
def security_policy(params: dict[str, Any], context: Context) -> str | None:
    from moto.elbv2.ssl_policies import SSL_POLICIES

    name = params.get("SslPolicy")
    return f"SSL policy '{name}' not found" if name and name not in SSL_POLICIES else None


@rule(
    "elbv2", "CreateListener", "ModifyListener", "AddListenerCertificates", code="CertificateNotFound",
    source=f"{_API}, CreateListener: CertificateNotFoundException",
    good=[HTTP],
    bad=[HTTPS, {**HTTPS, "Certificates": [{"CertificateArn": CERTIFICATE.replace("ap-northeast-2", "us-east-1")}]}],
)  # fmt: skip
def certificate_exists(params: dict[str, Any], context: Context) -> str | None:
    for one in params.get("Certificates") or []:
        arn = one["CertificateArn"]
        if ":iam:" in arn:
            continue
        certificate = context.backend("acm")._certificates.get(arn)
        if certificate is None:
            return f"Certificate '{arn}' not found"
    return None


@rule(
    "elbv2", "CreateListener", "ModifyListener", "AddListenerCertificates", code="UnsupportedCertificate",
    source="AWS Certificate Manager User Guide, Services integrated with AWS Certificate Manager",
    good=[HTTP],
    bad=[],
)  # fmt: skip
def certificate_is_issued(params: dict[str, Any], context: Context) -> str | None:
    for one in params.get("Certificates") or []:
        certificate = context.backend("acm")._certificates.get(one["CertificateArn"]) if ":acm:" in one["CertificateArn"] else None
        if certificate is not None and certificate.status != "ISSUED":
            return (
                f"The certificate '{one['CertificateArn']}' must have a fully-qualified domain name, a supported signature, "
                "and a supported key size."
            )
    return None


def _actions(params: dict[str, Any]) -> list[dict[str, Any]]:
    return params.get("DefaultActions") or params.get("Actions") or []


@rule(
    "elbv2", "CreateListener", "ModifyListener", "CreateRule", "ModifyRule", code="InvalidLoadBalancerAction",
    source=f"{_API}, Action, RedirectActionConfig and FixedResponseActionConfig",
    good=[{**HTTP, "DefaultActions": [REDIRECT]}, HTTP],
    bad=[
        {**HTTP, "DefaultActions": [FORWARD[0], {**REDIRECT}]},
        {**HTTP, "DefaultActions": [{"Type": "redirect"}]},
        {**HTTP, "DefaultActions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}]},
        {**HTTP, "DefaultActions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "home"}}]},
        {**HTTP, "DefaultActions": [{"Type": "forward"}]},
        {**HTTP, "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}]},
    ],
)  # fmt: skip
def action(params: dict[str, Any], context: Context) -> str | None:
    actions = _actions(params)
    final = [one for one in actions if one["Type"] in ("forward", "redirect", "fixed-response")]
    if actions and len(final) != 1:
        return "There must be exactly one action of forward, redirect and fixed-response, the last one"
    for one in actions:
        sentence = _wrong_action(one)
        if sentence:
            return sentence
    return None


def _wrong_action(one: dict[str, Any]) -> str | None:
    if one["Type"] == "redirect":
        config = one.get("RedirectConfig")
        if not config:
            return "A redirect needs RedirectConfig"
        changed = {key: config[key] for key in ("Protocol", "Port", "Host", "Path") if config.get(key)}
        if not changed:
            return "A redirect must change protocol, port, host or path, or it would loop"
        if config.get("Path") and not config["Path"].startswith("/"):
            return "The path of a redirect must begin with '/'"
    if one["Type"] == "forward":
        groups = (one.get("ForwardConfig") or {}).get("TargetGroups") or []
        if not one.get("TargetGroupArn") and not groups:
            return "A forward action needs a target group"
        if len(groups) > 5:
            return "A forward action has 5 target groups at most"
    if one["Type"] == "fixed-response" and not re.fullmatch(r"[245]\d\d", str((one.get("FixedResponseConfig") or {}).get("StatusCode"))):
        return "The status code of a fixed response is 2XX, 4XX or 5XX"
    return None


@rule(
    "elbv2", "CreateListener", "ModifyListener", "CreateRule", "ModifyRule", code="TargetGroupAssociationLimit",
    source=f'{_GUIDE}, "Quotas for your Application Load Balancers": load balancers per target group',
    good=[HTTP],
    bad=[],
)  # fmt: skip
def target_group_has_one_load_balancer(params: dict[str, Any], context: Context) -> str | None:
    elb = context.backend("elbv2")
    place = params.get("LoadBalancerArn") or params.get("ListenerArn") or params.get("RuleArn") or ""
    mine = re.sub(r":listener(-rule)?/", ":loadbalancer/", place)
    for one in _actions(params):
        for arn in elb._get_target_group_arns_from(action_data=one):
            group = elb.target_groups.get(arn)
            others = [other for other in group.load_balancer_arns if not mine.startswith(other)] if group is not None else []
            if others:
                return f"The following target groups cannot be associated with more than one load balancer: {arn}"
            balancer = next((found for found in elb.load_balancers.values() if mine.startswith(found.arn)), None)
            if group is not None and balancer is not None and group.vpc_id != balancer.vpc_id:
                return f"The target group {arn} is in another VPC than the load balancer"
    return None


@rule(
    "elbv2", "CreateLoadBalancer", "CreateTargetGroup", "CreateListener", "CreateRule", "AddTags", code="ValidationError",
    source=f'{_GUIDE}, "Tags for your Application Load Balancer"',
    good=[{**BALANCER, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**BALANCER, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)  # fmt: skip
def reserved_tags(params: dict[str, Any], context: Context) -> str | None:
    reserved = [tag["Key"] for tag in params.get("Tags") or [] if tag["Key"].lower().startswith("aws:")]
    return f"Tag keys beginning with 'aws:' are reserved: {reserved[0]}" if reserved else None


@rule(
    "elbv2", "CreateLoadBalancer", "SetSecurityGroups", code="InvalidConfigurationRequest",
    source=f'{_GUIDE}, "Quotas for your Application Load Balancers"',
    good=[{**BALANCER, "SecurityGroups": [f"sg-{number}" for number in range(5)]}],
    bad=[{**BALANCER, "SecurityGroups": [f"sg-{number}" for number in range(6)]}],
)  # fmt: skip
def five_security_groups(params: dict[str, Any], context: Context) -> str | None:
    return "A load balancer takes 5 security groups at most" if len(params.get("SecurityGroups") or []) > 5 else None


def _weighted(weight: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": GROUP_ARN, "Weight": weight}]
    return {**HTTP, "DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}


@rule(
    "elbv2", "CreateListener", "ModifyListener", "CreateRule", "ModifyRule", code="InvalidLoadBalancerAction",
    source=f"{_API}, TargetGroupTuple: Weight (0 to 999)",
    good=[_weighted(0), _weighted(999)],
    bad=[_weighted(1000)],
)  # fmt: skip
def weights(params: dict[str, Any], context: Context) -> str | None:
    groups = [group for one in _actions(params) for group in (one.get("ForwardConfig") or {}).get("TargetGroups") or []]
    wrong = [group["Weight"] for group in groups if not 0 <= int(group.get("Weight", 1)) <= 999]
    return f"The weight {wrong[0]} of a target group must be between 0 and 999" if wrong else None
