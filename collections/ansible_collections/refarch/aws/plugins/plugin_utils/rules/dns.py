# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of dns must obey beyond their types."""

from __future__ import annotations

import re

BALANCERS = ("public", "internal")
#: Labels of a name, or @ for the zone itself; an asterisk may stand for the first ("DNS domain name format", Route 53 Developer Guide).
LABELS = re.compile(r"@|(?:\*|[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
PATH = re.compile(r"/[\x21-\x7e]{0,254}")
FEWEST_REGIONS = 3


def name_findings(variable: str, names: dict, balancers: tuple[str, ...]) -> list[str]:
    found = []
    for label, balancer in names.items():
        if not LABELS.fullmatch(str(label)):
            found.append(f"{variable}: {label!r} must be a name below the zone in lower case, for example www, or @ for the zone itself.")
        if balancer not in balancers:
            found.append(f"{variable}: {label} leads to {balancer!r}, which is not one of {', '.join(balancers)}.")
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    private = variables.get("dns_private_names") or {}
    # The world can't reach the internal load balancer.
    found = name_findings("dns_public_names", variables.get("dns_public_names") or {}, BALANCERS[:1])
    found += name_findings("dns_private_names", private, BALANCERS)
    database = variables.get("dns_database_name", "db")
    if database == "@" or not LABELS.fullmatch(str(database)):
        found.append(f"dns_database_name: {database!r} must be a name below the zone in lower case, for example db.")
    elif database in private:
        found.append(f"dns_database_name: {database} is one of dns_private_names too.")
    if not 0 <= int(variables.get("dns_ttl_seconds", 60)) <= 86400:
        found.append(f"dns_ttl_seconds: {variables['dns_ttl_seconds']} must be 0 to 86400.")
    path = variables.get("dns_health_check_path", "/health")
    if not PATH.fullmatch(path):
        found.append(f"dns_health_check_path: {path!r} must begin with / and have 255 characters at most, without spaces.")
    if not 1 <= int(variables.get("dns_health_check_failure_threshold", 3)) <= 10:
        found.append(f"dns_health_check_failure_threshold: {variables['dns_health_check_failure_threshold']} must be 1 to 10.")
    regions = variables.get("dns_health_check_regions") or []
    if 0 < len(set(regions)) < FEWEST_REGIONS:
        found.append(f"dns_health_check_regions: Route 53 wants {FEWEST_REGIONS} regions at least, or none for all; {len(regions)} given.")
    return found
