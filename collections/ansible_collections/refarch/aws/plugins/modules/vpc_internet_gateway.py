#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_internet_gateway
version_added: 0.1.0
short_description: Manage the internet gateway of a VPC
description:
  - Creates, attaches, detaches and removes an internet gateway, found by its C(Name) tag, attached or not.
options:
  state:
    description: Whether the gateway stands or not.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The C(Name) tag, unique in account and region.
    type: str
    required: true
  vpc_id:
    description: The VPC it is attached to. Required with O(state=present).
    type: str
notes:
  - amazon.aws.ec2_vpc_igw tags after creating and finds by attachment, so that a run that ends in between leaves an orphan.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The way to the internet
  refarch.aws.vpc_internet_gateway:
    name: shop-staging-internet-gateway
    vpc_id: "{{ vpc.vpc_id }}"
"""

RETURN = r"""
internet_gateway_id:
  description: AWS's id, empty with O(state=absent).
  returned: always
  type: str
  sample: igw-0a1b2c3d
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "vpc_id": {"type": "str"},
    **TAG_OPTIONS,
}


class InternetGateway(Ec2Resources):
    def find(self) -> list[dict]:
        filters = [{"Name": "tag:Name", "Values": [self.params["name"]]}]
        found = self.read("ec2", "describe_internet_gateways", "InternetGateways", Filters=filters)
        # An attached one first: of two, the other is what a lost answer left behind.
        return sorted(found, key=lambda gateway: (not gateway.get("Attachments"), gateway["InternetGatewayId"]))

    def present(self) -> dict:
        name, vpc_id = self.params["name"], self.params["vpc_id"]
        tags = self.wanted_tags(name)
        found = self.find()
        attached = [attachment["VpcId"] for attachment in found[0].get("Attachments", [])] if found else []
        if not found:
            gateway_id = self.write(
                "ec2", "create_internet_gateway", "create", "internet gateway", name, returns="InternetGateway.InternetGatewayId",
                TagSpecifications=self.tag_specifications("internet-gateway", tags),
            )  # fmt: skip
            self.wait("ec2", "internet_gateway_exists", delay=1, timeout=120, InternetGatewayIds=[gateway_id])
        else:
            gateway_id = found[0]["InternetGatewayId"]
            if attached and attached != [vpc_id]:
                raise InvalidInput(f"vpc_id: the internet gateway {name} is attached to {attached[0]}, not to {vpc_id}. Detach it first.")
            self.ensure_tags("internet gateway", gateway_id, name, found[0].get("Tags"), tags)
        if not attached:
            self.write(
                "ec2", "attach_internet_gateway", "update", "internet gateway", name,
                InternetGatewayId=gateway_id, VpcId=vpc_id,
            )  # fmt: skip
        return {"internet_gateway_id": gateway_id}

    def absent(self) -> dict:
        name = self.params["name"]
        for gateway in self.find():
            gateway_id = gateway["InternetGatewayId"]
            for attachment in gateway.get("Attachments", []):
                self.write(
                    "ec2", "detach_internet_gateway", "update", "internet gateway", name,
                    missing=("Gateway.NotAttached",), InternetGatewayId=gateway_id, VpcId=attachment["VpcId"],
                )  # fmt: skip
            self.write(
                "ec2", "delete_internet_gateway", "delete", "internet gateway", name,
                missing=("InvalidInternetGatewayID.NotFound",), InternetGatewayId=gateway_id,
            )  # fmt: skip
        return {"internet_gateway_id": ""}


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id",))]),
        InternetGateway,
    )


if __name__ == "__main__":
    main()
