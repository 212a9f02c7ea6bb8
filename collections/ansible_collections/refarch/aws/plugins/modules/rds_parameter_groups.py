#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_parameter_groups
version_added: 0.1.0
short_description: Manage RDS parameter groups with their parameters as one set
description:
  - Creates, changes and removes parameter groups in one task. Parameters that are not given are reset.
  - A parameter that can change while the database runs does so at once. Others wait for a reboot, which this module never makes.
options:
  state:
    description: Whether the parameter groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  parameter_groups:
    description:
      - The parameter groups.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name, at most 255 lower-case letters, digits and hyphens.
        type: str
        required: true
      family:
        description: The family, such as V(postgres17). It can't be changed later. Required with O(state=present).
        type: str
      description:
        description: What the group is for. It can't be changed later, and a different one is no difference.
        type: str
        default: Managed by Ansible
      parameters:
        description: The parameters that differ from the family's, by name.
        type: dict
        default: {}
      tags:
        description: Tags of this parameter group, added to O(tags).
        type: dict
        default: {}
  name_prefix:
    description:
      - With O(state=absent), all parameter groups whose names begin so are removed too.
      - A group is named after its family, so that after an upgrade the one before is left.
    type: str
notes:
  - amazon.aws.rds_instance_param_group takes one group a task, reads all parameters of the family each time, and shows no calls.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: TLS only
  refarch.aws.rds_parameter_groups:
    tags: "{{ stack_tags }}"
    parameter_groups:
      - name: shop-staging-db-postgres17
        family: postgres17
        parameters: {rds.force_ssl: 1}
"""

RETURN = r"""
parameter_groups:
  description: The parameter groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-db-postgres17}
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

KIND = "DB parameter group"
GONE = "DBParameterGroupNotFound"
#: ModifyDBParameterGroup and ResetDBParameterGroup take this many in a call (Amazon RDS API Reference).
AT_ONCE = 20

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "parameter_groups": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "family": {"type": "str"},
            "description": {"type": "str", "default": "Managed by Ansible"},
            "parameters": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "name_prefix": {"type": "str"},
    **TAG_OPTIONS,
}


def text(value: object) -> str:
    """A parameter's value as RDS keeps it: a boolean is 1 or 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def batches(items: list) -> list[list]:
    return [items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE)]


class ParameterGroups(RdsResources):
    def existing(self) -> dict[str, dict]:
        """The wanted groups that stand, by name."""
        groups = self.params["parameter_groups"]
        return self.each_named(groups, "describe_db_parameter_groups", "DBParameterGroups", GONE, "DBParameterGroupName")

    def present(self) -> dict:
        groups = self.params["parameter_groups"]
        for group in groups:
            if not group["family"]:
                raise InvalidInput(f"parameter_groups: {group['name']} needs family.")
        existing = self.existing()
        for group in groups:
            family = existing.get(group["name"], {}).get("DBParameterGroupFamily", group["family"])
            if family != group["family"]:
                raise InvalidInput(
                    f"parameter_groups: {group['name']} stands with family {family}, and AWS can't change it to {group['family']}. "
                    "Give the parameter group another name."
                )
        return {"parameter_groups": self.each(lambda group: self.ensure(existing.get(group["name"]), group), groups)}

    def ensure(self, group: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        parameters = {key: text(value) for key, value in wanted["parameters"].items()}
        now: dict[str, str] = {}
        if group is None:
            arn = self.write(
                "rds", "create_db_parameter_group", "create", KIND, name, returns="DBParameterGroup.DBParameterGroupArn",
                DBParameterGroupName=name, DBParameterGroupFamily=wanted["family"], Description=wanted["description"],
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
        else:
            arn = group["DBParameterGroupArn"]
            found, tagged = self.each(
                lambda ask: ask(),
                [
                    lambda: self.read("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name, Source="user"),
                    lambda: self.tags_of(arn),
                ],
            )
            now = {one["ParameterName"]: one.get("ParameterValue", "") for one in found}
            self.ensure_tags(KIND, name, arn, tagged, tags)
        self.ensure_parameters(name, wanted["family"], now, parameters)
        return {"name": name, "arn": arn, "tags": tags}

    def ensure_parameters(self, name: str, family: str, now: dict[str, str], wanted: dict[str, str]) -> None:
        changed = {key: value for key, value in wanted.items() if now.get(key) != value}
        reset = sorted(now.keys() - wanted.keys())
        if not changed and not reset:
            return
        methods = self.methods(family)
        unknown = sorted(changed.keys() - methods.keys())
        if unknown:
            raise InvalidInput(f"parameter_groups: {', '.join(unknown)} of {name} is no parameter of family {family} that can be set.")
        for batch in batches(list(changed.items())):
            self.write(
                "rds", "modify_db_parameter_group", "update", KIND, name, before={key: now.get(key) for key, _value in batch},
                after=dict(batch), DBParameterGroupName=name,
                Parameters=[{"ParameterName": key, "ParameterValue": value, "ApplyMethod": methods[key]} for key, value in batch],
            )  # fmt: skip
        for some in batches(reset):
            self.write(
                "rds", "reset_db_parameter_group", "update", KIND, name, before={key: now[key] for key in some}, after=None,
                DBParameterGroupName=name, ResetAllParameters=False,
                Parameters=[{"ParameterName": key, "ApplyMethod": methods.get(key, "pending-reboot")} for key in some],
            )  # fmt: skip

    def methods(self, family: str) -> dict[str, str]:
        """How each parameter of *family* that can be set is applied. Asked only where something changes: there are hundreds."""
        found = self.read(
            "rds", "describe_engine_default_parameters", "EngineDefaults.Parameters", DBParameterGroupFamily=family
        )  # fmt: skip
        return {
            one["ParameterName"]: "immediate" if one.get("ApplyType") == "dynamic" else "pending-reboot"
            for one in found
            if one.get("IsModifiable", True)
        }

    def absent(self) -> dict:
        prefix = self.params["name_prefix"]
        names = {group["name"] for group in self.params["parameter_groups"]}
        if prefix:
            found = [group["DBParameterGroupName"] for group in self.read("rds", "describe_db_parameter_groups", "DBParameterGroups")]
            doomed = [name for name in found if name in names or name.startswith(prefix)]
        else:
            doomed = list(self.existing())
        self.each(
            lambda name: self.write("rds", "delete_db_parameter_group", "delete", KIND, name, missing=(GONE,), DBParameterGroupName=name),
            sorted(doomed),
        )
        return {"parameter_groups": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), ParameterGroups)


if __name__ == "__main__":
    main()
