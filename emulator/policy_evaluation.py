"""Does a policy allow this? Statements on one request, as IAM evaluates them.

IAM User Guide: "Policy evaluation logic", "IAM JSON policy elements: Condition operators", "Conditions with multiple context keys or
values", "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY = "allowed", "explicitDeny", "implicitDeny"

_VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")
#: ``${*}``, ``${?}`` and ``${$}`` stand for the characters themselves.
_LITERAL = {"*": "[*]", "?": "[?]", "$": "$"}


@dataclass(frozen=True)
class Request:
    """*context*: values by condition key; keys in lower case."""

    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A policy and where it comes from. *kind*: a value of PolicySourceType, or C(boundary)."""

    name: str
    kind: str
    document: str | Mapping[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        document = json.loads(self.document) if isinstance(self.document, str) else self.document
        return listed(document.get("Statement", []))


@dataclass(frozen=True)
class Decision:
    """*matched*: the policies of the statements that decided, one for each statement. *by_boundary*: None without a boundary."""

    result: str
    matched: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()
    by_boundary: bool | None = None


def decide(request: Request, policies: Iterable[Source], boundary: Source | None = None, resource: Source | None = None) -> Decision:
    """The decision within one account. *resource*: a resource policy, whose principals are taken to hold.

    A deny of any policy counts; else the identity's policies must allow, as must its boundary; what the resource's policy allows to the
    identity itself needs neither.
    """
    policies = list(policies)
    own = [*policies, *([boundary] if boundary else []), *([resource] if resource else [])]
    missing = sorted({key for source in own for statement in source.statements for key in keys_of(statement)} - set(request.context))
    effects = [(source, statement["Effect"]) for source in own for statement in source.statements if applies(statement, request)]
    bounded = any(source is boundary and effect == "Allow" for source, effect in effects) if boundary else None
    denies = tuple(source for source, effect in effects if effect == "Deny")
    if denies:
        if any(source is boundary for source in denies):
            bounded = False
        return Decision(EXPLICIT_DENY, tuple(source for source in denies if source is not boundary), tuple(missing), bounded)
    allows = tuple(source for source, effect in effects if effect == "Allow" and source is not boundary)
    if any(source is resource for source in allows) or (allows and bounded is not False):
        return Decision(ALLOWED, allows, tuple(missing), bounded)
    return Decision(IMPLICIT_DENY, (), tuple(missing), bounded)


def applies(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether *statement* is about *request*."""
    return (
        names_action(statement, request.action)
        and names_resource(statement, request.resource, request.context)
        and conditions_hold(statement.get("Condition") or {}, request.context)
    )


def names_action(statement: Mapping[str, Any], action: str) -> bool:
    """By Action or NotAction; in any case of letters."""
    patterns = listed(statement.get("Action", statement.get("NotAction", [])))
    named = any(matches(action.lower(), pattern.lower()) for pattern in patterns)
    return named if "Action" in statement else not named


def names_resource(statement: Mapping[str, Any], resource: str, context: Mapping[str, tuple[str, ...]] | None = None) -> bool:
    """By Resource or NotResource; a statement without either is of a resource's policy, and about that resource."""
    if "Resource" not in statement and "NotResource" not in statement:
        return True
    patterns = [filled(pattern, context or {}) for pattern in listed(statement.get("Resource", statement.get("NotResource")))]
    named = any(pattern is not None and matches(resource, pattern) for pattern in patterns)
    return named if "Resource" in statement else not named


def conditions_hold(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether each condition holds. *context*: values by key in lower case. An operator that is unknown here never holds."""
    return all(
        _holds(operator, context.get(key.lower(), ()), [filled(_text(value), context) for value in listed(values)])
        for operator, block in conditions.items()
        for key, values in block.items()
    )


def keys_of(statement: Mapping[str, Any]) -> set[str]:
    """Condition keys that the statement asks for, variables included; in lower case."""
    keys = {key.lower() for block in (statement.get("Condition") or {}).values() for key in block}
    text = json.dumps([statement.get("Resource"), statement.get("NotResource"), statement.get("Condition")])
    return keys | {name.lower() for name, _default in _VARIABLE.findall(text) if name not in _LITERAL}


def filled(pattern: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    """*pattern* with its variables; None, which matches nothing, where the request lacks one that has no default."""
    lacking = False

    def value(found: re.Match[str]) -> str:
        nonlocal lacking
        name, default = found[1].strip(), found[2]
        if name in _LITERAL:
            return _LITERAL[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        lacking = lacking or default is None
        return default or ""

    text = _VARIABLE.sub(value, pattern)
    return None if lacking else text


def matches(text: str, pattern: str) -> bool:
    """Wildcards are ``*`` and ``?`` only."""
    return fnmatch.fnmatchcase(text, re.sub(r"\[(?![*?]\])", "[[]", pattern))


def listed(value: Any) -> list[Any]:
    """What a policy may write as one or as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


# -- condition operators ----------------------------------------------------------------------------------------------
Test = Callable[[str, str], bool]


def _moment(text: str) -> datetime:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(given: str, wanted: str) -> bool:
    address, network = ipaddress.ip_address(given), ipaddress.ip_network(wanted, strict=False)
    return address.version == network.version and address in network


def _like_arn(given: str, wanted: str) -> bool:
    """Part by part, of which there are six: a wildcard in one does not reach into the next."""
    ours, theirs = given.split(":", 5), wanted.split(":", 5)
    if wanted == "*":
        return True
    return len(ours) == len(theirs) == 6 and all(map(matches, ours, theirs))


#: By operator: the test of one value, and whether the operator is its negation.
OPERATORS: dict[str, tuple[Test, bool]] = {
    "StringEquals": (lambda given, wanted: given == wanted, False),
    "StringNotEquals": (lambda given, wanted: given == wanted, True),
    "StringEqualsIgnoreCase": (lambda given, wanted: given.lower() == wanted.lower(), False),
    "StringNotEqualsIgnoreCase": (lambda given, wanted: given.lower() == wanted.lower(), True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "NumericEquals": (lambda given, wanted: float(given) == float(wanted), False),
    "NumericNotEquals": (lambda given, wanted: float(given) == float(wanted), True),
    "NumericLessThan": (lambda given, wanted: float(given) < float(wanted), False),
    "NumericLessThanEquals": (lambda given, wanted: float(given) <= float(wanted), False),
    "NumericGreaterThan": (lambda given, wanted: float(given) > float(wanted), False),
    "NumericGreaterThanEquals": (lambda given, wanted: float(given) >= float(wanted), False),
    "DateEquals": (lambda given, wanted: _moment(given) == _moment(wanted), False),
    "DateNotEquals": (lambda given, wanted: _moment(given) == _moment(wanted), True),
    "DateLessThan": (lambda given, wanted: _moment(given) < _moment(wanted), False),
    "DateLessThanEquals": (lambda given, wanted: _moment(given) <= _moment(wanted), False),
    "DateGreaterThan": (lambda given, wanted: _moment(given) > _moment(wanted), False),
    "DateGreaterThanEquals": (lambda given, wanted: _moment(given) >= _moment(wanted), False),
    "Bool": (lambda given, wanted: given.lower() == wanted.lower(), False),
    "BinaryEquals": (lambda given, wanted: given == wanted, False),
    "IpAddress": (_in_network, False),
    "NotIpAddress": (_in_network, True),
    "ArnEquals": (_like_arn, False),
    "ArnLike": (_like_arn, False),
    "ArnNotEquals": (_like_arn, True),
    "ArnNotLike": (_like_arn, True),
}


def _holds(operator: str, given: tuple[str, ...], wanted: list[str | None]) -> bool:
    """*given*: the values of the key, none where the request lacks it. *wanted*: those of the policy, None for what matches nothing."""
    each, _, name = operator.rpartition(":")
    if name == "Null":
        return _text(wanted[0]).lower() == str(not given).lower()
    optional = name.endswith("IfExists")
    if optional and not given:
        return True
    test, negated = OPERATORS.get(name.removesuffix("IfExists"), (None, False))
    if test is None:
        return False

    def one(value: str) -> bool:
        return any(text is not None and _safely(test, value, text) for text in wanted) != negated

    if each == "ForAllValues":
        return all(map(one, given))
    if each == "ForAnyValue":
        return any(map(one, given))
    return one(given[0]) if given else negated


def _safely(test: Test, given: str, wanted: str) -> bool:
    """What is no number, date or address equals none."""
    try:
        return test(given, wanted)
    except ValueError:
        return False
