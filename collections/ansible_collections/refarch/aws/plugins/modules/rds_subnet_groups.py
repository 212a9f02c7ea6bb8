#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_subnet_groups
version_added: 0.1.0
short_description: Manage RDS subnet groups as one set
description:
  - Creates, changes and removes subnet groups in one task.
options:
  state:
    description: Whether the subnet groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  subnet_groups:
    description:
      - The subnet groups.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 255 lower-case letters, digits, spaces, dots, underscores and hyphens.
        type: str
        required: true
      description:
        description: What the group is for.
        type: str
        default: Managed by Ansible
      subnet_ids:
        description: The subnets, in two zones at least. Required with O(state=present).
        type: list
        elements: str
      tags:
        description: Tags of this subnet group, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.rds_subnet_group takes one group a task, and its check mode shows no calls.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The subnets of a database
  refarch.aws.rds_subnet_groups:
    tags: "{{ stack_tags }}"
    subnet_groups:
      - {name: shop-staging-db, subnet_ids: [subnet-0a1b2c3d, subnet-1a2b3c4d]}
"""

RETURN = r"""
subnet_groups:
  description: The subnet groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-db}
    arn: {description: The ARN., type: str}
    tags: {description: All tags., type: dict, sample: {Component: database}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.rds import RdsResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run, to_tag_list

KIND = "DB subnet group"
GONE = "DBSubnetGroupNotFoundFault"

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "subnet_groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": "Managed by Ansible"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


class SubnetGroups(RdsResources):
    def existing(self) -> dict[str, dict]:
        """The wanted groups that stand, by name."""
        groups = self.params["subnet_groups"]
        return self.each_named(groups, "describe_db_subnet_groups", "DBSubnetGroups", GONE, "DBSubnetGroupName")

    def present(self) -> dict:
        for group in self.params["subnet_groups"]:
            if len(group["subnet_ids"] or []) < 2:
                raise InvalidInput(f"subnet_groups: {group['name']} needs at least two subnet_ids, in two zones.")
        existing = self.existing()
        return {"subnet_groups": self.each(lambda group: self.ensure(existing.get(group["name"]), group), self.params["subnet_groups"])}

    def ensure(self, group: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        settings = {"DBSubnetGroupDescription": wanted["description"], "SubnetIds": wanted["subnet_ids"]}
        if group is None:
            arn = self.write(
                "rds", "create_db_subnet_group", "create", KIND, name, returns="DBSubnetGroup.DBSubnetGroupArn",
                DBSubnetGroupName=name, **settings, **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            return {"name": name, "arn": arn, "tags": tags}
        arn = group["DBSubnetGroupArn"]
        now = {
            "DBSubnetGroupDescription": group["DBSubnetGroupDescription"],
            "SubnetIds": sorted(subnet["SubnetIdentifier"] for subnet in group["Subnets"]),
        }
        if now != {**settings, "SubnetIds": sorted(wanted["subnet_ids"])}:
            self.write(
                "rds", "modify_db_subnet_group", "update", KIND, name, before=now, after=settings, DBSubnetGroupName=name, **settings
            )
        self.ensure_tags(KIND, name, arn, self.tags_of(arn), tags)
        return {"name": name, "arn": arn, "tags": tags}

    def absent(self) -> dict:
        self.each(
            lambda name: self.write("rds", "delete_db_subnet_group", "delete", KIND, name, missing=(GONE,), DBSubnetGroupName=name),
            self.existing(),
        )
        return {"subnet_groups": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), SubnetGroups)


if __name__ == "__main__":
    main()
