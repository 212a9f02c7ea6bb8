#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sqs_queues
version_added: 0.1.0
short_description: Manage SQS queues as one set
description:
  - Creates, changes and removes standard queues in one task, each with its encryption key, policy, retention, redrive and tags.
  - Reads all queues side by side.
options:
  state:
    description: Whether the queues stand or not.
    type: str
    choices: [present, absent]
    default: present
  queues:
    description:
      - The queues.
      - With O(state=absent), those that are removed with all messages in them; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 80 letters, digits, hyphens and underscores.
        type: str
        required: true
      kms_key_arn:
        description:
          - The key that encrypts messages at rest. Its policy must let the services that send use it.
          - Left out, SQS encrypts with keys of its own.
        type: str
      kms_reuse_seconds:
        description: How long a data key is used before KMS is asked for another, 60 to 86400.
        type: int
        default: 300
      retention_seconds:
        description: How long a message stays, 60 to 1209600 (14 days).
        type: int
        default: 345600
      visibility_timeout_seconds:
        description: How long a received message is hidden from others, 0 to 43200.
        type: int
        default: 30
      receive_wait_seconds:
        description: How long a receiver waits for a message, 0 to 20. With more than 0 empty answers are rare.
        type: int
        default: 0
      delay_seconds:
        description: How long a new message is held back, 0 to 900.
        type: int
        default: 0
      maximum_message_bytes:
        description: The largest message, 1024 to 1048576. Not managed where left out.
        type: int
      redrive:
        description: Where messages go that nobody could process.
        type: dict
        suboptions:
          dead_letter_queue_arn:
            description: The ARN of the queue for them.
            type: str
            required: true
          max_receive_count:
            description: After how many receipts, 1 to 1000.
            type: int
            default: 5
      policy:
        description:
          - The access policy.
          - Left out, the policy is not managed.
        type: dict
      tags:
        description: Tags of this queue, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.sqs_queue takes one queue a task, reads serially, and tells no calls in check mode.
  - SQS refuses a name for 60 seconds after its queue was deleted (Amazon SQS API Reference, DeleteQueue); the runner waits for that.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What could not be delivered
  refarch.aws.sqs_queues:
    tags: "{{ stack_tags }}"
    queues:
      - name: shop-staging-alerting-dead-letters
        kms_key_arn: "{{ key_arns.storage }}"
        retention_seconds: 1209600
"""

RETURN = r"""
queues:
  description: The queues in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-alerting-dead-letters}
    arn: {description: The ARN., type: str, sample: "arn:aws:sqs:ap-northeast-2:123456789012:shop-staging-alerting-dead-letters"}
    url: {description: The URL., type: str, sample: "https://sqs.ap-northeast-2.amazonaws.com/123456789012/shop-staging-dead-letters"}
    tags: {description: All tags., type: dict, sample: {Component: alerting}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.iam import document, documents_differ
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, Resources, differing, run

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")

#: Lowest and highest value of each number (Amazon SQS API Reference, SetQueueAttributes).
LIMITS = {
    "kms_reuse_seconds": (60, 86400),
    "retention_seconds": (60, 1209600),
    "visibility_timeout_seconds": (0, 43200),
    "receive_wait_seconds": (0, 20),
    "delay_seconds": (0, 900),
    "maximum_message_bytes": (1024, 1048576),
}

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "queues": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "kms_key_arn": {"type": "str", "no_log": False},
            "kms_reuse_seconds": {"type": "int", "default": 300},
            "retention_seconds": {"type": "int", "default": 345600},
            "visibility_timeout_seconds": {"type": "int", "default": 30},
            "receive_wait_seconds": {"type": "int", "default": 0},
            "delay_seconds": {"type": "int", "default": 0},
            "maximum_message_bytes": {"type": "int"},
            "redrive": {
                "type": "dict",
                "options": {
                    "dead_letter_queue_arn": {"type": "str", "required": True},
                    "max_receive_count": {"type": "int", "default": 5},
                },
            },
            "policy": {"type": "dict"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


def queue_attributes(wanted: dict) -> dict[str, str | None]:
    """The attributes of a queue but its documents, as SQS has them. None: not managed."""
    key = wanted["kms_key_arn"]
    largest = wanted["maximum_message_bytes"]
    return {
        "MessageRetentionPeriod": str(wanted["retention_seconds"]),
        "VisibilityTimeout": str(wanted["visibility_timeout_seconds"]),
        "ReceiveMessageWaitTimeSeconds": str(wanted["receive_wait_seconds"]),
        "DelaySeconds": str(wanted["delay_seconds"]),
        "MaximumMessageSize": str(largest) if largest is not None else None,
        "KmsMasterKeyId": key or None,
        "KmsDataKeyReusePeriodSeconds": str(wanted["kms_reuse_seconds"]) if key else None,
        "SqsManagedSseEnabled": None if key else "true",
    }


def redrive_of(wanted: dict) -> dict:
    redrive = wanted["redrive"]
    return {"deadLetterTargetArn": redrive["dead_letter_queue_arn"], "maxReceiveCount": redrive["max_receive_count"]} if redrive else {}


def redrive_differs(existing: str | None, wanted: dict) -> bool:
    """SQS answers the count as a number or as text, as it was given."""
    now = json.loads(existing or "{}")
    return {**now, **({"maxReceiveCount": int(now["maxReceiveCount"])} if "maxReceiveCount" in now else {})} != wanted


class Queues(Resources):
    def require_sound(self) -> None:
        for queue in self.params["queues"]:
            for option, (lowest, highest) in LIMITS.items():
                if queue[option] is not None and not lowest <= queue[option] <= highest:
                    raise InvalidInput(f"queues: {option} of {queue['name']} must be {lowest} to {highest}.")
            if queue["redrive"] and not 1 <= queue["redrive"]["max_receive_count"] <= 1000:
                raise InvalidInput(f"queues: max_receive_count of {queue['name']} must be 1 to 1000.")

    def url_of(self, name: str) -> str | None:
        return self.read("sqs", "get_queue_url", "QueueUrl", missing=GONE, QueueName=name)

    def existing(self, url: str) -> dict:
        questions = [
            ("get_queue_attributes", "Attributes", {"QueueUrl": url, "AttributeNames": ["All"]}),
            ("list_queue_tags", "Tags", {"QueueUrl": url}),
        ]
        attributes, tags = self.each(lambda ask: self.read("sqs", ask[0], ask[1], missing=GONE, **ask[2]), questions)
        return {"attributes": attributes or {}, "tags": tags or {}}

    def present(self) -> dict:
        self.require_sound()
        return {"queues": self.each(self.ensure, self.params["queues"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        attributes = {key: value for key, value in queue_attributes(wanted).items() if value is not None}
        url = self.url_of(name)
        if url is None:
            if wanted["redrive"]:
                attributes["RedrivePolicy"] = json.dumps(redrive_of(wanted))
            if wanted["policy"] is not None:
                attributes["Policy"] = document(wanted["policy"])
            url = self.write(
                "sqs", "create_queue", "create", "SQS queue", name, returns="QueueUrl", QueueName=name, Attributes=attributes,
                **({"tags": tags} if tags else {}),
            )  # fmt: skip
            return {"name": name, "arn": self.own_arn("sqs", name), "url": url, "tags": tags}
        existing = self.existing(url)
        self.update(existing, wanted, attributes, url, tags)
        return {"name": name, "arn": existing["attributes"].get("QueueArn") or self.own_arn("sqs", name), "url": url, "tags": tags}

    def update(self, existing: dict, wanted: dict, attributes: dict[str, str], url: str, tags: dict) -> None:
        name, now = wanted["name"], existing["attributes"]
        changes: dict = differing(now, attributes)
        if redrive_differs(now.get("RedrivePolicy"), redrive_of(wanted)):
            changes["RedrivePolicy"] = json.dumps(redrive_of(wanted)) if wanted["redrive"] else ""
        policy = json.loads(now.get("Policy") or "{}")
        if wanted["policy"] is not None and documents_differ(policy, wanted["policy"]):
            changes["Policy"] = document(wanted["policy"])
        if changes:
            self.write(
                "sqs", "set_queue_attributes", "update", "SQS queue", name, before={key: now.get(key) for key in changes},
                after=changes, QueueUrl=url, Attributes=changes,
            )  # fmt: skip
        to_set, to_remove = self.tag_changes(existing["tags"], tags)
        if to_set:
            self.write("sqs", "tag_queue", "update", "SQS queue", name, before=existing["tags"], after=tags, QueueUrl=url, Tags=to_set)
        if to_remove:
            self.write(
                "sqs", "untag_queue", "update", "SQS queue", name, before=existing["tags"], after=tags, QueueUrl=url, TagKeys=to_remove
            )

    def absent(self) -> dict:
        self.each(self.remove, self.params["queues"])
        return {"queues": []}

    def remove(self, queue: dict) -> None:
        url = self.url_of(queue["name"])
        if url is not None:
            self.write("sqs", "delete_queue", "delete", "SQS queue", queue["name"], missing=GONE, QueueUrl=url)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Queues)


if __name__ == "__main__":
    main()
