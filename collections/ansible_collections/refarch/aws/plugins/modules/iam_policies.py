#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_policies
version_added: 0.1.0
short_description: Manage customer managed IAM policies as one set
description:
  - Creates, changes and removes customer managed policies in one task.
  - A changed document becomes a new default version. Where five versions stand, the oldest that is not the default goes first.
options:
  state:
    description: Whether the policies stand or not.
    type: str
    choices: [present, absent]
    default: present
  policies:
    description:
      - The policies.
      - With O(state=absent), those that are removed after they are detached from everything; name and path are enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 128 characters.
        type: str
        required: true
      path:
        description: The path, a part of the ARN.
        type: str
        default: /refarch/
      description:
        description: What the policy is for, at most 1000 characters. AWS can't change it later, so that it counts at creation only.
        type: str
      policy:
        description: The document. Required with O(state=present).
        type: dict
      tags:
        description: Tags of this policy, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.iam_managed_policy takes one policy a task, lists all policies of the account to find it, and fails to remove one that
    is attached.
  - A policy that still bounds roles or users is not removed, since lifting a permissions boundary gives rights.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The policy of the auditors
  refarch.aws.iam_policies:
    policies:
      - name: shop-staging-audit-read
        policy:
          Version: "2012-10-17"
          Statement:
            - {Sid: ReadTrails, Effect: Allow, Action: ["cloudtrail:LookupEvents"], Resource: "*"}
"""

RETURN = r"""
policies:
  description: The policies in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-audit-read}
    arn:
      description: The ARN, known in a plan too.
      type: str
      sample: "arn:aws:iam::123456789012:policy/refarch/shop-staging-audit-read"
    tags: {description: All tags., type: dict, sample: {Component: identity}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import GONE, IamResources, document, documents_differ
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "policies": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/refarch/"},
            "description": {"type": "str"},
            "policy": {"type": "dict"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: "A managed policy can have up to five versions" (IAM User Guide, "Versioning IAM policies").
VERSIONS = 5


class Policies(IamResources):
    def arns(self) -> list[str]:
        prefix = self.arn_prefix("policy")
        return [f"{prefix}{policy['path']}{policy['name']}" for policy in self.params["policies"]]

    def find(self, arn: str) -> dict | None:
        """The policy with its document under C(Document)."""
        policy = self.read("iam", "get_policy", "Policy", missing=GONE, PolicyArn=arn)
        if policy is None or self.params["state"] == "absent":
            return policy
        document_now = self.read(
            "iam", "get_policy_version", "PolicyVersion.Document", missing=GONE, PolicyArn=arn, VersionId=policy["DefaultVersionId"]
        )
        return {**policy, "Document": document_now}

    def present(self) -> dict:
        for policy in self.params["policies"]:
            if policy["policy"] is None:
                raise InvalidInput(f"policies: {policy['name']} lacks policy, the document.")
        wanted = list(zip(self.arns(), self.params["policies"], strict=True))
        return {"policies": self.each(lambda item: self.ensure(*item), wanted)}

    def ensure(self, arn: str, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        policy = self.find(arn)
        if policy is None:
            self.write(
                "iam", "create_policy", "create", "IAM policy", name, PolicyName=name, Path=wanted["path"],
                PolicyDocument=document(wanted["policy"]), **({"Description": wanted["description"]} if wanted["description"] else {}),
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            # Others attach it next.
            self.wait("iam", "policy_exists", delay=1, timeout=60, PolicyArn=arn)
        else:
            if documents_differ(policy["Document"], wanted["policy"]):
                self.new_version(arn, policy, wanted)
            self.ensure_tags("policy", name, {"PolicyArn": arn}, from_tag_list(policy.get("Tags")), tags)
        return {"name": name, "arn": arn, "tags": tags}

    def new_version(self, arn: str, policy: dict, wanted: dict) -> None:
        versions = self.read("iam", "list_policy_versions", "Versions", PolicyArn=arn)
        if len(versions) >= VERSIONS:
            oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=lambda version: int(version["VersionId"][1:]))
            self.delete_version(arn, wanted["name"], oldest["VersionId"])
        self.write(
            "iam", "create_policy_version", "update", "IAM policy", wanted["name"], before=policy["Document"], after=wanted["policy"],
            PolicyArn=arn, PolicyDocument=document(wanted["policy"]), SetAsDefault=True,
        )  # fmt: skip

    def delete_version(self, arn: str, name: str, version: str) -> None:
        self.write("iam", "delete_policy_version", "delete", "IAM policy", name, missing=GONE, PolicyArn=arn, VersionId=version)

    def absent(self) -> dict:
        found = [policy for policy in self.each(self.find, self.arns()) if policy]
        users = self.each(self.usage, found)
        if not self.check_mode:
            # In a plan the roles stand whose removal is planned before this one.
            self.require_unbounded(found, users)
        self.each(lambda item: self.remove(*item), list(zip(found, users, strict=True)))
        return {"policies": []}

    def usage(self, policy: dict) -> dict:
        """Who has the policy attached, who is bounded by it, and its versions."""
        arn = policy["Arn"]
        attached, bounded, versions = self.each(
            lambda question: self.read("iam", question[0], question[1], missing=GONE, PolicyArn=arn, **question[2]) or {},
            [
                ("list_entities_for_policy", None, {"PolicyUsageFilter": "PermissionsPolicy"}),
                ("list_entities_for_policy", None, {"PolicyUsageFilter": "PermissionsBoundary"}),
                ("list_policy_versions", "Versions", {}),
            ],
        )
        return {"attached": attached, "bounded": bounded, "versions": versions}

    def require_unbounded(self, policies: list[dict], users: list[dict]) -> None:
        for policy, used in zip(policies, users, strict=True):
            bounded = [role["RoleName"] for role in used["bounded"].get("PolicyRoles", [])]
            bounded += [user["UserName"] for user in used["bounded"].get("PolicyUsers", [])]
            if bounded:
                raise InvalidInput(
                    f"policies: {policy['PolicyName']} still bounds {', '.join(sorted(bounded))}. Remove them first: to lift their "
                    "permissions boundary would give them rights."
                )

    def remove(self, policy: dict, used: dict) -> None:
        arn, name = policy["Arn"], policy["PolicyName"]
        for kind in ("Role", "Group", "User"):
            for owner in used["attached"].get(f"Policy{kind}s", []):
                self.write(
                    "iam", f"detach_{kind.lower()}_policy", "delete", "IAM policy", name, missing=GONE,
                    **{f"{kind}Name": owner[f"{kind}Name"]}, PolicyArn=arn,
                )  # fmt: skip
        for version in used["versions"]:
            if not version["IsDefaultVersion"]:
                self.delete_version(arn, name, version["VersionId"])
        self.write("iam", "delete_policy", "delete", "IAM policy", name, missing=GONE, PolicyArn=arn)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Policies)


if __name__ == "__main__":
    main()
