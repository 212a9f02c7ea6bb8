#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_roles
version_added: 0.1.0
short_description: Manage IAM roles with their policies as one set
description:
  - Creates, changes and removes IAM roles in one task, each with its trust policy, inline and attached policies, permissions
    boundary, tags and, if wanted, an instance profile of the same name.
  - Reads all roles side by side in one round of calls.
options:
  state:
    description: Whether the roles stand or not.
    type: str
    choices: [present, absent]
    default: present
  roles:
    description:
      - The roles.
      - With O(state=absent), those that are removed with all that is attached to them; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 64 characters, unique in the account whatever the path.
        type: str
        required: true
      path:
        description: The path, which can't be changed later.
        type: str
        default: /refarch/
      description:
        description: What the role is for, at most 1000 characters. Not managed where left out.
        type: str
      assume_role_policy:
        description: The trust policy. Required with O(state=present).
        type: dict
      inline_policies:
        description: The inline policies, by their name.
        type: dict
        default: {}
      managed_policy_arns:
        description: The ARNs of the attached managed policies.
        type: list
        elements: str
        default: []
      permissions_boundary_arn:
        description:
          - The ARN of the managed policy that bounds the role.
          - Left out, the boundary is not managed, and never removed.
        type: str
      max_session_seconds:
        description: The longest session, 3600 to 43200 seconds.
        type: int
        default: 3600
      tags:
        description: Tags of this role, added to O(tags).
        type: dict
        default: {}
      instance_profile:
        description: Whether the role has an instance profile of the same name and path, for EC2.
        type: bool
        default: false
  purge_policies:
    description: Whether policies of the roles that are not given, inline or attached, are removed.
    type: bool
    default: true
notes:
  - amazon.aws.iam_role takes one role a task and no inline policies, makes an instance profile by itself, and reads serially.
  - The role is found again by its name, which is unique in an account (IAM API Reference, CreateRole), so an interrupted run completes.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The role of the flow logs
  refarch.aws.iam_roles:
    tags: "{{ stack_tags }}"
    roles:
      - name: shop-staging-flow-logs
        assume_role_policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: vpc-flow-logs.amazonaws.com}
              Action: sts:AssumeRole
              Condition: {StringEquals: {"aws:SourceAccount": "123456789012"}}
        inline_policies:
          deliver:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "logs:PutLogEvents", Resource: "{{ log_group_arn }}:*"}
        permissions_boundary_arn: "{{ permissions_boundary_arn }}"
"""

RETURN = r"""
roles:
  description: The roles in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-flow-logs}
    arn: {description: The ARN., type: str, sample: "arn:aws:iam::123456789012:role/refarch/shop-staging-flow-logs"}
    role_id: {description: The stable id of the role., type: str, sample: AROADBQP57FF2AEXAMPLE}
    path: {description: The path., type: str, sample: /refarch/}
    instance_profile_arn: {description: The ARN of the instance profile or V(null)., type: str}
    tags: {description: All tags., type: dict, sample: {Component: network}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import GONE, IamResources, document, documents_differ
from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    differing,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "roles": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/refarch/"},
            "description": {"type": "str"},
            "assume_role_policy": {"type": "dict"},
            "inline_policies": {"type": "dict", "default": {}},
            "managed_policy_arns": {"type": "list", "elements": "str", "default": []},
            "permissions_boundary_arn": {"type": "str"},
            "max_session_seconds": {"type": "int", "default": 3600},
            "tags": {"type": "dict", "default": {}},
            "instance_profile": {"type": "bool", "default": False},
        },
    },
    "purge_policies": {"type": "bool", "default": True},
    **TAG_OPTIONS,
}


class Roles(IamResources):
    def existing(self) -> dict[str, dict]:
        """Everything about the roles that stands, by name. All of it is asked for at once: IAM has no call for all of a role."""
        questions = [
            (role["name"], part, call)
            for role in self.params["roles"]
            for part, call in {
                "role": ("get_role", "Role", {}),
                "attached": ("list_attached_role_policies", "AttachedPolicies[].PolicyArn", {}),
                "inline_names": ("list_role_policies", "PolicyNames", {}),
                "profiles": ("list_instance_profiles_for_role", "InstanceProfiles", {}),
                **{
                    ("inline", policy): ("get_role_policy", "PolicyDocument", {"PolicyName": policy})
                    for policy in (role["inline_policies"] if self.params["state"] == "present" else ())
                },
            }.items()
        ]
        # A profile can outlive its role, when a removal was interrupted, or stand before the role is in it.
        questions += [
            (role["name"], "profile", ("get_instance_profile", "InstanceProfile", None))
            for role in self.params["roles"]
            if role["instance_profile"] or self.params["state"] == "absent"
        ]

        def ask(question):
            name, _part, (operation, path, more) = question
            owner = {"InstanceProfileName": name} if more is None else {"RoleName": name}
            return self.read("iam", operation, path, missing=GONE, **owner, **(more or {}))

        found: dict[str, dict] = {role["name"]: {} for role in self.params["roles"]}
        for (name, part, _call), answer in zip(questions, self.each(ask, questions), strict=True):
            found[name][part] = answer
        return found

    def require_sound(self) -> None:
        for role in self.params["roles"]:
            if role["assume_role_policy"] is None:
                raise InvalidInput(f"roles: {role['name']} lacks assume_role_policy, which a role can't be without.")
            if not 3600 <= role["max_session_seconds"] <= 43200:
                raise InvalidInput(f"roles: max_session_seconds of {role['name']} must be 3600 to 43200.")
            for policy, content in role["inline_policies"].items():
                if not isinstance(content, dict):
                    raise InvalidInput(f"roles: the inline policy {policy} of {role['name']} must be a policy document, as a dict.")

    def present(self) -> dict:
        self.require_sound()
        existing = self.existing()
        return {"roles": self.each(lambda role: self.ensure(existing[role["name"]], role), self.params["roles"])}

    def ensure(self, existing: dict, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        role = existing["role"]
        if role is None:
            role = self.create(wanted, tags)
        else:
            self.update(role, wanted, tags)
        self.ensure_inline(existing, wanted)
        self.ensure_attached("role", name, set(existing["attached"]), wanted["managed_policy_arns"], self.params["purge_policies"])
        return {
            "name": name,
            "arn": role["Arn"],
            "role_id": role["RoleId"],
            "path": wanted["path"],
            "instance_profile_arn": self.ensure_profile(existing, wanted, tags) if wanted["instance_profile"] else None,
            "tags": tags,
        }

    def create(self, wanted: dict, tags: dict) -> dict:
        optional = {
            "Description": wanted["description"],
            "PermissionsBoundary": wanted["permissions_boundary_arn"],
            "Tags": to_tag_list(tags) or None,
        }
        role = self.write(
            "iam", "create_role", "create", "IAM role", wanted["name"], returns="Role",
            RoleName=wanted["name"], Path=wanted["path"], AssumeRolePolicyDocument=document(wanted["assume_role_policy"]),
            MaxSessionDuration=wanted["max_session_seconds"], **{key: value for key, value in optional.items() if value},
        )  # fmt: skip
        self.wait("iam", "role_exists", delay=1, timeout=60, RoleName=wanted["name"])
        return {"Arn": UNKNOWN, "RoleId": UNKNOWN} if role == UNKNOWN else role

    def update(self, role: dict, wanted: dict, tags: dict) -> None:
        name = wanted["name"]
        if role["Path"] != wanted["path"]:
            raise InvalidInput(
                f"roles: {name} stands with path {role['Path']}, and AWS can't change it to {wanted['path']}. "
                "Give the role another name, or remove it first."
            )
        now = {"Description": role.get("Description", ""), "MaxSessionDuration": role.get("MaxSessionDuration", 3600)}
        settings = {"Description": wanted["description"], "MaxSessionDuration": wanted["max_session_seconds"]}
        changed = differing(now, settings)
        if changed:
            self.write("iam", "update_role", "update", "IAM role", name, before=now, after={**now, **changed}, RoleName=name, **changed)
        trust = wanted["assume_role_policy"]
        if documents_differ(role.get("AssumeRolePolicyDocument"), trust):
            self.write(
                "iam", "update_assume_role_policy", "update", "IAM role", name,
                before=role.get("AssumeRolePolicyDocument"), after=trust, RoleName=name, PolicyDocument=document(trust),
            )  # fmt: skip
        boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if wanted["permissions_boundary_arn"] and boundary != wanted["permissions_boundary_arn"]:
            self.write(
                "iam", "put_role_permissions_boundary", "update", "IAM role", name, before=boundary,
                after=wanted["permissions_boundary_arn"], RoleName=name, PermissionsBoundary=wanted["permissions_boundary_arn"],
            )  # fmt: skip
        self.ensure_tags("role", name, {"RoleName": name}, from_tag_list(role.get("Tags")), tags)

    def ensure_inline(self, existing: dict, wanted: dict) -> None:
        name = wanted["name"]
        for policy, content in wanted["inline_policies"].items():
            now = existing.get(("inline", policy))
            if documents_differ(now, content):
                self.write(
                    "iam", "put_role_policy", "update", "IAM role", name, before=now, after=content,
                    RoleName=name, PolicyName=policy, PolicyDocument=document(content),
                )  # fmt: skip
        for policy in existing["inline_names"] if self.params["purge_policies"] else ():
            if policy not in wanted["inline_policies"]:
                self.write("iam", "delete_role_policy", "update", "IAM role", name, missing=GONE, RoleName=name, PolicyName=policy)

    def ensure_profile(self, existing: dict, wanted: dict, tags: dict) -> str:
        name = wanted["name"]
        profile = existing["profile"]
        if profile is None:
            arn = self.write(
                "iam", "create_instance_profile", "create", "IAM instance profile", name, returns="InstanceProfile.Arn",
                InstanceProfileName=name, Path=wanted["path"], **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            self.wait("iam", "instance_profile_exists", delay=1, timeout=60, InstanceProfileName=name)
            inside = []
        else:
            arn = profile["Arn"]
            inside = [role["RoleName"] for role in profile["Roles"]]
            self.ensure_tags("instance_profile", name, {"InstanceProfileName": name}, from_tag_list(profile.get("Tags")), tags)
        if name not in inside:
            # A profile holds one role only (IAM User Guide, "Use instance profiles").
            for role in inside:
                self.take_out_of(name, role)
            self.write(
                "iam", "add_role_to_instance_profile", "update", "IAM instance profile", name, InstanceProfileName=name, RoleName=name
            )
        return arn

    def take_out_of(self, profile: str, role: str) -> None:
        self.write(
            "iam", "remove_role_from_instance_profile", "delete", "IAM instance profile", profile, missing=GONE,
            InstanceProfileName=profile, RoleName=role,
        )  # fmt: skip

    def absent(self) -> dict:
        existing = self.existing()
        self.each(lambda role: self.remove(existing[role["name"]], role["name"]), self.params["roles"])
        return {"roles": []}

    def remove(self, existing: dict, name: str) -> None:
        within = {(profile["InstanceProfileName"], name) for profile in existing["profiles"]}
        within |= {(name, role["RoleName"]) for role in (existing["profile"] or {}).get("Roles", [])}
        for profile, role in sorted(within):
            self.take_out_of(profile, role)
        if existing["profile"]:
            self.write(
                "iam", "delete_instance_profile", "delete", "IAM instance profile", name, missing=GONE, InstanceProfileName=name
            )  # fmt: skip
        if existing["role"] is None:
            return
        self.detach_all("role", name, existing["attached"])
        for policy in existing["inline_names"]:
            self.write("iam", "delete_role_policy", "delete", "IAM role", name, missing=GONE, RoleName=name, PolicyName=policy)
        self.write("iam", "delete_role", "delete", "IAM role", name, missing=GONE, RoleName=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Roles)


if __name__ == "__main__":
    main()
