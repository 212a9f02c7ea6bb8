#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_alarms
version_added: 0.1.0
short_description: Manage CloudWatch alarms as one set
description:
  - Creates, changes and removes metric alarms, also on metric math, and composite alarms in one task, each with its actions and tags.
  - Reads all alarms whose names begin alike with one call, and their tags side by side.
  - The state of an alarm is CloudWatch's.
options:
  state:
    description: Whether the alarms stand or not.
    type: str
    choices: [present, absent]
    default: present
  name_prefix:
    description: What the names of all alarms of the set begin with.
    type: str
    required: true
  alarms:
    description: The metric alarms.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name, at most 255 characters, beginning with O(name_prefix).
        type: str
        required: true
      description:
        description: What it means and what to do, at most 1024 characters.
        type: str
        default: ''
      namespace:
        description: The namespace of the metric. With O(alarms[].metrics) left out, required.
        type: str
      metric_name:
        description: The metric. With O(alarms[].metrics) left out, required.
        type: str
      dimensions:
        description: The dimensions of the metric.
        type: dict
        default: {}
      statistic:
        description: The statistic, for example V(Sum), or a percentile such as V(p95).
        type: str
      period_seconds:
        description: The length of a period, 10, 20, 30 or a multiple of 60.
        type: int
        default: 60
      unit:
        description: The unit of the metric. Better left out, since a metric of another unit is another metric.
        type: str
      metrics:
        description: Metrics and expressions in AWS's own words (C(MetricDataQuery)), one of which returns data.
        type: list
        elements: dict
        default: []
      threshold:
        description: The value that the metric is compared with.
        type: float
        required: true
      comparison:
        description: How it is compared.
        type: str
        choices: [GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold]
        default: GreaterThanThreshold
      evaluation_periods:
        description: How many periods are looked at.
        type: int
        default: 1
      datapoints_to_alarm:
        description: How many of them must be beyond the threshold. All, where it is left out.
        type: int
      treat_missing_data:
        description: What it means that there is no data. It must be chosen.
        type: str
        choices: [breaching, notBreaching, ignore, missing]
        required: true
      actions_enabled:
        description: Whether the actions are done.
        type: bool
        default: true
      alarm_actions:
        description: The ARNs of what is done on alarm, at most 5.
        type: list
        elements: str
        default: []
      ok_actions:
        description: The ARNs of what is done when it is over, at most 5.
        type: list
        elements: str
        default: []
      insufficient_data_actions:
        description: The ARNs of what is done when data lack, at most 5.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this alarm, added to O(tags).
        type: dict
        default: {}
  composite_alarms:
    description: Alarms on the states of others.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name, at most 255 characters, beginning with O(name_prefix).
        type: str
        required: true
      description:
        description: What it means and what to do, at most 1024 characters.
        type: str
        default: ''
      rule:
        description: The rule, for example V(ALARM("a") OR ALARM("b")).
        type: str
        required: true
      actions_enabled:
        description: Whether the actions are done.
        type: bool
        default: true
      alarm_actions:
        description: The ARNs of what is done on alarm, at most 5.
        type: list
        elements: str
        default: []
      ok_actions:
        description: The ARNs of what is done when it is over, at most 5.
        type: list
        elements: str
        default: []
      insufficient_data_actions:
        description: The ARNs of what is done when data lack, at most 5.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this alarm, added to O(tags).
        type: dict
        default: {}
  purge:
    description:
      - Whether alarms whose names begin with O(name_prefix), which have O(own_tags) and are not given, are removed.
      - With O(state=absent), all such are removed, whether given or not.
    type: bool
    default: false
  own_tags:
    description:
      - The tags, by their keys and values, that tell an own alarm from another stack's whose name begins alike. Needed with O(purge).
    type: dict
    default: {}
notes:
  - amazon.aws.cloudwatch_metric_alarm takes one alarm a task, knows neither tags nor composite alarms, and changes alarms on metric math
    with each run.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What users feel
  refarch.aws.cloudwatch_alarms:
    name_prefix: shop-staging-
    tags: "{{ stack_tags }}"
    alarms:
      - name: shop-staging-load-balancer-5xx
        namespace: AWS/ApplicationELB
        metric_name: HTTPCode_ELB_5XX_Count
        dimensions: {LoadBalancer: "{{ load_balancer_full_name }}"}
        statistic: Sum
        threshold: 10
        treat_missing_data: notBreaching
        alarm_actions: ["{{ topic_arn }}"]
        ok_actions: ["{{ topic_arn }}"]
    composite_alarms:
      - {name: shop-staging-unwell, rule: 'ALARM("shop-staging-load-balancer-5xx")', alarm_actions: ["{{ topic_arn }}"]}
"""

RETURN = r"""
alarms:
  description: The names and ARNs of all alarms given, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-load-balancer-5xx}
    arn: {description: The ARN., type: str, sample: "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:shop-staging-load-balancer-5xx"}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import re

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.cloudwatch import NOT_FOUND, TaggedByArn
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run, to_tag_list

COMPARISONS = ["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"]
STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")

ACTION_OPTIONS = {
    "actions_enabled": {"type": "bool", "default": True},
    "alarm_actions": {"type": "list", "elements": "str", "default": []},
    "ok_actions": {"type": "list", "elements": "str", "default": []},
    "insufficient_data_actions": {"type": "list", "elements": "str", "default": []},
    "tags": {"type": "dict", "default": {}},
}

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name_prefix": {"type": "str", "required": True},
    "alarms": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "namespace": {"type": "str"},
            "metric_name": {"type": "str"},
            "dimensions": {"type": "dict", "default": {}},
            "statistic": {"type": "str"},
            "period_seconds": {"type": "int", "default": 60},
            "unit": {"type": "str"},
            "metrics": {"type": "list", "elements": "dict", "default": []},
            "threshold": {"type": "float", "required": True},
            "comparison": {"type": "str", "choices": COMPARISONS, "default": "GreaterThanThreshold"},
            "evaluation_periods": {"type": "int", "default": 1},
            "datapoints_to_alarm": {"type": "int"},
            "treat_missing_data": {"type": "str", "choices": ["breaching", "notBreaching", "ignore", "missing"], "required": True},
            **ACTION_OPTIONS,
        },
    },
    "composite_alarms": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "rule": {"type": "str", "required": True},
            **ACTION_OPTIONS,
        },
    },
    "purge": {"type": "bool", "default": False},
    "own_tags": {"type": "dict", "default": {}},
    **TAG_OPTIONS,
}


def actions(wanted: dict) -> dict:
    return {
        "AlarmName": wanted["name"],
        "AlarmDescription": wanted["description"],
        "ActionsEnabled": wanted["actions_enabled"],
        "AlarmActions": wanted["alarm_actions"],
        "OKActions": wanted["ok_actions"],
        "InsufficientDataActions": wanted["insufficient_data_actions"],
    }


def metric_alarm(wanted: dict) -> dict:
    """A metric alarm as PutMetricAlarm takes it."""
    found = {
        **actions(wanted),
        "EvaluationPeriods": wanted["evaluation_periods"],
        "DatapointsToAlarm": wanted["datapoints_to_alarm"] or wanted["evaluation_periods"],
        "Threshold": wanted["threshold"],
        "ComparisonOperator": wanted["comparison"],
        "TreatMissingData": wanted["treat_missing_data"],
    }
    if wanted["metrics"]:
        return {**found, "Metrics": wanted["metrics"]}
    kind = "Statistic" if wanted["statistic"] in STATISTICS else "ExtendedStatistic"
    metric = {
        "Namespace": wanted["namespace"],
        "MetricName": wanted["metric_name"],
        "Dimensions": [{"Name": name, "Value": str(value)} for name, value in wanted["dimensions"].items()],
        kind: wanted["statistic"],
        "Period": wanted["period_seconds"],
        "Unit": wanted["unit"],
    }
    return {**found, **{key: value for key, value in metric.items() if value is not None}}


def composite_alarm(wanted: dict) -> dict:
    """A composite alarm as PutCompositeAlarm takes it."""
    return {**actions(wanted), "AlarmRule": wanted["rule"]}


def comparable(alarm: dict) -> dict:
    """An alarm, wanted or as DescribeAlarms has it, without what CloudWatch fills in and in an order that means nothing."""
    keys = (
        "ActionsEnabled", "AlarmDescription", "AlarmRule", "ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods",
        "ExtendedStatistic", "MetricName", "Namespace", "Period", "Statistic", "Threshold", "TreatMissingData", "Unit",
    )  # fmt: skip
    found = {key: alarm.get(key) for key in keys}
    found["AlarmDescription"] = found["AlarmDescription"] or ""
    if found["EvaluationPeriods"]:
        found["DatapointsToAlarm"] = found["DatapointsToAlarm"] or found["EvaluationPeriods"]
        found["TreatMissingData"] = found["TreatMissingData"] or "missing"
        found["Threshold"] = float(found["Threshold"])
    for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        found[key] = sorted(alarm.get(key) or [])
    found["Dimensions"] = _dimensions(alarm)
    found["Metrics"] = sorted((_query(query) for query in alarm.get("Metrics") or []), key=lambda query: query["Id"])
    return found


def _dimensions(owner: dict) -> list[tuple[str, str]]:
    return sorted((item["Name"], item["Value"]) for item in owner.get("Dimensions") or [])


def _query(query: dict) -> dict:
    """A MetricDataQuery with its defaults: data are returned unless they are not wanted."""
    stat = query.get("MetricStat")
    found = {key: query.get(key) for key in ("Id", "Expression", "Label", "Period", "AccountId")}
    found["ReturnData"] = query.get("ReturnData", True)
    if stat:
        metric = stat["Metric"]
        found["MetricStat"] = {
            "Namespace": metric.get("Namespace"),
            "MetricName": metric.get("MetricName"),
            "Dimensions": _dimensions(metric),
            "Period": stat.get("Period"),
            "Stat": stat.get("Stat"),
            "Unit": stat.get("Unit"),
        }
    return found


class Alarms(TaggedByArn):
    service = "cloudwatch"

    def require_sound(self) -> None:
        prefix = self.params["name_prefix"]
        if self.params["purge"] and not self.params["own_tags"]:
            raise InvalidInput("purge needs own_tags, to tell the alarms of this stack from another's whose names begin alike.")
        wanted = [*self.params["alarms"], *self.params["composite_alarms"]]
        names = [alarm["name"] for alarm in wanted]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(f"alarms: {twice[0]} is given twice; each name may be given once.")
        for alarm in wanted:
            if not alarm["name"].startswith(prefix):
                raise InvalidInput(f"alarms: {alarm['name']} must begin with name_prefix, {prefix}.")
            for kind in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
                if len(alarm[kind]) > 5:
                    raise InvalidInput(f"alarms: {alarm['name']} has {len(alarm[kind])} {kind}, and CloudWatch takes 5.")
        for alarm in self.params["alarms"]:
            single = alarm["namespace"] and alarm["metric_name"] and alarm["statistic"]
            if bool(single) == bool(alarm["metrics"]):
                raise InvalidInput(f"alarms: {alarm['name']} needs namespace, metric_name and statistic, or metrics instead.")
            if (
                alarm["statistic"]
                and alarm["statistic"] not in STATISTICS
                and not re.fullmatch(r"p\d{1,2}(\.\d+)?|p100|tm\d+|IQM", alarm["statistic"])
            ):
                raise InvalidInput(f"alarms: statistic of {alarm['name']} must be one of {', '.join(STATISTICS)}, or such as p95.")
            if (alarm["datapoints_to_alarm"] or 1) > alarm["evaluation_periods"]:
                raise InvalidInput(f"alarms: {alarm['name']} asks for more datapoints_to_alarm than evaluation_periods.")

    def existing(self) -> dict[str, dict]:
        """All alarms that begin with the prefix, by name."""
        found = self.read(
            "cloudwatch", "describe_alarms", "[MetricAlarms, CompositeAlarms][]", AlarmNamePrefix=self.params["name_prefix"],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )  # fmt: skip
        return {alarm["AlarmName"]: alarm for alarm in found}

    def present(self) -> dict:
        self.require_sound()
        self.own_arn("cloudwatch", "")  # asked for once, before the threads that use it
        existing = self.existing()
        metric = self.each(lambda alarm: self.ensure(existing.get(alarm["name"]), alarm, metric_alarm(alarm)), self.params["alarms"])
        # Composite alarms after those that they name, and gone before them.
        composite = self.each(
            lambda alarm: self.ensure(existing.get(alarm["name"]), alarm, composite_alarm(alarm)), self.params["composite_alarms"]
        )
        kept = {alarm["name"] for alarm in (*self.params["alarms"], *self.params["composite_alarms"])}
        if self.params["purge"]:
            self.delete(self.own({name: alarm for name, alarm in existing.items() if name not in kept}))
        return {"alarms": [*metric, *composite]}

    def ensure(self, alarm: dict | None, wanted: dict, then: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        composite = "AlarmRule" in then
        operation = "put_composite_alarm" if composite else "put_metric_alarm"
        kind = "CloudWatch composite alarm" if composite else "CloudWatch alarm"
        arn = self.own_arn("cloudwatch", f"alarm:{name}")
        if alarm is None:
            self.write("cloudwatch", operation, "create", kind, name, **then, **({"Tags": to_tag_list(tags)} if tags else {}))
            return {"name": name, "arn": arn}
        if ("AlarmRule" in alarm) != composite:
            raise InvalidInput(
                f"alarms: {name} stands as {'a metric' if composite else 'a composite'} alarm; remove it first, or rename it."
            )
        now, wish = comparable(alarm), comparable(then)
        changed = {key: value for key, value in wish.items() if now[key] != value}
        if changed:
            self.write("cloudwatch", operation, "update", kind, name, before={key: now[key] for key in changed}, after=changed, **then)
        self.ensure_tags(alarm["AlarmArn"], kind, name, tags)
        return {"name": name, "arn": arn}

    def own(self, alarms: dict[str, dict]) -> dict[str, dict]:
        """Those of *alarms* that have the tags in O(own_tags)."""
        own = {key: str(value) for key, value in self.params["own_tags"].items()}
        tags = self.each(lambda alarm: self.tags_of(alarm["AlarmArn"]), alarms.values())
        return {name: alarm for (name, alarm), found in zip(alarms.items(), tags, strict=True) if own.items() <= found.items()}

    def delete(self, doomed: dict[str, dict]) -> None:
        """One composite alarm a call, and 100 metric alarms (DeleteAlarms, Amazon CloudWatch API Reference)."""
        composite = sorted(name for name, alarm in doomed.items() if "AlarmRule" in alarm)
        metric = sorted(set(doomed) - set(composite))
        for name in composite:
            self.write("cloudwatch", "delete_alarms", "delete", "CloudWatch composite alarm", name, missing=NOT_FOUND, AlarmNames=[name])
        for start in range(0, len(metric), 100):
            names = metric[start : start + 100]
            label = names[0] if len(names) == 1 else f"{len(names)} of {self.params['name_prefix']}"
            self.write("cloudwatch", "delete_alarms", "delete", "CloudWatch alarm", label, missing=NOT_FOUND, AlarmNames=names)

    def absent(self) -> dict:
        existing = self.existing()
        named = {alarm["name"] for alarm in (*self.params["alarms"], *self.params["composite_alarms"])}
        doomed = {name: alarm for name, alarm in existing.items() if name in named}
        if self.params["purge"]:
            self.require_sound()
            doomed |= self.own({name: alarm for name, alarm in existing.items() if name not in named})
        self.delete(doomed)
        return {"alarms": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Alarms)


if __name__ == "__main__":
    main()
