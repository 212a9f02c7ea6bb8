# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of backup must obey beyond their types."""

from __future__ import annotations

import re

VAULT_NAME = re.compile(r"[A-Za-z0-9_-]{2,50}")
VAULT_ARN = re.compile(r"arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[A-Za-z0-9_-]{2,50}")
RULE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")
SCHEDULE = re.compile(r"cron\((?:\S+ ){5}\S+\)|rate\(\d+ \w+\)")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::\d{12}:[\w+=,.@/*?-]+")
SCHEDULE_OPTIONS = {
    "cold_storage_after_days",
    "completion_window_minutes",
    "continuous",
    "retention_days",
    "schedule_expression",
    "start_window_minutes",
}
#: "Lifecycle" and "BackupRule" (AWS Backup API Reference).
COLD_STORAGE_DAYS = 90
CONTINUOUS_DAYS = 35
#: "PutBackupVaultNotifications" (AWS Backup API Reference): taken, but never sent any more.
SILENT_EVENTS = (
    "BACKUP_JOB_SUCCESSFUL",
    "BACKUP_JOB_FAILED",
    "BACKUP_JOB_EXPIRED",
    "RESTORE_JOB_SUCCESSFUL",
    "RESTORE_JOB_FAILED",
    "BACKUP_PLAN_CREATED",
    "BACKUP_PLAN_MODIFIED",
)


def _days(value: object) -> int:
    """*value* as a number of days, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def schedule_findings(name: str, schedule: object) -> list[str]:
    words = f"backup_schedules: {name}"
    if not RULE_NAME.fullmatch(str(name)):
        return [f"{words} must be a name of 1 to 50 letters, digits and . _ -."]
    if not isinstance(schedule, dict):
        return [f"{words} must be {{schedule_expression: …, retention_days: …}}."]
    unknown = sorted(set(schedule) - SCHEDULE_OPTIONS)
    if unknown:
        return [f"{words} has {unknown[0]}, which is not one of {', '.join(sorted(SCHEDULE_OPTIONS))}."]
    found = []
    kept, cold = _days(schedule.get("retention_days")), _days(schedule.get("cold_storage_after_days"))
    if not SCHEDULE.fullmatch(str(schedule.get("schedule_expression"))):
        found.append(f"{words} needs a schedule_expression such as cron(0 18 * * ? *).")
    if not 1 <= kept <= 36500:
        found.append(f"{words} needs retention_days, 1 to 36500.")
    elif cold and kept < cold + COLD_STORAGE_DAYS:
        found.append(
            f"{words} moves to cold storage after {cold} days, where backups stay {COLD_STORAGE_DAYS} days at least; {kept} are kept."
        )
    elif schedule.get("continuous") and kept > CONTINUOUS_DAYS:
        found.append(f"{words} is continuous, and such backups are kept for {CONTINUOUS_DAYS} days at most.")
    return found


def lock_findings(variables: dict) -> list[str]:
    low, high = int(variables.get("backup_lock_min_retention_days") or 0), int(variables.get("backup_lock_max_retention_days") or 0)
    if low < 0 or high < 0 or (high and low > high):
        return [f"backup_lock_min_retention_days: {low} must be 0, or at most backup_lock_max_retention_days {high}."]
    found = []
    for name, schedule in (variables.get("backup_schedules") or {}).items():
        kept = _days(schedule.get("retention_days")) if isinstance(schedule, dict) else 0
        if kept and (kept < low or (high and kept > high)):
            found.append(
                f"backup_schedules: {name} keeps {kept} days, which the lock of the vault ({low} to {high or 'any'}) does not take."
            )
    return found


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    schedules = variables.get("backup_schedules")
    if schedules is not None and not schedules:
        found.append("backup_schedules: one schedule at least, or nothing is backed up.")
    for name, schedule in (schedules or {}).items():
        found += schedule_findings(name, schedule)
    found += lock_findings(variables)
    vault = variables.get("backup_vault_name")
    if vault is not None and not VAULT_NAME.fullmatch(vault):
        found.append(f"backup_vault_name: {vault!r} must be 2 to 50 letters, digits, _ and -.")
    copy = variables.get("backup_copy_vault_arn") or ""
    if copy and not VAULT_ARN.fullmatch(copy):
        found.append(f"backup_copy_vault_arn: {copy!r} must be the ARN of a vault, or empty.")
    elif copy and copy == f"arn:aws:backup:{variables.get('stack_region')}:{variables.get('stack_account_id')}:backup-vault:{vault}":
        found.append("backup_copy_vault_arn: a copy in the vault of the backup itself is none.")
    for arn in variables.get("backup_administrator_arns") or []:
        if not ROLE_ARN.fullmatch(arn):
            found.append(f"backup_administrator_arns: {arn!r} is not the ARN of a role, for example arn:aws:iam::123456789012:role/Admin.")
    for event in variables.get("backup_notification_events") or []:
        if event in SILENT_EVENTS:
            found.append(f"backup_notification_events: {event} is never sent any more; BACKUP_JOB_COMPLETED tells of all ends of a backup.")
    tags = variables.get("backup_selection_tags")
    if tags is not None and not tags:
        found.append("backup_selection_tags: one tag at least, or nothing is backed up.")
    if "backup_restore_testing_schedule_expression" in variables:
        expression = variables["backup_restore_testing_schedule_expression"]
        if not SCHEDULE.fullmatch(expression):
            found.append(f"backup_restore_testing_schedule_expression: {expression!r} must be such as cron(0 20 ? * SUN *).")
    if not 0 <= int(variables.get("backup_restore_testing_validation_window_hours", 1)) <= 168:
        found.append("backup_restore_testing_validation_window_hours: must be 0 to 168.")
    return found
