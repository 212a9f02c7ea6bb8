"""CloudWatch: alarms as AWS keeps them, and what they do when their state changes."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from moto.cloudwatch.exceptions import ResourceNotFound
from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDataQuery
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sns.exceptions import TopicNotFound
from moto.sns.models import sns_backends

from emulator.strict import Context
from emulator.strict.access import service_allowed
from emulator.strict.rules_kms import service_may

log = logging.getLogger("emulator.cloudwatch")

SERVICE = "cloudwatch.amazonaws.com"

#: How CloudWatch writes regions in messages ("AWS Regions and Availability Zones", names).
REGIONS = {
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-2": "US West (Oregon)",
}

ACTIONS = {"OK": "ok_actions", "ALARM": "alarm_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}


def apply() -> None:
    alarms_begin_without_data()
    alarms_keep_their_state_and_tags()
    alarms_are_described_as_they_are()
    composite_alarms_are_put()
    dashboards_have_tags()
    state_changes_tell_topics()


def alarms_begin_without_data() -> None:
    """A new alarm is INSUFFICIENT_DATA until it was evaluated ("Using Amazon CloudWatch alarms"); moto says OK."""
    init = Alarm.__init__

    def made(self: Alarm, *arguments: Any, **options: Any) -> None:
        init(self, *arguments, **options)
        self.state_value = "INSUFFICIENT_DATA"
        self.state_transitioned_timestamp = self.state_updated_timestamp

    Alarm.__init__ = made


def alarms_keep_their_state_and_tags() -> None:
    """PutMetricAlarm of an alarm that stands replaces its settings, neither its state nor its tags; deleted alarms lose their tags."""
    put, delete = CloudWatchBackend.put_metric_alarm, CloudWatchBackend.delete_alarms

    def put_metric_alarm(self: CloudWatchBackend, name: str, **options: Any) -> Alarm:
        standing = self.alarms.get(name)
        if standing is not None:
            options["tags"] = None
        alarm = put(self, name=name, **options)
        if standing is not None:
            for attribute in (
                "state_value",
                "state_reason",
                "state_reason_data",
                "state_updated_timestamp",
                "state_transitioned_timestamp",
                "history",
            ):
                setattr(alarm, attribute, getattr(standing, attribute))
        return alarm

    def delete_alarms(self: CloudWatchBackend, alarm_names: list[str]) -> None:
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        delete(self, alarm_names)

    CloudWatchBackend.put_metric_alarm = put_metric_alarm
    CloudWatchBackend.delete_alarms = delete_alarms


def alarms_are_described_as_they_are() -> None:
    """DescribeAlarms takes AlarmTypes (metric alarms only, unless they are named) and joins its filters; a composite alarm has a rule
    and no metric, and a metric alarm of one metric no list of them."""

    def describe_alarms(self: CloudWatchResponse) -> ActionResult:
        kinds = self._get_param("AlarmTypes") or ["MetricAlarm"]
        names, prefix = self._get_param("AlarmNames", []), self._get_param("AlarmNamePrefix")
        action, state = self._get_param("ActionPrefix"), self._get_param("StateValue")
        found = [
            alarm
            for alarm in self.cloudwatch_backend.alarms.values()
            if (not names or alarm.name in names)
            and (not prefix or alarm.name.startswith(prefix))
            and (not state or alarm.state_value == state)
            and (not action or any(arn.startswith(action) for arn in alarm.alarm_actions))
        ]
        metric = [told(alarm) for alarm in found if alarm.rule is None and "MetricAlarm" in kinds]
        composite = [told(alarm) for alarm in found if alarm.rule is not None and "CompositeAlarm" in kinds]
        both = sorted([*metric, *composite], key=lambda alarm: alarm["AlarmName"])
        start, size = int(self._get_param("NextToken") or 0), self._get_int_param("MaxRecords") or 50
        page = both[start : start + size]
        return ActionResult({
            "MetricAlarms": [alarm for alarm in page if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in page if "AlarmRule" in alarm],
            **({"NextToken": str(start + size)} if start + size < len(both) else {}),
        })  # fmt: skip

    CloudWatchResponse.describe_alarms = describe_alarms


def composite_alarms_are_put() -> None:
    """PutCompositeAlarm, which moto lacks: an alarm with a rule, whose state follows from the alarms that it names."""

    def put_composite_alarm(self: CloudWatchResponse) -> Any:
        name = self._get_param("AlarmName")
        answer = self.put_metric_alarm()
        alarm = self.cloudwatch_backend.alarms[name]
        alarm.update_state("The rule was evaluated", None, "ALARM" if holds(alarm.rule, self.cloudwatch_backend.alarms) else "OK")
        return answer

    CloudWatchResponse.put_composite_alarm = put_composite_alarm


def dashboards_have_tags() -> None:
    """Tags go onto alarms and dashboards that stand, whether they had any or not; PutDashboard gives them to a new one."""
    put, delete = CloudWatchResponse.put_dashboard, CloudWatchBackend.delete_dashboards

    def tag_resource(self: CloudWatchBackend, arn: str, tags: dict[str, str]) -> None:
        standing = [alarm.alarm_arn for alarm in self.alarms.values()] + [dashboard.arn for dashboard in self.dashboards.values()]
        if arn not in standing:
            raise ResourceNotFound(f"{arn} does not exist")
        self.tagger.tag_resource(arn, [{"Key": key, "Value": value} for key, value in tags.items()])

    def put_dashboard(self: CloudWatchResponse) -> Any:
        name, tags = self._get_param("DashboardName"), self._get_param("Tags")
        is_new = name not in self.cloudwatch_backend.dashboards
        answer = put(self)
        if tags and is_new:
            self.cloudwatch_backend.tagger.tag_resource(self.cloudwatch_backend.dashboards[name].arn, tags)
        return answer

    def delete_dashboards(self: CloudWatchBackend, dashboards: list[str]) -> str | None:
        arns = [self.dashboards[name].arn for name in dashboards if name in self.dashboards]
        error = delete(self, dashboards)
        if error is None:
            for arn in arns:
                self.tagger.delete_all_tags_for_resource(arn)
        return error

    CloudWatchBackend.tag_resource = tag_resource
    CloudWatchBackend.delete_dashboards = delete_dashboards
    CloudWatchResponse.put_dashboard = put_dashboard


def told(alarm: Alarm) -> dict[str, Any]:
    """An alarm as DescribeAlarms has it."""
    common = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.alarm_arn,
        "AlarmDescription": alarm.description,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateReasonData": alarm.state_reason_data,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "StateTransitionedTimestamp": alarm.state_transitioned_timestamp,
    }
    if alarm.rule is not None:
        return _given({**common, "AlarmRule": alarm.rule})
    own = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison_operator,
        "TreatMissingData": alarm.treat_missing_data,
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile,
        "ThresholdMetricId": alarm.threshold_metric_id,
    }
    if alarm.metric_data_queries:
        return _given({**common, **own, "Metrics": [query_of(query) for query in alarm.metric_data_queries]})
    return {
        **_given({**common, **own}),
        **_given({
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Statistic": alarm.statistic,
            "ExtendedStatistic": alarm.extended_statistic,
            "Period": alarm.period,
            "Unit": alarm.unit,
        }),
        "Dimensions": dimensions_of(alarm.dimensions),
    }  # fmt: skip


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def dimensions_of(dimensions: list[Any]) -> list[dict[str, str]]:
    return [{"Name": dimension.name, "Value": dimension.value} for dimension in dimensions]


def query_of(query: MetricDataQuery) -> dict[str, Any]:
    stat = None
    if query.metric_stat:
        metric = query.metric_stat.metric
        stat = _given({
            "Metric": {"Namespace": metric.namespace, "MetricName": metric.metric_name, "Dimensions": dimensions_of(metric.dimensions)},
            "Period": query.metric_stat.period,
            "Stat": query.metric_stat.stat,
            "Unit": query.metric_stat.unit,
        })  # fmt: skip
    found = {"Id": query.id, "Label": query.label, "Expression": query.expression, "Period": query.period, "MetricStat": stat}
    return _given({**found, "ReturnData": True if query.return_data is None else query.return_data})


def state_changes_tell_topics() -> None:
    """SetAlarmState to another state does the alarm's actions: SNS gets the message that CloudWatch writes, if the topic's policy and
    its key's allow that. Composite alarms follow the state of those they name."""

    def set_alarm_state(self: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        if alarm_name not in self.alarms:
            raise ResourceNotFound(f"The alarm {alarm_name} does not exist")
        self._come_to(self.alarms[alarm_name], state_value, reason, reason_data)

    def come_to(self: CloudWatchBackend, alarm: Alarm, state: str, reason: str, data: str | None) -> None:
        before = alarm.state_value
        alarm.update_state(reason, data, state)
        if before == state:
            return
        alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
        if alarm.actions_enabled:
            for arn in getattr(alarm, ACTIONS[state]):
                tell(self, alarm, arn, before)
        for other in list(self.alarms.values()):
            if other.rule is not None and other.name != alarm.name and names_in(other.rule) & {alarm.name, alarm.alarm_arn}:
                after = "ALARM" if holds(other.rule, self.alarms) else "OK"
                if after != other.state_value:
                    self._come_to(other, after, f"{alarm.alarm_arn} transitioned to {state}", None)

    CloudWatchBackend.set_alarm_state = set_alarm_state
    CloudWatchBackend._come_to = come_to


_CONDITION = re.compile(r"""\b(ALARM|OK|INSUFFICIENT_DATA)\(\s*["']?([^"')]+?)["']?\s*\)""")


def names_in(rule: str) -> set[str]:
    """The alarms that the rule of a composite alarm names."""
    return {name for _state, name in _CONDITION.findall(rule)}


def holds(rule: str, alarms: dict[str, Alarm]) -> bool:
    """Whether the rule of a composite alarm is met ("PutCompositeAlarm", AlarmRule). Raises ValueError for what is no rule."""
    by_arn = {alarm.alarm_arn: alarm for alarm in alarms.values()}

    def condition(found: re.Match[str]) -> str:
        alarm = alarms.get(found[2]) or by_arn.get(found[2])
        return f" {alarm is not None and alarm.state_value == found[1]} "

    text = re.sub(r"\bTRUE\b", "True", re.sub(r"\bFALSE\b", "False", _CONDITION.sub(condition, rule)))
    text = re.sub(r"\b(AND|OR|NOT)\b", lambda word: word[1].lower(), text)
    if not re.fullmatch(r"(?:True|False|and|or|not|[()\s])+", text):
        raise ValueError(f"{rule!r} is not the rule of a composite alarm")
    try:
        return bool(eval(text, {"__builtins__": {}}))  # noqa: S307 - nothing but True, False, and, or, not and brackets is left
    except SyntaxError as error:
        raise ValueError(f"{rule!r} is not the rule of a composite alarm") from error


def tell(backend: CloudWatchBackend, alarm: Alarm, arn: str, before: str) -> None:
    """Do one action of an alarm, and write into its history how that went."""
    _, _, service, region, account, *_ = arn.split(":")
    done = f"The emulator does no actions of {service}"
    if service == "sns":
        keys = {"aws:SourceArn": alarm.alarm_arn, "aws:SourceAccount": backend.account_id, "aws:SecureTransport": "true"}
        try:
            topic = sns_backends[account][region].get_topic(arn)
        except TopicNotFound:
            topic = None
        key = getattr(topic, "kms_master_key_id", "")
        if topic is None or not service_allowed(topic.policy, SERVICE, "sns:Publish", arn, keys):
            done = f"Failed to execute action {arn}. Received error: CloudWatch Alarms is not authorized to perform: SNS:Publish"
        elif key and service_may(Context(account, region), key, SERVICE, "kms:GenerateDataKey") is False:
            done = f"Failed to execute action {arn}. Received error: CloudWatch Alarms may not use the key of the topic"
        else:
            region_name = REGIONS.get(backend.region_name, backend.region_name)
            subject = f'{alarm.state_value}: "{alarm.name}" in {region_name}'
            sns_backends[account][region].publish(json.dumps(message_of(backend, alarm, before)), arn=arn, subject=subject[:99])
            done = f"Successfully executed action {arn}"
    log.info("%s: %s", alarm.name, done)
    alarm.history.append(("Action", done, "{}", alarm.state_value, utcnow()))


def message_of(backend: CloudWatchBackend, alarm: Alarm, before: str) -> dict[str, Any]:
    """What CloudWatch publishes ("Notifying users on alarm changes", Amazon CloudWatch User Guide)."""

    def moment(when: Any) -> str:
        return f"{when:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "+0000"

    common = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": backend.account_id,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": moment(alarm.state_updated_timestamp),
        "Region": REGIONS.get(backend.region_name, backend.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": alarm.ok_actions,
        "AlarmActions": alarm.alarm_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
    }
    if alarm.rule is not None:
        children = [backend.alarms[name] for name in sorted(names_in(alarm.rule)) if name in backend.alarms]
        return {
            **common,
            "AlarmRule": alarm.rule,
            "TriggeringChildren": [
                {"Arn": child.alarm_arn, "State": {"Value": child.state_value, "Timestamp": moment(child.state_updated_timestamp)}}
                for child in children
                if child.state_value == "ALARM"
            ],
        }
    trigger: dict[str, Any] = {
        "Period": alarm.period,
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        trigger["Metrics"] = [query_of(query) for query in alarm.metric_data_queries]
    else:
        statistic = (
            {"StatisticType": "Statistic", "Statistic": alarm.statistic.upper()}
            if alarm.statistic
            else {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
        )
        trigger |= {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            **statistic,
            "Unit": alarm.unit,
            "Dimensions": [{"value": dimension.value, "name": dimension.name} for dimension in alarm.dimensions],
        }
    return {**common, "Trigger": trigger}
