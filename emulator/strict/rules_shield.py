"""What AWS Shield Advanced refuses. Which region its API has is not judged: the SDKs sign for us-east-1 whatever the client was given."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule, tags

_API = "AWS Shield Advanced API Reference"
BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop/0123456789abcdef"
PROTECTION = {"Name": "shop", "ResourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"}
CHECK = "arn:aws:route53:::healthcheck/11111111-2222-3333-4444-555555555555"
#: "AWS resources that Shield Advanced protects" (AWS WAF, AWS Firewall Manager, AWS Shield Advanced Developer Guide).
PROTECTED = re.compile(
    r"arn:aws:(elasticloadbalancing:[^:]+:\d{12}:loadbalancer/(app/.+|[^/]+)|cloudfront::\d{12}:distribution/.+"
    r"|globalaccelerator::\d{12}:accelerator/.+|route53:::hostedzone/.+|ec2:[^:]+:\d{12}:eip-allocation/.+)"
)


@rule(
    "shield", "AssociateHealthCheck", "CreateProtection", "CreateProtectionGroup", "DeleteProtection", "DescribeProtection",
    "DisassociateHealthCheck", "EnableApplicationLayerAutomaticResponse", "ListProtections", "UpdateSubscription",
    code="ResourceNotFoundException", source=f"{_API}, CreateProtection: ResourceNotFoundException",
    good=[], bad=[PROTECTION, {}],
)  # fmt: skip
def needs_a_subscription(params: dict[str, Any], context: Context) -> str | None:
    return None if context.backend("shield", "aws").subscription else "The subscription does not exist."


@rule(
    "shield", "CreateProtection", code="InvalidResourceException", source=f"{_API}, CreateProtection: ResourceArn",
    good=[
        PROTECTION,
        {**PROTECTION, "ResourceArn": "arn:aws:ec2:ap-northeast-2:123456789012:eip-allocation/eipalloc-1"},
        {**PROTECTION, "ResourceArn": "arn:aws:route53:::hostedzone/Z1"},
    ],
    bad=[
        {**PROTECTION, "ResourceArn": BALANCER.replace("/app/", "/net/")},
        {**PROTECTION, "ResourceArn": "arn:aws:ec2:ap-northeast-2:123456789012:instance/i-1"},
        {**PROTECTION, "ResourceArn": "arn:aws:rds:ap-northeast-2:123456789012:db:shop"},
        {**PROTECTION, "ResourceArn": "shop"},
    ],
)  # fmt: skip
def protected_resource(params: dict[str, Any], context: Context) -> str | None:
    arn = params["ResourceArn"]
    return None if PROTECTED.fullmatch(arn) else f"Unrecognized resource {arn}: Shield Advanced does not protect this kind."


@rule(
    "shield", "CreateProtection", code="ResourceNotFoundException", source=f"{_API}, CreateProtection: ResourceNotFoundException",
    good=[PROTECTION], bad=[{**PROTECTION, "ResourceArn": BALANCER}],
)  # fmt: skip
def protected_load_balancer_stands(params: dict[str, Any], context: Context) -> str | None:
    arn = params["ResourceArn"]
    if ":loadbalancer/app/" not in arn or arn in context.backend("elbv2", arn.split(":")[3]).load_balancers:
        return None
    return "The referenced resource does not exist."


@rule(
    "shield", "AssociateHealthCheck", code="InvalidParameterException",
    source="AWS Shield Advanced Developer Guide, Health-based detection using health checks",
    good=[], bad=[{"ProtectionId": "1", "HealthCheckArn": CHECK}],
)  # fmt: skip
def health_check_stands(params: dict[str, Any], context: Context) -> str | None:
    found = params["HealthCheckArn"].rpartition("/")[2] in context.backend("route53", "aws").health_checks
    return None if found else f"The health check {params['HealthCheckArn']} does not exist."


@rule(
    "shield", "CreateProtection", "TagResource", code="InvalidParameterException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**PROTECTION, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**PROTECTION, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)  # fmt: skip
def protection_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))
