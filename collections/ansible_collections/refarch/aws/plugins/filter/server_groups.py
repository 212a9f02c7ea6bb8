# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Auto Scaling groups of the tiers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: server_groups
version_added: 0.1.0
short_description: Write the Auto Scaling groups of servers
description:
  - Gives a group for each tier, with its launch template, its target group, its scaling policies and the hook that its instances answer.
positional: tiers, common
options:
  _input:
    description: The launch templates, in the order of O(tiers), as RV(refarch.aws.ec2_launch_templates#module:launch_templates).
    type: list
    elements: dict
    required: true
  tiers:
    description:
      - Each tier by its name, in order, with C(name), C(subnet_ids), C(target_group_arn), C(launch_hook_name), C(min_size), C(max_size),
        C(desired_capacity), C(cpu_target) and C(request_target).
    type: dict
    required: true
  common:
    description: What the groups have in common, as M(refarch.aws.autoscaling_groups) takes it, and C(launch_hook_heartbeat_seconds).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The groups
  refarch.aws.autoscaling_groups:
    auto_scaling_groups: "{{ templates | refarch.aws.server_groups(tiers, common) }}"
"""

RETURN = r"""
_value:
  description: The groups, as M(refarch.aws.autoscaling_groups) takes them.
  type: list
  elements: dict
"""


def _policies(tier: dict) -> list[dict]:
    """The target tracking policies; a target of 0 is none."""
    found = []
    if float(tier["cpu_target"]) > 0:
        found.append({"name": "cpu", "metric": "ASGAverageCPUUtilization", "target_value": float(tier["cpu_target"])})
    if float(tier["request_target"]) > 0:
        target = {"target_value": float(tier["request_target"]), "target_group_arn": tier["target_group_arn"]}
        found.append({"name": "requests", "metric": "ALBRequestCountPerTarget", **target})
    return found


def server_groups(templates: list[dict], tiers: dict[str, dict], common: dict) -> list[dict]:
    """A group for each of *tiers*. What does not complete its launch in time is given up."""
    own = {key: value for key, value in common.items() if key != "launch_hook_heartbeat_seconds"}
    hook = {"heartbeat_seconds": int(common["launch_hook_heartbeat_seconds"]), "default_result": "ABANDON"}
    return [
        {
            **own,
            "name": tier["name"],
            "launch_template_id": template["launch_template_id"],
            "launch_template_version": template["version"],
            "subnet_ids": tier["subnet_ids"],
            "target_group_arns": [tier["target_group_arn"]],
            "min_size": int(tier["min_size"]),
            "max_size": int(tier["max_size"]),
            "desired_capacity": int(tier["desired_capacity"]),
            "lifecycle_hooks": [{"name": tier["launch_hook_name"], **hook}],
            "target_tracking_policies": _policies(tier),
            "tags": {"Tier": name},
        }
        for (name, tier), template in zip(tiers.items(), templates, strict=True)
    ]


class FilterModule:
    def filters(self):
        return {"server_groups": server_groups}
