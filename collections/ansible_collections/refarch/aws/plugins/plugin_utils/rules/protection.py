# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of protection must obey beyond their types."""

from __future__ import annotations

import ipaddress
import re

from ansible_collections.refarch.aws.plugins.filter.waf_rules import FIRST_GROUP, MODES
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import RETENTION_DAYS

GROUP_NAME = re.compile(r"AWSManagedRules\w+")
#: "CreateWebACL" (AWS WAFV2 API Reference).
ENTITY_NAME = re.compile(r"[\w-]{1,128}")
LOG_GROUP = re.compile(r"aws-waf-logs-[.\-_/#A-Za-z0-9]{1,499}")
HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
GROUP_OPTIONS = {"priority", "mode", "rules_to_count", "version"}
#: "AWS WAF quotas" (AWS WAF Developer Guide).
CAPACITY = 5000
RATE_REQUESTS = (10, 2_000_000_000)


def address_findings(name: str, addresses: list) -> list[str]:
    found = []
    for address in addresses:
        try:
            network = ipaddress.ip_network(str(address))
        except ValueError:
            found.append(f"{name}: {address!r} is not a block such as 198.51.100.0/24 or 2001:db8::/32.")
            continue
        if network.prefixlen == 0:
            found.append(f"{name}: {address} is everybody, which AWS WAF refuses.")
    return found


def group_findings(groups: dict) -> list[str]:
    found = []
    priorities: dict[object, str] = {}
    for name, group in groups.items():
        if not GROUP_NAME.fullmatch(str(name)):
            found.append(f"protection_rule_groups: {name!r} is not the name of a managed rule group of AWS, AWSManagedRules….")
            continue
        if not isinstance(group, dict):
            found.append(f"protection_rule_groups: {name} must be {{priority: …, mode: …}}.")
            continue
        unknown = sorted(set(group) - GROUP_OPTIONS)
        if unknown:
            found.append(f"protection_rule_groups: {name} has {unknown[0]}, which is not one of {', '.join(sorted(GROUP_OPTIONS))}.")
        mode, priority = group.get("mode", "block"), group.get("priority")
        if mode not in MODES:
            found.append(
                f"protection_rule_groups: mode {mode!r} of {name} is not one of {', '.join(MODES)}; to leave a group out, remove it."
            )
        if not isinstance(priority, int) or isinstance(priority, bool) or priority < FIRST_GROUP:
            found.append(f"protection_rule_groups: {name} needs a priority from {FIRST_GROUP} on; lower ones are those of lists and rate.")
        elif priority in priorities:
            found.append(f"protection_rule_groups: {name} and {priorities[priority]} have the same priority {priority}.")
        priorities.setdefault(priority, name)
    return found


def rate_findings(limit: dict) -> list[str]:
    found = []
    requests = limit.get("requests")
    low, high = RATE_REQUESTS
    if limit.get("mode") != "off" and (not isinstance(requests, int) or not low <= requests <= high):
        found.append(f"protection_rate_limit: requests {requests!r} must be {low} to {high}.")
    header = limit.get("forwarded_header")
    if header and not HEADER.fullmatch(header):
        found.append(f"protection_rate_limit: forwarded_header {header!r} must be the name of a header, for example X-Forwarded-For.")
    return found


def shield_findings(variables: dict) -> list[str]:
    """Shield Advanced can't be turned on by a slip: the account is repeated."""
    repeated, account = variables.get("protection_shield_advanced_account_id") or "", variables.get("stack_account_id")
    if variables.get("protection_shield_advanced") and repeated != account:
        return [
            f"protection_shield_advanced_account_id: {repeated!r} must repeat the account {account} to confirm Shield Advanced, which is a "
            "commitment for a year."
        ]
    if repeated and repeated != account:
        return [f"protection_shield_advanced_account_id: {repeated} is not the account {account} of this stack."]
    return []


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    for name in ("protection_denied_addresses", "protection_allowed_addresses"):
        found += address_findings(name, variables.get(name) or [])
    found += group_findings(variables.get("protection_rule_groups") or {})
    found += rate_findings(variables["protection_rate_limit"]) if variables.get("protection_rate_limit") else []
    units = variables.get("protection_max_capacity_units", 1500)
    if not 1 <= int(units) <= CAPACITY:
        found.append(f"protection_max_capacity_units: {units} must be 1 to {CAPACITY}.")
    acl = variables.get("protection_web_acl_name")
    if acl is not None and not ENTITY_NAME.fullmatch(acl):
        found.append(f"protection_web_acl_name: {acl!r} must be 1 to 128 letters, digits, _ and -.")
    group = variables.get("protection_log_group_name")
    if group is not None and not LOG_GROUP.fullmatch(group):
        found.append(f"protection_log_group_name: {group!r} must begin with aws-waf-logs-, which AWS WAF demands.")
    days = variables.get("protection_log_retention_days", 365)
    if int(days) not in RETENTION_DAYS:
        found.append(f"protection_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    for header in variables.get("protection_redacted_headers") or []:
        if not HEADER.fullmatch(header):
            found.append(f"protection_redacted_headers: {header!r} must be the name of a header of 64 characters at most.")
    return found + shield_findings(variables)
