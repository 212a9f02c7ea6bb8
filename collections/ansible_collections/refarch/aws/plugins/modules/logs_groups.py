#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: logs_groups
version_added: 0.1.0
short_description: Manage CloudWatch log groups as one set
description:
  - Creates, changes and removes log groups in one task, each with its retention, encryption key and tags.
  - Reads groups whose names begin alike with one call, and their tags side by side.
options:
  state:
    description: Whether the log groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  log_groups:
    description:
      - The log groups.
      - With O(state=absent), those that are removed with all that was logged; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 512 characters.
        type: str
        required: true
      retention_days:
        description: How long events are kept, one of the numbers of days that AWS takes.
        type: int
        choices: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
        default: 365
      kms_key_arn:
        description:
          - The ARN of the key that encrypts what is logged. Its policy must let CloudWatch Logs use it.
          - Left out, the encryption is not managed.
        type: str
      class:
        description: The class of the log group, which can't be changed later. Metric filters work in V(STANDARD) only.
        type: str
        choices: [STANDARD, INFREQUENT_ACCESS, DELIVERY]
        default: STANDARD
      tags:
        description: Tags of this log group, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws.cloudwatchlogs_log_group takes one group a task, and makes a group anew to change its key.
  - A group that a service has made by itself is found by its name and converged.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The log groups of two functions
  refarch.aws.logs_groups:
    tags: "{{ stack_tags }}"
    log_groups:
      - {name: /aws/lambda/shop-staging-notify, retention_days: 90, kms_key_arn: "{{ key_arns.logs }}"}
      - {name: /aws/lambda/shop-staging-export, retention_days: 90, kms_key_arn: "{{ key_arns.logs }}"}
"""

RETURN = r"""
log_groups:
  description: The log groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: /aws/lambda/shop-staging-notify}
    arn:
      description: The ARN without the trailing C(:*).
      type: str
      sample: "arn:aws:logs:ap-northeast-2:123456789012:log-group:/aws/lambda/shop-staging-notify"
    retention_days: {description: The days that events are kept., type: int, sample: 90}
    kms_key_arn: {description: The key or V(null)., type: str}
    tags: {description: All tags., type: dict, sample: {Component: alerting}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.logs import GONE, prefixes
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, Resources, run

RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "log_groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "retention_days": {"type": "int", "choices": RETENTION_DAYS, "default": 365},
            "kms_key_arn": {"type": "str", "no_log": False},
            "class": {"type": "str", "choices": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"], "default": "STANDARD"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


class LogGroups(Resources):
    def existing(self) -> dict[str, dict]:
        """The wanted log groups that stand, by name."""
        names = [group["name"] for group in self.params["log_groups"]]
        answers = self.each(
            lambda prefix: self.read("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix), prefixes(names)
        )
        return {group["logGroupName"]: group for answer in answers for group in answer if group["logGroupName"] in names}

    def present(self) -> dict:
        existing = self.existing()
        wanted = self.params["log_groups"]
        # The ARN is part of no answer to a creation, and asking for the group again may be too early.
        arn_prefix = self.arn_prefix() if any(group["name"] not in existing for group in wanted) else ""
        return {"log_groups": self.each(lambda group: self.ensure(existing.get(group["name"]), group, arn_prefix), wanted)}

    def arn_prefix(self) -> str:
        caller = self.read("sts", "get_caller_identity")
        partition = caller["Arn"].split(":")[1]
        return f"arn:{partition}:logs:{self.client('logs').meta.region_name}:{caller['Account']}:log-group:"

    def ensure(self, group: dict | None, wanted: dict, arn_prefix: str) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        key = wanted["kms_key_arn"]
        if group is None:
            arn = arn_prefix + name
            self.write(
                "logs", "create_log_group", "create", "log group", name, logGroupName=name, logGroupClass=wanted["class"],
                **({"kmsKeyId": key} if key else {}), **({"tags": tags} if tags else {}),
            )  # fmt: skip
        else:
            arn = group["arn"].removesuffix(":*")
            self.update(group, wanted, arn, tags)
        retention = group.get("retentionInDays") if group else None
        if retention != wanted["retention_days"]:
            self.write(
                "logs", "put_retention_policy", "update", "log group", name, before={"retentionInDays": retention},
                after={"retentionInDays": wanted["retention_days"]}, logGroupName=name, retentionInDays=wanted["retention_days"],
            )  # fmt: skip
        now = group.get("kmsKeyId") if group else None
        return {"name": name, "arn": arn, "retention_days": wanted["retention_days"], "kms_key_arn": key or now, "tags": tags}

    def update(self, group: dict, wanted: dict, arn: str, tags: dict) -> None:
        name = wanted["name"]
        klass = group.get("logGroupClass", "STANDARD")
        if klass != wanted["class"]:
            raise InvalidInput(
                f"log_groups: {name} stands with class {klass}, and AWS can't change it to {wanted['class']}. "
                "Give the log group another name, or remove it first."
            )
        key = wanted["kms_key_arn"]
        if key and group.get("kmsKeyId") != key:
            self.write(
                "logs", "associate_kms_key", "update", "log group", name, before={"kmsKeyId": group.get("kmsKeyId")},
                after={"kmsKeyId": key}, logGroupName=name, kmsKeyId=key,
            )  # fmt: skip
        existing = self.read("logs", "list_tags_for_resource", "tags", resourceArn=arn)
        to_set, to_remove = self.tag_changes(existing, tags)
        if to_set:
            self.write("logs", "tag_resource", "update", "log group", name, before=existing, after=tags, resourceArn=arn, tags=to_set)
        if to_remove:
            self.write(
                "logs", "untag_resource", "update", "log group", name, before=existing, after=tags, resourceArn=arn, tagKeys=to_remove
            )

    def absent(self) -> dict:
        existing = self.existing()
        self.each(
            lambda name: self.write("logs", "delete_log_group", "delete", "log group", name, missing=GONE, logGroupName=name),
            sorted(existing),
        )
        return {"log_groups": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), LogGroups)


if __name__ == "__main__":
    main()
