# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of a backup plan."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_rules
version_added: 0.1.0
short_description: Plan the rules of a backup plan
description:
  - Answers with rules as AWS Backup's API takes them, one for each schedule.
positional: vault_name, copy_vault_arn
options:
  _input:
    description:
      - The schedules by their names.
      - Each has C(schedule_expression) and C(retention_days), and may have C(cold_storage_after_days) and C(continuous).
    type: dict
    required: true
  vault_name:
    description: The vault that gets the backups.
    type: str
    required: true
  copy_vault_arn:
    description: A vault of another region or account that gets a copy of each; empty for none.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: A backup each night
  vars:
    schedules: {daily: {schedule_expression: "cron(0 18 * * ? *)", retention_days: 35}}
  ansible.builtin.debug:
    msg: "{{ schedules | refarch.aws.backup_rules('shop-staging-backup') }}"
"""

RETURN = r"""
_value:
  description: The rules.
  type: list
  elements: dict
"""

from collections.abc import Mapping


def lifecycle(schedule: Mapping) -> dict:
    cold = int(schedule.get("cold_storage_after_days") or 0)
    return {**({"MoveToColdStorageAfterDays": cold} if cold else {}), "DeleteAfterDays": int(schedule["retention_days"])}


def backup_rules(schedules: Mapping[str, Mapping], vault_name: str, copy_vault_arn: str = "") -> list[dict]:
    """One rule for each of *schedules*. A copy is kept as long as the backup itself."""
    rules = []
    for name, schedule in schedules.items():
        rule = {
            "RuleName": name,
            "TargetBackupVaultName": vault_name,
            "ScheduleExpression": schedule["schedule_expression"],
            "StartWindowMinutes": int(schedule.get("start_window_minutes", 60)),
            "CompletionWindowMinutes": int(schedule.get("completion_window_minutes", 720)),
            "Lifecycle": lifecycle(schedule),
        }
        if schedule.get("continuous"):
            rule["EnableContinuousBackup"] = True
        if copy_vault_arn:
            rule["CopyActions"] = [{"DestinationBackupVaultArn": copy_vault_arn, "Lifecycle": lifecycle(schedule)}]
        rules.append(rule)
    return rules


class FilterModule:
    def filters(self):
        return {"backup_rules": backup_rules}
