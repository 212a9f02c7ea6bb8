# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A field of the subnets, by their tier."""

from __future__ import annotations

DOCUMENTATION = r"""
name: subnets_by_tier
version_added: 0.1.0
short_description: Collect a field of subnets by their tag Tier
description:
  - Gives one list per tier, in the order of the subnets, which is that of the zones.
positional: field
options:
  _input:
    description: Subnets with C(tags), as RV(refarch.aws.vpc_subnets#module:subnets).
    type: list
    elements: dict
    required: true
  field:
    description: The field to collect.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The ids that others attach to
  ansible.builtin.debug:
    msg: "{{ subnets | refarch.aws.subnets_by_tier('subnet_id') }}"
"""

RETURN = r"""
_value:
  description: The field's values by tier.
  type: dict
  sample: {db: [subnet-0a1b2c3d, subnet-1a2b3c4d]}
"""


def subnets_by_tier(subnets: list[dict], field: str) -> dict[str, list[str]]:
    """The values of *field* by the tag C(Tier) of its subnet."""
    found: dict[str, list[str]] = {}
    for subnet in subnets:
        found.setdefault(subnet["tags"]["Tier"], []).append(subnet[field])
    return found


class FilterModule:
    def filters(self):
        return {"subnets_by_tier": subnets_by_tier}
