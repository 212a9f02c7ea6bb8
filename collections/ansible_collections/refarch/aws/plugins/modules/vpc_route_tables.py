#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_route_tables
version_added: 0.1.0
short_description: Manage the route tables of a VPC as one set
description:
  - Creates, changes and removes route tables, found by their C(Name) tag, with their routes and the subnets they serve.
  - Routes that are not given are removed, except the local ones and those that gateway endpoints put there by themselves.
  - Propagation of routes from virtual private gateways is turned off.
  - The VPC's main route table is left as AWS made it, with the local route only.
options:
  state:
    description: Whether the route tables stand or not.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - The VPC.
      - With O(state=absent) and no VPC nothing is left to remove.
    type: str
  route_tables:
    description:
      - The route tables. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all in the VPC that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The C(Name) tag.
        type: str
        required: true
      routes:
        description: The routes, each with exactly one target.
        type: list
        elements: dict
        default: []
        suboptions:
          destination:
            description: An IPv4 or IPv6 block, or the id of a prefix list.
            type: str
            required: true
          gateway_id:
            description: An internet gateway.
            type: str
          nat_gateway_id:
            description: A NAT gateway. It is waited for, since a route to a pending one may be refused as not found.
            type: str
      subnet_ids:
        description: The subnets that this table serves. Others that it served go back to the main route table.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this table, added to O(tags).
        type: dict
        default: {}
  wait_timeout:
    description: Seconds to wait for NAT gateways.
    type: int
    default: 600
notes:
  - amazon.aws.ec2_vpc_route_table takes one table a task and sleeps 5 seconds after each change.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A public and an isolated route table
  refarch.aws.vpc_route_tables:
    vpc_id: "{{ vpc.vpc_id }}"
    route_tables:
      - name: shop-staging-public
        routes:
          - {destination: 0.0.0.0/0, gateway_id: "{{ internet_gateway.internet_gateway_id }}"}
        subnet_ids: ["{{ public_a }}", "{{ public_c }}"]
      - name: shop-staging-db
        subnet_ids: ["{{ db_a }}", "{{ db_c }}"]
"""

RETURN = r"""
route_tables:
  description: The route tables in the order of the option, none with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The C(Name) tag., type: str, sample: shop-staging-public}
    route_table_id: {description: AWS's id., type: str, sample: rtb-0a1b2c3d}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, by_name, name_of
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "route_tables": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "routes": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "destination": {"type": "str", "required": True},
                    "gateway_id": {"type": "str"},
                    "nat_gateway_id": {"type": "str"},
                },
                "required_one_of": [("gateway_id", "nat_gateway_id")],
                "mutually_exclusive": [("gateway_id", "nat_gateway_id")],
            },
            "subnet_ids": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait_timeout": {"type": "int", "default": 600},
    **TAG_OPTIONS,
}


def destination_key(destination: str) -> str:
    """The parameter of CreateRoute that *destination* goes into."""
    if destination.startswith("pl-"):
        return "DestinationPrefixListId"
    return "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"


def own_routes(table: dict) -> dict[str, str]:
    """Destination and target of the routes in *table* that someone made: not local, propagated, or a gateway endpoint's."""
    routes = {}
    for route in table.get("Routes", []):
        if route.get("Origin") != "CreateRoute" or route.get("GatewayId", "").startswith(("local", "vpce-")):
            continue
        destination = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock") or route.get("DestinationPrefixListId")
        targets = ("GatewayId", "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId")
        routes[destination] = next((route[key] for key in targets if route.get(key)), "")
    return routes


class RouteTables(Ec2Resources):
    def read_all(self) -> list[dict]:
        if not self.params["vpc_id"]:
            return []
        return self.read("ec2", "describe_route_tables", "RouteTables", Filters=[{"Name": "vpc-id", "Values": [self.params["vpc_id"]]}])

    def present(self) -> dict:
        tables = self.read_all()
        existing = by_name(tables, "RouteTableId")
        # Where each subnet is now: an association can be moved, and a second one for a subnet is refused.
        self.served = {
            association["SubnetId"]: (association["RouteTableAssociationId"], table["RouteTableId"])
            for table in tables
            for association in table.get("Associations", [])
            if association.get("SubnetId") and association.get("AssociationState", {}).get("State") in (None, "associating", "associated")
        }
        wanted = self.params["route_tables"]
        ids = self.each(lambda table: self.ensure_table(existing.get(table["name"]), table), wanted)
        self.wait_for_gateways(existing)
        self.each(lambda pair: self.ensure_contents(existing.get(pair[1]["name"]), *pair), list(zip(ids, wanted, strict=True)))
        return {"route_tables": [{"name": table["name"], "route_table_id": id} for id, table in zip(ids, wanted, strict=True)]}

    def ensure_table(self, table: dict | None, wanted: dict) -> str:
        tags = self.wanted_tags(wanted["name"], wanted["tags"])
        if table is not None:
            self.ensure_tags("route table", table["RouteTableId"], wanted["name"], table.get("Tags"), tags)
            return table["RouteTableId"]
        table_id = self.write(
            "ec2", "create_route_table", "create", "route table", wanted["name"], returns="RouteTable.RouteTableId",
            VpcId=self.params["vpc_id"], TagSpecifications=self.tag_specifications("route-table", tags),
        )  # fmt: skip
        self.wait_found("DescribeRouteTables", "InvalidRouteTableID.NotFound", RouteTableIds=[table_id])
        return table_id

    def wait_for_gateways(self, existing: dict[str, dict]) -> None:
        """CreateRoute may answer InvalidNatGatewayID.NotFound for a pending NAT gateway."""
        new = {
            route["nat_gateway_id"]
            for table in self.params["route_tables"]
            for route in table["routes"]
            if route["nat_gateway_id"] and own_routes(existing.get(table["name"], {})).get(route["destination"]) != route["nat_gateway_id"]
        }
        if new:
            self.wait("ec2", "nat_gateway_available", delay=5, timeout=self.params["wait_timeout"], NatGatewayIds=sorted(new))

    def ensure_contents(self, table: dict | None, table_id: str, wanted: dict) -> None:
        name, table = wanted["name"], table or {}
        now = own_routes(table)
        for route in wanted["routes"]:
            key = "GatewayId" if route["gateway_id"] else "NatGatewayId"
            target = route["gateway_id"] or route["nat_gateway_id"]
            destination = route["destination"]
            if now.get(destination) == target:
                continue
            self.write(
                "ec2", "replace_route" if destination in now else "create_route", "update", "route table", name,
                before={destination: now.get(destination)}, after={destination: target},
                RouteTableId=table_id, **{destination_key(destination): destination, key: target},
            )  # fmt: skip
        for destination in now.keys() - {route["destination"] for route in wanted["routes"]}:
            self.write(
                "ec2", "delete_route", "update", "route table", name, before={destination: now[destination]},
                missing=("InvalidRoute.NotFound",), RouteTableId=table_id, **{destination_key(destination): destination},
            )  # fmt: skip
        for gateway in table.get("PropagatingVgws", []):
            self.write(
                "ec2", "disable_vgw_route_propagation", "update", "route table", name, GatewayId=gateway["GatewayId"], RouteTableId=table_id
            )
        self.ensure_associations(table_id, name, wanted["subnet_ids"])

    def ensure_associations(self, table_id: str, name: str, subnet_ids: list[str]) -> None:
        for subnet_id in subnet_ids:
            association_id, current = self.served.get(subnet_id, (None, None)) if subnet_id != UNKNOWN else (None, None)
            if current == table_id and table_id != UNKNOWN:
                continue
            if association_id:
                self.write(
                    "ec2", "replace_route_table_association", "update", "route table", name,
                    AssociationId=association_id, RouteTableId=table_id,
                )  # fmt: skip
            else:
                self.write("ec2", "associate_route_table", "update", "route table", name, RouteTableId=table_id, SubnetId=subnet_id)
        claimed = {subnet_id for table in self.params["route_tables"] for subnet_id in table["subnet_ids"]}
        for subnet_id, (association_id, current) in self.served.items():
            if current == table_id and subnet_id not in claimed:
                self.disassociate(name, association_id)

    def disassociate(self, name: str, association_id: str) -> None:
        self.write(
            "ec2", "disassociate_route_table", "update", "route table", name,
            missing=("InvalidAssociationID.NotFound",), AssociationId=association_id,
        )  # fmt: skip

    def absent(self) -> dict:
        self.each(self.remove, self.doomed(self.read_all(), self.params["route_tables"]))
        return {"route_tables": []}

    def remove(self, table: dict) -> None:
        name = name_of(table)
        associations = table.get("Associations", [])
        if any(association.get("Main") for association in associations):
            raise InvalidInput(f"route_tables: {name} is the main route table of its VPC, which can't be removed.")
        for association in associations:
            self.disassociate(name, association["RouteTableAssociationId"])
        self.write(
            "ec2", "delete_route_table", "delete", "route table", name,
            missing=("InvalidRouteTableID.NotFound",), RouteTableId=table["RouteTableId"],
        )  # fmt: skip


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id", "route_tables"))]),
        RouteTables,
    )


if __name__ == "__main__":
    main()
