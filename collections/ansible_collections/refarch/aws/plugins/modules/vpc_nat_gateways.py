#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_nat_gateways
version_added: 0.1.0
short_description: Manage public NAT gateways, each with an Elastic IP address of its own
description:
  - Creates and removes the NAT gateways of a VPC in one task, found by their C(Name) tag.
  - Each one's Elastic IP address has the same name, is allocated before it and released after it.
options:
  state:
    description: Whether the gateways stand or not. Removal always waits, since an address is free only after its gateway.
    type: str
    choices: [present, absent]
    default: present
  nat_gateways:
    description:
      - The gateways. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all gateways and addresses that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The C(Name) tag of the gateway and of its address, unique in account and region.
        type: str
        required: true
      subnet_id:
        description: The public subnet. Required with O(state=present).
        type: str
      tags:
        description: Tags of this gateway and its address, added to O(tags).
        type: dict
        default: {}
  wait:
    description: Whether to wait until all of them are available, which takes minutes.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 600
notes:
  - amazon.aws.ec2_vpc_nat_gateway takes one a task, names no address it allocates, and allocates another after a lost answer.
  - A route to a pending gateway may be refused as not found; M(refarch.aws.vpc_route_tables) waits for those it routes to.
  - The subnet of a NAT gateway can't be changed on AWS. A different one is refused rather than replaced.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: One NAT gateway per zone, requested without waiting
  refarch.aws.vpc_nat_gateways:
    nat_gateways:
      - {name: shop-staging-nat-a, subnet_id: "{{ public_a }}"}
      - {name: shop-staging-nat-c, subnet_id: "{{ public_c }}"}
"""

RETURN = r"""
nat_gateways:
  description: The gateways in the order of the option, none with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The C(Name) tag., type: str, sample: shop-staging-nat-a}
    nat_gateway_id: {description: AWS's id., type: str, sample: nat-0a1b2c3d}
    subnet_id: {description: The public subnet., type: str, sample: subnet-0a1b2c3d}
    allocation_id: {description: The id of the Elastic IP address., type: str, sample: eipalloc-0a1b2c3d}
    public_ip: {description: The address that the internet sees., type: str, sample: 203.0.113.7}
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
    "nat_gateways": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "subnet_id": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 600},
    **TAG_OPTIONS,
}


class NatGateways(Ec2Resources):
    def existing(self) -> tuple[list[dict], list[dict]]:
        """(gateways with our names in any state but deleted, addresses with our names)."""
        if self.params["nat_gateways"] is None:
            named = [{"Name": f"tag:{key}", "Values": [str(value)]} for key, value in (self.params["tags"] or {}).items()]
        else:
            names = [wanted["name"] for wanted in self.params["nat_gateways"]]
            named = [{"Name": "tag:Name", "Values": names}] if names else []
        if not named:
            return [], []
        states = [{"Name": "state", "Values": ["pending", "available", "deleting", "failed"]}]
        gateways, addresses = self.each(
            lambda question: self.read("ec2", question[0], question[1], **question[2]),
            [
                ("describe_nat_gateways", "NatGateways", {"Filters": [*named, *states]}),
                ("describe_addresses", "Addresses", {"Filters": named}),
            ],
        )
        return gateways, addresses or []

    def present(self) -> dict:
        gateways, found = self.existing()
        addresses = by_name(found, "AllocationId")
        standing = by_name([gateway for gateway in gateways if gateway["State"] in ("pending", "available")], "NatGatewayId")
        leaving = [gateway["NatGatewayId"] for gateway in gateways if gateway["State"] == "deleting"]
        for wanted in self.params["nat_gateways"]:
            self.require_same(standing.get(wanted["name"]), wanted)
        if leaving:  # it holds its address until it is gone
            self.wait("ec2", "nat_gateway_deleted", delay=5, timeout=self.params["wait_timeout"], NatGatewayIds=leaving)
        result = self.each(
            lambda wanted: self.ensure(standing.get(wanted["name"]), addresses.get(wanted["name"]), wanted), self.params["nat_gateways"]
        )
        ids = [gateway["nat_gateway_id"] for gateway in result]
        if self.params["wait"] and ids:
            self.wait("ec2", "nat_gateway_available", delay=5, timeout=self.params["wait_timeout"], NatGatewayIds=ids)
        return {"nat_gateways": result}

    def require_same(self, gateway: dict | None, wanted: dict) -> None:
        if not wanted["subnet_id"]:
            raise InvalidInput(f"nat_gateways: {wanted['name']} needs subnet_id.")
        if gateway is not None and gateway["SubnetId"] != wanted["subnet_id"]:
            raise InvalidInput(
                f"nat_gateways: {wanted['name']} stands in subnet {gateway['SubnetId']}, and AWS can't move it to {wanted['subnet_id']}. "
                "Give the gateway another name, or remove it first."
            )

    def ensure(self, gateway: dict | None, address: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        tags = self.wanted_tags(name, wanted["tags"])
        if address is None and gateway is not None:
            # Its address was made by someone else: the gateway keeps it.
            held = (gateway.get("NatGatewayAddresses") or [{}])[0]
            address = {"AllocationId": held.get("AllocationId", ""), "PublicIp": held.get("PublicIp", "")}
        elif address is None:
            address = self.write(
                "ec2", "allocate_address", "create", "elastic ip address", name, returns="{AllocationId: AllocationId, PublicIp: PublicIp}",
                Domain="vpc", TagSpecifications=self.tag_specifications("elastic-ip", tags),
            )  # fmt: skip
            if address == UNKNOWN:
                address = {"AllocationId": UNKNOWN, "PublicIp": UNKNOWN}
            else:
                self.wait_found("DescribeAddresses", "InvalidAllocationID.NotFound", AllocationIds=[address["AllocationId"]])
        else:
            self.ensure_tags("elastic ip address", address["AllocationId"], name, address.get("Tags"), tags)
        if gateway is None:
            gateway_id = self.write(
                "ec2", "create_nat_gateway", "create", "nat gateway", name, returns="NatGateway.NatGatewayId",
                SubnetId=wanted["subnet_id"], AllocationId=address["AllocationId"], ConnectivityType="public",
                TagSpecifications=self.tag_specifications("natgateway", tags),
            )  # fmt: skip
        else:
            gateway_id = gateway["NatGatewayId"]
            self.ensure_tags("nat gateway", gateway_id, name, gateway.get("Tags"), tags)
        return {
            "name": name,
            "nat_gateway_id": gateway_id,
            "subnet_id": wanted["subnet_id"],
            "allocation_id": address["AllocationId"],
            "public_ip": address["PublicIp"],
        }

    def absent(self) -> dict:
        gateways, addresses = self.existing()
        doomed = [gateway for gateway in gateways if gateway["State"] != "deleting"]
        self.each(
            lambda gateway: self.write(
                "ec2", "delete_nat_gateway", "delete", "nat gateway", name_of(gateway),
                missing=("NatGatewayNotFound",), NatGatewayId=gateway["NatGatewayId"],
            ),
            doomed,
        )  # fmt: skip
        if gateways:
            ids = [gateway["NatGatewayId"] for gateway in gateways]
            self.wait("ec2", "nat_gateway_deleted", delay=5, timeout=self.params["wait_timeout"], NatGatewayIds=ids)
        self.each(
            lambda address: self.write(
                "ec2", "release_address", "delete", "elastic ip address", name_of(address),
                missing=("InvalidAllocationID.NotFound",), AllocationId=address["AllocationId"],
            ),
            addresses,
        )  # fmt: skip
        return {"nat_gateways": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("nat_gateways",))]), NatGateways)


if __name__ == "__main__":
    main()
