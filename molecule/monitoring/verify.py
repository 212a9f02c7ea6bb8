"""Checks the settings of the monitoring through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PROJECT, ENVIRONMENT = PREFIX.rsplit("-", 1)
TAGS = {"Project", "Environment", "Component", "ManagedBy"}
OWN = {"Project": PROJECT, "Environment": ENVIRONMENT, "Component": "monitoring"}
RULES = ("database-failures", "backup-failures", "pipeline-failures", "launch-failures", "health")
#: What must be watched, and by which metric.
WATCHED = {
    "load-balancer-public-5xx": "HTTPCode_ELB_5XX_Count",
    "load-balancer-internal-5xx": "HTTPCode_ELB_5XX_Count",
    "load-balancer-public-rejected-connections": "RejectedConnectionCount",
    "target-5xx-web": "HTTPCode_Target_5XX_Count",
    "target-5xx-app": "HTTPCode_Target_5XX_Count",
    "target-latency-web": "TargetResponseTime",
    "target-latency-app": "TargetResponseTime",
    "unhealthy-hosts-web": "UnHealthyHostCount",
    "unhealthy-hosts-app": "UnHealthyHostCount",
    "healthy-hosts-web": "HealthyHostCount",
    "healthy-hosts-app": "HealthyHostCount",
    "database-cpu": "CPUUtilization",
    "database-free-storage": "FreeStorageSpace",
    "database-connections": "DatabaseConnections",
    "database-free-memory": "FreeableMemory",
    "nat-1-port-allocation": "ErrorPortAllocation",
    "nat-1-dropped-packets": "PacketsDropCount",
    "function-errors": "Errors",
    "function-throttles": "Throttles",
    "dead-letters": "ApproximateNumberOfMessagesVisible",
    "web-acl-blocked": "BlockedRequests",
}

failures: list[str] = []
cloudwatch = boto3.client("cloudwatch", region_name=REGION)
events = boto3.client("events", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def alarms() -> dict[str, dict]:
    """The stack's alarms by what they watch. Others may begin alike: they have other tags."""
    found = {}
    pages = cloudwatch.get_paginator("describe_alarms")
    for page in pages.paginate(AlarmNamePrefix=f"{PREFIX}-", AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        for alarm in [*page["MetricAlarms"], *page["CompositeAlarms"]]:
            tags = {tag["Key"]: tag["Value"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]}
            if tags.items() >= OWN.items():
                found[alarm["AlarmName"].removeprefix(f"{PREFIX}-")] = {**alarm, "tags": tags}
    return found


def alarms_are_strict(found: dict[str, dict]) -> None:
    for purpose, metric in WATCHED.items():
        check(f"alarm {purpose} on {metric}", found.get(purpose, {}).get("MetricName") == metric, found.get(purpose))
    audit = [purpose for purpose in found if purpose.startswith("audit-")]
    check("an alarm for each metric of the benchmark [CloudWatch.1-14]", len(audit) == 15, audit)
    for purpose, alarm in found.items():
        silent = purpose.startswith("deployment-")
        told = [arn for arn in alarm["AlarmActions"] if f":{PREFIX}-" in arn and ":sns:" in arn]
        check(f"alarm {purpose}: tells a topic [CloudWatch.15]", silent or len(told) == 1, alarm["AlarmActions"])
        check(f"alarm {purpose}: tells when it is over", alarm["OKActions"] == alarm["AlarmActions"], alarm["OKActions"])
        check(f"alarm {purpose}: its actions are enabled [CloudWatch.17]", alarm["ActionsEnabled"], alarm)
        check(f"alarm {purpose}: says what it means", bool(alarm.get("AlarmDescription")), alarm)
        check(f"alarm {purpose}: tags", set(alarm["tags"]) >= TAGS, alarm["tags"])
        if "AlarmRule" not in alarm:
            check(f"alarm {purpose}: what missing data mean is chosen", bool(alarm.get("TreatMissingData")), alarm)
    for tier in ("web", "app"):
        latency = found.get(f"target-latency-{tier}", {})
        check(f"alarm target-latency-{tier}: 95 of 100", latency.get("ExtendedStatistic") == "p95", latency)
        healthy = found.get(f"healthy-hosts-{tier}", {})
        check(f"alarm healthy-hosts-{tier}: no data is an alarm", healthy.get("TreatMissingData") == "breaching", healthy)
        for purpose in (f"capacity-{tier}", f"deployment-{tier}"):
            metrics = found.get(purpose, {}).get("Metrics", [])
            check(f"alarm {purpose}: on two metrics", sum("MetricStat" in query for query in metrics) == 2, metrics)
    whole = found.get("unwell", {}).get("AlarmRule", "")
    vital = ("load-balancer-public-5xx", "target-5xx-web", "healthy-hosts-app", "database-free-storage")
    check("the whole is unwell when something vital is", all(f'"{PREFIX}-{purpose}"' in whole for purpose in vital), whole)


def rule(name: str) -> dict | None:
    try:
        return events.describe_rule(Name=f"{PREFIX}-{name}")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return None


def rules_deliver() -> None:
    for name in RULES:
        found = rule(name)
        check(f"rule {name} stands and is enabled", found is not None and found["State"] == "ENABLED", found)
        if found is None:
            continue
        targets = events.list_targets_by_rule(Rule=found["Name"])["Targets"]
        check(f"rule {name}: tells a topic", [target["Arn"].split(":")[2] for target in targets] == ["sns"], targets)
        kept = [target.get("DeadLetterConfig", {}).get("Arn", "") for target in targets]
        check(f"rule {name}: what can't be delivered is kept", all(":sqs:" in arn for arn in kept), targets)
        tags = {tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=found["Arn"])["Tags"]}
        check(f"rule {name}: tags", tags >= TAGS, tags)


def dashboards() -> list[str]:
    entries = cloudwatch.list_dashboards(DashboardNamePrefix=PREFIX)["DashboardEntries"]
    return [entry["DashboardName"] for entry in entries if entry["DashboardName"] == PREFIX]


def dashboard_stands() -> None:
    check("one dashboard stands", dashboards() == [PREFIX], dashboards())
    if dashboards():
        answer = cloudwatch.get_dashboard(DashboardName=PREFIX)
        widgets = json.loads(answer["DashboardBody"])["widgets"]
        kinds = {widget["type"] for widget in widgets}
        check("dashboard: states of alarms, and graphs", {"alarm", "metric"} <= kinds, kinds)
        tags = {tag["Key"] for tag in cloudwatch.list_tags_for_resource(ResourceARN=answer["DashboardArn"])["Tags"]}
        check("dashboard: tags", tags >= TAGS, tags)


def absent() -> None:
    check("no alarm left", alarms() == {}, sorted(alarms()))
    left = [name for name in RULES if rule(name)]
    check("no rule left", left == [], left)
    check("no dashboard left", dashboards() == [], dashboards())


if "--absent" in sys.argv:
    absent()
else:
    alarms_are_strict(alarms())
    rules_deliver()
    dashboard_stands()
if failures:
    sys.exit("\n".join(failures))
