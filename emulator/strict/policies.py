"""Policy documents (IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM and AWS STS quotas")."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Sort = Literal["identity", "resource", "trust"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call carries a policy. *limit*: characters, without white space where *packed* (IAM counts so)."""

    member: str
    sort: Sort
    limit: int | None = None
    limit_code: str = "LimitExceeded"
    packed: bool = False


PLACES: dict[tuple[str, str], tuple[Place, ...]] = {
    ("backup", "PutBackupVaultAccessPolicy"): (Place("Policy", "resource"),),
    ("ec2", "CreateVpcEndpoint"): (Place("PolicyDocument", "resource", 20480, "InvalidPolicyDocument"),),
    ("ec2", "ModifyVpcEndpoint"): (Place("PolicyDocument", "resource", 20480, "InvalidPolicyDocument"),),
    ("ecr", "SetRepositoryPolicy"): (Place("policyText", "resource"),),
    ("glue", "PutResourcePolicy"): (Place("PolicyInJson", "resource"),),
    ("iam", "CreatePolicy"): (Place("PolicyDocument", "identity", 6144, packed=True),),
    ("iam", "CreatePolicyVersion"): (Place("PolicyDocument", "identity", 6144, packed=True),),
    ("iam", "CreateRole"): (Place("AssumeRolePolicyDocument", "trust", 2048, packed=True),),
    ("iam", "PutGroupPolicy"): (Place("PolicyDocument", "identity", 5120, packed=True),),
    ("iam", "PutRolePolicy"): (Place("PolicyDocument", "identity", 10240, packed=True),),
    ("iam", "PutUserPolicy"): (Place("PolicyDocument", "identity", 2048, packed=True),),
    ("iam", "UpdateAssumeRolePolicy"): (Place("PolicyDocument", "trust", 2048, packed=True),),
    ("kms", "CreateKey"): (Place("Policy", "resource", 32768, "LimitExceededException"),),
    ("kms", "PutKeyPolicy"): (Place("Policy", "resource", 32768, "LimitExceededException"),),
    ("logs", "PutResourcePolicy"): (Place("policyDocument", "resource"),),
    ("s3", "PutBucketPolicy"): (Place("Policy", "resource", 20480, "PolicyTooLarge"),),
    ("secretsmanager", "PutResourcePolicy"): (Place("ResourcePolicy", "resource", 20480),),
    ("sns", "CreateTopic"): (Place("Attributes.Policy", "resource"),),
    ("sqs", "CreateQueue"): (Place("Attributes.Policy", "resource"),),
    ("sqs", "SetQueueAttributes"): (Place("Attributes.Policy", "resource"),),
    ("sts", "AssumeRole"): (Place("Policy", "identity", 2048),),
}

_VERSIONS = ("2012-10-17", "2008-10-17")
_TOP = {"Version", "Id", "Statement"}
_STATEMENT = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
_PRINCIPALS = {"AWS", "Service", "Federated", "CanonicalUser"}
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
_RESOURCE = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+|arn:[^:]*\*.*")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|internal|aws\.internal)")
_AWS = re.compile(r"\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::(\d{12}|cloudfront):.+|A(ID|RO)A[A-Z0-9]{12,}")
_CONDITIONS = """
    StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
    NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
    DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
    ArnEquals ArnLike ArnNotEquals ArnNotLike IpAddress NotIpAddress Bool BinaryEquals Null
"""
_OPERATORS = frozenset(_CONDITIONS.split())


def findings(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[tuple[str | None, str]]:
    """Code (None: the service's own for malformed policies) and sentence for each policy of the call that AWS would refuse."""
    for place in PLACES.get((service, operation), ()):
        text = _member(parameters, place.member)
        if not isinstance(text, str) or not text:
            continue
        size = len(re.sub(r"\s", "", text)) if place.packed else len(text)
        if place.limit and size > place.limit:
            yield place.limit_code, f"Cannot exceed quota for PolicySize: {place.limit}"
        for sentence in wrong(text, place.sort, strict_sid=service == "iam"):
            yield None, sentence


def wrong(text: str, sort: Sort, *, strict_sid: bool = False) -> Iterator[str]:
    """What is wrong with the policy document *text*; *strict_sid*: Sids are unique and alphanumeric, as IAM has it."""
    try:
        document = json.loads(text)
    except ValueError:
        yield "This policy contains invalid Json"
        return
    if not isinstance(document, dict) or set(document) - _TOP:
        yield "Syntax errors in policy."
        return
    if document.get("Version", _VERSIONS[0]) not in _VERSIONS:
        yield f"The policy must contain a valid version string, not {document['Version']!r}"
    statements = _many(document.get("Statement"))
    if not statements or not all(isinstance(statement, dict) for statement in statements):
        yield "Syntax errors in policy: it needs statements."
        return
    for statement in statements:
        yield from _statement(statement, sort)
    if strict_sid:
        yield from _sids([statement["Sid"] for statement in statements if "Sid" in statement])


def _sids(sids: list[Any]) -> Iterator[str]:
    if not all(isinstance(sid, str) and re.fullmatch(r"[A-Za-z0-9]*", sid) for sid in sids):
        yield "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
    elif len(set(sids)) < len(sids):
        yield "Statement IDs (SID) in a single policy must be unique."


def _statement(statement: dict[str, Any], sort: Sort) -> Iterator[str]:
    if unknown := set(statement) - _STATEMENT:
        yield f"Syntax errors in policy: unknown element {sorted(unknown)[0]}"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield f"Invalid effect: {statement.get('Effect')}"
    yield from _actions(statement, sort)
    yield from _resources(statement, sort)
    yield from _principals(statement, sort)
    yield from _conditions(statement.get("Condition"))


def _actions(statement: dict[str, Any], sort: Sort) -> Iterator[str]:
    if ("Action" in statement) == ("NotAction" in statement):
        yield "Policy statement must contain actions."
        return
    for action in _many(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not _ACTION.fullmatch(action):
            yield f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}"
        elif sort == "trust" and not action.lower().startswith("sts:"):
            yield "AssumeRole policies may only specify STS AssumeRole actions."


def _resources(statement: dict[str, Any], sort: Sort) -> Iterator[str]:
    given = [name for name in ("Resource", "NotResource") if name in statement]
    if sort == "trust":
        if given:
            yield f"Has prohibited field {given[0]}"
        return
    if len(given) != 1:
        # A resource's own policy may leave the resource out only where it is the resource (ECR): the grammar allows that.
        if sort == "identity" or given:
            yield "Policy statement must contain resources."
        return
    for resource in _many(statement[given[0]]):
        if not isinstance(resource, str) or not _RESOURCE.fullmatch(resource):
            yield f'Resource {resource} must be in ARN format or "*".'


def _principals(statement: dict[str, Any], sort: Sort) -> Iterator[str]:
    given = [name for name in ("Principal", "NotPrincipal") if name in statement]
    if sort == "identity":
        if given:
            yield "Policy document should not specify a principal."
        return
    if len(given) != 1:
        yield "Missing required field Principal"
        return
    principal = statement[given[0]]
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal or set(principal) - _PRINCIPALS:
        yield f"Invalid principal in policy: {json.dumps(principal)}"
        return
    for kind, pattern in (("Service", _SERVICE), ("AWS", _AWS)):
        for value in _many(principal.get(kind, [])):
            if not isinstance(value, str) or not (value == "*" or pattern.fullmatch(value)):
                yield f'Invalid principal in policy: "{kind}":"{value}"'


def _conditions(condition: Any) -> Iterator[str]:
    if condition is None:
        return
    if not isinstance(condition, dict):
        yield "Syntax errors in policy: Condition is an object."
        return
    for operator, block in condition.items():
        name = re.sub(r"^(ForAllValues|ForAnyValue):", "", operator).removesuffix("IfExists")
        if name not in _OPERATORS:
            yield f"Invalid Condition type : {operator}"
        if not isinstance(block, dict) or not block:
            yield f"Syntax errors in policy: {operator} needs keys and values."


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _member(parameters: Any, path: str) -> Any:
    for name in path.split("."):
        parameters = parameters.get(name) if isinstance(parameters, dict) else None
    return parameters
