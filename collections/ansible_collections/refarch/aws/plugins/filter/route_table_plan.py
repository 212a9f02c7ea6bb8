# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The route tables of a VPC with four tiers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: route_table_plan
version_added: 0.1.0
short_description: Route the tiers of a VPC
description:
  - Gives one table for the public subnets, with the way to the internet; one per zone for web and app, with the way out through the
    zone's own NAT gateway or, where it has none, the first one; and one for db without any way out.
positional: prefix, internet_gateway_id, nat_gateways
options:
  _input:
    description: Subnets with C(tags), as RV(refarch.aws.vpc_subnets#module:subnets).
    type: list
    elements: dict
    required: true
  prefix:
    description: The stack's prefix, which the names begin with.
    type: str
    required: true
  internet_gateway_id:
    description: The internet gateway.
    type: str
    default: ''
  nat_gateways:
    description: The NAT gateways, as RV(refarch.aws.vpc_nat_gateways#module:nat_gateways).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: The routes
  refarch.aws.vpc_route_tables:
    vpc_id: "{{ vpc.vpc_id }}"
    route_tables: "{{ subnets | refarch.aws.route_table_plan('shop-staging', gateway.internet_gateway_id, nat.nat_gateways) }}"
"""

RETURN = r"""
_value:
  description: The tables, as M(refarch.aws.vpc_route_tables) takes them.
  type: list
  elements: dict
  sample: [{name: shop-staging-db, routes: [], subnet_ids: [subnet-0a1b2c3d], tags: {Tier: db}}]
"""

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name
from ansible_collections.refarch.aws.plugins.filter.subnet_plan import zone_letter

ANYWHERE = "0.0.0.0/0"


def route_table_plan(subnets: list[dict], prefix: str, internet_gateway_id: str = "", nat_gateways: list[dict] | None = None) -> list[dict]:
    """The tables: public, private per zone, db. Subnets without an id (those of a removal) give tables without any."""

    def table(what: str, tiers: tuple[str, ...], zone: str | None, route: dict | None) -> dict:
        served = [s for s in subnets if s["tags"]["Tier"] in tiers and zone in (None, s["availability_zone"])]
        return {
            "name": resource_name(prefix, what),
            "routes": [{"destination": ANYWHERE, **route}] if route else [],
            "subnet_ids": [subnet["subnet_id"] for subnet in served if "subnet_id" in subnet],
            "tags": {"Tier": "-".join(tiers)},
        }

    by_name = {gateway["name"]: gateway["nat_gateway_id"] for gateway in nat_gateways or []}
    first = next(iter(by_name.values()), None)
    zones = list(dict.fromkeys(subnet["availability_zone"] for subnet in subnets))
    tables = [table("public", ("public",), None, {"gateway_id": internet_gateway_id} if internet_gateway_id else None)]
    for zone in zones:
        # By name, not by the subnet's id, which a plan does not know yet.
        own = by_name.get(resource_name(prefix, f"nat-{zone_letter(zone)}"), first)
        tables.append(table(f"private-{zone_letter(zone)}", ("web", "app"), zone, {"nat_gateway_id": own} if own else None))
    return [*tables, table("db", ("db",), None, None)]


class FilterModule:
    def filters(self):
        return {"route_table_plan": route_table_plan}
