"""May a service of AWS do this, by a resource's policy or by a role? For rules, and for what the emulator does in a service's name."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from emulator.strict import Context


def many(value: Any) -> list[Any]:
    """What a policy may write as one or as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def service_allowed(policy: str | dict[str, Any] | None, service: str, action: str, resource: str, keys: dict[str, str]) -> bool:
    """Whether *policy* lets the principal *service* do *action* on *resource*.

    *keys*: the condition keys of the request, for example C({"aws:SourceArn": …}); a condition on another key fails, as on AWS.
    """
    document = json.loads(policy) if isinstance(policy, str) else policy
    statements = many((document or {}).get("Statement"))
    effects = [statement["Effect"] for statement in statements if _matches(statement, service, action, resource, keys)]
    return "Allow" in effects and "Deny" not in effects


def _matches(statement: dict[str, Any], service: str, action: str, resource: str, keys: dict[str, str]) -> bool:
    principal = statement.get("Principal")
    named = [*many(principal.get("Service")), *many(principal.get("AWS"))] if isinstance(principal, dict) else [principal]
    if service not in named and "*" not in named:
        return False
    if not any(fnmatchcase(action.lower(), pattern.lower()) for pattern in many(statement.get("Action"))):
        return False
    if "Resource" in statement and not any(fnmatchcase(resource, pattern) for pattern in many(statement["Resource"])):
        return False
    return all(
        _holds(operator, key, many(values), keys)
        for operator, block in (statement.get("Condition") or {}).items()
        for key, values in block.items()
    )


def _holds(operator: str, key: str, values: list[Any], keys: dict[str, str]) -> bool:
    given = {name.lower(): value for name, value in keys.items()}.get(key.lower())
    if operator.endswith("IfExists"):
        if given is None:
            return True
        operator = operator.removesuffix("IfExists")
    if given is None:
        return operator in ("StringNotEquals", "StringNotLike", "ArnNotEquals", "ArnNotLike")
    texts = [str(value).lower() if operator == "Bool" else str(value) for value in values]
    if operator in ("StringEquals", "Bool"):
        return given in texts
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(fnmatchcase(given, text) for text in texts)
    if operator == "StringNotEquals":
        return given not in texts
    if operator in ("StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not any(fnmatchcase(given, text) for text in texts)
    return False


def role_of(context: Context, arn: str) -> Any:
    """moto's role with *arn*, or None."""
    return next((role for role in context.backend("iam").roles.values() if role.arn == arn), None)


def role_trusts(context: Context, arn: str, service: str) -> bool:
    """Whether there is a role with *arn* that *service* may take, whatever the conditions."""
    role = role_of(context, arn)
    if role is None:
        return False
    statements = many(json.loads(role.assume_role_policy_document).get("Statement"))
    trusting = [statement.get("Principal") or {} for statement in statements if statement.get("Effect") == "Allow"]
    return any(service in many(principal.get("Service")) for principal in trusting if isinstance(principal, dict))


def role_may(context: Context, arn: str, action: str, resource: str) -> bool:
    """Whether a policy of the role with *arn*, inline or attached, allows *action* on *resource*, whatever the conditions."""
    role = role_of(context, arn)
    if role is None:
        return False
    texts = [*role.policies.values(), *(policy.document for policy in role.managed_policies.values())]
    statements = [statement for text in texts for statement in many((json.loads(text) if isinstance(text, str) else text).get("Statement"))]

    def covers(statement: dict[str, Any]) -> bool:
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in many(statement.get("Action"))) and any(
            fnmatchcase(resource, pattern) for pattern in many(statement.get("Resource"))
        )

    matching = [statement["Effect"] for statement in statements if covers(statement)]
    return "Allow" in matching and "Deny" not in matching
