"""What Amazon EventBridge refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags

RULE = {"Name": "shop-failures", "EventPattern": json.dumps({"source": ["aws.rds"]})}
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:dead"
TARGET = {"Id": "topic", "Arn": TOPIC}
#: Operators of a pattern ("Comparison operators for use in event patterns").
OPERATORS = {"prefix", "suffix", "anything-but", "numeric", "cidr", "exists", "equals-ignore-case", "wildcard"}


def _pattern(pattern: Any) -> dict[str, Any]:
    return {"Name": "shop", "EventPattern": json.dumps(pattern)}


def _targets(*targets: dict[str, Any]) -> dict[str, Any]:
    return {"Rule": "shop", "Targets": list(targets)}


@rule(
    "events",
    "PutRule",
    code="ValidationException",
    source="Amazon EventBridge API Reference, PutRule",
    good=[RULE, {"Name": "shop", "ScheduleExpression": "rate(1 day)"}],
    bad=[{"Name": "shop"}, {**RULE, "Name": "shop failures"}, {**RULE, "Name": "x" * 65}],
)
def rule_itself(params: dict[str, Any], context: Context) -> str | None:
    if not re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", params["Name"]):
        return "1 validation error detected: Value at 'name' failed to satisfy constraint: [\\.\\-_A-Za-z0-9]+, at most 64 characters"
    if not params.get("EventPattern") and not params.get("ScheduleExpression"):
        return "Parameter(s) EventPattern or ScheduleExpression must be specified."
    return None


@rule(
    "events",
    "PutRule",
    code="InvalidEventPatternException",
    source="Amazon EventBridge User Guide, Creating Amazon EventBridge event patterns",
    good=[
        _pattern({"source": ["aws.backup"], "detail": {"state": ["FAILED"], "backupVaultName": [{"prefix": "shop-"}]}}),
        _pattern({"detail": {"a": [{"exists": False}], "$or": [{"b": ["c"]}, {"d": [1]}]}}),
    ],
    bad=[
        {"Name": "shop", "EventPattern": "{"},
        _pattern({}),
        _pattern([]),
        _pattern({"source": "aws.rds"}),
        _pattern({"source": []}),
        _pattern({"detail": {"a": [{"begins": "b"}]}}),
        _pattern({"detail": {"a": ["x" * 4100]}}),
    ],
)
def event_pattern(params: dict[str, Any], context: Context) -> str | None:
    text = params.get("EventPattern")
    if not text:
        return None
    if len(text) > 4096:
        return "Event pattern is not valid. Reason: it has more than 4096 characters"
    try:
        pattern = json.loads(text)
    except ValueError:
        return "Event pattern is not valid. Reason: it is no JSON"
    if not isinstance(pattern, dict) or not pattern:
        return "Event pattern is not valid. Reason: Filter is not an object, or empty"
    wrong = _wrong(pattern)
    return f"Event pattern is not valid. Reason: {wrong}" if wrong else None


def _wrong(pattern: dict[str, Any]) -> str | None:
    for key, value in pattern.items():
        if isinstance(value, dict):
            if not value:
                return f'Empty objects are not allowed ("{key}")'
            if found := _wrong(value):
                return found
        elif not isinstance(value, list):
            return f'"{key}" must be an object or an array'
        elif not value:
            return f'Empty arrays are not allowed ("{key}")'
        elif key != "$or":
            for item in value:
                if isinstance(item, dict) and (len(item) != 1 or set(item) - OPERATORS):
                    return f"Unrecognized match type {sorted(item)[0] if item else ''}"
    return None


@rule(
    "events",
    "PutTargets",
    code="ValidationException",
    source="Amazon EventBridge API Reference, PutTargets and Target",
    good=[_targets(TARGET), _targets({**TARGET, "RetryPolicy": {"MaximumRetryAttempts": 185}, "DeadLetterConfig": {"Arn": QUEUE}})],
    bad=[
        _targets({**TARGET, "Arn": "shop-critical"}),
        _targets({**TARGET, "Id": "to pic"}),
        _targets(TARGET, TARGET),
        _targets({**TARGET, "Input": "x", "InputPath": "$.detail"}),
        _targets({**TARGET, "Input": "not json"}),
        _targets({**TARGET, "DeadLetterConfig": {"Arn": TOPIC}}),
        _targets({**TARGET, "DeadLetterConfig": {"Arn": QUEUE + ".fifo"}}),
        _targets({**TARGET, "DeadLetterConfig": {"Arn": QUEUE.replace("ap-northeast-2", "us-east-1")}}),
        _targets({**TARGET, "InputTransformer": {"InputPathsMap": {"a": "detail"}, "InputTemplate": '"<a>"'}}),
        _targets({**TARGET, "InputTransformer": {"InputPathsMap": {"AWS.x": "$.detail"}, "InputTemplate": '"x"'}}),
        _targets(*({"Id": f"t{number}", "Arn": TOPIC} for number in range(6))),
    ],
)
def targets(params: dict[str, Any], context: Context) -> str | None:
    found = params["Targets"]
    ids = [target["Id"] for target in found]
    if len(set(ids)) < len(ids):
        return "Duplicate target ids are not allowed."
    rules = context.backend("events").event_buses["default"].rules
    standing = {target["Id"] for target in rules[params["Rule"]].targets} if params["Rule"] in rules else set()
    if len(standing | set(ids)) > 5:
        return "The requested resource exceeds the maximum number allowed: 5 targets a rule."
    for target in found:
        if sentence := _target(target, context):
            return sentence
    return None


def _target(target: dict[str, Any], context: Context) -> str | None:
    if not re.fullmatch(r"[.\-_A-Za-z0-9]{1,64}", target["Id"]):
        return f"Value '{target['Id']}' at 'targets.id' failed to satisfy constraint: [\\.\\-_A-Za-z0-9]+"
    if not re.fullmatch(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", target["Arn"]):
        return f"Parameter {target['Arn']} is not valid. Reason: Provided Arn is not in correct format."
    if sum(bool(target.get(name)) for name in ("Input", "InputPath", "InputTransformer")) > 1:
        return f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
    if target.get("Input"):
        try:
            json.loads(target["Input"])
        except ValueError:
            return f"JSON syntax error in input for target {target['Id']}."
    for name, path in (target.get("InputTransformer") or {}).get("InputPathsMap", {}).items():
        if name.upper().startswith("AWS") or not path.startswith("$."):
            return f"InputTransformer of target {target['Id']} has an invalid path {name}: {path}"
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
    if dead_letters and (not dead_letters.startswith(f"arn:aws:sqs:{context.region}:") or dead_letters.endswith(".fifo")):
        return f"The dead-letter queue of target {target['Id']} must be a standard queue of the rule's region."
    return None


@rule(
    "events",
    "PutTargets",
    code="ValidationException",
    source="Amazon EventBridge User Guide, Using resource-based policies for Amazon EventBridge",
    good=[_targets(TARGET)],
    bad=[_targets({"Id": "stream", "Arn": "arn:aws:kinesis:ap-northeast-2:123456789012:stream/s"})],
)
def role_of_target(params: dict[str, Any], context: Context) -> str | None:
    for target in params["Targets"]:
        service = target["Arn"].split(":")[2] if target["Arn"].count(":") > 4 else ""
        if service in ("kinesis", "firehose", "states", "ecs", "codebuild", "codepipeline", "batch") and not target.get("RoleArn"):
            return f"RoleArn is required for target {target['Arn']}."
    return None


@rule(
    "events",
    "PutRule",
    "TagResource",
    code="ValidationException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**RULE, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{**RULE, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)
def rule_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))
