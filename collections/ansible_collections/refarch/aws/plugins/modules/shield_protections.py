#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: shield_protections
version_added: 0.1.0
short_description: Manage protections of AWS Shield Advanced as one set
description:
  - Puts resources under the protection of Shield Advanced, with health checks by which attacks are told from loads.
  - Shield Standard protects all accounts by itself, and needs none of this.
options:
  state:
    description: Whether the protections stand or not.
    type: str
    choices: [present, absent]
    default: present
  subscribe:
    description:
      - Whether to subscribe where the account has no subscription.
      - That is a commitment for a year, at a price for each month, which can't be taken back. No module of this collection ends it.
    type: bool
    default: false
  protections:
    description: The protections. With O(state=absent) the resource is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      resource_arn:
        description: The ARN of what is protected, by which a protection is known.
        type: str
        required: true
      name:
        description: The name. Required with O(state=present). A protection that stands keeps its own.
        type: str
      health_check_ids:
        description: Health checks of Route 53 that tell how the resource does.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this protection, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for Shield.
  - The response team and proactive engagement are not set up.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Protect the public load balancer, in an account that has a subscription
  refarch.aws.shield_protections:
    protections:
      - {name: shop-production-public, resource_arn: "{{ load_balancer_arn }}"}
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
protection_ids:
  description: The ids of the protections in the order of the option, without O(state=absent).
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

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    Resources,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "subscribe": {"type": "bool", "default": False},
    "protections": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "resource_arn": {"type": "str", "required": True},
            "name": {"type": "str"},
            "health_check_ids": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

GONE = ("ResourceNotFoundException",)


class Protections(Resources):
    def find(self, wanted: dict) -> dict | None:
        return self.read("shield", "describe_protection", "Protection", missing=GONE, ResourceArn=wanted["resource_arn"])

    def present(self) -> dict:
        for wanted in self.params["protections"]:
            if not wanted["name"]:
                raise InvalidInput(f"protections: {wanted['resource_arn']} needs name.")
        if self.read("shield", "get_subscription_state", "SubscriptionState") != "ACTIVE":
            if not self.params["subscribe"]:
                raise InvalidInput(
                    "subscribe: the account has no subscription to Shield Advanced. It is a commitment for a year: "
                    "subscribe in the console, or say subscribe: true."
                )
            self.write("shield", "create_subscription", "create", "Shield Advanced subscription", "of the account")
        return {"protection_ids": self.each(self.ensure, self.params["protections"])}

    def ensure(self, wanted: dict) -> str:
        found = self.find(wanted)
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        if found is None:
            protection_id = self.write(
                "shield", "create_protection", "create", "protection", wanted["name"], returns="ProtectionId",
                Name=wanted["name"], ResourceArn=wanted["resource_arn"], **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            existing = []
        else:
            protection_id, existing = found["Id"], found.get("HealthCheckIds", [])
            self.ensure_tags(found, tags)
        self.ensure_health_checks(protection_id, existing, wanted)
        return protection_id

    def ensure_health_checks(self, protection_id: str, existing: list[str], wanted: dict) -> None:
        about = {"before": {"HealthCheckIds": existing}, "after": {"HealthCheckIds": wanted["health_check_ids"]}}
        for verb, checks in (
            ("associate", [check for check in wanted["health_check_ids"] if check not in existing]),
            ("disassociate", [check for check in existing if check not in wanted["health_check_ids"]]),
        ):
            for check in checks:
                arn = check if check == UNKNOWN else f"arn:aws:route53:::healthcheck/{check}"
                self.write(
                    "shield", f"{verb}_health_check", "update", "protection", wanted["name"], **about,
                    ProtectionId=protection_id, HealthCheckArn=arn,
                )  # fmt: skip

    def ensure_tags(self, found: dict, wanted: dict) -> None:
        arn, name = found["ProtectionArn"], found["Name"]
        existing = from_tag_list(self.read("shield", "list_tags_for_resource", "Tags", ResourceARN=arn))
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = {"before": existing, "after": wanted, "ResourceARN": arn}
        if to_set:
            self.write("shield", "tag_resource", "update", "protection", name, **about, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("shield", "untag_resource", "update", "protection", name, **about, TagKeys=to_remove)

    def absent(self) -> dict:
        doomed = [found for found in self.each(self.find, self.params["protections"]) if found]
        self.each(
            lambda found: self.write(
                "shield", "delete_protection", "delete", "protection", found["Name"], missing=GONE, ProtectionId=found["Id"]
            ),
            doomed,
        )  # fmt: skip
        return {"protection_ids": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Protections)


if __name__ == "__main__":
    main()
