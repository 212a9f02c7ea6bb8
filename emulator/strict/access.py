"""May a service of AWS do this, by a resource's policy or by a role? For rules, and for what the emulator does in a service's name."""

from __future__ import annotations

import json
from typing import Any

from emulator.policy_evaluation import Request, applies, names_action, names_resource
from emulator.policy_evaluation import listed as many
from emulator.strict import Context


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
    context = {name.lower(): (value,) for name, value in keys.items()}
    return (service in named or "*" in named) and applies(statement, Request(action, resource, context))


def role_of(context: Context, arn: str) -> Any:
    """moto's role with *arn*, or None."""
    return next((role for role in context.backend("iam").roles.values() if role.arn == arn), None)


def document_of(policy: Any) -> str:
    """The document of moto's managed *policy*: that of its default version."""
    return str(next(version.document for version in policy.versions if version.version_id == policy.default_version_id))


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
    texts = [*role.policies.values(), *(document_of(policy) for policy in role.managed_policies.values())]
    statements = [statement for text in texts for statement in many((json.loads(text) if isinstance(text, str) else text).get("Statement"))]

    covering = [found["Effect"] for found in statements if names_action(found, action) and names_resource(found, resource)]
    return "Allow" in covering and "Deny" not in covering
