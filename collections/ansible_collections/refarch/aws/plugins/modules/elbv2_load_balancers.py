#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_load_balancers
version_added: 0.1.0
short_description: Manage Application Load Balancers as one set
description:
  - Creates, changes and removes Application Load Balancers in one task, each with its subnets, security groups, attributes and tags.
  - Requests them without waiting, unless told to wait until they are active.
options:
  state:
    description: Whether the load balancers stand or not.
    type: str
    choices: [present, absent]
    default: present
  load_balancers:
    description:
      - The load balancers.
      - With O(state=absent), those that are removed with their listeners; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, unique in the account and region, at most 32 letters, digits and hyphens.
        type: str
        required: true
      scheme:
        description: Whether the load balancer is reached from the internet or from the VPC only. It can't be changed later.
        type: str
        choices: [internet-facing, internal]
        default: internal
      subnet_ids:
        description: The subnets, each in another zone, at least two. Required with O(state=present).
        type: list
        elements: str
      security_group_ids:
        description: The security groups. Required with O(state=present).
        type: list
        elements: str
      ip_address_type:
        description: The kinds of addresses.
        type: str
        choices: [ipv4, dualstack]
        default: ipv4
      attributes:
        description: Attributes by their keys, for example C(idle_timeout.timeout_seconds). Others are not managed.
        type: dict
        default: {}
      tags:
        description: Tags of this load balancer, added to O(tags).
        type: dict
        default: {}
  turn_off_deletion_protection:
    description: With O(state=absent), whether a load balancer is removed though it is protected against that.
    type: bool
    default: false
  wait:
    description: Whether to wait until the load balancers are active or, with O(state=absent), gone.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 900
notes:
  - amazon.aws.elb_application_lb takes one load balancer a task with its listeners, and waits for nothing in check mode that it then needs.
  - The load balancer is found again by its name, so an interrupted run completes.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A public load balancer
  refarch.aws.elbv2_load_balancers:
    tags: "{{ stack_tags }}"
    wait: true
    load_balancers:
      - name: shop-staging-public
        scheme: internet-facing
        subnet_ids: [subnet-0a1b2c3d, subnet-1a2b3c4d]
        security_group_ids: [sg-0a1b2c3d]
        attributes:
          routing.http.drop_invalid_header_fields.enabled: true
          deletion_protection.enabled: true
"""

RETURN = r"""
load_balancers:
  description: The load balancers in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-public}
    arn: {description: The ARN., type: str}
    full_name: {description: The name in the dimensions of CloudWatch., type: str, sample: app/shop-staging-public/0123456789abcdef}
    dns_name: {description: The DNS name., type: str, sample: shop-staging-public-1234567890.ap-northeast-2.elb.amazonaws.com}
    hosted_zone_id: {description: The hosted zone that alias records name., type: str, sample: ZWKZPGTI48KDX}
    tags: {description: All tags., type: dict, sample: {Component: load_balancer}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.elbv2 import Elbv2Resources, attribute_changes, full_name
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

KIND = "load balancer"
GONE = "LoadBalancerNotFound"
PROTECTION = "deletion_protection.enabled"
NEW = {"LoadBalancerArn": UNKNOWN, "DNSName": UNKNOWN, "CanonicalHostedZoneId": UNKNOWN}

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "load_balancers": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "scheme": {"type": "str", "choices": ["internet-facing", "internal"], "default": "internal"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "ip_address_type": {"type": "str", "choices": ["ipv4", "dualstack"], "default": "ipv4"},
            "attributes": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "turn_off_deletion_protection": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 900},
    **TAG_OPTIONS,
}


class LoadBalancers(Elbv2Resources):
    def names(self) -> list[str]:
        return [balancer["name"] for balancer in self.params["load_balancers"]]

    def existing(self) -> dict[str, dict]:
        """The wanted load balancers that stand, by name, with C(attributes) and C(tags)."""
        balancers = self.named("describe_load_balancers", "LoadBalancers", GONE, self.names())
        arns = [balancer["LoadBalancerArn"] for balancer in balancers.values()]

        def ask(question):
            operation, path, parameters = question
            return self.read("elbv2", operation, path, missing=(GONE,), **parameters)

        questions = [("describe_load_balancer_attributes", "Attributes", {"LoadBalancerArn": arn}) for arn in arns]
        if arns:
            questions.append(("describe_tags", "TagDescriptions", {"ResourceArns": arns}))
        *attributes, tags = self.each(ask, questions) or [None]
        tags_of = {one["ResourceArn"]: from_tag_list(one.get("Tags")) for one in tags or []}
        return {
            name: {**balancer, "attributes": from_tag_list(found), "tags": tags_of.get(balancer["LoadBalancerArn"], {})}
            for (name, balancer), found in zip(balancers.items(), attributes, strict=True)
        }

    def require_sound(self, wanted: dict) -> None:
        name = wanted["name"]
        if name.startswith("internal-"):
            raise InvalidInput(f"load_balancers: {name} must not begin with internal-, which AWS reserves.")
        for option in ("subnet_ids", "security_group_ids"):
            if not wanted[option]:
                raise InvalidInput(f"load_balancers: {name} needs {option}.")
        if len(wanted["subnet_ids"]) < 2:
            raise InvalidInput(f"load_balancers: {name} needs at least two subnets, each in another zone.")

    def require_same(self, balancer: dict | None, wanted: dict) -> None:
        if balancer is None:
            return
        if balancer["Type"] != "application":
            raise InvalidInput(f"load_balancers: {wanted['name']} stands, and is of type {balancer['Type']}. Choose another name.")
        if balancer["Scheme"] != wanted["scheme"]:
            raise InvalidInput(
                f"load_balancers: {wanted['name']} stands with scheme {balancer['Scheme']}, and AWS can't change it to {wanted['scheme']}. "
                "Give the load balancer another name, or remove it first."
            )

    def present(self) -> dict:
        for wanted in self.params["load_balancers"]:
            self.require_sound(wanted)
        existing = self.existing()
        for wanted in self.params["load_balancers"]:
            self.require_same(existing.get(wanted["name"]), wanted)
        found = self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted), self.params["load_balancers"])
        if self.params["wait"]:
            self.wait_for("load_balancer_available", [balancer["arn"] for balancer in found])
        return {"load_balancers": found}

    def wait_for(self, waiter: str, arns: list[str]) -> None:
        if arns:
            self.wait("elbv2", waiter, delay=5, timeout=self.params["wait_timeout"], LoadBalancerArns=arns)

    def ensure(self, balancer: dict | None, wanted: dict) -> dict:
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        name = wanted["name"]
        if balancer is None:
            made = self.write(
                "elbv2", "create_load_balancer", "create", KIND, name, returns="LoadBalancers[0]",
                Name=name, Type="application", Scheme=wanted["scheme"], IpAddressType=wanted["ip_address_type"],
                Subnets=wanted["subnet_ids"], SecurityGroups=wanted["security_group_ids"],
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
            made = NEW if made == UNKNOWN else made
        else:
            made = balancer
            self.update(balancer, wanted, tags)
        arn = made["LoadBalancerArn"]
        now = balancer["attributes"] if balancer else {}
        self.ensure_attributes("modify_load_balancer_attributes", KIND, name, now, wanted["attributes"], LoadBalancerArn=arn)
        return {
            "name": name,
            "arn": arn,
            "full_name": full_name(arn, "loadbalancer"),
            "dns_name": made["DNSName"],
            "hosted_zone_id": made["CanonicalHostedZoneId"],
            "tags": tags,
        }

    def update(self, balancer: dict, wanted: dict, tags: dict) -> None:
        arn, name = balancer["LoadBalancerArn"], wanted["name"]
        places = (
            ("set_subnets", "Subnets", [zone["SubnetId"] for zone in balancer["AvailabilityZones"]], wanted["subnet_ids"]),
            ("set_security_groups", "SecurityGroups", balancer.get("SecurityGroups", []), wanted["security_group_ids"]),
        )
        for operation, key, now, then in places:
            if set(now) != set(then):
                self.write(
                    "elbv2", operation, "update", KIND, name, before={key: sorted(now)}, after={key: then},
                    LoadBalancerArn=arn, **{key: then},
                )  # fmt: skip
        kind = wanted["ip_address_type"]
        if balancer["IpAddressType"] != kind:
            self.write(
                "elbv2", "set_ip_address_type", "update", KIND, name, before={"IpAddressType": balancer["IpAddressType"]},
                after={"IpAddressType": kind}, LoadBalancerArn=arn, IpAddressType=kind,
            )  # fmt: skip
        self.ensure_tags(KIND, name, arn, balancer["tags"], tags)

    def absent(self) -> dict:
        existing = self.existing()
        guarded = [name for name, balancer in existing.items() if balancer["attributes"].get(PROTECTION) == "true"]
        if guarded and not self.params["turn_off_deletion_protection"]:
            raise InvalidInput(
                f"load_balancers: {', '.join(sorted(guarded))} has deletion protection. "
                "Turn it off first, or set turn_off_deletion_protection."
            )
        self.each(lambda name: self.remove(name, existing[name]), existing)
        if self.params["wait"]:
            self.wait_for("load_balancers_deleted", [balancer["LoadBalancerArn"] for balancer in existing.values()])
        return {"load_balancers": []}

    def remove(self, name: str, balancer: dict) -> None:
        arn = balancer["LoadBalancerArn"]
        off = attribute_changes(balancer["attributes"], {PROTECTION: False} if PROTECTION in balancer["attributes"] else {})
        if off:
            self.write(
                "elbv2", "modify_load_balancer_attributes", "update", KIND, name, before={PROTECTION: "true"}, after=off,
                missing=(GONE,), LoadBalancerArn=arn, Attributes=to_tag_list(off),
            )  # fmt: skip
        self.write("elbv2", "delete_load_balancer", "delete", KIND, name, missing=(GONE,), LoadBalancerArn=arn)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), LoadBalancers)


if __name__ == "__main__":
    main()
