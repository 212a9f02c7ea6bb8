#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_target_groups
version_added: 0.1.0
short_description: Manage the target groups of Application Load Balancers as one set
description:
  - Creates, changes and removes target groups in one task, each with its health check, attributes and tags.
  - Which targets are registered is left to Auto Scaling groups, services and deployments.
options:
  state:
    description: Whether the target groups stand or not.
    type: str
    choices: [present, absent]
    default: present
  target_groups:
    description:
      - The target groups.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, unique in the account and region, at most 32 letters, digits and hyphens.
        type: str
        required: true
      vpc_id:
        description: The VPC of the targets. Required with O(state=present).
        type: str
      port:
        description: The port of the targets. Required with O(state=present).
        type: int
      protocol:
        description: How targets are spoken to.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      protocol_version:
        description: The version of HTTP.
        type: str
        choices: [HTTP1, HTTP2, GRPC]
        default: HTTP1
      target_type:
        description: What is registered.
        type: str
        choices: [instance, ip]
        default: instance
      health_check:
        description: How targets are checked.
        type: dict
        suboptions:
          path:
            description: The path that is asked for.
            type: str
            default: /
          port:
            description: The port, or V(traffic-port) for that of the target.
            type: str
            default: traffic-port
          protocol:
            description: The protocol. Left out, that of the target group.
            type: str
            choices: [HTTP, HTTPS]
          interval_seconds:
            description: Seconds between two checks, 5 to 300.
            type: int
            default: 30
          timeout_seconds:
            description: Seconds after which a check failed, 2 to 120, and less than the interval.
            type: int
            default: 5
          healthy_threshold:
            description: Checks in a row that make a target healthy, 2 to 10.
            type: int
            default: 5
          unhealthy_threshold:
            description: Failed checks in a row that make a target unhealthy, 2 to 10.
            type: int
            default: 2
          matcher:
            description: The HTTP codes of a healthy target, such as V(200) or V(200-299).
            type: str
            default: "200"
      attributes:
        description: Attributes by their keys, for example C(deregistration_delay.timeout_seconds). Others are not managed.
        type: dict
        default: {}
      tags:
        description: Tags of this target group, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.elb_target_group takes one group a task, reports no change in check mode where it would create, and reads serially.
  - AWS can't change protocol, port, VPC and target type. Others are refused rather than replaced.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The target groups of two tiers
  refarch.aws.elbv2_target_groups:
    tags: "{{ stack_tags }}"
    target_groups:
      - name: shop-staging-web
        vpc_id: vpc-0a1b2c3d
        port: 8080
        health_check: {path: /health, interval_seconds: 15, healthy_threshold: 2}
        attributes: {deregistration_delay.timeout_seconds: 60}
      - {name: shop-staging-app, vpc_id: vpc-0a1b2c3d, port: 8080}
"""

RETURN = r"""
target_groups:
  description: The target groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-web}
    arn: {description: The ARN., type: str}
    full_name: {description: The name in the dimensions of CloudWatch., type: str, sample: targetgroup/shop-staging-web/0123456789abcdef}
    tags: {description: All tags., type: dict, sample: {Component: load_balancer}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.elbv2 import Elbv2Resources, full_name
from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    differing,
    from_tag_list,
    run,
    to_tag_list,
)
from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown

KIND = "target group"
GONE = "TargetGroupNotFound"

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "target_groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str"},
            "port": {"type": "int"},
            "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "default": "HTTP"},
            "protocol_version": {"type": "str", "choices": ["HTTP1", "HTTP2", "GRPC"], "default": "HTTP1"},
            "target_type": {"type": "str", "choices": ["instance", "ip"], "default": "instance"},
            "health_check": {
                "type": "dict",
                # A default of {} would be one dict for all groups and runs, which Ansible fills.
                "apply_defaults": True,
                "options": {
                    "path": {"type": "str", "default": "/"},
                    "port": {"type": "str", "default": "traffic-port"},
                    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
                    "interval_seconds": {"type": "int", "default": 30},
                    "timeout_seconds": {"type": "int", "default": 5},
                    "healthy_threshold": {"type": "int", "default": 5},
                    "unhealthy_threshold": {"type": "int", "default": 2},
                    "matcher": {"type": "str", "default": "200"},
                },
            },
            "attributes": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

FIXED = {"vpc_id": "VpcId", "port": "Port", "protocol": "Protocol", "protocol_version": "ProtocolVersion", "target_type": "TargetType"}


def health_check(group: dict) -> dict:
    """The health check of *group* in AWS's words."""
    check = group["health_check"]
    code = "GrpcCode" if group["protocol_version"] == "GRPC" else "HttpCode"
    return {
        "HealthCheckProtocol": check["protocol"] or group["protocol"],
        "HealthCheckPort": check["port"],
        "HealthCheckPath": check["path"],
        "HealthCheckIntervalSeconds": check["interval_seconds"],
        "HealthCheckTimeoutSeconds": check["timeout_seconds"],
        "HealthyThresholdCount": check["healthy_threshold"],
        "UnhealthyThresholdCount": check["unhealthy_threshold"],
        "Matcher": {code: check["matcher"]},
    }


class TargetGroups(Elbv2Resources):
    def names(self) -> list[str]:
        return [group["name"] for group in self.params["target_groups"]]

    def existing(self) -> dict[str, dict]:
        """The wanted target groups that stand, by name, with C(attributes) and C(tags)."""
        groups = self.named("describe_target_groups", "TargetGroups", GONE, self.names())
        arns = [group["TargetGroupArn"] for group in groups.values()]

        def ask(question):
            operation, path, parameters = question
            return self.read("elbv2", operation, path, missing=(GONE,), **parameters)

        questions = [("describe_target_group_attributes", "Attributes", {"TargetGroupArn": arn}) for arn in arns]
        if arns:
            questions.append(("describe_tags", "TagDescriptions", {"ResourceArns": arns}))
        *attributes, tags = self.each(ask, questions) or [None]
        tags_of = {one["ResourceArn"]: from_tag_list(one.get("Tags")) for one in tags or []}
        return {
            name: {**group, "attributes": from_tag_list(found), "tags": tags_of.get(group["TargetGroupArn"], {})}
            for (name, group), found in zip(groups.items(), attributes, strict=True)
        }

    def require_sound(self, wanted: dict) -> None:
        name, check = wanted["name"], wanted["health_check"]
        for option in ("vpc_id", "port"):
            if wanted[option] is None:
                raise InvalidInput(f"target_groups: {name} needs {option}.")
        if check["timeout_seconds"] >= check["interval_seconds"]:
            raise InvalidInput(
                f"target_groups: the health check of {name} has a timeout of {check['timeout_seconds']} seconds, "
                f"which must be less than its interval of {check['interval_seconds']}."
            )

    def require_same(self, group: dict | None, wanted: dict) -> None:
        for option, key in FIXED.items() if group else ():
            if not has_unknown(wanted[option]) and group.get(key) != wanted[option]:
                raise InvalidInput(
                    f"target_groups: {wanted['name']} stands with {option} {group.get(key)}, and AWS can't change it to {wanted[option]}. "
                    "Give the target group another name, or remove it first."
                )

    def present(self) -> dict:
        for wanted in self.params["target_groups"]:
            self.require_sound(wanted)
        existing = self.existing()
        for wanted in self.params["target_groups"]:
            self.require_same(existing.get(wanted["name"]), wanted)
        return {"target_groups": self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted), self.params["target_groups"])}

    def ensure(self, group: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        check = health_check(wanted)
        if group is None:
            arn = self.write(
                "elbv2", "create_target_group", "create", KIND, name, returns="TargetGroups[0].TargetGroupArn",
                Name=name, VpcId=wanted["vpc_id"], Port=wanted["port"], Protocol=wanted["protocol"],
                ProtocolVersion=wanted["protocol_version"], TargetType=wanted["target_type"], HealthCheckEnabled=True, **check,
                **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
        else:
            arn = group["TargetGroupArn"]
            changed = differing(group, check)
            if changed:
                self.write(
                    "elbv2", "modify_target_group", "update", KIND, name, before={key: group.get(key) for key in changed},
                    after=changed, TargetGroupArn=arn, **changed,
                )  # fmt: skip
            self.ensure_tags(KIND, name, arn, group["tags"], tags)
        now = group["attributes"] if group else {}
        self.ensure_attributes("modify_target_group_attributes", KIND, name, now, wanted["attributes"], TargetGroupArn=arn)
        return {"name": name, "arn": arn, "full_name": full_name(arn, "targetgroup"), "tags": tags}

    def absent(self) -> dict:
        found = self.named("describe_target_groups", "TargetGroups", GONE, self.names())
        self.each(
            lambda name: self.write(
                "elbv2", "delete_target_group", "delete", KIND, name, missing=(GONE,), TargetGroupArn=found[name]["TargetGroupArn"]
            ),
            found,
        )
        return {"target_groups": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), TargetGroups)


if __name__ == "__main__":
    main()
