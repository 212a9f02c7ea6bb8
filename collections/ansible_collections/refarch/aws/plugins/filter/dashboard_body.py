# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One dashboard a stack: is it well, what do users feel, what serves them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: dashboard_body
version_added: 0.1.0
short_description: Compute the body of a stack's CloudWatch dashboard
description:
  - Lays out widgets on the 24 columns of a dashboard, row by row, none over another.
options:
  _input:
    description: The settings as the filter refarch.aws.alarm_plan takes them.
    type: dict
    required: true
  alarm_arns:
    description: The ARNs of the alarms whose states are shown on top, at most 100.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: The dashboard of the stack
  refarch.aws.cloudwatch_dashboards:
    dashboards:
      - name: shop-staging
        body: "{{ monitoring_settings | refarch.aws.dashboard_body(alarm_arns) }}"
"""

RETURN = r"""
_value:
  description: The body.
  type: dict
"""

from typing import Any

COLUMNS = 24
HEIGHT = 6

#: What an alarm widget shows at most.
ALARMS = 100


def rows_of(settings: dict[str, Any], alarm_arns: list[str]) -> list[tuple[str, list[dict]]]:
    """(heading, widgets without places) of each row; rows without widgets are left out."""
    region = settings["region"]
    balancers = settings.get("load_balancers") or {}
    groups = settings.get("target_groups") or {}

    def graph(title: str, *metrics: list, stat: str = "Sum", **more: Any) -> dict:
        properties = {"title": title, "metrics": list(metrics), "region": region, "stat": stat, "period": 60, "view": "timeSeries"}
        return {"type": "metric", "properties": {**properties, "stacked": False, **more}}

    def lb(metric: str, which: str, **options: Any) -> list:
        return ["AWS/ApplicationELB", metric, "LoadBalancer", balancers[which], {"label": which, **options}]

    def target(metric: str, tier: str, **options: Any) -> list:
        which = balancers["public" if tier == "web" else "internal"]
        return ["AWS/ApplicationELB", metric, "TargetGroup", groups[tier], "LoadBalancer", which, {"label": tier, **options}]

    rows: list[tuple[str, list[dict]]] = []
    if alarm_arns:
        rows.append(("", [{"type": "alarm", "properties": {"title": "Alarms", "alarms": alarm_arns[:ALARMS]}}]))
    users = []
    if balancers:
        users.append(graph("Requests", *(lb("RequestCount", which) for which in balancers)))
        users.append(graph("Errors of the load balancers", *(lb("HTTPCode_ELB_5XX_Count", which) for which in balancers)))
    if groups:
        users.append(graph("Errors of the servers", *(target("HTTPCode_Target_5XX_Count", tier) for tier in groups)))
        users.append(graph("Seconds to an answer, 95 of 100", *(target("TargetResponseTime", tier) for tier in groups), stat="p95"))
    rows.append(("What users feel", users))
    servers = []
    if groups:
        servers.append(graph("Healthy servers", *(target("HealthyHostCount", tier) for tier in groups), stat="Minimum"))
    scaling = settings.get("auto_scaling_groups") or {}
    if scaling:
        running = [
            ["AWS/AutoScaling", "GroupInServiceInstances", "AutoScalingGroupName", name, {"label": tier}] for tier, name in scaling.items()
        ]
        busy = [["AWS/EC2", "CPUUtilization", "AutoScalingGroupName", name, {"label": tier}] for tier, name in scaling.items()]
        servers.append(graph("Instances in service", *running, stat="Average"))
        servers.append(graph("CPU in percent", *busy, stat="Average"))
    rows.append(("Servers", servers))
    data = []
    identifier = settings.get("database")
    if identifier:
        for title, metric, stat in (
            ("Database: CPU in percent", "CPUUtilization", "Average"),
            ("Database: connections", "DatabaseConnections", "Maximum"),
            ("Database: free bytes", "FreeStorageSpace", "Minimum"),
            ("Database: free memory", "FreeableMemory", "Minimum"),
        ):
            data.append(graph(title, ["AWS/RDS", metric, "DBInstanceIdentifier", identifier], stat=stat))
    rows.append(("Database", data))
    ways = []
    nat = settings.get("nat_gateways") or []
    if nat:
        sent = [["AWS/NATGateway", "BytesOutToDestination", "NatGatewayId", name, {"label": f"nat {n}"}] for n, name in enumerate(nat, 1)]
        ways.append(graph("Bytes out through NAT", *sent))
    if settings.get("web_acl"):
        acl = ["WebACL", settings["web_acl"], "Region", region, "Rule", "ALL"]
        ways.append(graph("Firewall", ["AWS/WAFV2", "AllowedRequests", *acl], ["AWS/WAFV2", "BlockedRequests", *acl]))
    if settings.get("function"):
        name = ["FunctionName", settings["function"]]
        ways.append(graph("Messages to Slack", ["AWS/Lambda", "Invocations", *name], ["AWS/Lambda", "Errors", *name]))
    if settings.get("queue"):
        depth = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", settings["queue"]]
        ways.append(graph("Dead letters", depth, stat="Maximum"))
    rows.append(("Network, guards and alerts", ways))
    audit = settings.get("audit_metrics") or []
    if audit:
        rows.append(("Audit", [graph("Events of the benchmark", *([settings["audit_namespace"], metric] for metric in audit), period=300)]))
    return [(heading, widgets) for heading, widgets in rows if widgets]


def dashboard_body(settings: dict[str, Any], alarm_arns: list[str] | None = None) -> dict[str, Any]:
    """The body: each row under its heading, its widgets as wide as the row allows."""
    widgets: list[dict[str, Any]] = []
    y = 0

    def place(widget: dict, x: int, width: int, height: int) -> None:
        widgets.append({"type": widget["type"], "x": x, "y": y, "width": width, "height": height, "properties": widget["properties"]})

    place({"type": "text", "properties": {"markdown": f"# {settings['prefix']}"}}, 0, COLUMNS, 1)
    y += 1
    for heading, row in rows_of(settings, list(alarm_arns or [])):
        if heading:
            place({"type": "text", "properties": {"markdown": f"## {heading}"}}, 0, COLUMNS, 1)
            y += 1
        height = 3 + len(row[0]["properties"].get("alarms", [])) // 8 if row[0]["type"] == "alarm" else HEIGHT
        width = COLUMNS // len(row)
        for number, widget in enumerate(row):
            place(widget, number * width, width, height)
        y += height
    return {"widgets": widgets}


class FilterModule:
    def filters(self):
        return {"dashboard_body": dashboard_body}
