# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of session_access must obey beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import LOG_GROUP, RETENTION_DAYS
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.identity import PATH

#: Lowest and highest in minutes ("Session document schema", AWS Systems Manager User Guide).
MINUTES = {
    "session_access_idle_timeout_minutes": (1, 60),
    "session_access_ansible_idle_timeout_minutes": (1, 60),
    "session_access_max_session_minutes": (1, 1440),
    "session_access_ansible_max_session_minutes": (1, 1440),
}

#: Values of filters for Amazon Linux 2023 ("DescribePatchProperties", AWS Systems Manager API Reference).
FILTERS = {
    "CLASSIFICATION": ("*", "Bugfix", "Enhancement", "Newpackage", "Recommended", "Security"),
    "PRODUCT": None,
    "SEVERITY": ("*", "Critical", "Important", "Low", "Medium"),
}
LEVELS = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNSPECIFIED")

SCHEDULE = re.compile(r"cron\(\S+(?: \S+){5}\)|rate\((?:1 (?:minute|hour|day)|[1-9]\d* (?:minutes|hours|days))\)")


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = [
        f"{name}: {variables[name]} must be {lowest} to {highest}."
        for name, (lowest, highest) in MINUTES.items()
        if name in variables and not lowest <= int(variables[name]) <= highest
    ]
    for who in ("", "ansible_"):
        idle, longest = f"session_access_{who}idle_timeout_minutes", f"session_access_{who}max_session_minutes"
        if idle in variables and longest in variables and int(variables[idle]) > int(variables[longest]):
            found.append(f"{idle}: {variables[idle]} is longer than a session may last ({longest}: {variables[longest]}).")
    for name in ("session_access_patch_scan_schedule", "session_access_patch_install_schedule"):
        value = variables.get(name, "")
        if not value and name.endswith("scan_schedule") and name in variables:
            found.append(f"{name}: must be a schedule such as cron(0 18 * * ? *), so that missing patches are seen.")
        elif value and not SCHEDULE.fullmatch(value):
            found.append(f"{name}: {value!r} is not a schedule such as cron(0 18 * * ? *) or rate(1 day).")
    found += _rules(variables.get("session_access_patch_rules", []))
    days = int(variables.get("session_access_log_retention_days", 365))
    if days not in RETENTION_DAYS:
        found.append(f"session_access_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    group = variables.get("session_access_log_group_name")
    if group is not None and not LOG_GROUP.fullmatch(group):
        found.append(f"session_access_log_group_name: {group!r} must be 1 to 512 letters, digits and . - _ / #.")
    for name in ("session_access_log_bucket_prefix", "session_access_patch_bucket_prefix"):
        value = variables.get(name, "x")
        if not re.fullmatch(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*", value):
            found.append(f"{name}: {value!r} must be a prefix such as sessions, without a slash at its ends.")
    if not PATH.fullmatch(variables.get("session_access_policy_path", "/refarch/")):
        found.append("session_access_policy_path: must begin and end with a slash.")
    if len(variables.get("session_access_shell_profile", "")) > 500:
        found.append("session_access_shell_profile: must be at most 500 characters.")
    return found


def _rules(rules: list[dict]) -> list[str]:
    variable = "session_access_patch_rules"
    found = []
    if not 1 <= len(rules) <= 10:
        found.append(f"{variable}: {len(rules)} rules are given; AWS takes 1 to 10.")
    for rule in rules:
        for key, values in (rule.get("filters") or {}).items():
            if key not in FILTERS:
                found.append(f"{variable}: the filter {key} is not one of {', '.join(FILTERS)}.")
            elif FILTERS[key] and set(values) - set(FILTERS[key]):
                wrong = ", ".join(sorted(set(values) - set(FILTERS[key])))
                found.append(f"{variable}: {key} has {wrong}; allowed are {', '.join(FILTERS[key])}.")
        if not rule.get("filters"):
            found.append(f"{variable}: each rule needs filters.")
        if not 0 <= int(rule.get("approve_after_days", 7)) <= 360:
            found.append(f"{variable}: approve_after_days must be 0 to 360.")
        if rule.get("compliance_level", "UNSPECIFIED") not in LEVELS:
            found.append(f"{variable}: compliance_level {rule['compliance_level']!r} is not one of {', '.join(LEVELS)}.")
    return found
