# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of identity must obey beyond their types."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.identity_plan import DOCUMENTS, identity_plan

#: What AWS takes in a tag value, and a mail system in an address.
EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+")
NAME = re.compile(r"[A-Za-z0-9+=,.@_-]+")
PATH = re.compile(r"/(?:[!-.0-~]+/)*")
POLICY_ARN = re.compile(r"arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy/(?:[!-.0-~]+/)*[A-Za-z0-9+=,.@_-]{1,128}")
SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")

#: Limits of UpdateAccountPasswordPolicy (IAM API Reference).
PASSWORD = {
    "identity_password_minimum_length": (6, 128),
    "identity_password_max_age_days": (1, 1095),
    "identity_password_reuse_prevention": (1, 24),
}

#: Managed policies on a group or role (IAM quotas), and characters of a managed policy.
ATTACHED, CHARACTERS = 10, 6144


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = [
        f"{name}: {variables[name]} must be {lowest} to {highest}."
        for name, (lowest, highest) in PASSWORD.items()
        if name in variables and not lowest <= int(variables[name]) <= highest
    ]
    if not PATH.fullmatch(variables.get("identity_path", "/refarch/")) or len(variables.get("identity_path", "")) > 512:
        found.append("identity_path: must begin and end with a slash, at most 512 characters.")
    groups = variables.get("identity_groups", {})
    for name, group in groups.items():
        found += _name("identity_groups", name)
        found += _arns("identity_groups", name, group.get("managed_policy_arns", []))
        unknown = sorted(set(group.get("policies", [])) - set(DOCUMENTS))
        if unknown:
            found.append(f"identity_groups: {name} names the policy {', '.join(unknown)}; allowed are {', '.join(DOCUMENTS)}.")
        if 1 + len(group.get("policies", [])) + len(group.get("managed_policy_arns", [])) > ATTACHED:
            found.append(f"identity_groups: {name} has more than {ATTACHED} policies with the one for MFA, which AWS does not take.")
    found += _users(variables.get("identity_users", []), groups)
    found += _roles(variables.get("identity_roles", []))
    return found or _names_and_sizes(variables, facts)


def _name(variable: str, name: str) -> list[str]:
    return [] if NAME.fullmatch(name) else [f"{variable}: the name {name!r} may have letters, digits and +=,.@_- only."]


def _arns(variable: str, name: str, arns: list[str]) -> list[str]:
    wrong = [arn for arn in arns if not POLICY_ARN.fullmatch(arn)]
    return [f"{variable}: {name} names {arn!r}, which is not the ARN of a managed policy (arn:aws:iam::aws:policy/…)." for arn in wrong]


def _twice(names: list[str]) -> list[str]:
    """IAM takes names for one that differ in case only."""
    return sorted(name for name, count in Counter(name.lower() for name in names).items() if count > 1)


def _users(users: list[dict[str, Any]], groups: dict[str, Any]) -> list[str]:
    found = [f"identity_users: {name} is given more than once." for name in _twice([user["name"] for user in users])]
    for user in users:
        name = user["name"]
        found += _name("identity_users", name)
        if not EMAIL.fullmatch(user.get("email", "")):
            found.append(f"identity_users: the e-mail address {user.get('email', '')!r} of {name} is malformed.")
        unknown = sorted(set(user.get("groups", [])) - set(groups))
        if unknown:
            found.append(f"identity_users: {name} is in {', '.join(unknown)}; allowed are {', '.join(sorted(groups))}.")
        if not user.get("groups"):
            found.append(f"identity_users: {name} is in no group, and so could do nothing, not even set up MFA.")
    return found


def _roles(roles: list[dict[str, Any]]) -> list[str]:
    found = [f"identity_roles: {name} is given more than once." for name in _twice([role["name"] for role in roles])]
    for role in roles:
        name = role["name"]
        found += _name("identity_roles", name)
        found += _arns("identity_roles", name, role.get("managed_policy_arns", []))
        if not role.get("people") and not role.get("services"):
            found.append(f"identity_roles: {name} needs people: true or services, or nobody could take it.")
        found += [
            f"identity_roles: {name} trusts {service!r}, which is not a service principal such as lambda.amazonaws.com."
            for service in role.get("services", [])
            if not SERVICE.fullmatch(service)
        ]
        if not 3600 <= int(role.get("max_session_seconds", 3600)) <= 43200:
            found.append(f"identity_roles: max_session_seconds of {name} must be 3600 to 43200.")
        if len(role.get("managed_policy_arns", [])) > ATTACHED:
            found.append(f"identity_roles: {name} has more than {ATTACHED} policies, which AWS does not take.")
    return found


def _names_and_sizes(variables: dict, facts: dict) -> list[str]:
    settings = {
        "prefix": variables.get("stack_prefix", ""),
        "project": variables.get("stack_project", ""),
        "environment": variables.get("stack_environment", ""),
        "account_id": variables.get("stack_account_id") or facts.get("account_id", ""),
        "region": variables.get("stack_region") or facts.get("region", ""),
        "path": variables.get("identity_path", "/refarch/"),
        **{part: variables.get(f"identity_{part}", default) for part, default in (("groups", {}), ("users", []), ("roles", []))},
    }
    try:
        plan = identity_plan(settings)
    except AnsibleFilterError as error:
        return [f"stack_prefix: {error}."]
    sizes = {policy["name"]: len(json.dumps(policy["policy"], separators=(",", ":"))) for policy in plan["policies"]}
    return [
        f"stack_prefix: the policy {name} has {size} characters with it, and AWS takes {CHARACTERS}; shorten project or environment."
        for name, size in sizes.items()
        if size > CHARACTERS
    ]
