"""What Amazon CloudWatch refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.services.cloudwatch import holds, names_in
from emulator.strict import Context, rule, tags

METRIC = {
    "AlarmName": "shop-errors", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1,
    "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
}  # fmt: skip
QUERY = {
    "Id": "m1",
    "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"},
    "ReturnData": False,
}
MATH = {
    "AlarmName": "shop-math",
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "Metrics": [QUERY, {"Id": "e1", "Expression": "FILL(m1, 0)", "ReturnData": True}],
}
COMPOSITE = {"AlarmName": "shop-unwell", "AlarmRule": "FALSE"}
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_SINGLE = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit")


@rule(
    "cloudwatch",
    "PutMetricAlarm",
    code="ValidationError",
    source="Amazon CloudWatch API Reference, PutMetricAlarm",
    good=[METRIC, MATH, {**METRIC, "Statistic": None, "ExtendedStatistic": "p95"}],
    bad=[
        {**METRIC, "Statistic": None},
        {**METRIC, "ExtendedStatistic": "p95"},
        {**MATH, "MetricName": "Errors"},
        {**MATH, "Period": 60},
        {**METRIC, "Namespace": None},
        {**METRIC, "Period": None},
        {**METRIC, "Statistic": None, "ExtendedStatistic": "p101"},
    ],
)
def one_metric_or_several(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Metrics"):
        given = [name for name in _SINGLE if params.get(name)]
        return f"The parameters Metrics and {given[0]} are mutually exclusive." if given else None
    for name in ("MetricName", "Namespace", "Period"):
        if not params.get(name):
            return f"The parameter {name} is required."
    if bool(params.get("Statistic")) == bool(params.get("ExtendedStatistic")):
        return "Exactly one of Statistic and ExtendedStatistic must be given."
    extended = params.get("ExtendedStatistic")
    if extended and not re.fullmatch(r"p(\d{1,2}(\.\d{1,10})?|100)|IQM|(tm|wm|tc|ts)\d{1,2}(\.\d+)?|(TM|WM|TC|TS|PR)\(.+\)", extended):
        return f"The value {extended} for parameter ExtendedStatistic is not supported."
    return None


@rule(
    "cloudwatch",
    "PutMetricAlarm",
    code="ValidationError",
    source="Amazon CloudWatch API Reference, PutMetricAlarm, Period and EvaluationPeriods",
    good=[METRIC, {**METRIC, "Period": 30, "Namespace": "shop"}, {**METRIC, "Period": 3600, "EvaluationPeriods": 24}],
    bad=[
        {**METRIC, "Period": 45},
        {**METRIC, "Period": 90},
        {**METRIC, "Period": 300, "EvaluationPeriods": 289},
        {**METRIC, "Period": 3600, "EvaluationPeriods": 169},
        {**METRIC, "EvaluationPeriods": 2, "DatapointsToAlarm": 3},
        {**METRIC, "Period": 10},
    ],
)
def periods(params: dict[str, Any], context: Context) -> str | None:
    spans = [
        params.get("Period"),
        *(query.get("Period") or query.get("MetricStat", {}).get("Period") for query in params.get("Metrics") or []),
    ]
    for period in filter(None, spans):
        if period not in (10, 20, 30) and period % 60:
            return f"The value {period} for Period is not 10, 20, 30 or a multiple of 60."
        most = 604800 if period >= 3600 else 86400
        if period * params["EvaluationPeriods"] > most:
            span = "a week" if most > 86400 else "a day"
            return f"Metrics cannot be checked across more than {span} (EvaluationPeriods * Period must be <= {most})."
    if (params.get("Period") or 60) < 60 and (params.get("Namespace") or "").startswith("AWS/"):
        return "Period must not be less than 60 for AWS/ namespaces."
    if params.get("DatapointsToAlarm", 1) > params["EvaluationPeriods"]:
        return "DatapointsToAlarm cannot be greater than EvaluationPeriods."
    return None


@rule(
    "cloudwatch",
    "PutMetricAlarm",
    code="ValidationError",
    source="Amazon CloudWatch API Reference, MetricDataQuery",
    good=[MATH],
    bad=[
        {**MATH, "Metrics": [{**QUERY, "ReturnData": True}, {"Id": "e1", "Expression": "m1 * 2"}]},
        {**MATH, "Metrics": [QUERY]},
        {**MATH, "Metrics": [QUERY, QUERY, {"Id": "e1", "Expression": "m1"}]},
        {**MATH, "Metrics": [QUERY, {"Id": "E1", "Expression": "m1"}]},
        {**MATH, "Metrics": [QUERY, {"Id": "e1", "Expression": "m2 * 2"}]},
        {**MATH, "Metrics": [QUERY, {"Id": "e1"}]},
        {**MATH, "Metrics": [QUERY, {"Id": "e1", "Expression": "(m1 * 2"}]},
        {**MATH, "Metrics": [{**QUERY, "Id": f"m{number}"} for number in range(21)]},
    ],
)
def metric_math(params: dict[str, Any], context: Context) -> str | None:
    queries = params.get("Metrics") or []
    ids = [query["Id"] for query in queries]
    if queries and sum(query.get("ReturnData", True) for query in queries) != 1:
        return "Exactly one element of the metrics list should return data."
    if len(set(ids)) < len(ids):
        return "The values for parameter id in MetricDataQueries are not unique."
    if len(queries) > 20:
        return "The collection Metrics must not have a size greater than 20."
    for query in queries:
        if not re.fullmatch(r"[a-z][a-zA-Z0-9_]*", query["Id"]):
            return f"The value {query['Id']} for parameter MetricDataQueries.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            return f"Either Expression or MetricStat must be given for {query['Id']}."
        text = query.get("Expression", "")
        if text.count("(") != text.count(")"):
            return f"Error in expression '{query['Id']}': Unbalanced brackets"
        if unknown := sorted(set(re.findall(r"\b[a-z][a-zA-Z0-9_]*\b", re.sub(r"'[^']*'|\"[^\"]*\"", "", text))) - set(ids)):
            return f"Error in expression '{query['Id']}': Unknown identifier {unknown[0]}"
    return None


@rule(
    "cloudwatch",
    "PutMetricAlarm",
    "PutCompositeAlarm",
    code="ValidationError",
    source="Amazon CloudWatch User Guide, Alarm actions",
    good=[{**METRIC, "AlarmActions": [TOPIC], "TreatMissingData": "breaching"}, {**COMPOSITE, "OKActions": [TOPIC]}],
    bad=[
        {**METRIC, "AlarmActions": [TOPIC] * 6},
        {**METRIC, "AlarmActions": ["shop-critical"]},
        {**METRIC, "OKActions": [TOPIC.replace("ap-northeast-2", "us-east-1")]},
        {**METRIC, "TreatMissingData": "good"},
        {**METRIC, "AlarmName": "x" * 256},
        {**METRIC, "AlarmDescription": "x" * 1025},
    ],
)
def actions(params: dict[str, Any], context: Context) -> str | None:
    for kind in ACTIONS:
        found = params.get(kind) or []
        if len(found) > 5:
            return f"The collection {kind} must not have a size greater than 5."
        for arn in found:
            if not re.fullmatch(r"arn:[^:]+:(sns|autoscaling|automate|swf|lambda|ssm|ssm-incidents|aiops|application-autoscaling):.*", arn):
                return f"Invalid use of action ARN {arn}"
            if arn.split(":")[2] == "sns" and arn.split(":")[3] != context.region:
                return f"Invalid region {arn.split(':')[3]} specified. Only {context.region} is supported."
    if params.get("TreatMissingData") not in (None, "breaching", "notBreaching", "ignore", "missing"):
        return f"Option {params['TreatMissingData']} is not supported. Supported options are breaching, notBreaching, ignore and missing."
    if len(params["AlarmName"]) > 255 or len(params.get("AlarmDescription") or "") > 1024:
        return "AlarmName takes 255 characters, and AlarmDescription 1024."
    return None


@rule(
    "cloudwatch",
    "PutCompositeAlarm",
    code="ValidationError",
    source="Amazon CloudWatch API Reference, PutCompositeAlarm",
    good=[COMPOSITE],
    bad=[
        {**COMPOSITE, "AlarmRule": 'ALARM("shop-nowhere")'},
        {**COMPOSITE, "AlarmRule": "ALARM("},
        {**COMPOSITE, "AlarmRule": "shop"},
        {**COMPOSITE, "AlarmRule": "TRUE " + " OR TRUE" * 1300},
    ],
)
def composite_rule(params: dict[str, Any], context: Context) -> str | None:
    text = params["AlarmRule"]
    if len(text) > 10240:
        return "AlarmRule must be at most 10240 characters."
    alarms = context.backend("cloudwatch").alarms
    known = {*alarms, *(alarm.alarm_arn for alarm in alarms.values())}
    names = names_in(text)
    if missing := sorted(names - known):
        return f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
    if len(names) > 100:
        return "A composite alarm names at most 100 alarms."
    try:
        holds(text, alarms)
    except ValueError as error:
        return f"AlarmRule could not be parsed: {error}"
    return None


@rule(
    "cloudwatch",
    "DeleteAlarms",
    code="ValidationError",
    source="Amazon CloudWatch API Reference, DeleteAlarms",
    good=[{"AlarmNames": ["a"] * 100}],
    bad=[{"AlarmNames": ["a"] * 101}],
)
def alarms_a_call(params: dict[str, Any], context: Context) -> str | None:
    if len(params["AlarmNames"]) > 100:
        return "The collection AlarmNames must not have a size greater than 100."
    alarms = context.backend("cloudwatch").alarms
    composite = [name for name in params["AlarmNames"] if name in alarms and alarms[name].rule is not None]
    return "Only one composite alarm can be deleted in one operation." if len(composite) > 1 else None


def _board(*widgets: dict[str, Any]) -> dict[str, Any]:
    return {"DashboardName": "shop", "DashboardBody": json.dumps({"widgets": list(widgets)})}


TEXT = {"type": "text", "x": 0, "y": 0, "width": 24, "height": 1, "properties": {"markdown": "x"}}


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source="Amazon CloudWatch API Reference, Dashboard Body Structure and Syntax",
    good=[
        _board(TEXT),
        _board({**TEXT, "type": "metric", "properties": {"metrics": [["AWS/Lambda", "Errors"]], "region": "ap-northeast-2"}}),
        _board({**TEXT, "type": "alarm", "properties": {"alarms": ["arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:a"]}}),
    ],
    bad=[
        _board({**TEXT, "x": 1}),
        _board({**TEXT, "width": 0}),
        _board({**TEXT, "type": "chart"}),
        _board({**TEXT, "properties": {}}),
        _board({**TEXT, "type": "metric", "properties": {"metrics": [["AWS/Lambda", "Errors"]]}}),
        _board({**TEXT, "type": "metric", "properties": {"region": "ap-northeast-2"}}),
        _board({**TEXT, "type": "alarm", "properties": {"alarms": ["a"]}}),
        {"DashboardName": "shop prod", "DashboardBody": json.dumps({"widgets": [TEXT]})},
        {"DashboardName": "shop", "DashboardBody": "{}"},
    ],
)
def dashboard_body(params: dict[str, Any], context: Context) -> str | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", params["DashboardName"]):
        return "DashboardName must be 1 to 255 letters, digits, hyphens and underscores."
    try:
        widgets = json.loads(params["DashboardBody"])["widgets"]
    except (ValueError, KeyError, TypeError):
        return "The field dashboardBody must be a valid JSON object with widgets."
    if len(widgets) > 500:
        return "A dashboard takes 500 widgets."
    for number, widget in enumerate(widgets):
        if sentence := _widget(widget):
            return f"/widgets/{number}: {sentence}"
    return None


def _widget(widget: dict[str, Any]) -> str | None:
    if widget.get("type") not in ("metric", "text", "log", "alarm", "explorer", "custom"):
        return "type must be metric, text, log, alarm, explorer or custom"
    x, width, height = widget.get("x", 0), widget.get("width", 6), widget.get("height", 6)
    if not (0 <= x <= 23 and 1 <= width <= 24 and x + width <= 24 and 1 <= height <= 1000):
        return "the widget does not fit into 24 columns and 1000 rows"
    properties = widget.get("properties") or {}
    if widget["type"] == "text":
        return None if properties.get("markdown") else "should have required property 'markdown'"
    if widget["type"] == "alarm":
        arns = properties.get("alarms") or []
        return None if arns and all(":alarm:" in arn for arn in arns) else "should have ARNs as 'alarms'"
    if widget["type"] == "metric":
        if not properties.get("region"):
            return "should have required property 'region'"
        if not properties.get("metrics") and not (properties.get("annotations") or {}).get("alarms"):
            return "should have required property 'metrics'"
    return None


@rule(
    "cloudwatch",
    "PutMetricAlarm",
    "PutCompositeAlarm",
    "TagResource",
    code="InvalidParameterValue",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**METRIC, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**METRIC, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)
def alarm_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))


def _metrics(number: int) -> dict[str, Any]:
    """A metric widget of *number* metrics."""
    return {**TEXT, "type": "metric", "properties": {"metrics": [["shop", f"m{n}"] for n in range(number)], "region": "ap-northeast-2"}}


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source="Amazon CloudWatch User Guide, CloudWatch service quotas: dashboards",
    good=[_board(*[_metrics(500)] * 5)],
    bad=[_board(_metrics(501)), _board(*[_metrics(500)] * 5, _metrics(1))],
)
def metrics_of_a_dashboard(params: dict[str, Any], context: Context) -> str | None:
    try:
        widgets = json.loads(params["DashboardBody"])["widgets"]
        counts = [len((widget.get("properties") or {}).get("metrics") or []) for widget in widgets]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # another rule's matter
    if max(counts, default=0) > 500:
        return "A widget of a dashboard takes 500 metrics."
    return "A dashboard takes 2500 metrics over all of its widgets." if sum(counts) > 2500 else None
