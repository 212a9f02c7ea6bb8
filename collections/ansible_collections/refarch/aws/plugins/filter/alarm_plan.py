# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The alarms of a stack, as data: what is watched, from when on, and whom it tells."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alarm_plan
version_added: 0.1.0
short_description: Compute the alarms and event rules of a stack
description:
  - Builds what refarch.aws.cloudwatch_alarms and eventbridge_rules take, from the names of the things that are watched.
  - What is left out of the settings, or empty, has no alarms.
options:
  _input:
    description:
      - The settings C(prefix), C(account_id), C(region), C(topic_arns), C(thresholds), and what is watched - C(load_balancers),
        C(target_groups), C(auto_scaling_groups), C(database), C(database_replicas), C(nat_gateways), C(function), C(queue), C(web_acl),
        C(audit_namespace), C(audit_metrics), C(pipeline), C(backup_vault_prefix).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The alarms of the stack
  refarch.aws.cloudwatch_alarms:
    alarms: "{{ (monitoring_settings | refarch.aws.alarm_plan).alarms }}"
"""

RETURN = r"""
_value:
  description:
    - C(alarms), C(composite_alarms) and C(rules) as the modules take them, and C(rules_off), those that are not wanted.
    - C(names), the names of all alarms by what they watch, and C(deployment_names), those that stop a deployment, by tier.
    - C(thresholds), all thresholds, those given and the defaults.
  type: dict
"""

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

#: From when on there is an alarm. Counts are of a minute where nothing else is said; C(periods) is how many of them.
THRESHOLDS: dict[str, dict[str, float]] = {
    "load_balancer": {"errors_5xx": 10, "rejected_connections": 0, "periods": 5},
    "target": {"errors_5xx": 10, "latency_p95_seconds": 1, "unhealthy_hosts": 0, "healthy_hosts": 1, "periods": 5},
    "capacity": {"missing_instances": 0, "periods": 10},
    "database": {
        "cpu_percent": 80,
        "free_storage_gib": 10,
        "connections": 200,
        "free_memory_mib": 256,
        "replica_lag_seconds": 60,
        "periods": 5,
    },
    "nat_gateway": {"port_allocation_errors": 0, "dropped_packets": 100, "periods": 5},
    "function": {"errors": 0, "throttles": 0, "periods": 5},
    "dead_letters": {"messages": 0},
    "web_acl": {"blocked_requests": 1000, "periods": 5},
    "audit": {"events": 1},
    "rule": {"failed_deliveries": 0},
    "deployment": {"errors_5xx": 5, "unhealthy_hosts": 0, "periods": 3},
}

#: Metrics of the audit that no stack should ever see tell at once; the others are looked at.
GRAVE_EVENTS = ("root-usage", "cloudtrail-changes", "key-disabled-or-deleted", "console-sign-in-without-mfa")

#: What means that users are served badly: the stack is unwell while one of these is in alarm.
VITAL = ("load-balancer-public-5xx", "target-5xx-", "target-latency-", "healthy-hosts-", "database-free-storage", "database-cpu")


def merged(defaults: dict, given: dict) -> dict:
    """*defaults*, with what *given* says otherwise, to any depth."""
    found = dict(defaults)
    for key, value in (given or {}).items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = merged(found[key], value) if both else value
    return found


#: All event rules by their purposes, those that stand and those that do not.
RULES = ("database-failures", "backup-failures", "pipeline-failures", "launch-failures", "health")


class Plan:
    def __init__(self, settings: dict[str, Any]):
        self.settings = settings
        self.prefix = settings["prefix"]
        self.topics = settings["topic_arns"]
        self.thresholds = merged(THRESHOLDS, settings.get("thresholds") or {})
        self.alarms: list[dict[str, Any]] = []
        self.composite_alarms: list[dict[str, Any]] = []
        self.names: dict[str, str] = {}

    def name(self, purpose: str) -> str:
        self.names[purpose] = resource_name(self.prefix, purpose, "alarm")
        return self.names[purpose]

    def actions(self, severity: str | None) -> dict[str, list[str]]:
        told = [self.topics[severity]] if severity else []
        return {"alarm_actions": told, "ok_actions": told}

    def add(self, purpose: str, severity: str | None, description: str, metric: str, dimensions: dict, **more: Any) -> None:
        """An alarm on one metric, written C(namespace metric)."""
        namespace, metric_name = metric.rsplit(" ", 1)
        periods = int(more.pop("periods", 1))
        self.alarms.append({
            "name": self.name(purpose),
            "description": description,
            "namespace": namespace,
            "metric_name": metric_name,
            "dimensions": dimensions,
            "statistic": "Sum",
            "period_seconds": 60,
            "evaluation_periods": periods,
            "datapoints_to_alarm": max(1, periods - periods // 3),
            "treat_missing_data": "notBreaching",
            **self.actions(severity),
            **more,
        })  # fmt: skip

    def compute(self, purpose: str, severity: str | None, description: str, metrics: dict, expression: str, **more: Any) -> None:
        """An alarm on metric math. *metrics*: id -> (namespace metric, dimensions, statistic)."""
        periods = int(more.pop("periods", 1))
        queries = []
        for identity, (metric, dimensions, statistic) in metrics.items():
            namespace, metric_name = metric.rsplit(" ", 1)
            pairs = [{"Name": key, "Value": value} for key, value in dimensions.items()]
            stat = {"Metric": {"Namespace": namespace, "MetricName": metric_name, "Dimensions": pairs}, "Period": 60, "Stat": statistic}
            queries.append({"Id": identity, "MetricStat": stat, "ReturnData": False})
        queries.append({"Id": "result", "Expression": expression, "Label": purpose, "ReturnData": True})
        self.alarms.append({
            "name": self.name(purpose),
            "description": description,
            "metrics": queries,
            "evaluation_periods": periods,
            "datapoints_to_alarm": max(1, periods - periods // 3),
            "treat_missing_data": "notBreaching",
            **self.actions(severity),
            **more,
        })  # fmt: skip

    # -- what users feel -----------------------------------------------------------------------------------------------
    def load_balancers(self) -> None:
        limits = self.thresholds["load_balancer"]
        for which, full_name in (self.settings.get("load_balancers") or {}).items():
            about = {"dimensions": {"LoadBalancer": full_name}, "periods": limits["periods"]}
            self.add(
                f"load-balancer-{which}-5xx", "critical",
                f"The {which} load balancer itself answers with errors: it reaches no target, or is overloaded.",
                "AWS/ApplicationELB HTTPCode_ELB_5XX_Count", threshold=limits["errors_5xx"], **about,
            )  # fmt: skip
            self.add(
                f"load-balancer-{which}-rejected-connections", "critical",
                f"The {which} load balancer refuses connections: it has reached its maximum.",
                "AWS/ApplicationELB RejectedConnectionCount", threshold=limits["rejected_connections"], **about,
            )  # fmt: skip

    def target_groups(self) -> None:
        limits = self.thresholds["target"]
        for tier, dimensions in self.targets().items():
            about = {"dimensions": dimensions, "periods": limits["periods"]}
            self.add(
                f"target-5xx-{tier}", "critical", f"The servers of tier {tier} answer with errors: see their logs.",
                "AWS/ApplicationELB HTTPCode_Target_5XX_Count", threshold=limits["errors_5xx"], **about,
            )  # fmt: skip
            self.add(
                f"target-latency-{tier}", "warning", f"One of twenty answers of tier {tier} takes too long.",
                "AWS/ApplicationELB TargetResponseTime", threshold=limits["latency_p95_seconds"], **{**about, "statistic": "p95"},
            )  # fmt: skip
            self.add(
                f"unhealthy-hosts-{tier}", "warning", f"Servers of tier {tier} fail their health checks.",
                "AWS/ApplicationELB UnHealthyHostCount", threshold=limits["unhealthy_hosts"], **{**about, "statistic": "Maximum"},
            )  # fmt: skip
            self.add(
                f"healthy-hosts-{tier}", "critical", f"Tier {tier} has too few servers that pass their health checks.",
                "AWS/ApplicationELB HealthyHostCount", threshold=limits["healthy_hosts"], comparison="LessThanThreshold",
                # The metric ends with the last healthy server.
                **{**about, "statistic": "Minimum", "treat_missing_data": "breaching"},
            )  # fmt: skip

    def targets(self) -> dict[str, dict[str, str]]:
        """The dimensions of each tier's target group. Tier web stands behind the public load balancer, others behind the internal."""
        balancers = self.settings.get("load_balancers") or {}
        return {
            tier: {"LoadBalancer": balancers["public" if tier == "web" else "internal"], "TargetGroup": full_name}
            for tier, full_name in (self.settings.get("target_groups") or {}).items()
        }

    # -- what serves them ----------------------------------------------------------------------------------------------
    def capacity(self) -> None:
        limits = self.thresholds["capacity"]
        for tier, group in (self.settings.get("auto_scaling_groups") or {}).items():
            dimensions = {"AutoScalingGroupName": group}
            self.compute(
                f"capacity-{tier}", "warning", f"Tier {tier} runs with fewer instances than its minimum.",
                {
                    "wanted": ("AWS/AutoScaling GroupMinSize", dimensions, "Maximum"),
                    "running": ("AWS/AutoScaling GroupInServiceInstances", dimensions, "Minimum"),
                },
                "wanted - running", threshold=limits["missing_instances"], periods=limits["periods"],
            )  # fmt: skip

    def database(self) -> None:
        identifier = self.settings.get("database")
        if not identifier:
            return
        limits = self.thresholds["database"]
        about = {"dimensions": {"DBInstanceIdentifier": identifier}, "periods": limits["periods"], "statistic": "Average"}
        for purpose, severity, description, metric, more in (
            ("cpu", "warning", "The database computes at its limit.", "CPUUtilization", {"threshold": limits["cpu_percent"]}),
            (
                "free-storage", "critical", "The database runs out of storage: it stops when there is none.", "FreeStorageSpace",
                {"threshold": limits["free_storage_gib"] * 1024**3, "comparison": "LessThanThreshold", "statistic": "Minimum"},
            ),
            (
                "connections", "warning", "The database has many connections: a pool may leak.", "DatabaseConnections",
                {"threshold": limits["connections"], "statistic": "Maximum"},
            ),
            (
                "free-memory", "warning", "The database has little memory left.", "FreeableMemory",
                {"threshold": limits["free_memory_mib"] * 1024**2, "comparison": "LessThanThreshold", "statistic": "Minimum"},
            ),
        ):  # fmt: skip
            self.add(f"database-{purpose}", severity, description, f"AWS/RDS {metric}", **{**about, **more})
        for replica in self.settings.get("database_replicas") or []:
            self.add(
                f"database-lag-{replica.removeprefix(self.prefix + '-')}", "warning", f"The replica {replica} lags behind.",
                "AWS/RDS ReplicaLag", {"DBInstanceIdentifier": replica}, statistic="Maximum", periods=limits["periods"],
                threshold=limits["replica_lag_seconds"],
            )  # fmt: skip

    def nat_gateways(self) -> None:
        limits = self.thresholds["nat_gateway"]
        for number, identity in enumerate(self.settings.get("nat_gateways") or [], 1):
            about = {"dimensions": {"NatGatewayId": identity}, "periods": limits["periods"]}
            self.add(
                f"nat-{number}-port-allocation", "warning", "A NAT gateway has no ports left for new connections to one destination.",
                "AWS/NATGateway ErrorPortAllocation", threshold=limits["port_allocation_errors"], **about,
            )  # fmt: skip
            self.add(
                f"nat-{number}-dropped-packets", "warning", "A NAT gateway drops packets.",
                "AWS/NATGateway PacketsDropCount", threshold=limits["dropped_packets"], **about,
            )  # fmt: skip

    # -- what tells and guards -----------------------------------------------------------------------------------------
    def alerting(self) -> None:
        function, queue = self.settings.get("function"), self.settings.get("queue")
        limits = self.thresholds["function"]
        if function:
            about = {"dimensions": {"FunctionName": function}, "periods": limits["periods"], "datapoints_to_alarm": 1}
            # Mail, since Slack may be what fails.
            self.add(
                "function-errors", "critical", "Alerts do not reach Slack: see the function's log.", "AWS/Lambda Errors",
                threshold=limits["errors"], **about,
            )  # fmt: skip
            self.add(
                "function-throttles", "warning", "The function that tells Slack is throttled.", "AWS/Lambda Throttles",
                threshold=limits["throttles"], **about,
            )  # fmt: skip
        if queue:
            self.add(
                "dead-letters", "critical", "Alerts were not delivered: they are in the queue of dead letters.",
                "AWS/SQS ApproximateNumberOfMessagesVisible", {"QueueName": queue}, statistic="Maximum", period_seconds=300,
                threshold=self.thresholds["dead_letters"]["messages"],
            )  # fmt: skip

    def web_acl(self) -> None:
        name = self.settings.get("web_acl")
        if name:
            limits = self.thresholds["web_acl"]
            self.add(
                "web-acl-blocked", "warning", "The firewall blocks many requests: an attack, or a rule that hits users.",
                "AWS/WAFV2 BlockedRequests", {"WebACL": name, "Region": self.settings["region"], "Rule": "ALL"},
                threshold=limits["blocked_requests"], periods=limits["periods"],
            )  # fmt: skip

    def audit(self) -> None:
        """The CIS AWS Foundations Benchmark wants an alarm for each of these [CloudWatch.1-14]."""
        for metric in self.settings.get("audit_metrics") or []:
            self.add(
                f"audit-{metric}", "critical" if metric in GRAVE_EVENTS else "warning",
                f"CloudTrail has seen: {metric.replace('-', ' ')}. Who did it, and was it meant?",
                f"{self.settings['audit_namespace']} {metric}", {}, comparison="GreaterThanOrEqualToThreshold", period_seconds=300,
                threshold=self.thresholds["audit"]["events"],
            )  # fmt: skip

    def rules_deliver(self, rules: list[dict]) -> None:
        for rule in rules:
            purpose = rule["name"].removeprefix(f"{self.prefix}-")
            self.add(
                f"rule-{purpose}", "warning", f"Events of the rule {rule['name']} could not be delivered.",
                "AWS/Events FailedInvocations", {"RuleName": rule["name"]}, period_seconds=300,
                threshold=self.thresholds["rule"]["failed_deliveries"],
            )  # fmt: skip

    # -- deployments ---------------------------------------------------------------------------------------------------
    def deployments(self) -> dict[str, str]:
        """One alarm a tier that stops a deployment and rolls it back. It tells nobody: who deploys is told by the deployment.

        One metric alarm: the documents of CodeDeploy and of instance refreshes do not say that they take composite alarms.
        """
        limits = self.thresholds["deployment"]
        names = {}
        for tier, dimensions in self.targets().items():
            errors, unhealthy = limits["errors_5xx"], limits["unhealthy_hosts"]
            self.compute(
                f"deployment-{tier}", None, f"What was deployed to tier {tier} fails: the deployment is rolled back.",
                {
                    "errors": ("AWS/ApplicationELB HTTPCode_Target_5XX_Count", dimensions, "Sum"),
                    "unhealthy": ("AWS/ApplicationELB UnHealthyHostCount", dimensions, "Maximum"),
                },
                f"IF(FILL(errors, 0) > {errors} OR FILL(unhealthy, 0) > {unhealthy}, 1, 0)",
                threshold=0, periods=limits["periods"],
            )  # fmt: skip
            names[tier] = self.names[f"deployment-{tier}"]
        return names

    def unwell(self) -> None:
        vital = [name for purpose, name in self.names.items() if purpose.startswith(VITAL)]
        if vital:
            self.composite_alarms.append({
                "name": self.name("unwell"),
                "description": "Users are served badly: at least one of the vital alarms is on.",
                "rule": " OR ".join(f'ALARM("{name}")' for name in vital),
                **self.actions("critical"),
            })  # fmt: skip

    # -- events --------------------------------------------------------------------------------------------------------
    def rules(self) -> list[dict]:
        """Events of services that have no metric for it, as topics get them."""
        settings = self.settings
        found: list[tuple[str, str, str, dict]] = []
        if settings.get("database"):
            found.append((
                "database-failures", "critical", "Failures and failovers of the database",
                {
                    "source": ["aws.rds"],
                    "detail-type": ["RDS DB Instance Event"],
                    "detail": {"SourceIdentifier": [{"prefix": settings["database"]}], "EventCategories": ["failure", "failover"]},
                },
            ))  # fmt: skip
        if settings.get("backup_vault_prefix"):
            found.append((
                "backup-failures", "critical", "Backups that failed",
                {
                    "source": ["aws.backup"],
                    "detail-type": ["Backup Job State Change"],
                    "detail": {
                        "state": ["FAILED", "ABORTED", "EXPIRED"],
                        "backupVaultName": [{"prefix": settings["backup_vault_prefix"]}],
                    },
                },
            ))  # fmt: skip
        if settings.get("pipeline"):
            found.append((
                "pipeline-failures", "warning", "Runs of the pipeline that failed",
                {
                    "source": ["aws.codepipeline"],
                    "detail-type": ["CodePipeline Pipeline Execution State Change"],
                    "detail": {"pipeline": [settings["pipeline"]], "state": ["FAILED"]},
                },
            ))  # fmt: skip
        if settings.get("auto_scaling_groups"):
            found.append((
                "launch-failures", "warning", "Instances that could not be launched",
                {
                    "source": ["aws.autoscaling"],
                    "detail-type": ["EC2 Instance Launch Unsuccessful"],
                    "detail": {"AutoScalingGroupName": list(settings["auto_scaling_groups"].values())},
                },
            ))  # fmt: skip
        found.append((
            "health", "warning", "What AWS says of its services and of this account's resources",
            {
                "source": ["aws.health"],
                "detail-type": ["AWS Health Event"],
                "detail": {"eventTypeCategory": ["issue", "scheduledChange", "accountNotification"]},
            },
        ))  # fmt: skip
        here = f"{settings['region']}:{settings['account_id']}"
        dead_letters = f"arn:aws:sqs:{here}:{settings['queue']}" if settings.get("queue") else None
        return [
            {
                "name": resource_name(self.prefix, purpose, "events_rule"),
                "description": f"{description} of {self.prefix}" if purpose != "health" else description,
                "event_pattern": pattern,
                "targets": [{"id": "topic", "arn": self.topics[severity], "dead_letter_arn": dead_letters}],
            }
            for purpose, severity, description, pattern in found
        ]


def alarm_plan(settings: dict[str, Any]) -> dict[str, Any]:
    """Alarms, event rules and names of a stack's monitoring."""
    plan = Plan(settings)
    for part in (
        plan.load_balancers, plan.target_groups, plan.capacity, plan.database, plan.nat_gateways, plan.alerting, plan.web_acl, plan.audit,
    ):  # fmt: skip
        part()
    rules = plan.rules()
    plan.rules_deliver(rules)
    standing = {rule["name"] for rule in rules}
    deployment_names = plan.deployments()
    plan.unwell()
    return {
        "alarms": plan.alarms,
        "composite_alarms": plan.composite_alarms,
        "rules": rules,
        "rules_off": [
            {"name": name} for name in (resource_name(plan.prefix, rule, "events_rule") for rule in RULES) if name not in standing
        ],
        "names": plan.names,
        "deployment_names": deployment_names,
        "thresholds": plan.thresholds,
    }


class FilterModule:
    def filters(self):
        return {"alarm_plan": alarm_plan}
