"""What AWS Security Token Service refuses."""

from __future__ import annotations

import re
from typing import Any

from emulator.strict import Context, rule

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/(?P<path>.*/)?(?P<name>[\w+=,.@-]{1,64})")


@rule(
    "sts",
    "AssumeRole",
    "AssumeRoleWithWebIdentity",
    "AssumeRoleWithSAML",
    code="ValidationError",
    source="AWS Security Token Service API Reference, AssumeRole",
    good=[],
    bad=[
        {"RoleArn": "arn:aws:iam::123456789012:user/deployer", "RoleSessionName": "run"},
        {"RoleArn": "arn:aws:iam::1234:role/deployer", "RoleSessionName": "run"},
    ],
)
def role_arn(params: dict[str, Any], context: Context) -> str | None:
    if not _ROLE.fullmatch(params["RoleArn"]):
        return f"{params['RoleArn']} is invalid"
    return None


@rule(
    "sts",
    "AssumeRole",
    code="AccessDenied",
    source="AWS Security Token Service API Reference, AssumeRole",
    good=[{"RoleArn": "arn:aws:iam::210987654321:role/other-account", "RoleSessionName": "run"}],
    bad=[{"RoleArn": "arn:aws:iam::123456789012:role/nobody", "RoleSessionName": "run"}],
)
def role_exists(params: dict[str, Any], context: Context) -> str | None:
    found = _ROLE.fullmatch(params["RoleArn"])
    if not found or f"::{context.account_id}:" not in params["RoleArn"]:
        return None
    roles = context.backend("iam").roles.values()
    if any(role.name == found["name"] for role in roles):
        return None
    return f"User is not authorized to perform: sts:AssumeRole on resource: {params['RoleArn']}"
