#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_vaults
version_added: 0.1.0
short_description: Manage vaults of AWS Backup as one set
description:
  - Creates, changes and removes backup vaults with their access policy, their notifications and their lock in governance mode.
options:
  state:
    description: Whether the vaults stand or not.
    type: str
    choices: [present, absent]
    default: present
  vaults:
    description: The vaults. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 2 to 50 letters, digits, C(-) and C(_).
        type: str
        required: true
      kms_key_arn:
        description: The key that encrypts backups, which can't be changed later. Left out, AWS's own.
        type: str
      policy:
        description: The access policy. Left out, it is not managed.
        type: dict
      notifications:
        description: Who is told of what. Left out, notifications are not managed.
        type: dict
        suboptions:
          topic_arn:
            description: The topic. Its policy must let Backup publish.
            type: str
            required: true
          events:
            description:
              - The events, for example V(COPY_JOB_FAILED).
              - V(BACKUP_JOB_FAILED) and V(BACKUP_JOB_EXPIRED) are taken by AWS, which never sends them any more.
            type: list
            elements: str
            required: true
      min_retention_days:
        description:
          - The shortest retention that the vault takes. With it or O(vaults[].max_retention_days) the vault is locked in governance mode,
            which whoever has the permission can lift.
          - Without both, a lock in governance mode is lifted. Compliance mode, which nobody can lift, is never set here.
        type: int
      max_retention_days:
        description: The longest retention that the vault takes.
        type: int
      tags:
        description: Tags of this vault, added to O(tags).
        type: dict
        default: {}
  recovery_points:
    description:
      - What becomes of a vault that holds recovery points, with O(state=absent).
      - V(refuse) fails, V(keep) leaves the vault, V(delete) deletes them with the vault.
    type: str
    choices: [refuse, keep, delete]
    default: refuse
  wait_timeout:
    description: Seconds to wait until deleted recovery points are gone.
    type: int
    default: 900
notes:
  - community.aws.backup_vault has neither policy nor notifications nor lock, and its check mode fails on an empty account.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The vault of a stack
  refarch.aws.backup_vaults:
    vaults:
      - name: shop-staging-backup
        kms_key_arn: "{{ key_arns.storage }}"
        notifications: {topic_arn: "{{ topic_arns.critical }}", events: [COPY_JOB_FAILED]}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
vaults:
  description: The vaults in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-backup}
    vault_arn: {description: The ARN., type: str, sample: "arn:aws:backup:ap-northeast-2:123456789012:backup-vault:shop-staging-backup"}
kept_vault_names:
  description: Vaults that stay with O(state=absent), since they hold recovery points.
  returned: always
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

from ansible_collections.refarch.aws.plugins.module_utils.backup import GONE, BackupResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vaults": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "kms_key_arn": {"type": "str", "no_log": False},
            "policy": {"type": "dict"},
            "notifications": {
                "type": "dict",
                "options": {
                    "topic_arn": {"type": "str", "required": True},
                    "events": {"type": "list", "elements": "str", "required": True},
                },
            },
            "min_retention_days": {"type": "int"},
            "max_retention_days": {"type": "int"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "recovery_points": {"type": "str", "choices": ["refuse", "keep", "delete"], "default": "refuse"},
    "wait_timeout": {"type": "int", "default": 900},
    **TAG_OPTIONS,
}

EMPTY = {
    "operation": "ListRecoveryPointsByBackupVault",
    "acceptors": [{"matcher": "path", "argument": "length(RecoveryPoints)", "expected": 0, "state": "success"}],
}


class Vaults(BackupResources):
    def existing(self) -> dict[str, dict]:
        """All vaults of the region by name."""
        return {vault["BackupVaultName"]: vault for vault in self.read("backup", "list_backup_vaults", "BackupVaultList")}

    # -- present -------------------------------------------------------------------------------------------------------
    def present(self) -> dict:
        existing, wanted = self.existing(), self.params["vaults"]
        for vault in wanted:
            self.require_same(existing.get(vault["name"]), vault)
        return {"vaults": self.each(lambda vault: self.ensure(existing.get(vault["name"]), vault), wanted), "kept_vault_names": []}

    def require_same(self, vault: dict | None, wanted: dict) -> None:
        low, high = wanted["min_retention_days"], wanted["max_retention_days"]
        if low is not None and high is not None and low > high:
            raise InvalidInput(f"vaults: min_retention_days of {wanted['name']} is {low}, more than max_retention_days {high}.")
        key = wanted["kms_key_arn"]
        if vault and key and vault.get("EncryptionKeyArn") != key:
            raise InvalidInput(
                f"vaults: {wanted['name']} stands with kms_key_arn {vault.get('EncryptionKeyArn')}, and AWS can't change it to {key}. "
                "Give the vault another name."
            )

    def ensure(self, vault: dict | None, wanted: dict) -> dict:
        name, tags = wanted["name"], self.wanted_tags(wanted)
        if vault is None:
            arn = self.write(
                "backup", "create_backup_vault", "create", "backup vault", name, returns="BackupVaultArn", BackupVaultName=name,
                **({"EncryptionKeyArn": wanted["kms_key_arn"]} if wanted["kms_key_arn"] else {}),
                **({"BackupVaultTags": tags} if tags else {}),
            )  # fmt: skip
            policy = notifications = None
        else:
            arn = vault["BackupVaultArn"]
            existing_tags, policy, notifications = self.each(
                lambda read: read(), [lambda: self.tags_of(arn), lambda: self.policy(name), lambda: self.notifications(name)]
            )
            self.ensure_tags("backup vault", name, arn, existing_tags, tags)
        if wanted["policy"] and (policy is None or compare_policies(json.loads(policy), wanted["policy"])):
            self.write(
                "backup", "put_backup_vault_access_policy", "update", "backup vault", name, before=policy, after=wanted["policy"],
                BackupVaultName=name, Policy=json.dumps(wanted["policy"]),
            )  # fmt: skip
        if wanted["notifications"]:
            self.ensure_notifications(name, notifications, wanted["notifications"])
        self.ensure_lock(name, vault or {}, wanted)
        return {"name": name, "vault_arn": arn}

    def policy(self, name: str) -> str | None:
        return self.read("backup", "get_backup_vault_access_policy", "Policy", missing=GONE, BackupVaultName=name)

    def notifications(self, name: str) -> dict | None:
        return self.read("backup", "get_backup_vault_notifications", missing=GONE, BackupVaultName=name)

    def ensure_notifications(self, name: str, existing: dict | None, wanted: dict) -> None:
        now = (existing.get("SNSTopicArn"), set(existing.get("BackupVaultEvents", []))) if existing else None
        if now != (wanted["topic_arn"], set(wanted["events"])):
            self.write(
                "backup", "put_backup_vault_notifications", "update", "backup vault", name, before=existing,
                BackupVaultName=name, SNSTopicArn=wanted["topic_arn"], BackupVaultEvents=wanted["events"],
            )  # fmt: skip

    def ensure_lock(self, name: str, vault: dict, wanted: dict) -> None:
        keys = {"MinRetentionDays": wanted["min_retention_days"], "MaxRetentionDays": wanted["max_retention_days"]}
        given = {key: value for key, value in keys.items() if value is not None}
        now = {key: vault[key] for key in keys if vault.get(key) is not None}
        about = ("update", "backup vault lock", name)
        if given and (given != now or not vault.get("Locked")):
            self.write("backup", "put_backup_vault_lock_configuration", *about, before=now, after=given, BackupVaultName=name, **given)
        elif not given and vault.get("Locked") and not vault.get("LockDate"):
            self.write("backup", "delete_backup_vault_lock_configuration", *about, before=now, BackupVaultName=name)

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        existing = self.existing()
        doomed = [existing[vault["name"]] for vault in self.params["vaults"] if vault["name"] in existing]
        points = self.each(lambda vault: self.points(vault["BackupVaultName"]), doomed)
        kept = [
            vault["BackupVaultName"]
            for vault, held in zip(doomed, points, strict=True)
            if held and self.params["recovery_points"] == "keep"
        ]
        for vault, held in zip(doomed, points, strict=True):
            if held and self.params["recovery_points"] == "refuse":
                raise InvalidInput(
                    f"vaults: {vault['BackupVaultName']} holds {len(held)} recovery points. Delete them with recovery_points: delete, "
                    "or leave the vault with recovery_points: keep."
                )
        going = [
            (vault["BackupVaultName"], held) for vault, held in zip(doomed, points, strict=True) if vault["BackupVaultName"] not in kept
        ]
        self.each(lambda item: self.remove(*item), going)
        return {"vaults": [], "kept_vault_names": kept}

    def points(self, name: str) -> list[dict]:
        return self.read("backup", "list_recovery_points_by_backup_vault", "RecoveryPoints", missing=GONE, BackupVaultName=name)

    def remove(self, name: str, points: list[dict]) -> None:
        for point in points:
            self.write(
                "backup", "delete_recovery_point", "delete", "recovery point", point.get("ResourceArn", name), missing=GONE,
                BackupVaultName=name, RecoveryPointArn=point["RecoveryPointArn"],
            )  # fmt: skip
        if points:
            self.wait("backup", EMPTY, delay=5, timeout=self.params["wait_timeout"], BackupVaultName=name)
        self.write("backup", "delete_backup_vault", "delete", "backup vault", name, missing=GONE, BackupVaultName=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Vaults)


if __name__ == "__main__":
    main()
