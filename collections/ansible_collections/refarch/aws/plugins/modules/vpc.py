#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc
version_added: 0.1.0
short_description: Manage a VPC with its DNS settings and its emptied default security group
description:
  - Creates, changes and removes a VPC, found by its C(Name) tag.
  - Takes all rules out of the VPC's default security group, which can't be deleted (Security Hub control EC2.2).
options:
  state:
    description:
      - Whether the VPC stands or not.
      - What stands in the VPC is removed before it, by the modules that made it.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The C(Name) tag, unique in account and region.
    type: str
    required: true
  cidr:
    description: The IPv4 block, V(/16) to V(/28). Required with O(state=present).
    type: str
  dns_support:
    description: Whether the resolver of AWS answers in the VPC.
    type: bool
    default: true
  dns_hostnames:
    description: Whether instances get DNS names. Private DNS of interface endpoints needs it.
    type: bool
    default: true
  empty_default_security_group:
    description: Whether the default security group has no rules, so that nothing can lean on it by mistake.
    type: bool
    default: true
notes:
  - amazon.aws.ec2_vpc_net finds a VPC by name and block, fails for good once there are two, and leaves the default security group open.
  - The block of a VPC can't be changed on AWS. A different one is refused rather than replaced.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The VPC of a stack
  refarch.aws.vpc:
    name: shop-staging-vpc
    cidr: 10.0.0.0/16
    tags: {Project: shop, Environment: staging}
"""

RETURN = r"""
vpc_id:
  description: AWS's id, empty with O(state=absent).
  returned: always
  type: str
  sample: vpc-0a1b2c3d
cidr:
  description: The IPv4 block, empty with O(state=absent).
  returned: always
  type: str
  sample: 10.0.0.0/16
default_security_group_id:
  description: The id of the default security group, empty with O(state=absent).
  returned: always
  type: str
  sample: sg-0a1b2c3d
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "cidr": {"type": "str"},
    "dns_support": {"type": "bool", "default": True},
    "dns_hostnames": {"type": "bool", "default": True},
    "empty_default_security_group": {"type": "bool", "default": True},
    **TAG_OPTIONS,
}

#: What a VPC made by CreateVpc has (Amazon VPC User Guide, "DNS attributes in your VPC").
NEW_VPC_DNS = {"enableDnsSupport": True, "enableDnsHostnames": False}


class Vpc(Ec2Resources):
    def find(self) -> dict | None:
        name = self.params["name"]
        found = self.read("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "tag:Name", "Values": [name]}])
        if len(found) > 1:
            ids = ", ".join(sorted(vpc["VpcId"] for vpc in found))
            raise InvalidInput(f"name: {len(found)} VPCs are named {name} ({ids}), and only one may be. Remove or rename the others.")
        return found[0] if found else None

    def present(self) -> dict:
        name, cidr = self.params["name"], self.params["cidr"]
        tags = self.wanted_tags(name)
        vpc = self.find()
        if vpc is None:
            vpc_id = self.write(
                "ec2", "create_vpc", "create", "vpc", name, returns="Vpc.VpcId",
                CidrBlock=cidr, TagSpecifications=self.tag_specifications("vpc", tags),
            )  # fmt: skip
            self.wait("ec2", "vpc_available", delay=2, timeout=120, VpcIds=[vpc_id])
        else:
            vpc_id = vpc["VpcId"]
            if vpc["CidrBlock"] != cidr:
                raise InvalidInput(
                    f"cidr: {name} stands with {vpc['CidrBlock']}, and AWS can't change it to {cidr}. "
                    "Give the VPC another name, or remove it first."
                )
            self.ensure_tags("vpc", vpc_id, name, vpc.get("Tags"), tags)
        support, hostnames, group = self.each(
            lambda read: read(),
            [
                lambda: self.attribute(vpc_id, "enableDnsSupport"),
                lambda: self.attribute(vpc_id, "enableDnsHostnames"),
                lambda: self.default_group(vpc_id),
            ],
        )
        # One attribute a call, and support before host names, which need it (ModifyVpcAttribute).
        self.ensure_attribute(vpc_id, "EnableDnsSupport", support, self.params["dns_support"])
        self.ensure_attribute(vpc_id, "EnableDnsHostnames", hostnames, self.params["dns_hostnames"])
        if self.params["empty_default_security_group"]:
            self.empty(group)
        return {"vpc_id": vpc_id, "cidr": cidr, "default_security_group_id": group["GroupId"]}

    def attribute(self, vpc_id: str, name: str) -> bool:
        answer = self.read("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=name)
        return NEW_VPC_DNS[name] if answer is None else answer[name[0].upper() + name[1:]]["Value"]

    def ensure_attribute(self, vpc_id: str, name: str, existing: bool, wanted: bool) -> None:
        if existing != wanted:
            self.write(
                "ec2", "modify_vpc_attribute", "update", "vpc", self.params["name"], before={name: existing}, after={name: wanted},
                VpcId=vpc_id, **{name: {"Value": wanted}},
            )  # fmt: skip

    def default_group(self, vpc_id: str) -> dict:
        """The default security group with C(ingress) and C(egress), the ids of its rules."""
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
        found = self.read("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        if not found:
            # A new VPC's: all from the group itself, all to anywhere (Amazon VPC User Guide, "Default security groups for your VPCs").
            return {"GroupId": UNKNOWN, "ingress": [UNKNOWN], "egress": [UNKNOWN]}
        group = {"GroupId": found[0]["GroupId"], "ingress": [], "egress": []}
        if found[0].get("IpPermissions") or found[0].get("IpPermissionsEgress"):
            of_group = [{"Name": "group-id", "Values": [group["GroupId"]]}]
            for rule in self.read("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=of_group):
                group["egress" if rule["IsEgress"] else "ingress"].append(rule["SecurityGroupRuleId"])
        return group

    def empty(self, group: dict) -> None:
        for direction in ("ingress", "egress"):
            if group[direction]:
                self.write(
                    "ec2", f"revoke_security_group_{direction}", "update", "security group", f"{self.params['name']} default",
                    GroupId=group["GroupId"], SecurityGroupRuleIds=group[direction],
                )  # fmt: skip

    def absent(self) -> dict:
        vpc = self.find()
        if vpc is not None:
            self.write("ec2", "delete_vpc", "delete", "vpc", self.params["name"], missing=("InvalidVpcID.NotFound",), VpcId=vpc["VpcId"])
        return {"vpc_id": "", "cidr": "", "default_security_group_id": ""}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("cidr",))]), Vpc)


if __name__ == "__main__":
    main()
