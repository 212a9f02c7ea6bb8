"""What Amazon CloudWatch Logs refuses."""

from __future__ import annotations

from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.rules_kms import service_may

RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
FILTER = {"logGroupName": "g", "filterName": "f", "filterPattern": "{$.a = 1}"}
METRIC = {"metricName": "m", "metricNamespace": "shop/audit", "metricValue": "1"}


@rule(
    "logs",
    "PutRetentionPolicy",
    code="InvalidParameterException",
    source="CloudWatch Logs API Reference, PutRetentionPolicy",
    good=[{"logGroupName": "g", "retentionInDays": days} for days in (1, 365, 3653)],
    bad=[{"logGroupName": "g", "retentionInDays": days} for days in (0, 2, 366, 10000)],
)
def retention_in_days(params: dict[str, Any], context: Context) -> str | None:
    days = params["retentionInDays"]
    return None if days in RETENTION_DAYS else f"retentionInDays {days} is not one of {', '.join(map(str, RETENTION_DAYS))}"


@rule(
    "logs",
    "CreateLogGroup",
    "AssociateKmsKey",
    code="InvalidParameterException",
    source="CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS KMS",
    good=[{"logGroupName": "g"}, {"logGroupName": "g", "kmsKeyId": "arn:aws:kms:ap-northeast-2:123456789012:key/k"}],
    bad=[
        {"logGroupName": "g", "kmsKeyId": "alias/shop-staging-logs"},
        {"logGroupName": "g", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"},
    ],
)
def kms_key(params: dict[str, Any], context: Context) -> str | None:
    key = params.get("kmsKeyId")
    if not key:
        return None
    refusal = f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{params.get('logGroupName', '')}'"
    if not key.startswith("arn:") or ":key/" not in key or key.split(":")[3] != context.region:
        return refusal
    allowed = [
        service_may(context, key, service, "kms:Encrypt") for service in (f"logs.{context.region}.amazonaws.com", "logs.amazonaws.com")
    ]
    return refusal if allowed == [False, False] else None


@rule(
    "logs",
    "PutMetricFilter",
    code="InvalidParameterException",
    source="CloudWatch Logs API Reference, PutMetricFilter and MetricTransformation",
    good=[{**FILTER, "metricTransformations": [METRIC]}, {**FILTER, "metricTransformations": [{**METRIC, "defaultValue": 0}]}],
    bad=[
        {**FILTER, "metricTransformations": [{**METRIC, "metricNamespace": "AWS/shop"}]},
        {**FILTER, "metricTransformations": [{**METRIC, "metricValue": "one"}]},
        {**FILTER, "metricTransformations": [{**METRIC, "defaultValue": 0, "dimensions": {"a": "$.a"}}]},
        {**FILTER, "metricTransformations": [{**METRIC, "dimensions": dict.fromkeys("abcd", "$.a")}]},
    ],
)
def metric_transformation(params: dict[str, Any], context: Context) -> str | None:
    for metric in params["metricTransformations"]:
        if metric["metricNamespace"].startswith("AWS/"):
            return "Metric namespaces that begin with AWS/ are reserved."
        value = metric["metricValue"]
        if not value.startswith("$") and not _number(value):
            return f"Invalid metric value: {value} is neither a number nor a field."
        dimensions = metric.get("dimensions", {})
        if len(dimensions) > 3:
            return "A metric filter takes 3 dimensions at most."
        if dimensions and "defaultValue" in metric:
            return "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
    return None


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@rule(
    "logs",
    "PutMetricFilter",
    "PutSubscriptionFilter",
    code="InvalidParameterException",
    source="CloudWatch Logs User Guide, Filter pattern syntax for metric filters",
    good=[
        {**FILTER, "filterPattern": pattern}
        for pattern in ("", "ERROR", '{($.eventName=ConsoleLogin) && ($.errorMessage="Failed authentication")}', "[ip, ..., status=5*]")
    ],
    bad=[{**FILTER, "filterPattern": pattern} for pattern in ("{($.eventName=ConsoleLogin}", '{$.a = "b}', "{$.a = 1", "[ip, status=5*")],
)
def filter_pattern(params: dict[str, Any], context: Context) -> str | None:
    pattern = params["filterPattern"]
    outside = pattern.split('"')[::2]  # what stands in quotes may be anything
    closed = all(sum(part.count(mark) for part in outside) == sum(part.count(end) for part in outside) for mark, end in ("()", "{}", "[]"))
    structured = pattern.strip()[:1] in ("{", "[")
    if structured and (not closed or pattern.count('"') % 2):
        return "Invalid filter pattern"
    return None


@rule(
    "logs",
    "PutMetricFilter",
    code="LimitExceededException",
    source="CloudWatch Logs User Guide, CloudWatch Logs quotas",
    good=[{**FILTER, "metricTransformations": [METRIC]}],
    bad=[],
)
def metric_filters_of_a_group(params: dict[str, Any], context: Context) -> str | None:
    filters = context.backend("logs").filters.get_matching_filters(log_group_name=params["logGroupName"])
    others = [item for item in filters if item["filterName"] != params["filterName"]]
    return "Resource limit exceeded: 100 metric filters a log group." if len(others) >= 100 else None


@rule(
    "logs",
    "PutMetricFilter",
    code="InvalidOperationException",
    source="CloudWatch Logs User Guide, Log classes",
    good=[{**FILTER, "metricTransformations": [METRIC]}],
    bad=[],
)
def class_takes_metric_filters(params: dict[str, Any], context: Context) -> str | None:
    group = context.backend("logs").groups.get(params["logGroupName"])
    klass = getattr(group, "log_group_class", "STANDARD")
    return None if klass == "STANDARD" else f"Metric filters are not supported in log groups of class {klass}."


@rule(
    "logs",
    "CreateLogGroup",
    code="InvalidParameterException",
    source="CloudWatch Logs API Reference, CreateLogGroup: log group names can't start with aws/",
    good=[{"logGroupName": "/aws/lambda/shop"}, {"logGroupName": "aws-waf-logs-shop"}],
    bad=[{"logGroupName": "aws/shop"}],
)
def log_group_name(params: dict[str, Any], context: Context) -> str | None:
    return "Log groups starting with aws/ are reserved for AWS." if params["logGroupName"].startswith("aws/") else None


@rule(
    "logs",
    "CreateLogGroup",
    "TagResource",
    code="InvalidParameterException",
    source="CloudWatch Logs User Guide, Tag log groups in Amazon CloudWatch Logs",
    good=[{"logGroupName": "g", "tags": {"Project": "shop"}}],
    bad=[{"logGroupName": "g", "tags": {"aws:x": "y"}}],
)
def group_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("tags") or {}))


@rule(
    "logs",
    "PutResourcePolicy",
    code="LimitExceededException",
    source="CloudWatch Logs User Guide, CloudWatch Logs quotas: 10 resource policies a region",
    good=[{"policyName": "p", "policyDocument": "{}"}],
    bad=[],
)
def resource_policies_of_a_region(params: dict[str, Any], context: Context) -> str | None:
    others = set(context.backend("logs").resource_policies) - {params.get("policyName")}
    return "Resource limit exceeded: 10 resource policies a region." if len(others) >= 10 else None
