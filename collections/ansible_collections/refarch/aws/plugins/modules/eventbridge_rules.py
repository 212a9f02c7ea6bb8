#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: eventbridge_rules
version_added: 0.1.0
short_description: Manage EventBridge rules with their targets as one set
description:
  - Creates, changes and removes rules of the default event bus, each with the targets that it hands its events to.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description: The rules.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 1 to 64 letters, digits, periods, hyphens and underscores.
        type: str
        required: true
      description:
        description: What it waits for, at most 512 characters.
        type: str
        default: ""
      event_pattern:
        description: The events that it waits for. One of this and O(rules[].schedule_expression) is required with O(state=present).
        type: dict
      schedule_expression:
        description: The times at which it makes an event, V(rate(…)) or V(cron(…)).
        type: str
      enabled:
        description: Whether it hands on events.
        type: bool
        default: true
      targets:
        description: Where events go, 1 to 5. Targets that are not listed are removed.
        type: list
        elements: dict
        default: []
        suboptions:
          id: {description: The name within the rule., type: str, required: true}
          arn: {description: The ARN of the target., type: str, required: true}
          role_arn: {description: The role with which EventBridge acts there., type: str}
          input: {description: What the target gets instead of the event., type: dict}
          input_transformer:
            description: Makes what the target gets from parts of the event.
            type: dict
            suboptions:
              paths: {description: JSON paths by name., type: dict, default: {}}
              template: {description: "A text with V(<name>) where a part goes.", type: str, required: true}
          dead_letter_arn: {description: The queue for events that could not be delivered., type: str}
          retry_attempts: {description: "How often delivery is tried again, 0 to 185.", type: int, default: 185}
          retry_age_seconds: {description: "How old an event may get, 60 to 86400.", type: int, default: 86400}
      tags:
        description: Tags of this rule, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.cloudwatchevent_rule takes one rule a task, skips check mode, and knows neither tags nor dead letters.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell of failed backups
  refarch.aws.eventbridge_rules:
    tags: "{{ stack_tags }}"
    rules:
      - name: shop-staging-backup-failed
        event_pattern:
          source: [aws.backup]
          detail-type: [Backup Job State Change]
          detail: {state: [FAILED, EXPIRED]}
        targets:
          - {id: topic, arn: "{{ topic_arns.critical }}"}
"""

RETURN = r"""
rules:
  description: The rules in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-backup-failed}
    arn: {description: The ARN., type: str, sample: "arn:aws:events:ap-northeast-2:123456789012:rule/shop-staging-backup-failed"}
    tags: {description: All tags., type: dict, sample: {Component: monitoring}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json
import re

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "rules": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "event_pattern": {"type": "dict"},
            "schedule_expression": {"type": "str"},
            "enabled": {"type": "bool", "default": True},
            "targets": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "id": {"type": "str", "required": True},
                    "arn": {"type": "str", "required": True},
                    "role_arn": {"type": "str"},
                    "input": {"type": "dict"},
                    "input_transformer": {
                        "type": "dict",
                        "options": {"paths": {"type": "dict", "default": {}}, "template": {"type": "str", "required": True}},
                    },
                    "dead_letter_arn": {"type": "str"},
                    "retry_attempts": {"type": "int", "default": 185},
                    "retry_age_seconds": {"type": "int", "default": 86400},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
KIND = "event rule"
GONE = ("ResourceNotFoundException",)


def target_document(target: dict) -> dict:
    """A target as PutTargets takes it."""
    transformer = target["input_transformer"]
    given = {
        "RoleArn": target["role_arn"],
        "Input": json.dumps(target["input"], sort_keys=True) if target["input"] is not None else None,
        "InputTransformer": {"InputPathsMap": transformer["paths"], "InputTemplate": transformer["template"]} if transformer else None,
        "DeadLetterConfig": {"Arn": target["dead_letter_arn"]} if target["dead_letter_arn"] else None,
    }
    return {
        "Id": target["id"],
        "Arn": target["arn"],
        **{key: value for key, value in given.items() if value is not None},
        "RetryPolicy": {"MaximumRetryAttempts": target["retry_attempts"], "MaximumEventAgeInSeconds": target["retry_age_seconds"]},
    }


class Rules(NamedSet):
    option = "rules"

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.each(lambda name: self.read("events", "describe_rule", missing=GONE, Name=name), names)
        return {name: rule for name, rule in zip(names, found, strict=True) if rule}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name, tags = wanted["name"], self.tags_of(wanted)
        arn = self.own_arn("events", f"rule/{name}")
        asked = {"Description": wanted["description"], "State": "ENABLED" if wanted["enabled"] else "DISABLED"}
        if wanted["event_pattern"] is not None:
            asked["EventPattern"] = json.dumps(wanted["event_pattern"], sort_keys=True)
        if wanted["schedule_expression"]:
            asked["ScheduleExpression"] = wanted["schedule_expression"]
        if existing is None:
            self.write("events", "put_rule", "create", KIND, name, Name=name, **asked, Tags=to_tag_list(tags))
        else:
            if self.differs(existing, asked):
                before = {key: existing.get(key) for key in asked}
                self.write("events", "put_rule", "update", KIND, name, before=before, after=asked, Name=name, **asked)
            standing = from_tag_list(self.read("events", "list_tags_for_resource", "Tags", ResourceARN=arn))
            self.ensure_tags(
                "events", KIND, name, standing, tags, {"ResourceARN": arn}, lambda found: {"Tags": to_tag_list(found)}, "TagKeys"
            )
        self.ensure_targets(existing is not None, wanted)
        return {"name": name, "arn": arn, "tags": tags}

    def require_sound(self, wanted: dict) -> None:
        name = wanted["name"]
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", name):
            raise InvalidInput(f"rules: the name {name!r} must be 1 to 64 letters, digits, periods, hyphens and underscores.")
        if (wanted["event_pattern"] is None) == (not wanted["schedule_expression"]):
            raise InvalidInput(f"rules: {name} needs either event_pattern or schedule_expression.")
        if not 1 <= len(wanted["targets"]) <= 5:
            raise InvalidInput(f"rules: {name} needs 1 to 5 targets.")

    @staticmethod
    def differs(existing: dict, asked: dict) -> bool:
        pattern = json.loads(existing.get("EventPattern") or "null") != json.loads(asked.get("EventPattern") or "null")
        schedule = (existing.get("ScheduleExpression") or "") != asked.get("ScheduleExpression", "")
        return pattern or schedule or any((existing.get(key) or "") != asked[key] for key in ("Description", "State"))

    def ensure_targets(self, may_stand: bool, wanted: dict) -> None:
        name = wanted["name"]
        found = self.read("events", "list_targets_by_rule", "Targets", Rule=name) if may_stand else []
        existing = {target["Id"]: target for target in found}
        asked = [target_document(target) for target in wanted["targets"]]
        changed = [target for target in asked if not self.same_target(existing.get(target["Id"]), target)]
        extra = sorted(set(existing) - {target["Id"] for target in asked})
        if extra:
            before = [existing[key] for key in extra]
            self.write("events", "remove_targets", "update", KIND, name, before=before, Rule=name, Ids=extra)
        if changed:
            before = [existing[target["Id"]] for target in changed if target["Id"] in existing]
            action = "update" if may_stand else "create"
            failed = self.write("events", "put_targets", action, KIND, name, returns="FailedEntries", before=before or None, after=changed,
                                Rule=name, Targets=changed)  # fmt: skip
            if isinstance(failed, list) and failed:
                # PutTargets answers with success though it took none ("PutTargets", Amazon EventBridge API Reference).
                raise InvalidInput(f"rules: {name}: EventBridge refused target {failed[0]['TargetId']}: {failed[0].get('ErrorMessage')}")

    @staticmethod
    def same_target(existing: dict | None, asked: dict) -> bool:
        if existing is None:
            return False
        default = {"RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}}
        return {**default, **existing} == asked

    def remove(self, name: str, existing: dict) -> None:
        ids = self.read("events", "list_targets_by_rule", "Targets[].Id", missing=GONE, Rule=name)
        if ids:
            self.write("events", "remove_targets", "delete", KIND, name, missing=GONE, Rule=name, Ids=sorted(ids))
        self.write("events", "delete_rule", "delete", KIND, name, missing=GONE, Name=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Rules)


if __name__ == "__main__":
    main()
