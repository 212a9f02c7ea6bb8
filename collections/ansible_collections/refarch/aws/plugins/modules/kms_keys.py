#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_keys
version_added: 0.1.0
short_description: Manage customer managed KMS keys as one set
description:
  - Creates, changes and removes symmetric KMS keys in one task, one for each purpose, each with its alias, policy, rotation and tags.
  - A key is found by its alias. Where the alias is missing, a key whose tag C(Name) is the alias without C(alias/), and whose tags
    C(Project), C(Environment) and C(ManagedBy) are the wanted ones, is adopted rather than a second one made.
  - A key found that way that awaits its deletion is restored. What was encrypted under it (kept buckets, snapshots, backups) stays
    readable, and taking a stack down and up again does not pile up keys.
options:
  state:
    description:
      - Whether the keys stand or not.
      - With V(absent) their deletion is scheduled and the aliases are removed; AWS deletes a key after its waiting period only.
    type: str
    choices: [present, absent]
    default: present
  keys:
    description:
      - The keys.
      - With O(state=absent), those that are removed; purpose and alias are enough.
    type: list
    elements: dict
    required: true
    suboptions:
      purpose:
        description: What the key is for, the key of the returned dicts.
        type: str
        required: true
      alias:
        description: The alias without C(alias/).
        type: str
        required: true
      description:
        description: What the key is for, at most 8192 characters. Not managed where left out.
        type: str
      policy:
        description: The key policy. Required with O(state=present).
        type: dict
      rotation:
        description: Whether KMS rotates the key material.
        type: bool
        default: true
      rotation_period_days:
        description: The days between rotations, 90 to 2560.
        type: int
        default: 365
      multi_region:
        description: Whether the key can be replicated, which can't be changed later.
        type: bool
        default: false
      deletion_window_days:
        description: The days between removal and deletion, 7 to 30.
        type: int
        default: 30
      tags:
        description: Tags of this key, added to O(tags). The tag C(Name) is the alias.
        type: dict
        default: {}
notes:
  - amazon.aws.kms_key takes one key a task, leaves an orphan when it is interrupted between CreateKey and CreateAlias, and makes a
    second key after a lost answer or a removal.
  - Key states are those of "Key states of AWS KMS keys" in the AWS KMS Developer Guide.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The key of the stack's logs
  refarch.aws.kms_keys:
    tags: "{{ stack_tags }}"
    keys:
      - purpose: logs
        alias: shop-staging-logs
        description: Log groups of shop-staging
        policy: "{{ 'logs' | refarch.aws.key_policy(services=['logs'], account_id=stack_account_id, region=stack_region) }}"
"""

RETURN = r"""
key_arns:
  description: The ARN of each purpose's key, without O(state=absent).
  returned: always
  type: dict
  sample: {logs: "arn:aws:kms:ap-northeast-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
key_ids:
  description: The id of each purpose's key, without O(state=absent).
  returned: always
  type: dict
  sample: {logs: 1234abcd-12ab-34cd-56ef-1234567890ab}
key_aliases:
  description: The alias of each purpose's key, without O(state=absent).
  returned: always
  type: dict
  sample: {logs: alias/shop-staging-logs}
removed_key_arns:
  description: The ARNs of the keys that await their deletion, by this run or an earlier one.
  returned: with O(state=absent)
  type: list
  elements: str
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, Resources, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "keys": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "no_log": False,
        "options": {
            "purpose": {"type": "str", "required": True},
            "alias": {"type": "str", "required": True},
            "description": {"type": "str"},
            "policy": {"type": "dict"},
            "rotation": {"type": "bool", "default": True},
            "rotation_period_days": {"type": "int", "default": 365},
            "multi_region": {"type": "bool", "default": False},
            "deletion_window_days": {"type": "int", "default": 30},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: The tags that say whose a key without an alias is.
IDENTITY = ("Name", "Project", "Environment", "ManagedBy")

GONE = ("NotFoundException",)
DELETION = ("PendingDeletion", "PendingReplicaDeletion")


def to_kms_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    """KMS spells tags in its own way."""
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def from_kms_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["TagKey"]: tag["TagValue"] for tag in tags}


def chosen(candidates: list[dict]) -> dict | None:
    """The key to adopt of several that bear the same tags: one in use before one that awaits deletion, then the latest."""
    usable = [key for key in candidates if key["KeyState"] in ("Enabled", "Disabled", "PendingDeletion")]
    return max(usable, key=lambda key: (key["KeyState"] not in DELETION, key["CreationDate"], key["KeyId"]), default=None)


class Keys(Resources):
    # -- finding -------------------------------------------------------------------------------------------------------
    def wanted_tags(self, key: dict) -> dict[str, str]:
        return {**(self.params["tags"] or {}), **key["tags"], "Name": key["alias"]}

    def existing(self) -> dict[str, dict]:
        """The metadata of the keys that stand, by alias, each with C(HasAlias)."""
        aliases = [key["alias"] for key in self.params["keys"]]
        by_alias = self.each(self.describe, [f"alias/{alias}" for alias in aliases])
        found = {alias: {**key, "HasAlias": True} for alias, key in zip(aliases, by_alias, strict=True) if key}
        missing = [key for key in self.params["keys"] if key["alias"] not in found]
        if missing:
            found |= {alias: {**key, "HasAlias": False} for alias, key in self.without_alias(missing).items()}
        return found

    def describe(self, key_id: str) -> dict | None:
        return self.read("kms", "describe_key", "KeyMetadata", missing=GONE, KeyId=key_id)

    def without_alias(self, wanted: list[dict]) -> dict[str, dict]:
        key_ids = self.read("kms", "list_keys", "Keys[].KeyId")
        # A foreign key's policy may forbid to look at its tags; then it isn't ours.
        tags = self.each(
            lambda key_id: from_kms_tags(
                self.read("kms", "list_resource_tags", "Tags", missing=(*GONE, "AccessDeniedException"), KeyId=key_id) or []
            ),
            key_ids,
        )
        found = {}
        for key in wanted:
            mine = self.wanted_tags(key)
            identity = {(name, mine[name]) for name in IDENTITY if name in mine}
            ids = [key_id for key_id, has in zip(key_ids, tags, strict=True) if identity <= set(has.items())]
            candidate = chosen([described for described in self.each(self.describe, ids) if described])
            if candidate:
                found[key["alias"]] = candidate
        return found

    # -- present -------------------------------------------------------------------------------------------------------
    def require_sound(self) -> None:
        for key in self.params["keys"]:
            name = key["purpose"]
            if key["policy"] is None:
                raise InvalidInput(f"keys: {name} lacks policy, without which nobody but the account's root could use the key.")
            if not 90 <= key["rotation_period_days"] <= 2560:
                raise InvalidInput(f"keys: rotation_period_days of {name} must be 90 to 2560.")
            if not 7 <= key["deletion_window_days"] <= 30:
                raise InvalidInput(f"keys: deletion_window_days of {name} must be 7 to 30.")

    def present(self) -> dict:
        self.require_sound()
        existing = self.existing()
        wanted = self.params["keys"]
        keys = self.each(lambda key: self.ensure(existing.get(key["alias"]), key), wanted)
        by_purpose = list(zip([key["purpose"] for key in wanted], wanted, keys, strict=True))
        return {
            "key_arns": {purpose: key["Arn"] for purpose, _wanted, key in by_purpose},
            "key_ids": {purpose: key["KeyId"] for purpose, _wanted, key in by_purpose},
            "key_aliases": {purpose: f"alias/{wanted['alias']}" for purpose, wanted, _key in by_purpose},
        }

    def ensure(self, key: dict | None, wanted: dict) -> dict:
        tags = self.wanted_tags(wanted)
        name = wanted["alias"]
        now = None
        if key is None:
            key = self.create(wanted, tags)
        else:
            self.require_same(key, wanted)
            # Before the restoration: while a key awaits deletion its rotation reads as off, so plan and apply see the same.
            now = self.settings(key["KeyId"])
            self.restore(key, name)
        if not key.get("HasAlias"):
            self.write("kms", "create_alias", "create", "KMS alias", name, AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
        if now is None:
            self.ensure_rotation(key["KeyId"], wanted, {})
        else:
            self.update(key, now, wanted, tags)
        return key

    def settings(self, key_id: str) -> list:
        """[policy, rotation, tags] of a standing key."""
        return self.each(
            lambda question: self.read("kms", question[0], question[1], KeyId=key_id, **question[2]),
            [
                ("get_key_policy", "Policy", {"PolicyName": "default"}),
                ("get_key_rotation_status", None, {}),
                ("list_resource_tags", "Tags", {}),
            ],
        )

    def create(self, wanted: dict, tags: dict) -> dict:
        made = self.write(
            "kms", "create_key", "create", "KMS key", wanted["alias"], returns="KeyMetadata",
            Description=wanted["description"] or "", Policy=json.dumps(wanted["policy"]), MultiRegion=wanted["multi_region"],
            Tags=to_kms_tags(tags),
        )  # fmt: skip
        return {"KeyId": UNKNOWN, "Arn": UNKNOWN} if made == UNKNOWN else made

    def require_same(self, key: dict, wanted: dict) -> None:
        if key.get("MultiRegion", False) != wanted["multi_region"]:
            raise InvalidInput(
                f"keys: {wanted['purpose']} stands with multi_region {key.get('MultiRegion', False)}, and AWS can't change it. "
                "Give the key another alias."
            )

    def restore(self, key: dict, name: str) -> None:
        """Bring a key that awaits its deletion, or is disabled, back to use. AWS leaves a key disabled when its deletion is cancelled."""
        before = {"KeyState": key["KeyState"]}
        if key["KeyState"] in DELETION:
            self.write("kms", "cancel_key_deletion", "update", "KMS key", name, before=before, KeyId=key["KeyId"])
        if key["KeyState"] in (*DELETION, "Disabled"):
            self.write("kms", "enable_key", "update", "KMS key", name, before=before, after={"KeyState": "Enabled"}, KeyId=key["KeyId"])

    def update(self, key: dict, now: list, wanted: dict, tags: dict) -> None:
        key_id, name = key["KeyId"], wanted["alias"]
        policy, rotation, existing_tags = now
        description = wanted["description"]
        if description is not None and description != key.get("Description", ""):
            self.write(
                "kms", "update_key_description", "update", "KMS key", name, before={"Description": key.get("Description", "")},
                after={"Description": description}, KeyId=key_id, Description=description,
            )  # fmt: skip
        policy = json.loads(policy)
        if compare_policies(policy, wanted["policy"]):
            self.write(
                "kms", "put_key_policy", "update", "KMS key", name, before=policy, after=wanted["policy"],
                KeyId=key_id, PolicyName="default", Policy=json.dumps(wanted["policy"]),
            )  # fmt: skip
        self.ensure_rotation(key_id, wanted, rotation)
        self.ensure_tags(key_id, name, from_kms_tags(existing_tags), tags)

    def ensure_rotation(self, key_id: str, wanted: dict, status: dict) -> None:
        on, days = status.get("KeyRotationEnabled", False), status.get("RotationPeriodInDays")
        about = ("update", "KMS key", wanted["alias"])
        before = {"KeyRotationEnabled": on, "RotationPeriodInDays": days}
        if wanted["rotation"] and (not on or days != wanted["rotation_period_days"]):
            self.write(
                "kms", "enable_key_rotation", *about, before=before, KeyId=key_id, RotationPeriodInDays=wanted["rotation_period_days"]
            )
        if on and not wanted["rotation"]:
            self.write("kms", "disable_key_rotation", *about, before=before, KeyId=key_id)

    def ensure_tags(self, key_id: str, name: str, existing: dict, wanted: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", "KMS key", name)
        if to_set:
            self.write("kms", "tag_resource", *about, before=existing, after=wanted, KeyId=key_id, Tags=to_kms_tags(to_set))
        if to_remove:
            self.write("kms", "untag_resource", *about, before=existing, after=wanted, KeyId=key_id, TagKeys=to_remove)

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        existing = self.existing()
        self.each(lambda key: self.remove(existing[key["alias"]], key), [key for key in self.params["keys"] if key["alias"] in existing])
        removed = sorted(key["Arn"] for key in existing.values())
        return {"key_arns": {}, "key_ids": {}, "key_aliases": {}, "removed_key_arns": removed}

    def remove(self, key: dict, wanted: dict) -> None:
        name = wanted["alias"]
        # The tags say whose the key is once the alias is gone; without Name it would not be found again, nor restored.
        if key["HasAlias"]:
            self.write("kms", "delete_alias", "delete", "KMS alias", name, missing=GONE, AliasName=f"alias/{name}")
        if key["KeyState"] not in DELETION:
            self.write(
                "kms", "schedule_key_deletion", "delete", "KMS key", name, missing=GONE,
                KeyId=key["KeyId"], PendingWindowInDays=wanted["deletion_window_days"],
            )  # fmt: skip


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Keys)


if __name__ == "__main__":
    main()
