from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.alarm_plan import THRESHOLDS, alarm_plan, merged
from ansible_collections.refarch.aws.plugins.filter.cis_metric_filters import CIS_FILTERS
from ansible_collections.refarch.aws.plugins.filter.dashboard_body import COLUMNS, dashboard_body
from ansible_collections.refarch.aws.plugins.modules.cloudwatch_alarms import composite_alarm, metric_alarm
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

load_rules()
ON_EMPTY = Context("123456789012", "ap-northeast-2")
TOPICS = {severity: f"arn:aws:sns:ap-northeast-2:123456789012:shop-staging-{severity}" for severity in ("critical", "warning", "info")}
SETTINGS = {
    "prefix": "shop-staging",
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "topic_arns": TOPICS,
    "thresholds": {},
    "load_balancers": {"public": "app/shop-public/1", "internal": "app/shop-internal/2"},
    "target_groups": {"web": "targetgroup/web/1", "app": "targetgroup/app/2"},
    "auto_scaling_groups": {"web": "shop-staging-web", "app": "shop-staging-app"},
    "database": "shop-staging-db",
    "database_replicas": ["shop-staging-db-replica-1"],
    "nat_gateways": ["nat-1", "nat-2"],
    "function": "shop-staging-slack-notifier",
    "queue": "shop-staging-alerting-dead-letters",
    "web_acl": "shop-staging-web",
    "audit_namespace": "shop-staging/audit",
    "audit_metrics": list(CIS_FILTERS),
    "pipeline": "shop-staging-pipeline",
    "backup_vault_prefix": "shop-staging",
}
PLAN = alarm_plan(SETTINGS)
BY_NAME = {alarm["name"]: alarm for alarm in PLAN["alarms"]}
DEFAULTS = {
    "metrics": [],
    "datapoints_to_alarm": None, "comparison": "GreaterThanThreshold", "unit": None, "dimensions": {}, "actions_enabled": True,
    "insufficient_data_actions": [], "statistic": None, "namespace": None, "metric_name": None, "period_seconds": 60,
}  # fmt: skip


def call_of(alarm):
    return metric_alarm({**DEFAULTS, **alarm})


def test_what_is_watched():
    purposes = set(PLAN["names"])
    assert {
        "load-balancer-public-5xx", "load-balancer-internal-rejected-connections", "target-5xx-web", "target-latency-app",
        "unhealthy-hosts-web", "healthy-hosts-app", "capacity-web", "database-cpu", "database-free-storage", "database-connections",
        "database-free-memory", "database-lag-db-replica-1", "nat-1-port-allocation", "nat-2-dropped-packets", "function-errors",
        "function-throttles", "dead-letters", "web-acl-blocked", "audit-root-usage", "rule-pipeline-failures", "deployment-web",
        "deployment-app", "unwell",
    } <= purposes  # fmt: skip
    assert sum(purpose.startswith("audit-") for purpose in purposes) == 15
    assert all(name == f"shop-staging-{purpose}" for purpose, name in PLAN["names"].items())
    assert len(BY_NAME) == len(PLAN["alarms"])


@pytest.mark.parametrize("alarm", PLAN["alarms"], ids=lambda alarm: alarm["name"])
def test_alarms_that_aws_takes(alarm):
    params = call_of(alarm)
    judges = [rule for rule in RULES.values() if rule.service == "cloudwatch" and "PutMetricAlarm" in rule.operations]
    assert [sentence for rule in judges if (sentence := rule.judge(params, ON_EMPTY))] == []
    assert alarm["description"] and alarm["treat_missing_data"]


@pytest.mark.parametrize("rule", PLAN["rules"], ids=lambda rule: rule["name"])
def test_event_rules_that_aws_takes(rule):
    params = {"Name": rule["name"], "EventPattern": json.dumps(rule["event_pattern"])}
    for name in ("events.rule_itself", "events.event_pattern"):
        assert RULES[name].judge(params, ON_EMPTY) is None
    assert rule["targets"][0]["dead_letter_arn"] == "arn:aws:sqs:ap-northeast-2:123456789012:shop-staging-alerting-dead-letters"


def test_whom_alarms_tell():
    assert BY_NAME["shop-staging-healthy-hosts-web"]["alarm_actions"] == [TOPICS["critical"]]
    assert BY_NAME["shop-staging-database-cpu"]["ok_actions"] == [TOPICS["warning"]]
    silent = {name for name, alarm in BY_NAME.items() if not alarm["alarm_actions"]}
    assert silent == {"shop-staging-deployment-web", "shop-staging-deployment-app"}


def test_web_is_behind_the_public_and_app_behind_the_internal_load_balancer():
    assert BY_NAME["shop-staging-target-5xx-web"]["dimensions"]["LoadBalancer"] == "app/shop-public/1"
    assert BY_NAME["shop-staging-target-5xx-app"]["dimensions"]["LoadBalancer"] == "app/shop-internal/2"


def test_one_deployment_alarm_a_tier():
    assert PLAN["deployment_names"] == {"web": "shop-staging-deployment-web", "app": "shop-staging-deployment-app"}


def test_the_whole_is_unwell_when_something_vital_is():
    (whole,) = PLAN["composite_alarms"]
    named = {name for name in BY_NAME if f'"{name}"' in composite_alarm({**DEFAULTS, **whole})["AlarmRule"]}
    assert "shop-staging-healthy-hosts-web" in named and "shop-staging-database-free-storage" in named
    assert "shop-staging-audit-root-usage" not in named and "shop-staging-deployment-web" not in named


def test_no_server_left_is_an_alarm_though_the_metric_has_ended():
    assert BY_NAME["shop-staging-healthy-hosts-web"]["treat_missing_data"] == "breaching"


def test_thresholds():
    plan = alarm_plan({**SETTINGS, "thresholds": {"database": {"free_storage_gib": 5}, "target": {"latency_p95_seconds": 0.5}}})
    by_name = {alarm["name"]: alarm for alarm in plan["alarms"]}
    assert by_name["shop-staging-database-free-storage"]["threshold"] == 5 * 1024**3
    assert by_name["shop-staging-target-latency-web"]["threshold"] == 0.5
    assert by_name["shop-staging-database-cpu"]["threshold"] == THRESHOLDS["database"]["cpu_percent"]


def test_what_is_not_there_has_no_alarms():
    nothing = {key: SETTINGS[key] for key in ("prefix", "account_id", "region", "topic_arns")}
    plan = alarm_plan(nothing)
    assert [rule["name"] for rule in plan["rules"]] == ["shop-staging-health"]
    assert len(plan["rules_off"]) == 4 and PLAN["rules_off"] == []
    assert list(plan["names"]) == ["rule-health"] and plan["composite_alarms"] == [] and plan["deployment_names"] == {}
    assert dashboard_body(nothing)["widgets"]


def test_what_is_not_made_yet():
    unknown = "(known after apply)"
    plan = alarm_plan({**SETTINGS, "load_balancers": dict.fromkeys(("public", "internal"), unknown), "nat_gateways": [unknown]})
    assert plan["names"]["nat-1-port-allocation"] == "shop-staging-nat-1-port-allocation"


NESTED = st.recursive(st.integers(), lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=1), inner, max_size=3))
DICTS = st.dictionaries(st.text("abc", min_size=1, max_size=1), NESTED, max_size=3)


@given(DICTS, DICTS)
def test_merging_keeps_what_is_not_given(defaults, chosen):
    found = merged(defaults, chosen)
    assert set(found) == {*defaults, *chosen}
    assert merged(found, chosen) == found and merged(defaults, {}) == defaults
    assert all(found[key] == value for key, value in chosen.items() if not isinstance(value, dict))
    assert all(found[key] == value for key, value in defaults.items() if key not in chosen)


# -- the dashboard -----------------------------------------------------------------------------------------------------
def cells(widget):
    columns = range(widget["x"], widget["x"] + widget["width"])
    return {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}


PARTS = sorted(set(SETTINGS) - {"prefix", "account_id", "region", "topic_arns", "thresholds"})


@given(st.sets(st.sampled_from(PARTS)), st.integers(0, 130))
def test_no_widget_lies_over_another(left_out, alarms):
    # Servers stand behind load balancers, and metrics have a namespace.
    left_out = left_out | ({"target_groups"} if "load_balancers" in left_out else set())
    left_out = left_out | ({"audit_metrics"} if "audit_namespace" in left_out else set())
    settings = {key: value for key, value in SETTINGS.items() if key not in left_out}
    arns = [f"arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:{number}" for number in range(alarms)]
    body = dashboard_body(settings, arns)
    taken: set = set()
    for widget in body["widgets"]:
        mine = cells(widget)
        assert not mine & taken
        assert widget["x"] >= 0 and widget["x"] + widget["width"] <= COLUMNS and widget["height"] >= 1
        taken |= mine
    params = {"DashboardName": "shop", "DashboardBody": json.dumps(body)}
    assert RULES["cloudwatch.dashboard_body"].judge(params, ON_EMPTY) is None


def test_the_dashboard_shows_alarms_first():
    body = dashboard_body(SETTINGS, ["arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:a"])
    assert [widget["type"] for widget in body["widgets"]][:3] == ["text", "alarm", "text"]
