#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_event_subscriptions
version_added: 0.1.0
short_description: Manage RDS event subscriptions as one set
description:
  - Creates, changes and removes subscriptions to the events of RDS in one task.
options:
  state:
    description: Whether the subscriptions stand or not.
    type: str
    choices: [present, absent]
    default: present
  event_subscriptions:
    description:
      - The subscriptions.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, shorter than 255 characters.
        type: str
        required: true
      topic_arn:
        description: The SNS topic, whose policy lets C(events.rds.amazonaws.com) publish. Required with O(state=present).
        type: str
      source_type:
        description: The kind of resource. Required with O(state=present).
        type: str
        choices: [db-instance, db-parameter-group, db-security-group, db-snapshot, db-cluster, db-cluster-snapshot, db-proxy]
      source_ids:
        description: The identifiers of the resources, which must stand. Left empty, all of the account and region.
        type: list
        elements: str
        default: []
      event_categories:
        description: The categories of the events. Left empty, all.
        type: list
        elements: str
        default: []
      enabled:
        description: Whether events are sent.
        type: bool
        default: true
      tags:
        description: Tags of this subscription, added to O(tags).
        type: dict
        default: {}
notes:
  - No module of amazon.aws or community.aws manages event subscriptions.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Tell when a database fails
  refarch.aws.rds_event_subscriptions:
    tags: "{{ stack_tags }}"
    event_subscriptions:
      - name: shop-staging-db-instance
        topic_arn: "{{ topic_arn }}"
        source_type: db-instance
        source_ids: [shop-staging-db]
        event_categories: [configuration change, failure, maintenance]
"""

RETURN = r"""
event_subscriptions:
  description: The subscriptions in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-db-instance}
    arn: {description: The ARN., type: str}
    tags: {description: All tags., type: dict, sample: {Component: database}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.rds import RdsResources
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, differing, run, to_tag_list

KIND = "RDS event subscription"
GONE = "SubscriptionNotFound"

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "event_subscriptions": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "topic_arn": {"type": "str"},
            "source_type": {
                "type": "str",
                "choices": [
                    "db-instance",
                    "db-parameter-group",
                    "db-security-group",
                    "db-snapshot",
                    "db-cluster",
                    "db-cluster-snapshot",
                    "db-proxy",
                ],
            },
            "source_ids": {"type": "list", "elements": "str", "default": []},
            "event_categories": {"type": "list", "elements": "str", "default": []},
            "enabled": {"type": "bool", "default": True},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


class EventSubscriptions(RdsResources):
    def existing(self) -> dict[str, dict]:
        """The wanted subscriptions that stand, by name."""
        wanted = self.params["event_subscriptions"]
        return self.each_named(wanted, "describe_event_subscriptions", "EventSubscriptionsList", GONE, "SubscriptionName")

    def present(self) -> dict:
        wanted = self.params["event_subscriptions"]
        for one in wanted:
            for option in ("topic_arn", "source_type"):
                if not one[option]:
                    raise InvalidInput(f"event_subscriptions: {one['name']} needs {option}.")
        existing = self.existing()
        return {"event_subscriptions": self.each(lambda one: self.ensure(existing.get(one["name"]), one), wanted)}

    def ensure(self, subscription: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        settings = {
            "SnsTopicArn": wanted["topic_arn"],
            "SourceType": wanted["source_type"],
            "EventCategories": wanted["event_categories"],
            "Enabled": wanted["enabled"],
        }
        if subscription is None:
            arn = self.write(
                "rds", "create_event_subscription", "create", KIND, name, returns="EventSubscription.EventSubscriptionArn",
                SubscriptionName=name, **settings, **({"SourceIds": wanted["source_ids"]} if wanted["source_ids"] else {}),
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            return {"name": name, "arn": arn, "tags": tags}
        arn = subscription["EventSubscriptionArn"]
        now = {
            "SnsTopicArn": subscription["SnsTopicArn"],
            "SourceType": subscription.get("SourceType"),
            "EventCategories": sorted(subscription.get("EventCategoriesList", [])),
            "Enabled": subscription["Enabled"],
        }
        changed = differing(now, {**settings, "EventCategories": sorted(wanted["event_categories"])})
        if "EventCategories" in changed:
            # Categories are those of a type: AWS takes them only with it.
            changed = {"SourceType": wanted["source_type"], **changed, "EventCategories": wanted["event_categories"]}
        if changed:
            self.write(
                "rds", "modify_event_subscription", "update", KIND, name, before=now, after=settings, SubscriptionName=name, **changed
            )
        self.ensure_sources(name, subscription.get("SourceIdsList", []), wanted["source_ids"])
        self.ensure_tags(KIND, name, arn, self.tags_of(arn), tags)
        return {"name": name, "arn": arn, "tags": tags}

    def ensure_sources(self, name: str, now: list[str], wanted: list[str]) -> None:
        about = {"before": {"SourceIdsList": now}, "after": {"SourceIdsList": wanted}}
        # Added first: a subscription without any source is one of all.
        for operation, some in (
            ("add_source_identifier_to_subscription", [one for one in wanted if one not in now]),
            ("remove_source_identifier_from_subscription", [one for one in now if one not in wanted]),
        ):
            for one in some:
                self.write("rds", operation, "update", KIND, name, **about, SubscriptionName=name, SourceIdentifier=one)

    def absent(self) -> dict:
        self.each(
            lambda name: self.write("rds", "delete_event_subscription", "delete", KIND, name, missing=(GONE,), SubscriptionName=name),
            self.existing(),
        )
        return {"event_subscriptions": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), EventSubscriptions)


if __name__ == "__main__":
    main()
