"""Would AWS have refused one of these recorded calls? ``python -m emulator.judge calls.jsonl`` prints what it finds.

A record is a line of JSON a call: ``{"service": "ec2", "operation": "CreateVpc", "parameters": {…}, "region": "ap-northeast-2"}``.
Judged by botocore's models, by the judgements that need no state (policies, schedules), and by cfn-lint's schemas of what calls create.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from itertools import batched
from pathlib import Path
from typing import Any

import botocore.session
from botocore.model import OperationModel

from emulator import templates
from emulator.strict import constraints, policies, schedules

# E3003: required properties, which a Put on a part of a thing lacks. E3019: the same name twice, as when a thing is made in two calls.
_OTHER_RULES = ("E3003", "E3019")
_PER_TEMPLATE = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a call. *line*: of the record, from 1; *judge*: model, policy, schedule or cfn-lint's rule."""

    line: int
    service: str
    operation: str
    judge: str
    text: str


@dataclass(frozen=True, slots=True)
class _Call:
    line: int
    service: str
    operation: str
    parameters: dict[str, Any]
    region: str


def judge_calls(path: Path | str) -> list[Finding]:
    """All that is wrong with the calls recorded in the file *path*."""
    calls = list(_read(Path(path)))
    found = [finding for call in calls for finding in _by_form(call)]
    return sorted([*found, *_by_schemas(calls)], key=lambda finding: finding.line)


def _read(path: Path) -> Iterator[_Call]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip():
            record = json.loads(line)
            yield _Call(number, record["service"], record["operation"], record.get("parameters") or {}, record.get("region") or "us-east-1")


def _by_form(call: _Call) -> Iterator[Finding]:
    model = _model(call.service, call.operation)
    for found in constraints.findings(model.input_shape, call.parameters, unknown=True):
        yield Finding(call.line, call.service, call.operation, "model", found.text)
    for _, text in policies.findings(call.service, call.operation, call.parameters):
        yield Finding(call.line, call.service, call.operation, "policy", text)
    for text in schedules.findings(call.service, call.operation, call.parameters):
        yield Finding(call.line, call.service, call.operation, "schedule", text)


def _by_schemas(calls: Iterable[_Call]) -> Iterator[Finding]:
    by_region: dict[str, dict[str, tuple[_Call, str, dict[str, Any]]]] = {}
    for call in calls:
        for kind, properties in templates.resources(call.service, call.operation, call.parameters):
            known = {name: value for name, value in properties.items() if name in _properties(kind, call.region)}
            text = json.dumps([kind, known], sort_keys=True, default=str)
            by_region.setdefault(call.region, {}).setdefault(text, (call, kind, json.loads(text)[1]))
    for region, unlike in by_region.items():
        for some in batched(unlike.values(), _PER_TEMPLATE, strict=False):
            yield from _lint(list(some), region)


def _lint(some: list[tuple[_Call, str, dict[str, Any]]], region: str) -> Iterator[Finding]:
    from cfnlint.api import lint

    resources = {f"R{index}": {"Type": kind, "Properties": properties} for index, (_, kind, properties) in enumerate(some)}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    for match in lint(json.dumps(template), rules=_rules(region), config={"regions": [region]}):
        if not match.rule.id.startswith("E") or match.rule.id in _OTHER_RULES or len(match.path or []) < 2:
            continue
        call, _, _ = some[int(str(match.path[1])[1:])]
        if match.rule.id == "E3030" and _known_to_botocore(call, match.message):
            continue
        yield Finding(call.line, call.service, call.operation, match.rule.id, match.message)


def _known_to_botocore(call: _Call, message: str) -> bool:
    """Lists of values drift: what either of botocore and cfn-lint lists is taken."""
    shape = _model(call.service, call.operation).input_shape
    return any(message.startswith(f"{value!r} ") for value in _enumerated(shape, call.parameters))


def _enumerated(shape: Any, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            member = shape.members.get(key) if shape.type_name == "structure" else getattr(shape, "value", None)
            if member is not None:
                yield from _enumerated(member, item)
    elif isinstance(value, list):
        for item in value:
            yield from _enumerated(shape.member, item)
    elif isinstance(value, str) and value in (getattr(shape, "enum", None) or ()):
        yield value


@cache
def _model(service: str, operation: str) -> OperationModel:
    return _session().get_service_model(service).operation_model(operation)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _properties(kind: str, region: str) -> frozenset[str]:
    """The properties of a resource type in cfn-lint's schema."""
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    return frozenset(PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema.get("properties", {}))


@cache
def _rules(region: str) -> Any:
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[region])).rules


def main() -> int:
    findings = [finding for path in sys.argv[1:] for finding in judge_calls(path)]
    for finding in findings:
        print(json.dumps(asdict(finding)))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
