#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_users
version_added: 0.1.0
short_description: Manage IAM users with their groups as one set
description:
  - Creates, changes and removes IAM users in one task, each with its tags, permissions boundary and groups.
  - Users have their rights from groups only (Security Hub control IAM.2), so that there is no option to attach a policy. What
    others have attached is reported as a warning and left alone.
  - Neither passwords nor access keys are made. A person gets a password from an administrator, and an MFA device by themselves.
options:
  state:
    description: Whether the users stand or not.
    type: str
    choices: [present, absent]
    default: present
  users:
    description:
      - The users.
      - With O(state=absent), those that are removed with all their credentials; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 64 characters, unique in the account whatever the path.
        type: str
        required: true
      path:
        description: The path.
        type: str
        default: /refarch/
      groups:
        description: The names of the groups that the user is in.
        type: list
        elements: str
        default: []
      permissions_boundary_arn:
        description: The ARN of the managed policy that bounds the user. Left out, the boundary is not managed, and never removed.
        type: str
      tags:
        description: Tags of this user, added to O(tags).
        type: dict
        default: {}
  purge_groups:
    description: Whether users leave groups that are not given.
    type: bool
    default: true
notes:
  - amazon.aws.iam_user takes one user a task, knows no boundary, and fails to remove a user with some kinds of credentials.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The people
  refarch.aws.iam_users:
    users:
      - {name: jane, groups: [shop-staging-operators], tags: {Email: jane@example.com}}
"""

RETURN = r"""
users:
  description: The users in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: jane}
    arn: {description: The ARN., type: str, sample: "arn:aws:iam::123456789012:user/refarch/jane"}
    foreign_policies:
      description: Policies that others have attached to the user or put into it.
      type: list
      elements: str
    tags: {description: All tags., type: dict, sample: {Component: identity}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import GONE, IamResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, from_tag_list, run, to_tag_list

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "users": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/refarch/"},
            "groups": {"type": "list", "elements": "str", "default": []},
            "permissions_boundary_arn": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "purge_groups": {"type": "bool", "default": True},
    **TAG_OPTIONS,
}

#: What a user can have, by the call that lists it.
STANDING = {
    "user": ("get_user", "User"),
    "groups": ("list_groups_for_user", "Groups[].GroupName"),
    "attached": ("list_attached_user_policies", "AttachedPolicies[].PolicyArn"),
    "inline": ("list_user_policies", "PolicyNames"),
}

#: What AWS wants gone before a user ("Deleting an IAM user (AWS CLI)" in the IAM User Guide): list call, path, deleting call, operand.
CREDENTIALS = {
    "keys": ("list_access_keys", "AccessKeyMetadata[].AccessKeyId", "delete_access_key", "AccessKeyId"),
    "ssh": ("list_ssh_public_keys", "SSHPublicKeys[].SSHPublicKeyId", "delete_ssh_public_key", "SSHPublicKeyId"),
    "certificates": ("list_signing_certificates", "Certificates[].CertificateId", "delete_signing_certificate", "CertificateId"),
    "service": (
        "list_service_specific_credentials", "ServiceSpecificCredentials[].ServiceSpecificCredentialId",
        "delete_service_specific_credential", "ServiceSpecificCredentialId",
    ),
    "mfa": ("list_mfa_devices", "MFADevices[].SerialNumber", "deactivate_mfa_device", "SerialNumber"),
}  # fmt: skip


class Users(IamResources):
    def existing(self, parts: dict[str, tuple]) -> dict[str, dict]:
        questions = [(user["name"], part, call) for user in self.params["users"] for part, call in parts.items()]
        answers = self.each(lambda ask: self.read("iam", ask[2][0], ask[2][1], missing=GONE, UserName=ask[0]), questions)
        found: dict[str, dict] = {user["name"]: {} for user in self.params["users"]}
        for (name, part, _call), answer in zip(questions, answers, strict=True):
            found[name][part] = answer
        return found

    def present(self) -> dict:
        existing = self.existing(STANDING)
        for name, found in existing.items():
            if foreign := foreign_policies(found):
                self.module.warn(
                    f"The user {name} has policies of its own ({', '.join(foreign)}); users should have rights from groups only [IAM.2]."
                )
        return {"users": self.each(lambda user: self.ensure(existing[user["name"]], user), self.params["users"])}

    def ensure(self, existing: dict, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        boundary = wanted["permissions_boundary_arn"]
        user = existing["user"]
        if user is None:
            arn = self.write(
                "iam", "create_user", "create", "IAM user", name, returns="User.Arn", UserName=name, Path=wanted["path"],
                **({"PermissionsBoundary": boundary} if boundary else {}), **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            self.wait("iam", "user_exists", delay=1, timeout=60, UserName=name)
        else:
            arn = self.update(user, wanted, tags)
        self.ensure_groups(name, set(existing["groups"]), wanted["groups"])
        return {"name": name, "arn": arn, "foreign_policies": foreign_policies(existing), "tags": tags}

    def update(self, user: dict, wanted: dict, tags: dict) -> str:
        name, arn = wanted["name"], user["Arn"]
        if user["Path"] != wanted["path"]:
            self.write(
                "iam", "update_user", "update", "IAM user", name, before={"Path": user["Path"]}, after={"Path": wanted["path"]},
                UserName=name, NewPath=wanted["path"],
            )  # fmt: skip
            arn = arn.replace(f":user{user['Path']}", f":user{wanted['path']}")
        boundary = user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        if wanted["permissions_boundary_arn"] and boundary != wanted["permissions_boundary_arn"]:
            self.write(
                "iam", "put_user_permissions_boundary", "update", "IAM user", name, before=boundary,
                after=wanted["permissions_boundary_arn"], UserName=name, PermissionsBoundary=wanted["permissions_boundary_arn"],
            )  # fmt: skip
        self.ensure_tags("user", name, {"UserName": name}, from_tag_list(user.get("Tags")), tags)
        return arn

    def ensure_groups(self, name: str, existing: set[str], wanted: list[str]) -> None:
        about = {"before": {"groups": sorted(existing)}, "after": {"groups": sorted(wanted)}}
        for group in wanted:
            if group not in existing:
                self.write("iam", "add_user_to_group", "update", "IAM user", name, **about, GroupName=group, UserName=name)
        for group in sorted(existing - set(wanted)) if self.params["purge_groups"] else ():
            self.write("iam", "remove_user_from_group", "update", "IAM user", name, **about, missing=GONE, GroupName=group, UserName=name)

    def absent(self) -> dict:
        login = {"login": ("get_login_profile", "LoginProfile.UserName")}
        existing = self.existing({**STANDING, **login, **{part: call[:2] for part, call in CREDENTIALS.items()}})
        self.each(lambda name: self.remove(existing[name], name), [name for name, found in existing.items() if found["user"]])
        return {"users": []}

    def remove(self, existing: dict, name: str) -> None:
        def delete(operation: str, **operands: str) -> None:
            self.write("iam", operation, "delete", "IAM user", name, missing=GONE, **operands)

        # What lets the user in goes first.
        if existing["login"]:
            delete("delete_login_profile", UserName=name)
        for part, (_list, _path, operation, operand) in CREDENTIALS.items():
            for credential in existing[part]:
                delete(operation, UserName=name, **{operand: credential})
                # A virtual device is a thing of its own, which outlives its user; a hardware one is not.
                if part == "mfa" and ":mfa/" in credential:
                    delete("delete_virtual_mfa_device", SerialNumber=credential)
        for group in existing["groups"]:
            delete("remove_user_from_group", GroupName=group, UserName=name)
        self.detach_all("user", name, existing["attached"])
        for policy in existing["inline"]:
            delete("delete_user_policy", UserName=name, PolicyName=policy)
        delete("delete_user", UserName=name)


def foreign_policies(existing: dict) -> list[str]:
    """What others have attached to a user or put into it."""
    return [*sorted(existing["attached"]), *sorted(existing["inline"])]


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Users)


if __name__ == "__main__":
    main()
