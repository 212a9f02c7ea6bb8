"""Alarms and dashboards."""

from __future__ import annotations

import json

import pytest

TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
ONE = {
    "name": "shop-errors",
    "description": "Users see errors.",
    "namespace": "AWS/ApplicationELB",
    "metric_name": "HTTPCode_ELB_5XX_Count",
    "dimensions": {"LoadBalancer": "app/shop/1"},
    "statistic": "Sum",
    "threshold": 10,
    "evaluation_periods": 5,
    "datapoints_to_alarm": 3,
    "treat_missing_data": "notBreaching",
    "alarm_actions": [TOPIC],
    "ok_actions": [TOPIC],
    "tags": {"Component": "monitoring"},
}
LATENCY = {**ONE, "name": "shop-latency", "metric_name": "TargetResponseTime", "statistic": "p95"}
MATH = {
    "name": "shop-math",
    "metrics": [
        {
            "Id": "m1",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "f"}]},
                "Period": 60,
                "Stat": "Sum",
            },
            "ReturnData": False,
        },
        {"Id": "e1", "Expression": "FILL(m1, 0) * 2", "Label": "twice"},
    ],
    "threshold": 1,
    "treat_missing_data": "missing",
}
WHOLE = {"name": "shop-unwell", "rule": 'ALARM("shop-errors") OR ALARM("shop-latency")', "alarm_actions": [TOPIC]}
GIVEN = {"name_prefix": "shop-", "alarms": [ONE, LATENCY, MATH], "composite_alarms": [WHOLE]}
BODY = {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 24, "height": 1, "properties": {"markdown": "# shop"}}]}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def alarm(aws, name, kind="MetricAlarm"):
    found = aws("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=[kind])
    (one,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
    return one


def test_created_with_all_settings(converge, aws):
    result = converge("cloudwatch_alarms", **GIVEN, tags={"Project": "shop"})
    assert operations(result) == ["PutMetricAlarm"] * 3 + ["PutCompositeAlarm"]
    found = alarm(aws, "shop-errors")
    assert (found["Threshold"], found["DatapointsToAlarm"], found["TreatMissingData"]) == (10.0, 3, "notBreaching")
    assert found["AlarmActions"] == found["OKActions"] == [TOPIC]
    assert alarm(aws, "shop-latency")["ExtendedStatistic"] == "p95"
    assert [query["Id"] for query in alarm(aws, "shop-math")["Metrics"]] == ["m1", "e1"]
    assert alarm(aws, "shop-unwell", "CompositeAlarm")["AlarmRule"] == WHOLE["rule"]
    tags = aws("cloudwatch").list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"Project": "shop", "Component": "monitoring"}
    assert result["alarms"][0]["arn"] == found["AlarmArn"]


def test_one_read_for_all(run_module):
    run_module("cloudwatch_alarms", **GIVEN)
    calls = run_module("cloudwatch_alarms", **GIVEN)["_calls"]
    assert calls.count("DescribeAlarms") == 1 and calls.count("ListTagsForResource") == 4


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"threshold": 20}, ["PutMetricAlarm"]),
        ({"dimensions": {"LoadBalancer": "app/shop/2"}}, ["PutMetricAlarm"]),
        ({"treat_missing_data": "breaching"}, ["PutMetricAlarm"]),
        ({"datapoints_to_alarm": None}, ["PutMetricAlarm"]),
        ({"statistic": "p99"}, ["PutMetricAlarm"]),
        ({"ok_actions": []}, ["PutMetricAlarm"]),
        ({"actions_enabled": False}, ["PutMetricAlarm"]),
        ({"comparison": "GreaterThanOrEqualToThreshold"}, ["PutMetricAlarm"]),
        ({"description": ""}, ["PutMetricAlarm"]),
        ({"tags": {"Component": "other"}}, ["TagResource"]),
        ({"tags": {}}, ["UntagResource"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, change, expected):
    run_module("cloudwatch_alarms", **GIVEN)
    result = converge("cloudwatch_alarms", **{**GIVEN, "alarms": [{**ONE, **change}, LATENCY, MATH]})
    assert operations(result) == expected and all(c["name"] == "shop-errors" for c in result["changes"])


def test_metric_math_changes(run_module, converge):
    run_module("cloudwatch_alarms", **GIVEN)
    other = {**MATH, "metrics": [MATH["metrics"][0], {**MATH["metrics"][1], "Expression": "m1 * 3"}]}
    assert operations(converge("cloudwatch_alarms", **{**GIVEN, "alarms": [ONE, LATENCY, other]})) == ["PutMetricAlarm"]
    backwards = {**other, "metrics": other["metrics"][::-1]}
    assert converge("cloudwatch_alarms", **{**GIVEN, "alarms": [ONE, LATENCY, backwards]})["changes"] == []


def test_a_changed_rule(run_module, converge):
    run_module("cloudwatch_alarms", **GIVEN)
    changed = {**GIVEN, "composite_alarms": [{**WHOLE, "rule": 'ALARM("shop-errors")'}]}
    assert operations(converge("cloudwatch_alarms", **changed)) == ["PutCompositeAlarm"]


def test_the_state_is_no_drift(run_module, converge, aws):
    run_module("cloudwatch_alarms", **GIVEN)
    aws("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue="ALARM", StateReason="test")
    assert converge("cloudwatch_alarms", **GIVEN)["changes"] == []


def test_an_alarm_that_is_no_longer_given_is_purged(run_module, converge, aws):
    run_module("cloudwatch_alarms", **GIVEN)
    for name, tag in (("shop-other-stack", "other"), ("shop-own", "shop")):
        aws("cloudwatch").put_metric_alarm(
            AlarmName=name, Namespace="x", MetricName="e", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanThreshold", Tags=[{"Key": "Project", "Value": tag}],
        )  # fmt: skip
    own = {"Project": "shop"}
    fewer = {**GIVEN, "alarms": [ONE, LATENCY], "purge": True, "own_tags": own, "tags": own}
    run_module("cloudwatch_alarms", **GIVEN, tags=own)
    assert operations(converge("cloudwatch_alarms", **fewer)) == ["DeleteAlarms"]
    left = aws("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {one["AlarmName"] for one in left} == {"shop-errors", "shop-latency", "shop-other-stack"}


def test_removed_composite_first_and_others_left(run_module, converge, aws):
    own = {"Project": "shop"}
    run_module("cloudwatch_alarms", **GIVEN, tags=own)
    aws("cloudwatch").put_metric_alarm(
        AlarmName="till-errors", Namespace="till", MetricName="e", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    aws("cloudwatch").delete_alarms(AlarmNames=["shop-latency"])
    result = converge("cloudwatch_alarms", state="absent", name_prefix="shop-", purge=True, own_tags=own)
    assert [change["parameters"]["AlarmNames"] for change in result["changes"]] == [["shop-unwell"], ["shop-errors", "shop-math"]]
    left = aws("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [one["AlarmName"] for one in left["MetricAlarms"] + left["CompositeAlarms"]] == ["till-errors"]


def test_only_those_named_are_removed_without_purge(run_module, converge):
    run_module("cloudwatch_alarms", **GIVEN)
    assert operations(converge("cloudwatch_alarms", state="absent", name_prefix="shop-", alarms=[MATH])) == ["DeleteAlarms"]


def test_works_with_what_is_not_made_yet(run_module):
    unknown = {**ONE, "dimensions": {"LoadBalancer": "(known after apply)"}}
    planned = run_module("cloudwatch_alarms", check=True, name_prefix="shop-", alarms=[unknown])
    assert planned["changes"][0]["parameters"]["Dimensions"] == [{"Name": "LoadBalancer", "Value": "(known after apply)"}]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "till-errors"}, "must begin with name_prefix"),
        ({"statistic": None}, "needs namespace, metric_name and statistic"),
        ({"statistic": "p200"}, "must be one of"),
        ({"datapoints_to_alarm": 9}, "more datapoints_to_alarm"),
        ({"alarm_actions": [TOPIC] * 6}, "and CloudWatch takes 5"),
        ({"metrics": MATH["metrics"]}, "or metrics instead"),
    ],
)
def test_refusals(refusal, change, sentence):
    assert sentence in refusal("cloudwatch_alarms", name_prefix="shop-", alarms=[{**ONE, **change}])


def test_purging_without_knowing_whose_is_refused(refusal):
    for state in ("present", "absent"):
        assert "purge needs own_tags" in refusal("cloudwatch_alarms", state=state, name_prefix="shop-", purge=True)


def test_a_name_twice_is_refused(refusal):
    assert "given twice" in refusal("cloudwatch_alarms", name_prefix="shop-", alarms=[ONE, ONE])


# -- dashboards --------------------------------------------------------------------------------------------------------
def test_dashboard(converge, run_module, aws):
    board = {"name": "shop", "body": BODY}
    assert operations(converge("cloudwatch_dashboards", dashboards=[board], tags={"Project": "shop"})) == ["PutDashboard"]
    assert json.loads(aws("cloudwatch").get_dashboard(DashboardName="shop")["DashboardBody"]) == BODY
    other = {"widgets": [{**BODY["widgets"][0], "height": 2}]}
    assert operations(converge("cloudwatch_dashboards", dashboards=[{**board, "body": other}], tags={"Project": "shop"})) == [
        "PutDashboard"
    ]
    assert operations(converge("cloudwatch_dashboards", dashboards=[{**board, "body": other}], tags={"a": "b"})) == [
        "TagResource",
        "UntagResource",
    ]
    gone = {"name": "gone"}
    assert operations(converge("cloudwatch_dashboards", state="absent", dashboards=[{"name": "shop"}, gone])) == ["DeleteDashboards"]


def test_dashboard_without_body(refusal):
    assert "lacks body" in refusal("cloudwatch_dashboards", dashboards=[{"name": "shop"}])
