# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of keys must obey beyond their types."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.filter.key_policy import SERVICES


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    purposes = variables.get("keys_purposes", {})
    for purpose, about in purposes.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", purpose):
            found.append(f"keys_purposes: {purpose!r} must be lower-case letters, digits and hyphens, beginning with a letter.")
        unknown = sorted(set(about.get("services", [])) - set(SERVICES))
        if unknown:
            found.append(f"keys_purposes: {purpose} names {', '.join(unknown)}; allowed are {', '.join(SERVICES)}.")
        if len(about.get("description", "")) > 8192:
            found.append(f"keys_purposes: the description of {purpose} is longer than 8192 characters.")
    volumes = variables.get("keys_volumes_purpose")
    if variables.get("keys_ebs_encryption_default", True) and volumes not in purposes:
        found.append(f"keys_volumes_purpose: {volumes!r} must be one of keys_purposes ({', '.join(sorted(purposes))}).")
    elif variables.get("keys_ebs_encryption_default", True) and "ec2" not in purposes[volumes].get("services", []):
        found.append(f"keys_purposes: {volumes} encrypts new volumes, so that ec2 must be among its services.")
    if not 90 <= int(variables.get("keys_rotation_period_days", 365)) <= 2560:
        found.append("keys_rotation_period_days: must be 90 to 2560.")
    if not 7 <= int(variables.get("keys_deletion_window_days", 30)) <= 30:
        found.append("keys_deletion_window_days: must be 7 to 30.")
    stray = sorted(set(variables.get("keys_delete_purposes", [])) - set(purposes))
    if stray:
        found.append(f"keys_delete_purposes: {', '.join(stray)} must be one of keys_purposes ({', '.join(sorted(purposes))}).")
    return found
