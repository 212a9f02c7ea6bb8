from __future__ import annotations

import pytest

GROUP = "/shop/staging/cloudtrail"
ROOT = {"name": "root-usage", "pattern": '{$.userIdentity.type="Root"}', "metric_namespace": "shop/audit", "default_value": 0}
VPC = {"name": "vpc-changes", "pattern": "{($.eventName=CreateVpc)}", "metric_namespace": "shop/audit", "metric_name": "vpc"}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def group(aws):
    aws("logs").create_log_group(logGroupName=GROUP)


@pytest.fixture
def standing(run_module, group):
    run_module("logs_metric_filters", log_group_name=GROUP, metric_filters=[ROOT, VPC])


def filters(aws):
    return {f["filterName"]: f for f in aws("logs").describe_metric_filters(logGroupName=GROUP)["metricFilters"]}


def test_created(converge, group, aws):
    result = converge("logs_metric_filters", log_group_name=GROUP, metric_filters=[ROOT, VPC])
    assert operations(result) == ["PutMetricFilter"] * 2
    assert [f["metric_name"] for f in result["metric_filters"]] == ["root-usage", "vpc"]
    (metric,) = filters(aws)["root-usage"]["metricTransformations"]
    assert metric == {"metricName": "root-usage", "metricNamespace": "shop/audit", "metricValue": "1", "defaultValue": 0.0}


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "{x}"},
        {"metric_value": "$.bytes"},
        {"metric_namespace": "shop/other"},
        {"metric_name": "other"},
        {"default_value": None},
    ],
)
def test_a_changed_setting_is_one_change(converge, standing, aws, change):
    result = converge("logs_metric_filters", log_group_name=GROUP, metric_filters=[{**ROOT, **change}, VPC])
    assert operations(result) == ["PutMetricFilter"]
    assert len(filters(aws)) == 2


def test_foreign_filters_go_with_purge_only(converge, standing, aws):
    assert operations(converge("logs_metric_filters", log_group_name=GROUP, metric_filters=[ROOT])) == []
    assert operations(converge("logs_metric_filters", log_group_name=GROUP, metric_filters=[ROOT], purge=True)) == ["DeleteMetricFilter"]
    assert list(filters(aws)) == ["root-usage"]


def test_a_log_group_that_is_planned_only(run_module):
    planned = run_module("logs_metric_filters", check=True, log_group_name=GROUP, metric_filters=[ROOT])
    assert operations(planned) == ["PutMetricFilter"]


def test_removed_also_when_half_or_all_is_gone(converge, standing, aws):
    aws("logs").delete_metric_filter(logGroupName=GROUP, filterName="root-usage")
    remove = {"state": "absent", "log_group_name": GROUP, "metric_filters": [{"name": "root-usage"}, {"name": "vpc-changes"}]}
    assert operations(converge("logs_metric_filters", **remove)) == ["DeleteMetricFilter"]
    aws("logs").delete_log_group(logGroupName=GROUP)
    assert operations(converge("logs_metric_filters", **remove)) == []


def test_refusals(refusal):
    assert "needs pattern" in refusal("logs_metric_filters", log_group_name=GROUP, metric_filters=[{"name": "x"}])
    assert "longer than 1024" in refusal("logs_metric_filters", log_group_name=GROUP, metric_filters=[{**ROOT, "pattern": "x" * 1025}])
