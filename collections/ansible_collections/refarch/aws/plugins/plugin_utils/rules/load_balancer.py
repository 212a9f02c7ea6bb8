# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component load_balancer must fulfil beyond their types."""

from __future__ import annotations

import re

#: Policies without TLS 1.0 and 1.1 ("Security policies", Elastic Load Balancing User Guide for Application Load Balancers).
POLICIES = (
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09",
)
#: Elastic Load Balancing API Reference, LoadBalancerAttribute and TargetGroupAttribute.
RANGES = {
    "load_balancer_idle_timeout_seconds": (1, 4000),
    "load_balancer_client_keep_alive_seconds": (60, 604800),
    "load_balancer_deregistration_delay_seconds": (0, 3600),
}
#: Elastic Load Balancing API Reference, CreateTargetGroup.
HEALTH_CHECK = {
    "interval_seconds": (5, 300),
    "timeout_seconds": (2, 120),
    "healthy_threshold": (2, 10),
    "unhealthy_threshold": (2, 10),
}
HEADERS = {
    "strict_transport_security": r"max-age=\d+(; ?includeSubDomains)?(; ?preload)?",
    "x_content_type_options": "nosniff",
    "x_frame_options": "DENY|SAMEORIGIN|ALLOW-FROM .+",
    "content_security_policy": r"[\x20-\x7e]{1,1024}",
}
CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):(\d{12}):certificate/[0-9a-f-]{36}")


def is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def health_check_findings(check: dict) -> list[str]:
    found = []
    for name, (low, high) in HEALTH_CHECK.items():
        value = check.get(name)
        if value is not None and not (is_number(value) and low <= value <= high):
            found.append(f"load_balancer_health_check: {name} {value!r} must be {low} to {high}.")
    timeout, interval = check.get("timeout_seconds"), check.get("interval_seconds")
    if is_number(timeout) and is_number(interval) and timeout >= interval:
        found.append(f"load_balancer_health_check: timeout_seconds {timeout} must be less than interval_seconds {interval}.")
    path = check.get("path")
    if path is not None and not re.fullmatch(r"/[\x21-\x7e]{0,1023}", str(path)):
        found.append(f"load_balancer_health_check: path {path!r} must begin with / and have 1024 characters at most, without spaces.")
    matcher = check.get("matcher")
    if matcher is not None and not re.fullmatch(r"[2-4]\d\d(-[2-4]\d\d)?(,[2-4]\d\d(-[2-4]\d\d)?)*", str(matcher)):
        found.append(f"load_balancer_health_check: matcher {matcher!r} must be HTTP codes of 200 to 499, such as 200, 200,204 or 200-299.")
    return found


def header_findings(headers: dict) -> list[str]:
    found = []
    for name, value in headers.items():
        if name not in HEADERS:
            found.append(f"load_balancer_response_headers: {name!r} is not one of {', '.join(HEADERS)}.")
        elif not re.fullmatch(HEADERS[name], str(value)):
            found.append(f"load_balancer_response_headers: {name} {value!r} must match {HEADERS[name]}.")
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on settings that can't be, each beginning with the variable's name."""
    found = []
    for name, (low, high) in RANGES.items():
        value = variables.get(name)
        if value is not None and not (is_number(value) and low <= value <= high):
            found.append(f"{name}: {value!r} must be {low} to {high}.")
    slow_start, algorithm = variables.get("load_balancer_slow_start_seconds"), variables.get("load_balancer_algorithm")
    if slow_start is not None and slow_start != 0:
        if not is_number(slow_start) or not 30 <= slow_start <= 900:
            found.append(f"load_balancer_slow_start_seconds: {slow_start!r} must be 0 (off) or 30 to 900.")
        elif algorithm not in (None, "round_robin"):
            found.append(
                f"load_balancer_slow_start_seconds: slow start works with load_balancer_algorithm round_robin only, not {algorithm}."
            )
    policy = variables.get("load_balancer_ssl_policy")
    if policy is not None and policy not in POLICIES:
        found.append(f"load_balancer_ssl_policy: {policy!r} is not one of those without TLS 1.0 and 1.1: {', '.join(POLICIES)}.")
    prefix = variables.get("load_balancer_log_prefix")
    if prefix is not None and (not re.fullmatch(r"[\w!.*'()-]+(/[\w!.*'()-]+)*", str(prefix), re.ASCII) or "AWSLogs" in str(prefix)):
        found.append(
            f"load_balancer_log_prefix: {prefix!r} must be parts joined by slashes, without AWSLogs, and not begin or end with one."
        )
    for name in ("load_balancer_certificate_arn", "load_balancer_internal_certificate_arn"):
        arn = variables.get(name)
        named = CERTIFICATE.fullmatch(str(arn)) if arn else None
        if arn and named is None:
            found.append(f"{name}: {arn!r} is not the ARN of a certificate (arn:aws:acm:<region>:<account>:certificate/<id>).")
        elif named and facts.get("region") and named[1] != facts["region"]:
            found.append(f"{name}: the certificate is in {named[1]}, and a load balancer takes those of its own region {facts['region']}.")
    if str(variables.get("stack_project", "")).startswith("internal-"):
        found.append("stack_project: must not begin with internal-, with which AWS lets no name of a load balancer begin.")
    found += health_check_findings(variables.get("load_balancer_health_check") or {})
    return found + header_findings(variables.get("load_balancer_response_headers") or {})
