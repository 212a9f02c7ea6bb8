# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of alerting must obey beyond their types."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.refarch.aws.plugins.filter.alerting_plan import SEVERITIES
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import RETENTION_DAYS
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.identity import EMAIL, PATH

#: Hosts that only this machine reaches, where a message may go without TLS.
LOCAL = ("127.0.0.1", "localhost", "::1")

#: Lowest and highest ("Lambda quotas", AWS Lambda Developer Guide; Amazon SQS API Reference, SetQueueAttributes).
LIMITS = {
    "alerting_function_memory_mib": (128, 10240),
    "alerting_function_timeout_seconds": (10, 900),
    "alerting_function_retry_attempts": (0, 2),
    "alerting_function_event_age_seconds": (60, 21600),
    "alerting_dead_letter_retention_days": (1, 14),
}


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name. None tells the address of the webhook, which is a secret."""
    found = []
    addresses = variables.get("alerting_email_addresses") or {}
    for severity in sorted(set(addresses) - set(SEVERITIES)):
        found.append(f"alerting_email_addresses: {severity!r} is not one of {', '.join(SEVERITIES)}.")
    for severity in SEVERITIES:
        given = addresses.get(severity) or []
        found += [
            f"alerting_email_addresses: {severity} has {address!r}, which is not an e-mail address."
            for address in given
            if not EMAIL.fullmatch(str(address))
        ]
        if len(set(given)) < len(given):
            found.append(f"alerting_email_addresses: {severity} has an address twice.")
    url = str(variables.get("alerting_slack_webhook_url") or "")
    if url and not acceptable(url):
        found.append("alerting_slack_webhook_url: must be the https address that Slack gives, or empty.")
    found += [
        f"{name}: {variables[name]} must be {lowest} to {highest}."
        for name, (lowest, highest) in LIMITS.items()
        if name in variables and not lowest <= int(variables[name]) <= highest
    ]
    if int(variables.get("alerting_function_reserved_concurrency", 2)) == 0:
        found.append("alerting_function_reserved_concurrency: with 0 nothing would run; give 1 or more, or -1 to reserve nothing.")
    days = int(variables.get("alerting_secret_recovery_window_days", 30))
    if days != 0 and not 7 <= days <= 30:
        found.append(f"alerting_secret_recovery_window_days: {days} must be 7 to 30, or 0 to delete at once.")
    days = int(variables.get("alerting_log_retention_days", 365))
    if days not in RETENTION_DAYS:
        found.append(f"alerting_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    runtime = variables.get("alerting_function_runtime", "python3.13")
    if not re.fullmatch(r"python3\.(1[2-9]|[2-9]\d)", runtime):
        found.append(f"alerting_function_runtime: {runtime!r} must be python3.12 or later, for which the function is written.")
    if not PATH.fullmatch(variables.get("alerting_role_path", "/refarch/")):
        found.append("alerting_role_path: must begin and end with a slash.")
    return found


def acceptable(url: str) -> bool:
    """Whether *url* is an address to which a message may be sent: with TLS, or on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and not re.search(r"\s", url) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL))
