# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of hosted_zones must obey beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.plugin_utils.rules.audit import LOG_GROUP, RETENTION_DAYS
from ansible_collections.refarch.aws.plugins.plugin_utils.rules.stack import DOMAIN

ZONE_ID = re.compile(r"Z[0-9A-Z]{1,31}")
KEY_ARN = re.compile(r"arn:aws:kms:us-east-1:\d{12}:key/[0-9a-f-]{36}|arn:aws:kms:us-east-1:\d{12}:key/mrk-[0-9a-f]{32}")
VPC_ID = re.compile(r"vpc-[0-9a-f]{8,17}")


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    domain = variables.get("hosted_zones_domain_name") or ""
    private = variables.get("hosted_zones_private_zone_name")
    zone_id = variables.get("hosted_zones_public_zone_id") or ""
    if domain and not DOMAIN.fullmatch(domain):
        found.append(f"hosted_zones_domain_name: {domain!r} must be a domain in lower case, for example shop.example.com, or empty.")
    if private is not None and not DOMAIN.fullmatch(private):
        found.append(f"hosted_zones_private_zone_name: {private!r} must be a domain in lower case, for example staging.internal.")
    elif private and private == domain:
        found.append(
            f"hosted_zones_private_zone_name: {private} is the public domain too, whose names would not be found inside of the VPC."
        )
    if zone_id and not ZONE_ID.fullmatch(zone_id):
        found.append(f"hosted_zones_public_zone_id: {zone_id!r} must be the id of a zone, for example Z0123456789ABCDEFGHIJ, or empty.")
    elif zone_id and not domain:
        found.append("hosted_zones_public_zone_id: a zone is given, so hosted_zones_domain_name must say its domain.")
    for vpc in variables.get("hosted_zones_peer_vpcs") or []:
        if not VPC_ID.fullmatch(str(vpc.get("vpc_id"))):
            found.append(f"hosted_zones_peer_vpcs: {vpc.get('vpc_id')!r} is not the id of a VPC, for example vpc-0a1b2c3d.")
    days = variables.get("hosted_zones_query_log_retention_days", 365)
    if int(days) not in RETENTION_DAYS:
        found.append(f"hosted_zones_query_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    group = variables.get("hosted_zones_query_log_group_name")
    if domain and group is not None and not LOG_GROUP.fullmatch(group):
        found.append(f"hosted_zones_query_log_group_name: {group!r} must be 1 to 512 letters, digits and . - _ / #.")
    key = variables.get("hosted_zones_query_log_key_arn") or ""
    if key and not KEY_ARN.fullmatch(key):
        found.append(f"hosted_zones_query_log_key_arn: {key!r} must be the ARN of a key of us-east-1, where the log group is, or empty.")
    return found
