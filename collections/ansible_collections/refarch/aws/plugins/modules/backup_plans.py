#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_plans
version_added: 0.1.0
short_description: Manage plans of AWS Backup with their selections as one set
description:
  - Creates, changes and removes backup plans, and what they back up.
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
        description: The name, 1 to 50 letters, digits, C(-), C(_) and C(.), by which the plan is known.
        type: str
        required: true
      rules:
        description: The rules, each as the API's C(BackupRuleInput). Required with O(state=present).
        type: list
        elements: dict
        default: []
      selections:
        description: What the plan backs up, all of it. A selection can't be changed; a different one takes the place of the former.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: The name, 1 to 50 letters, digits, C(-), C(_) and C(.).
            type: str
            required: true
          role_arn:
            description: The role that Backup takes on. It must trust C(backup.amazonaws.com).
            type: str
            required: true
          resource_tags:
            description: Resources that carry one of these tags.
            type: dict
            default: {}
          resource_arns:
            description: Resources by their ARNs.
            type: list
            elements: str
            default: []
      tags:
        description: Tags of this plan, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.backup_plan and backup_selection take one each a task; the first reports a change on each run where AWS adds defaults.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A backup each night of all that carries the tag
  refarch.aws.backup_plans:
    plans:
      - name: shop-staging-backup
        rules:
          - RuleName: daily
            TargetBackupVaultName: shop-staging-backup
            ScheduleExpression: cron(0 18 * * ? *)
            Lifecycle: {DeleteAfterDays: 35}
        selections:
          - {name: tagged, role_arn: "{{ role_arn }}", resource_tags: {Backup: shop-staging}}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
plan_ids:
  description: The ids by the names, without O(state=absent).
  returned: always
  type: dict
  sample: {shop-staging-backup: 11111111-2222-3333-4444-555555555555}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.backup import GONE, BackupResources, essence
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "plans": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "rules": {"type": "list", "elements": "dict", "default": []},
            "selections": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "role_arn": {"type": "str", "required": True},
                    "resource_tags": {"type": "dict", "default": {}},
                    "resource_arns": {"type": "list", "elements": "str", "default": []},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: What AWS sets in a rule that does not say otherwise ("BackupRule", AWS Backup API Reference).
RULE_DEFAULTS = {
    "ScheduleExpression": "cron(0 5 ? * * *)",
    "ScheduleExpressionTimezone": "Etc/UTC",
    "StartWindowMinutes": 480,
    "CompletionWindowMinutes": 10080,
}

#: A selection that is gone is told in two ways ("DeleteBackupSelection", AWS Backup API Reference).
SELECTION_GONE = (*GONE, "InvalidParameterValueException")


def rules_of(plan: dict) -> list[dict]:
    """The rules of a plan in one form and order, without ids and defaults."""
    rules = [essence(rule, RULE_DEFAULTS) for rule in plan.get("Rules", [])]
    return sorted(({key: value for key, value in rule.items() if key != "RuleId"} for rule in rules), key=lambda rule: rule["RuleName"])


def selection_of(wanted: dict) -> dict:
    """A selection as CreateBackupSelection takes it."""
    conditions = [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value} for key, value in wanted["resource_tags"].items()
    ]
    selection = {"SelectionName": wanted["name"], "IamRoleArn": wanted["role_arn"]}
    if conditions:
        selection["ListOfTags"] = conditions
    if wanted["resource_arns"]:
        selection["Resources"] = wanted["resource_arns"]
    return selection


def same_selection(existing: dict, wanted: dict) -> bool:
    """Whether two selections choose the same; the order of tags and ARNs means nothing."""

    def form(selection: dict) -> dict:
        kept = essence(selection)
        for key in ("ListOfTags", "Resources", "NotResources"):
            if key in kept:
                kept[key] = sorted(kept[key], key=str)
        return kept

    return form(existing) == form(wanted)


class Plans(BackupResources):
    def existing(self) -> dict[str, dict]:
        """The region's plans by name."""
        return {plan["BackupPlanName"]: plan for plan in self.read("backup", "list_backup_plans", "BackupPlansList")}

    # -- present -------------------------------------------------------------------------------------------------------
    def present(self) -> dict:
        for wanted in self.params["plans"]:
            if not wanted["rules"]:
                raise InvalidInput(f"plans: {wanted['name']} needs rules.")
        existing, wanted = self.existing(), self.params["plans"]
        ids = self.each(lambda plan: self.ensure(existing.get(plan["name"]), plan), wanted)
        return {"plan_ids": dict(zip([plan["name"] for plan in wanted], ids, strict=True))}

    def ensure(self, plan: dict | None, wanted: dict) -> str:
        name, tags = wanted["name"], self.wanted_tags(wanted)
        document = {"BackupPlanName": name, "Rules": wanted["rules"]}
        if plan is None:
            plan_id = self.write(
                "backup", "create_backup_plan", "create", "backup plan", name, returns="BackupPlanId", BackupPlan=document,
                **({"BackupPlanTags": tags} if tags else {}),
            )  # fmt: skip
            selections = []
        else:
            plan_id = plan["BackupPlanId"]
            now, existing_tags, selections = self.each(
                lambda read: read(),
                [
                    lambda: self.read("backup", "get_backup_plan", "BackupPlan", BackupPlanId=plan_id),
                    lambda: self.tags_of(plan["BackupPlanArn"]),
                    lambda: self.selections(plan_id),
                ],
            )
            self.update(plan_id, now, document)
            self.ensure_tags("backup plan", name, plan["BackupPlanArn"], existing_tags, tags)
        self.ensure_selections(plan_id, selections, wanted)
        return plan_id

    def update(self, plan_id: str, now: dict, document: dict) -> None:
        if rules_of(now) != rules_of(document):
            # The update replaces the plan: what is not managed here is given back as it is.
            kept = {key: now[key] for key in ("AdvancedBackupSettings", "ScanSettings") if now.get(key)}
            self.write(
                "backup", "update_backup_plan", "update", "backup plan", document["BackupPlanName"], before={"Rules": now.get("Rules")},
                after=document, BackupPlanId=plan_id, BackupPlan={**document, **kept},
            )  # fmt: skip

    def selections(self, plan_id: str) -> list[dict]:
        return self.read("backup", "list_backup_selections", "BackupSelectionsList", missing=GONE, BackupPlanId=plan_id)

    def ensure_selections(self, plan_id: str, listed: list[dict], wanted: dict) -> None:
        chosen = {selection["name"]: selection_of(selection) for selection in wanted["selections"]}
        by_name = {item["SelectionName"]: item for item in listed}
        compared = [name for name in chosen if name in by_name and plan_id != UNKNOWN]
        documents = self.each(
            lambda name: self.read(
                "backup", "get_backup_selection", "BackupSelection", missing=SELECTION_GONE,
                BackupPlanId=plan_id, SelectionId=by_name[name]["SelectionId"],
            ),
            compared,
        )  # fmt: skip
        right = {name for name, now in zip(compared, documents, strict=True) if now and same_selection(now, chosen[name])}
        for name, item in by_name.items():
            if name not in right:
                self.delete_selection(plan_id, item)
        for name, selection in chosen.items():
            if name not in right:
                self.write(
                    "backup", "create_backup_selection", "create", "backup selection", name, BackupPlanId=plan_id,
                    BackupSelection=selection,
                )  # fmt: skip

    def delete_selection(self, plan_id: str, item: dict) -> None:
        self.write(
            "backup", "delete_backup_selection", "delete", "backup selection", item["SelectionName"], missing=SELECTION_GONE,
            BackupPlanId=plan_id, SelectionId=item["SelectionId"],
        )  # fmt: skip

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        existing = self.existing()
        doomed = [existing[plan["name"]] for plan in self.params["plans"] if plan["name"] in existing]
        self.each(self.remove, doomed)
        return {"plan_ids": {}}

    def remove(self, plan: dict) -> None:
        plan_id = plan["BackupPlanId"]
        for item in self.selections(plan_id):
            self.delete_selection(plan_id, item)
        self.write("backup", "delete_backup_plan", "delete", "backup plan", plan["BackupPlanName"], missing=GONE, BackupPlanId=plan_id)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Plans)


if __name__ == "__main__":
    main()
