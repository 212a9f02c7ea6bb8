# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of audit must obey beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.filter.cis_metric_filters import CIS_FILTERS

RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

BUCKET_ARN = re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/.*)?")
LOG_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
#: "Naming requirements for CloudTrail resources" (AWS CloudTrail User Guide).
TRAIL = re.compile(r"(?!.*[._-]{2})[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
NAMESPACE = re.compile(r"(?!AWS/)[0-9A-Za-z.\-_/#:]{1,255}")


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    unknown = sorted(set(variables.get("audit_metric_filters", [])) - set(CIS_FILTERS))
    if unknown:
        found.append(f"audit_metric_filters: {', '.join(unknown)} is not one of {', '.join(CIS_FILTERS)}.")
    days = variables.get("audit_log_retention_days", 365)
    if int(days) not in RETENTION_DAYS:
        found.append(f"audit_log_retention_days: {days} is not one of {', '.join(map(str, RETENTION_DAYS))}.")
    arns = variables.get("audit_data_event_bucket_arns", [])
    found += [
        f"audit_data_event_bucket_arns: {arn!r} is not the ARN of a bucket (arn:aws:s3:::name)."
        for arn in arns
        if not BUCKET_ARN.fullmatch(arn)
    ]
    if len(arns) > 250:
        found.append(f"audit_data_event_bucket_arns: a trail takes 250 at most, and {len(arns)} are given.")
    for name, pattern, what in (
        (
            "audit_trail_name",
            TRAIL,
            "3 to 128 letters, digits and . _ -, beginning and ending with a letter or digit, no two marks side by side",
        ),
        ("audit_log_group_name", LOG_GROUP, "1 to 512 letters, digits and . - _ / #"),
        ("audit_metric_namespace", NAMESPACE, "1 to 255 letters, digits and . - _ / # :, not beginning with AWS/"),
    ):
        if name in variables and not pattern.fullmatch(variables[name]):
            found.append(f"{name}: {variables[name]!r} must be {what}.")
    if len(variables.get("audit_log_bucket_prefix", "")) > 200:
        found.append("audit_log_bucket_prefix: must be at most 200 characters.")
    return found
