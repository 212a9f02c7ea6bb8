#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_secrets
version_added: 0.1.0
short_description: Manage secrets of AWS Secrets Manager as one set
description:
  - Creates, changes and removes secrets in one task, each with its encryption key, resource policy, rotation and tags.
  - A secret's value belongs to whoever sets it - a person, a rotation. It is written when the secret is made, and once more when a
    placeholder is to give way to O(secrets[].value); otherwise it is neither compared nor written.
  - A secret that awaits its deletion is restored.
options:
  state:
    description: Whether the secrets stand or not.
    type: str
    choices: [present, absent]
    default: present
  secrets:
    description:
      - The secrets.
      - With O(state=absent), those that are deleted; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name, at most 512 letters, digits and C(/_+=.@-).
          - It must not end with a hyphen and six characters, which is how the ARN of another secret may end.
        type: str
        required: true
      description:
        description: What the secret is for.
        type: str
        default: ''
      kms_key_arn:
        description:
          - The key that encrypts the value.
          - Left out, the encryption is not managed.
        type: str
      placeholder:
        description: What a new secret holds where no O(secrets[].value) is given. Values are never read, so that it may change freely.
        type: str
        default: to be replaced
      value:
        description:
          - What a new secret holds, and a standing one that still holds its O(secrets[].placeholder).
          - An empty text counts as none.
        type: str
      resource_policy:
        description:
          - The policy of the secret.
          - Left out, the policy is not managed.
        type: dict
      rotation:
        description:
          - How the value is rotated.
          - Left out, rotation is not managed.
        type: dict
        suboptions:
          lambda_arn:
            description: The ARN of the function that rotates.
            type: str
            required: true
          days:
            description: The days between two rotations, 1 to 1000.
            type: int
            default: 30
      tags:
        description: Tags of this secret, added to O(tags).
        type: dict
        default: {}
  recovery_window_days:
    description: With O(state=absent), the days in which a deleted secret can be restored, 7 to 30. V(0) deletes it at once.
    type: int
    default: 30
notes:
  - community.aws.secretsmanager_secret takes one secret a task, compares the value with each run, and is not able to restore one.
  - A secret is found again by its name, which is unique in account and region, also while it awaits its deletion.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The address of a Slack channel
  refarch.aws.secretsmanager_secrets:
    tags: "{{ stack_tags }}"
    secrets:
      - name: shop-staging-slack-webhook
        kms_key_arn: "{{ key_arns.storage }}"
        value: "{{ vault_slack_webhook_url }}"
"""

RETURN = r"""
secrets:
  description: The secrets in the order of the option, without O(state=absent) and without their values.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-slack-webhook}
    arn:
      description: The ARN.
      type: str
      sample: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:shop-staging-slack-webhook-a1b2c3"
    tags: {description: All tags., type: dict, sample: {Component: alerting}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json
import re
import uuid

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import document, documents_differ
from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    Resources,
    differing,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

GONE = ("ResourceNotFoundException",)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "secrets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "kms_key_arn": {"type": "str", "no_log": False},
            "placeholder": {"type": "str", "default": "to be replaced"},
            "value": {"type": "str", "no_log": True},
            "resource_policy": {"type": "dict"},
            "rotation": {
                "type": "dict",
                "options": {"lambda_arn": {"type": "str", "required": True}, "days": {"type": "int", "default": 30}},
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    "recovery_window_days": {"type": "int", "default": 30},
    **TAG_OPTIONS,
}


def placeholder_version(name: str) -> str:
    """The id of the version that holds the placeholder of secret *name*: computed, so that no value need be read to know it.

    The token of a request becomes the id of the version (AWS Secrets Manager API Reference, CreateSecret, ClientRequestToken).
    """
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"refarch:placeholder:{name}"))


class Secrets(Resources):
    def require_sound(self) -> None:
        for secret in self.params["secrets"]:
            name = secret["name"]
            if not re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", name):
                raise InvalidInput(f"secrets: the name {name!r} must be 1 to 512 letters, digits and /_+=.@-.")
            if re.search(r"-[A-Za-z0-9]{6}$", name):
                # "Secret name" in CreateSecret (AWS Secrets Manager API Reference): a partial ARN could find another secret.
                raise InvalidInput(f"secrets: the name {name} must not end with a hyphen and six characters, as ARNs of secrets do.")
            if secret["rotation"] and not 1 <= secret["rotation"]["days"] <= 1000:
                raise InvalidInput(f"secrets: rotation.days of {name} must be 1 to 1000.")
        if self.params["recovery_window_days"] != 0 and not 7 <= self.params["recovery_window_days"] <= 30:
            raise InvalidInput("recovery_window_days must be 7 to 30, or 0 to delete at once.")

    def described(self, name: str) -> dict | None:
        """DescribeSecret also answers for a secret that awaits its deletion, with DeletedDate."""
        return self.read("secretsmanager", "describe_secret", missing=GONE, SecretId=name)

    def present(self) -> dict:
        self.require_sound()
        return {"secrets": self.each(self.ensure, self.params["secrets"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        secret = self.described(name)
        if secret is None:
            arn = self.create(wanted, tags)
            secret = {}
        else:
            arn = secret["ARN"]
            if secret.get("DeletedDate"):
                self.write("secretsmanager", "restore_secret", "update", "secret", name, SecretId=name)
            self.update(secret, wanted, tags)
        self.ensure_policy(bool(secret), wanted)
        self.ensure_rotation(secret, wanted)
        return {"name": name, "arn": arn, "tags": tags}

    def create(self, wanted: dict, tags: dict) -> str:
        optional = {
            "Description": wanted["description"],
            "KmsKeyId": wanted["kms_key_arn"],
            "Tags": to_tag_list(tags),
            "ClientRequestToken": None if wanted["value"] else placeholder_version(wanted["name"]),
        }
        return self.write(
            "secretsmanager", "create_secret", "create", "secret", wanted["name"], returns="ARN", Name=wanted["name"],
            SecretString=wanted["value"] or wanted["placeholder"], **{key: value for key, value in optional.items() if value},
        )  # fmt: skip

    def update(self, secret: dict, wanted: dict, tags: dict) -> None:
        name = wanted["name"]
        now = {"Description": secret.get("Description", ""), "KmsKeyId": secret.get("KmsKeyId")}
        changed = differing(now, {"Description": wanted["description"], "KmsKeyId": wanted["kms_key_arn"] or None})
        if changed:
            self.write(
                "secretsmanager", "update_secret", "update", "secret", name, before=now, after={**now, **changed}, SecretId=name, **changed
            )
        current = [version for version, stages in (secret.get("VersionIdsToStages") or {}).items() if "AWSCURRENT" in stages]
        if not current or (wanted["value"] and current == [placeholder_version(name)]):
            # A secret without any value, for example made by hand, would fail its readers.
            token = {} if wanted["value"] else {"ClientRequestToken": placeholder_version(name)}
            self.write(
                "secretsmanager", "put_secret_value", "update", "secret", name, SecretId=name,
                SecretString=wanted["value"] or wanted["placeholder"], **token,
            )  # fmt: skip
        existing = from_tag_list(secret.get("Tags"))
        to_set, to_remove = self.tag_changes(existing, tags)
        about = ("update", "secret", name)
        if to_set:
            self.write("secretsmanager", "tag_resource", *about, before=existing, after=tags, SecretId=name, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("secretsmanager", "untag_resource", *about, before=existing, after=tags, SecretId=name, TagKeys=to_remove)

    def ensure_policy(self, stands: bool, wanted: dict) -> None:
        if wanted["resource_policy"] is None:
            return
        name = wanted["name"]
        text = self.read("secretsmanager", "get_resource_policy", "ResourcePolicy", missing=GONE, SecretId=name if stands else UNKNOWN)
        existing = json.loads(text) if text else None
        if documents_differ(existing, wanted["resource_policy"]):
            self.write(
                "secretsmanager", "put_resource_policy", "update", "secret", name, before=existing, after=wanted["resource_policy"],
                SecretId=name, ResourcePolicy=document(wanted["resource_policy"]), BlockPublicPolicy=True,
            )  # fmt: skip

    def ensure_rotation(self, secret: dict, wanted: dict) -> None:
        if wanted["rotation"] is None:
            return
        rotation = {"lambda_arn": wanted["rotation"]["lambda_arn"], "days": wanted["rotation"]["days"]}
        existing = {"lambda_arn": secret.get("RotationLambdaARN"), "days": secret.get("RotationRules", {}).get("AutomaticallyAfterDays")}
        if not secret.get("RotationEnabled") or existing != rotation:
            self.write(
                "secretsmanager", "rotate_secret", "update", "secret", wanted["name"], before=existing, after=rotation,
                SecretId=wanted["name"], RotationLambdaARN=rotation["lambda_arn"],
                RotationRules={"AutomaticallyAfterDays": rotation["days"]}, RotateImmediately=False,
            )  # fmt: skip

    def absent(self) -> dict:
        self.require_sound()
        self.each(self.remove, [secret["name"] for secret in self.params["secrets"]])
        return {"secrets": []}

    def remove(self, name: str) -> None:
        secret = self.described(name)
        days = self.params["recovery_window_days"]
        if secret is None or (secret.get("DeletedDate") and days):
            return
        how = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        self.write("secretsmanager", "delete_secret", "delete", "secret", name, missing=GONE, SecretId=name, **how)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Secrets)


if __name__ == "__main__":
    main()
