# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The subnets of a VPC: one per tier and zone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: subnet_plan
version_added: 0.1.0
short_description: Divide the block of a VPC among tiers and zones
description:
  - Cuts the block into sixteen equal ones, four for each of the tiers public, web, app and db, and gives a tier's first ones to the zones.
    So a third or fourth zone can be added later without moving a subnet.
  - Blocks can be given by tier instead.
positional: zones, prefix, blocks
options:
  _input:
    description: The IPv4 block of the VPC, V(/16) to V(/24).
    type: str
    required: true
  zones:
    description: The availability zones, at most four.
    type: list
    elements: str
    required: true
  prefix:
    description: The stack's prefix, which the names begin with.
    type: str
    required: true
  blocks:
    description: Blocks by tier, in the order of O(zones), for tiers that are not to have computed ones.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The subnets of the stack
  refarch.aws.vpc_subnets:
    vpc_id: "{{ vpc.vpc_id }}"
    subnets: "{{ '10.0.0.0/16' | refarch.aws.subnet_plan(['ap-northeast-2a', 'ap-northeast-2c'], 'shop-staging') }}"
"""

RETURN = r"""
_value:
  description: The subnets, tier by tier, as M(refarch.aws.vpc_subnets) takes them.
  type: list
  elements: dict
  sample:
    - {name: shop-staging-public-a, cidr: 10.0.0.0/20, availability_zone: ap-northeast-2a, tags: {Tier: public}}
"""

import ipaddress

from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

TIERS = ("public", "web", "app", "db")
ZONES_PER_TIER = 4
#: The smallest subnet of AWS is a /28 (Amazon VPC User Guide, "Subnet CIDR blocks").
SMALLEST_SUBNET = 28


def zone_letter(zone: str) -> str:
    """C(a) of C(ap-northeast-2a): unique among the availability zones of a region."""
    return zone[-1:]


def subnet_plan(cidr: str, zones: list[str], prefix: str, blocks: dict[str, list[str]] | None = None) -> list[dict]:
    """One subnet per tier and zone, tier by tier.

    Raises AnsibleFilterError if *cidr* is no network or too small for its subnets, for more than four zones, and for
    *blocks* of an unknown tier or of another number than *zones*.
    """
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise AnsibleFilterError(f"subnet_plan: {cidr!r} is not an IPv4 network: {error}") from error
    if len(zones) > ZONES_PER_TIER or len(set(zones)) != len(zones):
        raise AnsibleFilterError(f"subnet_plan: zones must be at most {ZONES_PER_TIER} different ones, not {zones}")
    blocks = blocks or {}
    for tier, given in blocks.items():
        if tier not in TIERS or len(given) != len(zones):
            raise AnsibleFilterError(
                f"subnet_plan: blocks must have one block per zone for tiers among {', '.join(TIERS)}, not {tier}: {given}"
            )
    length = network.prefixlen + 4
    if length > SMALLEST_SUBNET and len(blocks) < len(TIERS):
        raise AnsibleFilterError(
            f"subnet_plan: {cidr} is too small for sixteen subnets of /{SMALLEST_SUBNET}; a /24 is the smallest that fits"
        )
    computed = list(network.subnets(new_prefix=length)) if length <= SMALLEST_SUBNET else []
    return [
        {
            "name": resource_name(prefix, f"{tier}-{zone_letter(zone)}"),
            "cidr": blocks[tier][place] if tier in blocks else str(computed[row * ZONES_PER_TIER + place]),
            "availability_zone": zone,
            "tags": {"Tier": tier},
        }
        for row, tier in enumerate(TIERS)
        for place, zone in enumerate(zones)
    ]


class FilterModule:
    def filters(self):
        return {"subnet_plan": subnet_plan}
