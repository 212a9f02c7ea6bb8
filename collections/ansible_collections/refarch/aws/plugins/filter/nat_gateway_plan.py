# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The NAT gateways of a VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nat_gateway_plan
version_added: 0.1.0
short_description: Choose the NAT gateways for the subnets of a VPC
description:
  - Puts a NAT gateway into the public subnet of each zone, of the first zone, or none.
positional: mode, prefix
options:
  _input:
    description: Subnets with C(tags), as RV(refarch.aws.vpc_subnets#module:subnets).
    type: list
    elements: dict
    required: true
  mode:
    description: V(per_zone), V(single) or V(none).
    type: str
    required: true
  prefix:
    description: The stack's prefix, which the names begin with.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: One NAT gateway per zone
  refarch.aws.vpc_nat_gateways:
    nat_gateways: "{{ subnets | refarch.aws.nat_gateway_plan('per_zone', 'shop-staging') }}"
"""

RETURN = r"""
_value:
  description: The gateways, as M(refarch.aws.vpc_nat_gateways) takes them.
  type: list
  elements: dict
  sample: [{name: shop-staging-nat-a, subnet_id: subnet-0a1b2c3d}]
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name
from ansible_collections.refarch.aws.plugins.filter.subnet_plan import zone_letter

#: How many of the zones have a gateway of their own; None for all.
MODES = {"per_zone": None, "single": 1, "none": 0}


def nat_gateway_plan(subnets: list[dict], mode: str, prefix: str) -> list[dict]:
    """Name and subnet of each gateway. Subnets without an id (those of a removal) give gateways without one.

    Raises AnsibleFilterError for an unknown *mode*.
    """
    if mode not in MODES:
        raise AnsibleFilterError(f"nat_gateway_plan: mode {mode!r} is not one of {', '.join(MODES)}")
    public = [subnet for subnet in subnets if subnet["tags"]["Tier"] == "public"][: MODES[mode]]
    return [
        {
            "name": resource_name(prefix, f"nat-{zone_letter(subnet['availability_zone'])}"),
            **({"subnet_id": subnet["subnet_id"]} if "subnet_id" in subnet else {}),
        }
        for subnet in public
    ]


class FilterModule:
    def filters(self):
        return {"nat_gateway_plan": nat_gateway_plan}
