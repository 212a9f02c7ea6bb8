#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_subnets
version_added: 0.1.0
short_description: Manage the subnets of a VPC as one set
description:
  - Creates, changes and removes the subnets of a VPC in one task. Reads them with one call and writes side by side.
options:
  state:
    description: Whether the subnets stand or not.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - The VPC.
      - With O(state=absent) and no VPC nothing is left to remove.
    type: str
  subnets:
    description:
      - The subnets that the VPC has. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all in the VPC that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The C(Name) tag.
        type: str
        required: true
      cidr:
        description: The IPv4 block, inside the VPC's. Required with O(state=present).
        type: str
      availability_zone:
        description: The zone, for example V(ap-northeast-2a). Required with O(state=present).
        type: str
      tags:
        description: Tags of this subnet, added to O(tags).
        type: dict
        default: {}
  wait_timeout:
    description:
      - Seconds to wait, with O(state=absent), until no network interface is left in the subnets.
      - Those of load balancers and endpoints stay for some minutes after them.
    type: int
    default: 600
notes:
  - amazon.aws.ec2_vpc_subnet takes one subnet a task, at five calls each, and its check mode fails while the VPC is planned only.
  - The block and the zone of a subnet can't be changed on AWS. A different one is refused rather than replaced.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Two database subnets
  refarch.aws.vpc_subnets:
    vpc_id: "{{ vpc.vpc_id }}"
    subnets:
      - {name: shop-staging-db-a, cidr: 10.0.48.0/20, availability_zone: ap-northeast-2a, tags: {Tier: db}}
      - {name: shop-staging-db-c, cidr: 10.0.64.0/20, availability_zone: ap-northeast-2c, tags: {Tier: db}}
"""

RETURN = r"""
subnets:
  description: The subnets in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The C(Name) tag., type: str, sample: shop-staging-db-a}
    subnet_id: {description: AWS's id., type: str, sample: subnet-0a1b2c3d}
    cidr: {description: The IPv4 block., type: str, sample: 10.0.48.0/20}
    availability_zone: {description: The zone., type: str, sample: ap-northeast-2a}
    tags: {description: All tags., type: dict, sample: {Tier: db}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, by_name, name_of
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "subnets": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "cidr": {"type": "str"},
            "availability_zone": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait_timeout": {"type": "int", "default": 600},
    **TAG_OPTIONS,
}


class Subnets(Ec2Resources):
    def existing(self) -> dict[str, dict]:
        """The VPC's subnets by their Name tag."""
        if not self.params["vpc_id"]:
            return {}
        filters = [{"Name": "vpc-id", "Values": [self.params["vpc_id"]]}]
        return by_name(self.read("ec2", "describe_subnets", "Subnets", Filters=filters), "SubnetId")

    def present(self) -> dict:
        existing = self.existing()
        for wanted in self.params["subnets"]:
            self.require_same(existing.get(wanted["name"]), wanted)
        subnets = self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted), self.params["subnets"])
        made = [subnet["subnet_id"] for subnet in subnets if subnet["name"] not in existing]
        if made:
            self.wait("ec2", "subnet_available", delay=2, timeout=120, SubnetIds=made)
        return {"subnets": subnets}

    def ensure(self, subnet: dict | None, wanted: dict) -> dict:
        tags = self.wanted_tags(wanted["name"], wanted["tags"])
        if subnet is None:
            subnet_id = self.write(
                "ec2", "create_subnet", "create", "subnet", wanted["name"], returns="Subnet.SubnetId",
                VpcId=self.params["vpc_id"], CidrBlock=wanted["cidr"], AvailabilityZone=wanted["availability_zone"],
                TagSpecifications=self.tag_specifications("subnet", tags),
            )  # fmt: skip
        else:
            subnet_id = subnet["SubnetId"]
            self.ensure_tags("subnet", subnet_id, wanted["name"], subnet.get("Tags"), tags)
        return {
            "name": wanted["name"],
            "subnet_id": subnet_id,
            "cidr": wanted["cidr"],
            "availability_zone": wanted["availability_zone"],
            "tags": tags,
        }

    def require_same(self, subnet: dict | None, wanted: dict) -> None:
        for option, key in (("cidr", "CidrBlock"), ("availability_zone", "AvailabilityZone")):
            if not wanted[option]:
                raise InvalidInput(f"subnets: {wanted['name']} needs {option}.")
            if subnet is not None and subnet[key] != wanted[option]:
                raise InvalidInput(
                    f"subnets: {wanted['name']} stands with {option} {subnet[key]}, and AWS can't change it to {wanted[option]}. "
                    "Give the subnet another name, or remove it first."
                )

    def absent(self) -> dict:
        doomed = {name_of(subnet): subnet["SubnetId"] for subnet in self.doomed(list(self.existing().values()), self.params["subnets"])}
        self.wait_interfaces_gone("subnet-id", list(doomed.values()), self.params["wait_timeout"])
        self.each(
            lambda name: self.write(
                "ec2", "delete_subnet", "delete", "subnet", name, missing=("InvalidSubnetID.NotFound",), SubnetId=doomed[name]
            ),
            doomed,
        )
        return {"subnets": []}


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id", "subnets"))]),
        Subnets,
    )


if __name__ == "__main__":
    main()
