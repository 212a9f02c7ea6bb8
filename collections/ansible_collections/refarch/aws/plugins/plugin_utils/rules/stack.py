# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules over the settings of a stack as a whole."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any

#: Longest prefix C(<project>-<environment>), so that every name keeps room for what it names (IAM roles: 64 characters).
PREFIX_LENGTH = 32

NAME = re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*")
#: A DNS name of at least two labels, in lower case, without a dot at the end.
DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
RESERVED_TAGS = ("aws:",)


def offline_findings(variables: Mapping[str, Any], regions: list[str], forks: int) -> list[str]:
    """What can be refused without asking AWS. *regions*: all that the SDK knows; *forks*: Ansible's."""
    found = []
    for name in ("stack_project", "stack_environment"):
        value = variables.get(name)
        if not value:
            found.append(f"{name} is missing: give a name of lower-case letters, digits and hyphens, for example 'shop'")
        elif not isinstance(value, str) or not NAME.fullmatch(value):
            found.append(f"{name} is {value!r}: allowed are lower-case letters, digits and single hyphens, beginning with a letter")
    prefix = f"{variables.get('stack_project')}-{variables.get('stack_environment')}"
    if not found and len(prefix) > PREFIX_LENGTH:
        found.append(
            f"stack_project and stack_environment: {prefix!r} has {len(prefix)} characters, and at most {PREFIX_LENGTH} leave room "
            "for the names of roles, buckets and load balancers"
        )
    region = variables.get("stack_region")
    if region not in regions:
        near = difflib.get_close_matches(str(region), regions, n=1)
        found.append(f"stack_region is {region!r}, which is no region of AWS" + (f"; did you mean {near[0]}?" if near else ""))
    account = variables.get("stack_account_id")
    if not re.fullmatch(r"\d{12}", str(account or "")) or not isinstance(account, str):
        found.append(f"stack_account_id is {account!r}: give the 12 digits of the account, quoted")
    state = variables.get("stack_state")
    if state not in ("present", "absent"):
        found.append(f"stack_state is {state!r}: allowed are present and absent")
    given, environment = variables.get("stack_confirm"), variables.get("stack_environment")
    if state == "absent" and variables.get("stack_removal_needs_confirmation", True) and given != environment:
        found.append(f"stack_confirm is {given!r}: removal must be confirmed with -e stack_confirm={environment}")
    domain = variables.get("stack_domain") or ""
    if domain and not (isinstance(domain, str) and DOMAIN.fullmatch(domain)):
        found.append(f"stack_domain is {domain!r}: give a domain in lower case, for example shop.example.com, or '' for none")
    for key in variables.get("stack_extra_tags") or {}:
        if str(key).lower().startswith(RESERVED_TAGS) or len(str(key)) > 128:
            found.append(f"stack_extra_tags: {key!r} is no tag key that AWS takes (at most 128 characters, not beginning with aws:)")
    components = len(variables.get("stack_components") or [])
    if forks < components:
        found.append(
            f"forks is {forks}: this stack needs at least {components}, one worker per component, "
            "or they would wait for one another for ever"
        )
    return found


def findings(variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """What the account itself refuses."""
    if variables["stack_account_id"] != facts["account_id"]:
        return [
            f"stack_account_id is {variables['stack_account_id']}, but the credentials belong to account {facts['account_id']} "
            f"({facts.get('caller_arn', 'caller unknown')})"
        ]
    return []


#: The variables of a stack as a whole: types for validation, descriptions for docs/settings.
OPTIONS: dict[str, dict[str, Any]] = {
    "stack_project": {"type": "str", "description": "Name of the project, the first part of every name."},
    "stack_environment": {"type": "str", "description": "Name of the environment, the second part of every name."},
    "stack_region": {"type": "str", "description": "AWS region of everything that is not global."},
    "stack_account_id": {"type": "str", "description": "The account, 12 digits, quoted. A caller of another account is refused."},
    "stack_domain": {"type": "str", "description": "Public domain under which the stack is reached; empty for none (default none)."},
    "stack_state": {"type": "str", "choices": ["present", "absent"], "description": "Whether the stack stands."},
    "stack_confirm": {"type": "str", "description": "Repeats the environment to confirm a removal."},
    "stack_removal_needs_confirmation": {"type": "bool", "description": "Whether a removal must be confirmed (default true)."},
    "stack_protected": {"type": "bool", "description": "Whether data is kept on removal unless it is named."},
    "stack_extra_tags": {"type": "dict", "description": "Tags on everything, besides Project, Environment, Component and ManagedBy."},
    "stack_lock_takeover": {"type": "str", "description": "The holder of a stale lock, to take it over."},
    "stack_wait_timeout_seconds": {"type": "int", "description": "How long a component waits for those that it stands on (default 7200)."},
    "stack_build_folder": {"type": "str", "description": "Where report.json and plan.json go (default build/<environment>)."},
}
