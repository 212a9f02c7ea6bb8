# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component node_configuration must fulfil beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.servers import ARM, TIERS

RATE = re.compile(r"rate\((\d+) (minutes?|hours?|days?)\)")
MINUTES = {"minute": 1, "hour": 60, "day": 1440}
#: "Reference: Cron and rate expressions for Systems Manager" (AWS Systems Manager User Guide), associations.
LEAST_MINUTES = 30
#: AWS Systems Manager API Reference, CreateAssociation: MaxConcurrency, MaxErrors.
CONCURRENCY = re.compile(r"[1-9]\d{0,6}|[1-9]\d?%|100%")
ERRORS = re.compile(r"[1-9]\d{0,6}|0|[1-9]?\d%|100%")
LONGEST_SECONDS = 172800


def schedule_findings(schedule: str) -> list[str]:
    if schedule.startswith("cron("):
        return []
    match = RATE.fullmatch(schedule)
    if match and int(match[1]) * MINUTES[match[2].removesuffix("s")] >= LEAST_MINUTES:
        return []
    return [f"node_configuration_schedule: {schedule!r} is neither cron(...) nor a rate of at least {LEAST_MINUTES} minutes."]


def architecture_findings(variables: dict) -> list[str]:
    wanted = variables.get("node_configuration_architecture")
    found = []
    for tier, name in (variables.get("servers_instance_types") or {}).items():
        has = "aarch64" if ARM.match(str(name)) else "x86_64"
        if wanted and has != wanted and not variables.get("servers_image_id"):
            found.append(f"node_configuration_architecture: {wanted} is not that of {tier}'s {name} (servers_instance_types), {has}.")
    return found


def findings(variables: dict, _context: dict) -> list[str]:
    found = schedule_findings(str(variables.get("node_configuration_schedule") or ""))
    found += architecture_findings(variables)
    for name, pattern, allowed in (
        ("node_configuration_max_concurrency", CONCURRENCY, "a number from 1 or a percentage from 1% to 100%"),
        ("node_configuration_max_errors", ERRORS, "a number from 0 or a percentage up to 100%"),
    ):
        value = str(variables.get(name))
        if not pattern.fullmatch(value):
            found.append(f"{name}: {value!r} is not {allowed}.")
    for name in ("node_configuration_timeout_seconds", "node_configuration_wait_timeout_seconds"):
        value = variables.get(name)
        if not 1 <= int(value or 0) <= LONGEST_SECONDS:
            found.append(f"{name}: {value!r} must be 1 to {LONGEST_SECONDS}.")
    for name in ("node_configuration_app_url", "node_configuration_certificate_authorities_url"):
        value = str(variables.get(name) or "")
        if value and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?(/\S*)?", value):
            found.append(f"{name}: {value!r} is no address such as https://app.example.com.")
    unknown = sorted(set(variables.get("node_configuration_variables") or {}) - set(TIERS))
    if unknown:
        found.append(f"node_configuration_variables: {', '.join(unknown)} is no tier; there are {' and '.join(TIERS)}.")
    return found
