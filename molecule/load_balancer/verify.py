"""Checks the settings of the load balancers through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import os
import sys

import boto3

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, _, ENVIRONMENT = PREFIX.rpartition("-")
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
TIERS = {"public": "web", "internal": "app"}

failures: list[str] = []
elb = boto3.client("elbv2", region_name=REGION)
acm = boto3.client("acm", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def balancers() -> dict[str, dict]:
    found = {balancer["LoadBalancerName"]: balancer for balancer in elb.describe_load_balancers()["LoadBalancers"]}
    return {kind: found[f"{PREFIX}-{kind}"] for kind in TIERS if f"{PREFIX}-{kind}" in found}


def groups() -> dict[str, dict]:
    found = {group["TargetGroupName"]: group for group in elb.describe_target_groups()["TargetGroups"]}
    return {tier: found[f"{PREFIX}-{tier}"] for tier in TIERS.values() if f"{PREFIX}-{tier}" in found}


def attributes(operation: str, **owner: str) -> dict[str, str]:
    return {one["Key"]: one["Value"] for one in getattr(elb, operation)(**owner)["Attributes"]}


def tagged(what: str, arn: str) -> None:
    tags = {tag["Key"] for tag in elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]}
    check(f"{what}: tags", tags >= TAGS, tags)


def has_certificate() -> bool:
    """Whether the stack has a certificate of its own: only then can there be HTTPS."""
    for summary in acm.list_certificates()["CertificateSummaryList"]:
        tags = acm.list_tags_for_certificate(CertificateArn=summary["CertificateArn"])["Tags"]
        if {tag["Key"]: tag["Value"] for tag in tags}.items() >= {"Project": PROJECT, "Environment": ENVIRONMENT}.items():
            return True
    return False


def balancer_is_strict(kind: str, balancer: dict) -> None:
    arn = balancer["LoadBalancerArn"]
    check(f"{kind}: active", balancer["State"]["Code"] == "active", balancer["State"])
    check(f"{kind}: scheme", balancer["Scheme"] == ("internet-facing" if kind == "public" else "internal"), balancer["Scheme"])
    zones = {zone["ZoneName"] for zone in balancer["AvailabilityZones"]}
    check(f"{kind}: two zones [ELB.13]", len(zones) >= 2, zones)
    check(f"{kind}: one security group of its own", len(balancer["SecurityGroups"]) == 1, balancer["SecurityGroups"])
    found = attributes("describe_load_balancer_attributes", LoadBalancerArn=arn)
    for what, key, value in (
        ("drops invalid headers [ELB.4]", "routing.http.drop_invalid_header_fields.enabled", "true"),
        ("access logs [ELB.5]", "access_logs.s3.enabled", "true"),
        ("access logs under its prefix", "access_logs.s3.prefix", f"elb/{kind}"),
        ("connection logs", "connection_logs.s3.enabled", "true"),
        ("deletion protection [ELB.6]", "deletion_protection.enabled", "true"),
        ("HTTP/2", "routing.http2.enabled", "true"),
        ("idle timeout", "idle_timeout.timeout_seconds", "60"),
        ("X-Forwarded-For", "routing.http.xff_header_processing.mode", "append"),
        ("no way past the WAF", "waf.fail_open.enabled", "false"),
    ):
        check(f"{kind}: {what}", found.get(key) == value, found.get(key))
    mode = found["routing.http.desync_mitigation_mode"]
    check(f"{kind}: desync mitigation [ELB.12]", mode in ("defensive", "strictest"), mode)
    bucket = found["access_logs.s3.bucket"]
    check(f"{kind}: logs to the stack's bucket", bucket.startswith(f"{PREFIX}-log-"), bucket)
    tagged(kind, arn)


def listeners_are_strict(kind: str, balancer: dict, group_arn: str) -> None:
    listeners = {one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]}
    secure = kind == "public" and has_certificate()
    check(f"{kind}: listens on {'443 and 80' if secure else '80'} only", set(listeners) == ({443, 80} if secure else {80}), listeners)
    for port, listener in listeners.items():
        (action,) = listener["DefaultActions"]
        found = attributes("describe_listener_attributes", ListenerArn=listener["ListenerArn"])
        check(f"{kind} {port}: no server header", found["routing.http.response.server.enabled"] == "false", found)
        tagged(f"{kind} {port}", listener["ListenerArn"])
        if port == 443:
            policy = listener["SslPolicy"]
            check(f"{kind}: TLS 1.2 and 1.3 [ELB.17]", policy == "ELBSecurityPolicy-TLS13-1-2-2021-06", policy)
            check(f"{kind}: one certificate", len(listener["Certificates"]) == 1, listener.get("Certificates"))
            header = found["routing.http.response.strict_transport_security.header_value"]
            check(f"{kind}: strict transport security", header == "max-age=31536000", header)
        if secure and port == 80:
            config = action.get("RedirectConfig", {})
            wanted = ("redirect", "HTTPS", "443", "HTTP_301")
            given = (action["Type"], config.get("Protocol"), config.get("Port"), config.get("StatusCode"))
            check(f"{kind}: HTTP redirects to HTTPS [ELB.1]", given == wanted, given)
        else:
            check(f"{kind} {port}: forwards to its tier", action.get("TargetGroupArn") == group_arn, action)
        if kind == "public":
            frame = found["routing.http.response.x_frame_options.header_value"]
            sniff = found["routing.http.response.x_content_type_options.header_value"]
            check(f"{kind} {port}: headers of answers", (frame, sniff) == ("SAMEORIGIN", "nosniff"), (frame, sniff))


def group_is_strict(tier: str, group: dict) -> None:
    check(f"{tier}: instances over HTTP", (group["TargetType"], group["Protocol"]) == ("instance", "HTTP"), group)
    health = (group["HealthCheckEnabled"], group["HealthCheckPath"], group["Matcher"]["HttpCode"])
    check(f"{tier}: health check of /health", health == (True, "/health", "200"), health)
    pace = (group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"])
    thresholds = (group["HealthyThresholdCount"], group["UnhealthyThresholdCount"])
    check(f"{tier}: pace of the health check", (pace, thresholds) == ((15, 5), (2, 3)), (pace, thresholds))
    found = attributes("describe_target_group_attributes", TargetGroupArn=group["TargetGroupArn"])
    check(f"{tier}: deregistration after 60 seconds", found["deregistration_delay.timeout_seconds"] == "60", found)
    check(f"{tier}: not sticky", found["stickiness.enabled"] == "false", found)
    check(f"{tier}: to the least busy", found["load_balancing.algorithm.type"] == "least_outstanding_requests", found)
    tagged(tier, group["TargetGroupArn"])


def present() -> None:
    found, targets = balancers(), groups()
    check("both load balancers stand", set(found) == set(TIERS), list(found))
    check("both target groups stand", set(targets) == set(TIERS.values()), list(targets))
    for kind, balancer in found.items():
        balancer_is_strict(kind, balancer)
        listeners_are_strict(kind, balancer, targets[TIERS[kind]]["TargetGroupArn"])
    for tier, group in targets.items():
        group_is_strict(tier, group)


def absent() -> None:
    check("no load balancer left", balancers() == {}, balancers())
    check("no target group left", groups() == {}, groups())


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
