"""EventBridge: delivery to topics and functions as AWS does it, and events of the emulator's own services."""

from __future__ import annotations

import copy
import json
import logging
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.events.models import EventsBackend, Rule, events_backends
from moto.events.utils import EventTemplateParser
from moto.moto_api._internal import mock_random
from moto.sns.exceptions import TopicNotFound
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from emulator import functions
from emulator.strict.access import service_allowed

log = logging.getLogger("emulator.events")

SERVICE = "events.amazonaws.com"


def apply() -> None:
    rules_stay_what_they_are()
    topics_and_functions_get_events()
    sources_of_aws_are_its_own()


def rules_stay_what_they_are() -> None:
    """PutRule of a rule that stands keeps its tags, and a rule without a description has an empty one left out."""
    put = EventsBackend.put_rule

    def put_rule(self: EventsBackend, name: str, *more: Any, **named: Any) -> Rule:
        bus = self._get_event_bus(self._normalize_event_bus_arn(named.get("event_bus_arn")))
        if name in bus.rules:
            named["tags"] = None
        return put(self, name, *more, **named)

    EventsBackend.put_rule = put_rule


def topics_and_functions_get_events() -> None:
    """Topics and functions are targets too, if their policies let EventBridge; what can't be delivered goes to the target's dead-letter
    queue ("Using dead-letter queues to process undelivered events"). Disabled rules do nothing. moto answers 500 for such targets."""
    send = Rule.send_to_targets

    def send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.get_pattern() or not self.event_pattern.matches_event(original_event):
            return
        own = [target for target in self.targets if target["Arn"].split(":")[2] in ("sns", "lambda")]
        for target in own:
            deliver(self, target, original_event)
        others = copy.copy(self)
        others.targets = [target for target in self.targets if target not in own]
        send(others, original_event, transform_input)

    Rule.send_to_targets = send_to_targets


def sources_of_aws_are_its_own() -> None:
    """PutEvents refuses an entry whose source begins with C(aws.), and takes the others."""
    put = EventsBackend.put_events

    def put_events(self: EventsBackend, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        refused = {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
        return [refused if (event.get("Source") or "").startswith("aws.") else put(self, [event])[0] for event in events]

    EventsBackend.put_events = put_events


def deliver(rule: Rule, target: dict[str, Any], event: Any) -> None:
    """To a topic or a function, or to the dead letters."""
    text = text_for(target, event)
    _, _, service, region, account, rest = target["Arn"].split(":", 5)
    keys = {"aws:SourceArn": rule.arn, "aws:SecureTransport": "true"}
    if service == "sns":
        try:
            topic = sns_backends[account][region].get_topic(target["Arn"])
        except TopicNotFound:
            topic = None
        if topic is not None and service_allowed(topic.policy, SERVICE, "sns:Publish", target["Arn"], keys):
            sns_backends[account][region].publish(text, arn=target["Arn"])
            return
    else:
        try:
            function = lambda_backends[account][region].get_function(target["Arn"])
        except UnknownFunctionException:
            function = None
        policy = {"Statement": function.policy.statements} if function is not None else None
        if function is not None and service_allowed(policy, SERVICE, "lambda:InvokeFunction", function.function_arn, keys):
            functions.send(function, json.loads(text))
            return
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    log.info("%s could not deliver to %s", rule.name, target["Arn"])
    if dead_letters:
        _, _, _, region, account, name = dead_letters.split(":", 5)
        queue = sqs_backends[account][region].queues.get(name)
        if queue is not None and service_allowed(queue.policy, SERVICE, "sqs:SendMessage", dead_letters, keys):
            sqs_backends[account][region].send_message(name, text)


def text_for(target: dict[str, Any], event: Any) -> str:
    """What a target gets: the event, a constant, or what its template makes of it."""
    told = {key: value for key, value in event.items() if key != "ingestion-time"}
    if not isinstance(told["time"], str):
        told["time"] = f"{datetime.fromtimestamp(float(told['time']), UTC):%Y-%m-%dT%H:%M:%SZ}"
    if target.get("Input"):
        return target["Input"]
    if transformer := target.get("InputTransformer"):
        whole = {**told, "ingestion-time": event.get("ingestion-time", event["time"])}
        made = EventTemplateParser.parse(transformer.get("InputTemplate"), transformer.get("InputPathsMap", {}), whole)
        return made if isinstance(made, str) else json.dumps(made)
    return json.dumps(told)


def emit(account_id: str, region: str, source: str, detail_type: str, detail: dict[str, Any], resources: list[str] | None = None) -> None:
    """An event of an AWS service on the default bus, for services of the emulator; PutEvents takes none whose source begins with aws."""
    now = datetime.now(UTC).timestamp()
    event = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account_id,
        "time": now,
        "ingestion-time": now,
        "region": region,
        "resources": resources or [],
        "detail": detail,
    }
    for rule in list(events_backends[account_id][region].event_buses["default"].rules.values()):
        rule.send_to_targets(copy.deepcopy(event))
