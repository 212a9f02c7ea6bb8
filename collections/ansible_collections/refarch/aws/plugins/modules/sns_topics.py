#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topics
version_added: 0.1.0
short_description: Manage SNS topics with their subscriptions as one set
description:
  - Creates, changes and removes standard topics in one task, each with its encryption key, policy, subscriptions and tags.
  - Reads all topics side by side.
options:
  state:
    description: Whether the topics stand or not.
    type: str
    choices: [present, absent]
    default: present
  topics:
    description:
      - The topics.
      - With O(state=absent), those that are removed with their subscriptions; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 256 letters, digits, hyphens and underscores.
        type: str
        required: true
      display_name:
        description: The name that people see, at most 100 characters.
        type: str
        default: ''
      kms_key_arn:
        description:
          - The key that encrypts messages at rest. Its policy must let the services that publish use it.
          - Left out, the encryption is not managed.
        type: str
      policy:
        description:
          - The access policy.
          - Left out, the policy is not managed.
        type: dict
      signature_version:
        description: The version with which messages are signed, V(1) with SHA-1 and V(2) with SHA-256.
        type: str
        choices: ['1', '2']
        default: '2'
      subscriptions:
        description: Who gets the messages.
        type: list
        elements: dict
        default: []
        suboptions:
          protocol:
            description: How messages get there.
            type: str
            choices: [email, email-json, firehose, http, https, lambda, sms, sqs]
            required: true
          endpoint:
            description: Where to, an address or ARN as O(topics[].subscriptions[].protocol) asks for.
            type: str
            required: true
          raw:
            description: Whether messages come without SNS's envelope. For V(sqs), V(firehose), V(http) and V(https).
            type: bool
            default: false
          filter_policy:
            description: Which messages come. All, where it is left out.
            type: dict
          filter_policy_scope:
            description: What the filter looks at.
            type: str
            choices: [MessageAttributes, MessageBody]
            default: MessageAttributes
          redrive_queue_arn:
            description: The queue that gets what could not be delivered.
            type: str
      tags:
        description: Tags of this topic, added to O(tags).
        type: dict
        default: {}
  purge_subscriptions:
    description: Whether subscriptions of the topics that are not given are removed. Those that nobody confirmed yet stay.
    type: bool
    default: true
notes:
  - amazon.aws has no module for topics, and community.aws.sns_topic knows no encryption, fails in check mode on a new topic, and takes
    one topic a task.
  - A subscription that waits for its confirmation (e-mail, HTTP) can neither be changed nor removed ("Confirming an Amazon SNS
    subscription", Amazon SNS Developer Guide), so that its settings are compared once it is confirmed.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Topics by severity
  refarch.aws.sns_topics:
    tags: "{{ stack_tags }}"
    topics:
      - name: shop-staging-critical
        kms_key_arn: "{{ key_arns.storage }}"
        subscriptions:
          - {protocol: lambda, endpoint: "{{ function_arn }}", redrive_queue_arn: "{{ queue_arn }}"}
      - name: shop-staging-info
        kms_key_arn: "{{ key_arns.storage }}"
"""

RETURN = r"""
topics:
  description: The topics in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-critical}
    arn: {description: The ARN., type: str, sample: "arn:aws:sns:ap-northeast-2:123456789012:shop-staging-critical"}
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
from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    Resources,
    differing,
    from_tag_list,
    run,
    to_tag_list,
)

GONE = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")

#: Protocols that can come without the envelope ("Amazon SNS raw message delivery", Amazon SNS Developer Guide).
RAW = ("firehose", "http", "https", "sqs")

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "topics": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "display_name": {"type": "str", "default": ""},
            "kms_key_arn": {"type": "str", "no_log": False},
            "policy": {"type": "dict"},
            "signature_version": {"type": "str", "choices": ["1", "2"], "default": "2"},
            "subscriptions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "protocol": {
                        "type": "str",
                        "choices": ["email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"],
                        "required": True,
                    },
                    "endpoint": {"type": "str", "required": True},
                    "raw": {"type": "bool", "default": False},
                    "filter_policy": {"type": "dict"},
                    "filter_policy_scope": {
                        "type": "str",
                        "choices": ["MessageAttributes", "MessageBody"],
                        "default": "MessageAttributes",
                    },
                    "redrive_queue_arn": {"type": "str"},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    "purge_subscriptions": {"type": "bool", "default": True},
    **TAG_OPTIONS,
}


def subscription_attributes(wanted: dict) -> dict[str, str]:
    """What is not SNS's default, as Subscribe takes it. The scope comes first: SNS judges the filter by it."""
    attributes = {}
    if wanted["filter_policy"] is not None:
        attributes["FilterPolicyScope"] = wanted["filter_policy_scope"]
        attributes["FilterPolicy"] = json.dumps(wanted["filter_policy"], separators=(",", ":"))
    if wanted["raw"]:
        attributes["RawMessageDelivery"] = "true"
    if wanted["redrive_queue_arn"]:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": wanted["redrive_queue_arn"]})
    return attributes


def subscription_changes(existing: dict[str, str], wanted: dict) -> dict[str, str]:
    """The attributes to set so that a subscription with the attributes *existing* becomes *wanted*. An empty one takes a thing away."""
    attributes = subscription_attributes(wanted)
    changes = {}
    for name in ("FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"):
        now, then = existing.get(name), attributes.get(name)
        if name in ("FilterPolicy", "RedrivePolicy"):
            if json.loads(now or "{}") != json.loads(then or "{}"):
                changes[name] = then or "{}"
        elif name == "FilterPolicyScope":
            if then and (now or "MessageAttributes") != then:
                changes[name] = then
        elif (now or "false") != (then or "false"):
            changes[name] = then or "false"
    return changes


class Topics(Resources):
    def require_sound(self) -> None:
        for topic in self.params["topics"]:
            pairs = [(item["protocol"], item["endpoint"]) for item in topic["subscriptions"]]
            if len(set(pairs)) < len(pairs):
                raise InvalidInput(f"topics: {topic['name']} has a subscription twice; each protocol and endpoint may be given once.")
            for item in topic["subscriptions"]:
                if item["raw"] and item["protocol"] not in RAW:
                    allowed = ", ".join(RAW)
                    raise InvalidInput(f"topics: {topic['name']} asks for raw messages by {item['protocol']}; allowed for {allowed}.")

    def existing(self, name: str, arn: str) -> dict | None:
        """Attributes, tags and subscriptions of a topic, or None."""
        calls = {
            "attributes": ("get_topic_attributes", "Attributes", {"TopicArn": arn}),
            "tags": ("list_tags_for_resource", "Tags", {"ResourceArn": arn}),
            "subscriptions": ("list_subscriptions_by_topic", "Subscriptions", {"TopicArn": arn}),
        }
        if self.params["state"] == "absent":
            calls = {"attributes": calls["attributes"]}
        answers = self.each(
            lambda part: self.read("sns", calls[part][0], calls[part][1], missing=GONE, **calls[part][2]),
            calls,
        )
        found = dict(zip(calls, answers, strict=True))
        return found if found["attributes"] is not None else None

    def present(self) -> dict:
        self.require_sound()
        self.own_arn("sns", "")  # asked for once, before the threads that use it
        return {"topics": self.each(self.ensure, self.params["topics"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        arn = self.own_arn("sns", name)
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        existing = self.existing(name, arn)
        settings = {
            "DisplayName": wanted["display_name"],
            "KmsMasterKeyId": wanted["kms_key_arn"],
            "SignatureVersion": wanted["signature_version"],
        }
        if existing is None:
            attributes = {key: value for key, value in settings.items() if value}
            if wanted["policy"] is not None:
                attributes["Policy"] = document(wanted["policy"])
            self.write(
                "sns", "create_topic", "create", "SNS topic", name, Name=name, Attributes=attributes,
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
        else:
            self.update(existing, wanted, arn, settings, tags)
        self.ensure_subscriptions(existing["subscriptions"] if existing else [], wanted, arn)
        return {"name": name, "arn": arn, "tags": tags}

    def update(self, existing: dict, wanted: dict, arn: str, settings: dict, tags: dict) -> None:
        name = wanted["name"]
        now = {"DisplayName": "", "SignatureVersion": "1", **existing["attributes"]}
        for attribute, value in differing(now, settings).items():
            self.write(
                "sns", "set_topic_attributes", "update", "SNS topic", name, before={attribute: now.get(attribute)},
                after={attribute: value}, TopicArn=arn, AttributeName=attribute, AttributeValue=value,
            )  # fmt: skip
        if wanted["policy"] is not None:
            policy = json.loads(now.get("Policy") or "{}")
            if documents_differ(policy, wanted["policy"]):
                self.write(
                    "sns", "set_topic_attributes", "update", "SNS topic", name, before=policy, after=wanted["policy"],
                    TopicArn=arn, AttributeName="Policy", AttributeValue=document(wanted["policy"]),
                )  # fmt: skip
        current = from_tag_list(existing["tags"])
        to_set, to_remove = self.tag_changes(current, tags)
        if to_set:
            self.write(
                "sns", "tag_resource", "update", "SNS topic", name, before=current, after=tags, ResourceArn=arn, Tags=to_tag_list(to_set)
            )
        if to_remove:
            self.write("sns", "untag_resource", "update", "SNS topic", name, before=current, after=tags, ResourceArn=arn, TagKeys=to_remove)

    def ensure_subscriptions(self, existing: list[dict], wanted: dict, arn: str) -> None:
        """Subscribe answers an address that is subscribed already with what stands (Amazon SNS API Reference), so nothing doubles."""
        name = wanted["name"]
        standing = {(item["Protocol"], item["Endpoint"]): item["SubscriptionArn"] for item in existing}
        kept = set()

        def ensure(item: dict) -> None:
            label = f"{item['protocol']} of {name}"
            current = standing.get((item["protocol"], item["endpoint"]))
            if current is None:
                self.write(
                    "sns", "subscribe", "create", "SNS subscription", label, TopicArn=arn, Protocol=item["protocol"],
                    Endpoint=item["endpoint"], Attributes=subscription_attributes(item), ReturnSubscriptionArn=True,
                )  # fmt: skip
            elif current.startswith("arn:"):
                now = self.read("sns", "get_subscription_attributes", "Attributes", missing=GONE, SubscriptionArn=current) or {}
                for attribute, value in subscription_changes(now, item).items():
                    self.write(
                        "sns", "set_subscription_attributes", "update", "SNS subscription", label,
                        before={attribute: now.get(attribute)}, after={attribute: value},
                        SubscriptionArn=current, AttributeName=attribute, AttributeValue=value,
                    )  # fmt: skip

        for item in wanted["subscriptions"]:
            kept.add((item["protocol"], item["endpoint"]))
        self.each(ensure, wanted["subscriptions"])
        for (protocol, endpoint), subscription in standing.items() if self.params["purge_subscriptions"] else ():
            if (protocol, endpoint) not in kept and subscription.startswith("arn:"):
                self.write(
                    "sns", "unsubscribe", "delete", "SNS subscription", f"{protocol} of {name}", missing=GONE, SubscriptionArn=subscription
                )

    def absent(self) -> dict:
        self.own_arn("sns", "")
        self.each(self.remove, self.params["topics"])
        return {"topics": []}

    def remove(self, topic: dict) -> None:
        arn = self.own_arn("sns", topic["name"])
        if self.existing(topic["name"], arn) is not None:
            self.write("sns", "delete_topic", "delete", "SNS topic", topic["name"], missing=GONE, TopicArn=arn)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Topics)


if __name__ == "__main__":
    main()
