"""What AWS Identity and Access Management refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, rule, tags

QUOTAS = "IAM User Guide, IAM and AWS STS quotas"
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<kind>role|user)/(?:.*/)?(?P<name>[\w+=,.@-]+)")

AWS_POLICY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ABSENT_POLICY = "arn:aws:iam::123456789012:policy/absent"
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip


def _trusting(principal: str) -> str:
    return TRUST.replace('{"Service": "ec2.amazonaws.com"}', json.dumps({"AWS": principal}))


@rule(
    "iam",
    "CreateRole",
    "CreateUser",
    "PutRolePermissionsBoundary",
    "PutUserPermissionsBoundary",
    code="NoSuchEntity",
    source="IAM User Guide, Permissions boundaries for IAM entities",
    good=[{"RoleName": "r", "AssumeRolePolicyDocument": TRUST}],
    bad=[{"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": ABSENT_POLICY}],
)
def boundary_exists(params: dict[str, Any], context: Context) -> str | None:
    arn = params.get("PermissionsBoundary")
    if arn and f"::{context.account_id}:" in arn and arn not in context.backend("iam").managed_policies:
        return f"Scope ARN: {arn} does not exist or is not attachable."
    return None


@rule(
    "iam",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    code="MalformedPolicyDocument",
    source="IAM User Guide, AWS JSON policy elements: Principal",
    good=[
        {"RoleName": "r", "AssumeRolePolicyDocument": TRUST},
        {"RoleName": "r", "AssumeRolePolicyDocument": _trusting("arn:aws:iam::123456789012:root")},
        {"RoleName": "r", "PolicyDocument": _trusting("*")},
    ],
    bad=[
        {"RoleName": "r", "AssumeRolePolicyDocument": _trusting("arn:aws:iam::123456789012:role/nobody")},
        {"RoleName": "r", "PolicyDocument": _trusting("arn:aws:iam::123456789012:user/nobody")},
    ],
)
def trusted_principal_exists(params: dict[str, Any], context: Context) -> str | None:
    missing = absent_principal(params.get("AssumeRolePolicyDocument") or params.get("PolicyDocument") or "{}", context)
    return f'Invalid principal in policy: "AWS":"{missing}"' if missing else None


def absent_principal(text: str, context: Context) -> str | None:
    """The first role or user of this account that a policy names as principal and that does not exist."""
    try:
        statements = json.loads(text).get("Statement", [])
    except (ValueError, AttributeError):
        return None  # another rule's matter
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            found = _PRINCIPAL.fullmatch(arn)
            if found and found["account"] == context.account_id and not _stands(found["kind"], found["name"], context):
                return arn
    return None


def _stands(kind: str, name: str, context: Context) -> bool:
    backend = context.backend("iam")
    return name in ([role.name for role in backend.roles.values()] if kind == "role" else backend.users)


def _attached(params: dict[str, Any], context: Context) -> tuple[str, int]:
    backend = context.backend("iam")
    if "RoleName" in params:
        owners = [role for role in backend.roles.values() if role.name == params["RoleName"]]
    else:
        named, owned = ("GroupName", backend.groups) if "GroupName" in params else ("UserName", backend.users)
        owners = [owned[params[named]]] if params[named] in owned else []
    others = [arn for owner in owners for arn in owner.managed_policies if arn != params["PolicyArn"]]
    return next(kind for kind in ("Role", "Group", "User") if f"{kind}Name" in params), len(others)


@rule(
    "iam",
    "AttachRolePolicy",
    "AttachGroupPolicy",
    "AttachUserPolicy",
    code="LimitExceeded",
    source=QUOTAS,
    good=[{"RoleName": "r", "PolicyArn": AWS_POLICY}],
    bad=[],
)
def attached_policies(params: dict[str, Any], context: Context) -> str | None:
    kind, others = _attached(params, context)
    return f"Cannot exceed quota for PoliciesPer{kind}: 10" if others >= 10 else None


@rule(
    "iam",
    "AddUserToGroup",
    code="LimitExceeded",
    source=QUOTAS,
    good=[{"GroupName": "g", "UserName": "u"}],
    bad=[],
)
def groups_of_a_user(params: dict[str, Any], context: Context) -> str | None:
    names = [g.name for g in context.backend("iam").groups.values() if params["UserName"] in [user.name for user in g.users]]
    return "Cannot exceed quota for GroupsPerUser: 10" if len(set(names) - {params["GroupName"]}) >= 10 else None


def _text(characters: int) -> str:
    """A policy with so many characters besides white space."""
    empty = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    return empty.replace('"Sid": ""', f'"Sid": "{"a" * (characters - _size(empty))}"')


def _size(text: str) -> int:
    """IAM does not count white space."""
    return len(re.sub(r"\s", "", text))


@rule(
    "iam",
    "CreatePolicy",
    "CreatePolicyVersion",
    code="LimitExceeded",
    source=f"{QUOTAS}: IAM character limits",
    good=[{"PolicyName": "p", "PolicyDocument": _text(6144)}],
    bad=[{"PolicyName": "p", "PolicyDocument": _text(6145)}],
)
def managed_policy_size(params: dict[str, Any], context: Context) -> str | None:
    return "Cannot exceed quota for PolicySize: 6144" if _size(params["PolicyDocument"]) > 6144 else None


@rule(
    "iam",
    "PutRolePolicy",
    "PutGroupPolicy",
    "PutUserPolicy",
    code="LimitExceeded",
    source=f"{QUOTAS}: IAM character limits, over all inline policies of an entity",
    good=[{"RoleName": "r", "PolicyName": "p", "PolicyDocument": _text(10240)}],
    bad=[
        {"RoleName": "r", "PolicyName": "p", "PolicyDocument": _text(10241)},
        {"GroupName": "g", "PolicyName": "p", "PolicyDocument": _text(5121)},
        {"UserName": "u", "PolicyName": "p", "PolicyDocument": _text(2049)},
    ],
)
def inline_policies_size(params: dict[str, Any], context: Context) -> str | None:
    backend = context.backend("iam")
    kind, most = next((kind, most) for kind, most in (("Role", 10240), ("Group", 5120), ("User", 2048)) if f"{kind}Name" in params)
    every = {"Role": backend.roles, "Group": backend.groups, "User": backend.users}[kind].values()
    standing = next((one.policies for one in every if one.name == params[f"{kind}Name"]), {})
    texts = {name: text if isinstance(text, str) else json.dumps(text) for name, text in standing.items()}
    total = sum(map(_size, {**texts, params["PolicyName"]: params["PolicyDocument"]}.values()))
    return f"Maximum policy size of {most} bytes exceeded for {kind.lower()} {params[f'{kind}Name']}" if total > most else None


@rule(
    "iam",
    "CreateRole",
    "UpdateAssumeRolePolicy",
    code="LimitExceeded",
    source=f"{QUOTAS}: Role trust policy length",
    good=[{"RoleName": "r", "AssumeRolePolicyDocument": TRUST}],
    bad=[
        {"RoleName": "r", "AssumeRolePolicyDocument": TRUST.replace('"Effect"', f'"Sid": "{"a" * 2048}", "Effect"')},
    ],
)
def trust_policy_size(params: dict[str, Any], context: Context) -> str | None:
    text = params.get("AssumeRolePolicyDocument") or params.get("PolicyDocument") or ""
    return "Cannot exceed quota for ACLSizePerRole: 2048" if _size(text) > 2048 else None


@rule(
    "iam",
    "CreateRole",
    "CreatePolicy",
    "CreateUser",
    "CreateInstanceProfile",
    "TagRole",
    "TagPolicy",
    "TagUser",
    code="InvalidInput",
    source="IAM User Guide, Tags for AWS Identity and Access Management resources",
    good=[{"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{"RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": [{"Key": "aws:x", "Value": "y"}]}],
)
def identity_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))
