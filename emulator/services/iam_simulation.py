"""IAM's policy simulator: SimulatePrincipalPolicy and SimulateCustomPolicy, which moto lacks.

IAM API Reference. Left out: positions of statements, organizations' policies, and requests across accounts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.exceptions import InvalidInput, NoSuchEntity
from moto.iam.models import Group, IAMBackend, Role, User
from moto.iam.responses import IamResponse

from emulator.policy_evaluation import ALLOWED, EXPLICIT_DENY, IMPLICIT_DENY, Decision, Request, Source, decide
from emulator.strict.access import document_of

ITEMS = 100
PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(user|group|role)/(?:[\x21-\x7e]*/)?([\w+=,.@-]+)")

#: Templates of ARNs (Service Authorization Reference, resource types): what a result without a resource's own ARN names.
TEMPLATES = {
    "kms": "arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}",
    "s3": "arn:${Partition}:s3:::${BucketName}/${KeyName}",
    "secretsmanager": "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}",
}
#: The stricter, the higher.
STRICTNESS = {ALLOWED: 0, IMPLICIT_DENY: 1, EXPLICIT_DENY: 2}


def apply() -> None:
    policies_are_simulated()


def policies_are_simulated() -> None:
    """SimulatePrincipalPolicy and SimulateCustomPolicy: decisions by action and resource, the boundary considered, page by page."""

    def simulate_principal_policy(self: IamResponse) -> ActionResult:
        policies, boundary = policies_of(self.backend, self._get_param("PolicySourceArn"))
        policies += given(self._get_param("PolicyInputList"), "PolicyInputList")
        return simulated(self, self._get_param("PolicySourceArn"), policies, boundary)

    def simulate_custom_policy(self: IamResponse) -> ActionResult:
        return simulated(self, None, given(self._get_param("PolicyInputList"), "PolicyInputList"), None)

    IamResponse.simulate_principal_policy = simulate_principal_policy
    IamResponse.simulate_custom_policy = simulate_custom_policy


def policies_of(backend: IAMBackend, arn: str) -> tuple[list[Source], Source | None]:
    """(its policies, with those of a user's groups, and its boundary). Raises NoSuchEntity."""
    entity = entity_of(backend, arn)
    if isinstance(entity, Role):
        kind, boundary = "role", entity.permissions_boundary_arn
    else:
        kind, boundary = ("user" if isinstance(entity, User) else "group"), getattr(entity, "permissions_boundary_arn", None)
    found = own_policies(entity, kind)
    if isinstance(entity, User):
        found += [source for group in backend.get_groups_for_user(entity.name) for source in own_policies(group, "group")]
    return found, Source(boundary, "boundary", document_of(backend.get_policy(boundary))) if boundary else None


def entity_of(backend: IAMBackend, arn: str) -> Role | User | Group:
    parts = PRINCIPAL.fullmatch(arn)
    if parts is None:
        raise InvalidInput(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    held = {"role": backend.roles, "user": backend.users, "group": backend.groups}[parts[1]]
    found = next((entity for entity in held.values() if entity.arn == arn), None)
    if found is None:
        raise NoSuchEntity(f"Requested entity: {arn} does not exist.")
    return found


def own_policies(entity: Role | User | Group, kind: str) -> list[Source]:
    """Inline and attached ones."""
    found = [Source(name, kind, text) for name, text in entity.policies.items()]
    for arn, policy in entity.managed_policies.items():
        found.append(Source(policy.name, "aws-managed" if ":iam::aws:" in arn else "user-managed", document_of(policy)))
    return found


def given(documents: list[str] | None, parameter: str) -> list[Source]:
    """Policies of a parameter. Raises InvalidInput for what is none."""
    found = []
    for number, text in enumerate(documents or [], 1):
        try:
            if "Statement" not in json.loads(text):
                raise ValueError
        except (ValueError, TypeError) as error:
            raise InvalidInput(f"Invalid Policy: {parameter}.{number} is no policy document.") from error
        found.append(Source(f"{parameter}.{number}", "none", text))
    return found


def simulated(response: IamResponse, arn: str | None, policies: list[Source], boundary: Source | None) -> ActionResult:
    for parameter in ("ResourceHandlingOption", "PolicyExclusionList", "OrderedOrganizationPolicyInputList"):
        if response._get_param(parameter):
            raise NotImplementedError(f"policy simulation with {parameter}")
    caller = response._get_param("CallerArn") or arn
    if response._get_param("CallerArn") and not PRINCIPAL.fullmatch(caller):
        raise InvalidInput(f"Invalid Caller Arn: {caller} is not the ARN of an IAM user, group or role.")
    bounds = given(response._get_param("PermissionsBoundaryPolicyInputList"), "PermissionsBoundaryPolicyInputList")
    if len(bounds) > 1:
        raise InvalidInput("Only one permissions boundary can be simulated.")
    boundary = bounds[0] if bounds else boundary
    resource = resource_policy(response._get_param("ResourcePolicy"), caller)
    context = context_of(response._get_param("ContextEntries") or [])
    actions, resources = response._get_param("ActionNames") or [], response._get_param("ResourceArns") or ["*"]
    for action in actions:
        if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action):
            raise InvalidInput(f"Invalid Action Name: {action} must be a service's prefix and an action, without wildcards.")
    for name in resources:
        if name != "*" and not re.fullmatch(r"arn:[a-z*-]+:[a-z0-9*-]+:[^:]*:[^:]*:.+", name):
            raise InvalidInput(f"Invalid Resource ARN: {name} is neither an ARN nor *.")
    results = []
    for action in actions:
        decisions = {name: decide(Request(action, name, context), policies, boundary, resource) for name in resources}
        results.append(result_of(action, decisions))
    start, size = int(response._get_param("Marker") or 0), int(response._get_param("MaxItems") or ITEMS)
    more = start + size < len(results)
    return ActionResult(
        {"EvaluationResults": results[start : start + size], "IsTruncated": more, **({"Marker": str(start + size)} if more else {})}
    )


def resource_policy(text: str | None, caller: str | None) -> Source | None:
    """Those statements whose principal is *caller*. For roles there is no such simulation (SimulatePrincipalPolicy, ResourcePolicy)."""
    if not text:
        return None
    (source,) = given([text], "ResourcePolicy")
    if caller is None or ":user/" not in caller:
        raise InvalidInput("Simulation of resource-based policies isn't supported for IAM roles and groups.")
    root = ":".join(caller.split(":")[:5]) + ":root"

    def about(statement: dict[str, Any]) -> bool:
        principal = statement.get("Principal")
        named = principal if isinstance(principal, str) else (principal or {}).get("AWS", [])
        return bool({"*", caller, root} & set([named] if isinstance(named, str) else named))

    return Source("ResourcePolicy", "resource", {"Statement": [statement for statement in source.statements if about(statement)]})


def context_of(entries: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    return {entry["ContextKeyName"].lower(): tuple(map(str, entry.get("ContextKeyValues") or [])) for entry in entries}


def result_of(action: str, decisions: dict[str, Decision]) -> dict[str, Any]:
    """The result of an action: its strictest decision, and those for each resource."""
    strictest = max(decisions.values(), key=lambda decision: STRICTNESS[decision.result])
    whole = {
        "EvalActionName": action,
        "EvalResourceName": TEMPLATES.get(action.partition(":")[0], "*"),
        "EvalDecision": strictest.result,
        **told([decision for decision in decisions.values() if decision.result == strictest.result]),
    }
    if list(decisions) == ["*"]:
        return whole
    each = [
        {"EvalResourceName": name, "EvalResourceDecision": decision.result, "EvalDecisionDetails": {}, **told([decision])}
        for name, decision in decisions.items()
    ]
    return {**whole, "EvalDecisionDetails": {}, "ResourceSpecificResults": each}


def told(decisions: list[Decision]) -> dict[str, Any]:
    matched = dict.fromkeys((source.name, source.kind) for decision in decisions for source in decision.matched)
    bounded = [decision.by_boundary for decision in decisions if decision.by_boundary is not None]
    return {
        "MatchedStatements": [{"SourcePolicyId": name, "SourcePolicyType": kind} for name, kind in matched],
        "MissingContextValues": sorted({key for decision in decisions for key in decision.missing}),
        **({"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": all(bounded)}} if bounded else {}),
    }
