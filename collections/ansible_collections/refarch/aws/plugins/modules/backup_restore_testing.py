#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_restore_testing
version_added: 0.1.0
short_description: Manage restore testing plans of AWS Backup with their selections
description:
  - Creates, changes and removes plans by which AWS Backup restores backups on a schedule, to prove that it can.
  - What was restored is deleted by AWS Backup afterwards.
options:
  state:
    description: Whether the plans stand or not.
    type: str
    choices: [present, absent]
    default: present
  plans:
    description: The plans. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 50 letters, digits and C(_).
        type: str
        required: true
      schedule_expression:
        description: When, as C(cron(…)). Required with O(state=present).
        type: str
      start_window_hours:
        description: Hours within which a test begins, 1 to 168.
        type: int
        default: 24
      selection_window_days:
        description: How many days back a recovery point may lie.
        type: int
        default: 30
      vault_arns:
        description: The vaults whose recovery points are tested; V(*) for all.
        type: list
        elements: str
        default: ["*"]
      recovery_point_types:
        description: The kinds of recovery points.
        type: list
        elements: str
        choices: [SNAPSHOT, CONTINUOUS]
        default: [SNAPSHOT, CONTINUOUS]
      selections:
        description: What is restored, all of it, one selection a type of resource.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The name, at most 50 letters, digits and C(_).
            type: str
            required: true
          resource_type:
            description: The type, for example V(RDS) or V(S3), which can't be changed later.
            type: str
            required: true
          role_arn:
            description: The role with which Backup restores.
            type: str
            required: true
          resource_tags:
            description: Resources that carry all of these tags.
            type: dict
            default: {}
          validation_window_hours:
            description: Hours that what was restored stays, 0 to 168.
            type: int
            default: 0
      tags:
        description: Tags of this plan, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for restore testing.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Restore the latest backup of each database every Sunday
  refarch.aws.backup_restore_testing:
    plans:
      - name: shop_staging_restore
        schedule_expression: cron(0 20 ? * SUN *)
        selections:
          - {name: rds, resource_type: RDS, role_arn: "{{ role_arn }}", resource_tags: {Backup: shop-staging}}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
plan_names:
  description: The names of the plans, without O(state=absent).
  returned: always
  type: list
  elements: str
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.backup import GONE, BackupResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, differing, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "plans": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "schedule_expression": {"type": "str"},
            "start_window_hours": {"type": "int", "default": 24},
            "selection_window_days": {"type": "int", "default": 30},
            "vault_arns": {"type": "list", "elements": "str", "default": ["*"]},
            "recovery_point_types": {
                "type": "list",
                "elements": "str",
                "choices": ["SNAPSHOT", "CONTINUOUS"],
                "default": ["SNAPSHOT", "CONTINUOUS"],
            },
            "selections": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "resource_type": {"type": "str", "required": True},
                    "role_arn": {"type": "str", "required": True},
                    "resource_tags": {"type": "dict", "default": {}},
                    "validation_window_hours": {"type": "int", "default": 0},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


def plan_of(wanted: dict) -> dict:
    """The settings of a plan that an update takes too."""
    return {
        "ScheduleExpression": wanted["schedule_expression"],
        "StartWindowHours": wanted["start_window_hours"],
        "RecoveryPointSelection": {
            "Algorithm": "LATEST_WITHIN_WINDOW",
            "IncludeVaults": sorted(wanted["vault_arns"]),
            "RecoveryPointTypes": sorted(wanted["recovery_point_types"]),
            "SelectionWindowDays": wanted["selection_window_days"],
        },
    }


def selection_of(wanted: dict) -> dict:
    """The settings of a selection that an update takes too."""
    conditions = [{"Key": f"aws:ResourceTag/{key}", "Value": value} for key, value in sorted(wanted["resource_tags"].items())]
    return {
        "IamRoleArn": wanted["role_arn"],
        "ProtectedResourceArns": ["*"],
        **({"ProtectedResourceConditions": {"StringEquals": conditions}} if conditions else {}),
        "ValidationWindowHours": wanted["validation_window_hours"],
    }


def comparable(settings: dict) -> dict:
    """*settings* with lists in one order, and only what plan_of and selection_of know."""
    recovery = settings.get("RecoveryPointSelection")
    if recovery is not None:
        kept = {key: recovery.get(key) for key in ("Algorithm", "IncludeVaults", "RecoveryPointTypes", "SelectionWindowDays")}
        return {**settings, "RecoveryPointSelection": {key: sorted(v) if isinstance(v, list) else v for key, v in kept.items()}}
    conditions = settings.get("ProtectedResourceConditions", {}).get("StringEquals", [])
    pairs = sorted(conditions, key=lambda pair: pair["Key"])
    return {**settings, "ProtectedResourceConditions": {"StringEquals": pairs}} if pairs else settings


class RestoreTesting(BackupResources):
    def existing(self) -> dict[str, dict]:
        """The region's restore testing plans by name."""
        listed = self.read("backup", "list_restore_testing_plans", "RestoreTestingPlans")
        return {plan["RestoreTestingPlanName"]: plan for plan in listed}

    def present(self) -> dict:
        for wanted in self.params["plans"]:
            if not wanted["schedule_expression"]:
                raise InvalidInput(f"plans: {wanted['name']} needs schedule_expression.")
        existing, wanted = self.existing(), self.params["plans"]
        self.each(lambda plan: self.ensure(existing.get(plan["name"]), plan), wanted)
        return {"plan_names": [plan["name"] for plan in wanted]}

    def ensure(self, summary: dict | None, wanted: dict) -> None:
        name, tags, settings = wanted["name"], self.wanted_tags(wanted), plan_of(wanted)
        if summary is None:
            self.write(
                "backup", "create_restore_testing_plan", "create", "restore testing plan", name,
                RestoreTestingPlan={"RestoreTestingPlanName": name, **settings}, **({"Tags": tags} if tags else {}),
            )  # fmt: skip
            listed = []
        else:
            arn = summary["RestoreTestingPlanArn"]
            plan, existing_tags, listed = self.each(
                lambda read: read(),
                [
                    lambda: self.read("backup", "get_restore_testing_plan", "RestoreTestingPlan", RestoreTestingPlanName=name),
                    lambda: self.tags_of(arn),
                    lambda: self.selections(name),
                ],
            )
            changed = differing(comparable(plan), settings)
            if changed:
                self.write(
                    "backup", "update_restore_testing_plan", "update", "restore testing plan", name,
                    before={key: plan.get(key) for key in changed}, after=changed,
                    RestoreTestingPlanName=name, RestoreTestingPlan=changed,
                )  # fmt: skip
            self.ensure_tags("restore testing plan", name, arn, existing_tags, tags)
        self.ensure_selections(name, listed, wanted)

    def selections(self, name: str) -> list[dict]:
        return self.read("backup", "list_restore_testing_selections", "RestoreTestingSelections", missing=GONE, RestoreTestingPlanName=name)

    def ensure_selections(self, plan: str, listed: list[dict], wanted: dict) -> None:
        chosen = {selection["name"]: selection for selection in wanted["selections"]}
        by_name = {item["RestoreTestingSelectionName"]: item for item in listed}
        for name, item in by_name.items():
            if name not in chosen or item["ProtectedResourceType"] != chosen[name]["resource_type"]:
                self.delete_selection(plan, name)
        standing = [n for n in chosen if n in by_name and by_name[n]["ProtectedResourceType"] == chosen[n]["resource_type"]]
        self.each(lambda name: self.update_selection(plan, chosen[name]), standing)
        for name, selection in chosen.items():
            if name not in standing:
                self.write(
                    "backup", "create_restore_testing_selection", "create", "restore testing selection", name, RestoreTestingPlanName=plan,
                    RestoreTestingSelection={
                        "RestoreTestingSelectionName": name, "ProtectedResourceType": selection["resource_type"], **selection_of(selection),
                    },
                )  # fmt: skip

    def update_selection(self, plan: str, wanted: dict) -> None:
        name = wanted["name"]
        about = {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": name}
        now = self.read("backup", "get_restore_testing_selection", "RestoreTestingSelection", **about)
        changed = differing(comparable(now), selection_of(wanted))
        if changed:
            self.write(
                "backup", "update_restore_testing_selection", "update", "restore testing selection", name,
                before={key: now.get(key) for key in changed}, after=changed, **about, RestoreTestingSelection=changed,
            )  # fmt: skip

    def delete_selection(self, plan: str, name: str) -> None:
        self.write(
            "backup", "delete_restore_testing_selection", "delete", "restore testing selection", name, missing=GONE,
            RestoreTestingPlanName=plan, RestoreTestingSelectionName=name,
        )  # fmt: skip

    def absent(self) -> dict:
        existing = self.existing()
        doomed = [plan["name"] for plan in self.params["plans"] if plan["name"] in existing]
        self.each(self.remove, doomed)
        return {"plan_names": []}

    def remove(self, name: str) -> None:
        for item in self.selections(name):
            self.delete_selection(name, item["RestoreTestingSelectionName"])
        self.write(
            "backup", "delete_restore_testing_plan", "delete", "restore testing plan", name, missing=GONE, RestoreTestingPlanName=name
        )


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), RestoreTesting)


if __name__ == "__main__":
    main()
