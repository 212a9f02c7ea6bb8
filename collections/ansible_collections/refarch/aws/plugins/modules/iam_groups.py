#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_groups
version_added: 0.1.0
short_description: Manage IAM groups with their attached policies as one set
description:
  - Creates, changes and removes IAM groups in one task, each with its attached managed policies and no inline ones.
  - Who is in a group is managed by refarch.aws.iam_users.
options:
  state:
    description: Whether the groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  groups:
    description:
      - The groups.
      - With O(state=absent), those that are removed, emptied before; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 128 characters, unique in the account whatever the path.
        type: str
        required: true
      path:
        description: The path.
        type: str
        default: /refarch/
      managed_policy_arns:
        description: The ARNs of the attached managed policies, at most 10 as AWS's quota stands.
        type: list
        elements: str
        default: []
  purge_policies:
    description: Whether policies of the groups that are not given, and all inline ones, are removed.
    type: bool
    default: true
notes:
  - amazon.aws.iam_group takes one group a task and reads serially.
  - AWS has no tags on groups.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The operators
  refarch.aws.iam_groups:
    groups:
      - name: shop-staging-operators
        managed_policy_arns: ["{{ policy_arns.operators }}"]
"""

RETURN = r"""
groups:
  description: The groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-operators}
    arn: {description: The ARN., type: str, sample: "arn:aws:iam::123456789012:group/refarch/shop-staging-operators"}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import GONE, IamResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/refarch/"},
            "managed_policy_arns": {"type": "list", "elements": "str", "default": []},
        },
    },
    "purge_policies": {"type": "bool", "default": True},
}


class Groups(IamResources):
    def existing(self) -> dict[str, dict]:
        questions = [
            (group["name"], part, *call)
            for group in self.params["groups"]
            for part, call in {
                "group": ("get_group", None),
                "attached": ("list_attached_group_policies", "AttachedPolicies[].PolicyArn"),
                "inline": ("list_group_policies", "PolicyNames"),
            }.items()
        ]
        answers = self.each(lambda ask: self.read("iam", ask[2], ask[3], missing=GONE, GroupName=ask[0]), questions)
        found: dict[str, dict] = {group["name"]: {} for group in self.params["groups"]}
        for (name, part, *_call), answer in zip(questions, answers, strict=True):
            found[name][part] = answer
        return found

    def present(self) -> dict:
        existing = self.existing()
        return {"groups": self.each(lambda group: self.ensure(existing[group["name"]], group), self.params["groups"])}

    def ensure(self, existing: dict, wanted: dict) -> dict:
        name = wanted["name"]
        if existing["group"] is None:
            arn = self.write("iam", "create_group", "create", "IAM group", name, returns="Group.Arn", GroupName=name, Path=wanted["path"])
        else:
            arn, path = existing["group"]["Group"]["Arn"], existing["group"]["Group"]["Path"]
            if path != wanted["path"]:
                self.write(
                    "iam", "update_group", "update", "IAM group", name, before={"Path": path}, after={"Path": wanted["path"]},
                    GroupName=name, NewPath=wanted["path"],
                )  # fmt: skip
                arn = arn.replace(f":group{path}", f":group{wanted['path']}")
        self.ensure_attached("group", name, set(existing["attached"]), wanted["managed_policy_arns"], self.params["purge_policies"])
        for policy in existing["inline"] if self.params["purge_policies"] else ():
            self.write("iam", "delete_group_policy", "update", "IAM group", name, missing=GONE, GroupName=name, PolicyName=policy)
        return {"name": name, "arn": arn}

    def absent(self) -> dict:
        existing = self.existing()
        self.each(lambda name: self.remove(existing[name], name), [name for name, found in existing.items() if found["group"]])
        return {"groups": []}

    def remove(self, existing: dict, name: str) -> None:
        for user in existing["group"]["Users"]:
            self.write(
                "iam", "remove_user_from_group", "delete", "IAM group", name, missing=GONE, GroupName=name, UserName=user["UserName"]
            )
        self.detach_all("group", name, existing["attached"])
        for policy in existing["inline"]:
            self.write("iam", "delete_group_policy", "delete", "IAM group", name, missing=GONE, GroupName=name, PolicyName=policy)
        self.write("iam", "delete_group", "delete", "IAM group", name, missing=GONE, GroupName=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Groups)


if __name__ == "__main__":
    main()
