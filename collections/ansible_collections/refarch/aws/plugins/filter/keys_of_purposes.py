# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The keys of a stack from their purposes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: keys_of_purposes
version_added: 0.1.0
short_description: Compute the KMS keys of a stack from their purposes
description:
  - One key a purpose, with its alias C(<prefix>-<purpose>), description and policy, as refarch.aws.kms_keys takes them.
positional: prefix, account_id, region
options:
  _input:
    description: The purposes, each with its C(description) and the C(services) that may use the key (see refarch.aws.key_policy).
    type: dict
    required: true
  prefix:
    description: The prefix of names, V(<project>-<environment>).
    type: str
    required: true
  account_id:
    description: The account.
    type: str
    required: true
  region:
    description: The region.
    type: str
    required: true
  trail_name:
    description: The trail that may encrypt with the keys that CloudTrail may use.
    type: str
  rotation_period_days:
    description: The days between rotations.
    type: int
    default: 365
  deletion_window_days:
    description: The days between removal and deletion.
    type: int
    default: 30
"""

EXAMPLES = r"""
- name: The keys of the stack
  refarch.aws.kms_keys:
    keys: "{{ keys_purposes | refarch.aws.keys_of_purposes('shop-staging', '123456789012', 'ap-northeast-2') }}"
"""

RETURN = r"""
_value:
  description: The keys.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.key_policy import key_policy
from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name


def keys_of_purposes(
    purposes: dict[str, dict[str, Any]],
    prefix: str,
    account_id: str,
    region: str,
    trail_name: str | None = None,
    rotation_period_days: int = 365,
    deletion_window_days: int = 30,
) -> list[dict[str, Any]]:
    """One key a purpose, in the order of *purposes*."""
    return [
        {
            "purpose": purpose,
            "alias": resource_name(prefix, purpose, "kms_alias"),
            "description": about.get("description", ""),
            "policy": key_policy(about.get("services", []), account_id, region, trail_name),
            "rotation_period_days": rotation_period_days,
            "deletion_window_days": deletion_window_days,
        }
        for purpose, about in purposes.items()
    ]


class FilterModule:
    def filters(self):
        return {"keys_of_purposes": keys_of_purposes}
