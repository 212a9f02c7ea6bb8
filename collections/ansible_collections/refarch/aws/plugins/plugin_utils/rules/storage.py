# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of component storage must fulfil beyond their types."""

from __future__ import annotations

import re

PURPOSES = ("log", "data", "artifact", "transfer")
DAYS = (
    "storage_log_retention_days",
    "storage_noncurrent_retention_days",
    "storage_transfer_retention_days",
    "storage_abort_multipart_days",
)
#: Amazon S3 User Guide, "General purpose bucket naming rules".
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def name_fault(name: object) -> str | None:
    """What is wrong with the name of a bucket."""
    text = str(name)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", text):
        # Dots are allowed by S3, but its TLS certificate does not cover them.
        return "must be 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit"
    if text.startswith(RESERVED_PREFIXES) or text.endswith(RESERVED_SUFFIXES):
        return "begins or ends as AWS reserves it"
    return None


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on settings that can't be, each beginning with the variable's name."""
    found = []
    names = variables.get("storage_bucket_names")
    if isinstance(names, dict):
        missing = [purpose for purpose in PURPOSES if purpose not in names]
        unknown = [purpose for purpose in names if purpose not in PURPOSES]
        if missing or unknown:
            found.append(f"storage_bucket_names: must name exactly the buckets {', '.join(PURPOSES)}; found {', '.join(names) or 'none'}.")
        for purpose, name in names.items():
            fault = name_fault(name)
            if fault:
                found.append(f"storage_bucket_names: {purpose} {name!r} {fault}.")
        if len(set(names.values())) < len(names):
            found.append("storage_bucket_names: two buckets have one name.")
    for variable in DAYS:
        days = variables.get(variable)
        if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
            found.append(f"{variable}: {days!r} must be a number of days, 1 or more.")
    for purpose in variables.get("storage_delete_buckets") or []:
        if purpose not in PURPOSES:
            found.append(f"storage_delete_buckets: {purpose!r} is not one of {', '.join(PURPOSES)}.")
    return found
