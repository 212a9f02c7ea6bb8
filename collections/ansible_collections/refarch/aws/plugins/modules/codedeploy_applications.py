#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codedeploy_applications
version_added: 0.1.0
short_description: Manage CodeDeploy applications with their deployment groups
description:
  - Creates, changes and removes applications for EC2 instances, and the groups of instances that a deployment goes to.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  applications:
    description: The applications.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 1 to 100 characters.
        type: str
        required: true
      deployment_groups:
        description: The groups. Those of the application that are not listed are left alone; they go with it.
        type: list
        elements: dict
        default: []
        suboptions:
          name: {description: The name., type: str, required: true}
          service_role_arn: {description: The role with which CodeDeploy acts., type: str, required: true}
          deployment_config_name:
            description: How many instances at once.
            type: str
            default: CodeDeployDefault.OneAtATime
          auto_scaling_groups: {description: The Auto Scaling groups whose instances they are., type: list, elements: str, default: []}
          target_group_names:
            description: The target groups out of which an instance is taken while it is deployed to.
            type: list
            elements: str
            default: []
          alarm_names:
            description: The CloudWatch alarms, at most 10, that stop a deployment.
            type: list
            elements: str
            default: []
          rollback_events:
            description: What makes CodeDeploy go back to the last good revision.
            type: list
            elements: str
            choices: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM, DEPLOYMENT_STOP_ON_REQUEST]
            default: [DEPLOYMENT_FAILURE, DEPLOYMENT_STOP_ON_ALARM, DEPLOYMENT_STOP_ON_REQUEST]
          termination_hook:
            description: Whether a deployment ends properly on an instance that Auto Scaling takes away.
            type: bool
            default: true
      tags:
        description: Tags of this application and its groups, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for CodeDeploy.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Deploy to the tiers
  refarch.aws.codedeploy_applications:
    tags: "{{ stack_tags }}"
    applications:
      - name: shop-staging
        deployment_groups:
          - name: web
            service_role_arn: "{{ role_arn }}"
            auto_scaling_groups: [shop-staging-web]
            target_group_names: [shop-staging-web]
            alarm_names: [shop-staging-web-deployment]
"""

RETURN = r"""
applications:
  description: The applications in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging}
    deployment_group_names: {description: The groups., type: list, elements: str, sample: [web]}
    tags: {description: All tags., type: dict, sample: {Component: pipeline}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet, holds
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, from_tag_list, run, to_tag_list

EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "applications": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "deployment_groups": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "service_role_arn": {"type": "str", "required": True},
                    "deployment_config_name": {"type": "str", "default": "CodeDeployDefault.OneAtATime"},
                    "auto_scaling_groups": {"type": "list", "elements": "str", "default": []},
                    "target_group_names": {"type": "list", "elements": "str", "default": []},
                    "alarm_names": {"type": "list", "elements": "str", "default": []},
                    "rollback_events": {"type": "list", "elements": "str", "choices": EVENTS, "default": EVENTS},
                    "termination_hook": {"type": "bool", "default": True},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
GONE = ("ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException")


def document(group: dict) -> dict:
    """The settings of a group, as CreateDeploymentGroup takes them."""
    targets = [{"name": name} for name in group["target_group_names"]]
    return {
        "deploymentConfigName": group["deployment_config_name"],
        "autoScalingGroups": group["auto_scaling_groups"],
        "serviceRoleArn": group["service_role_arn"],
        "alarmConfiguration": {
            "enabled": bool(group["alarm_names"]),
            # An alarm that can't be asked must not let a bad release through.
            "ignorePollAlarmFailure": False,
            "alarms": [{"name": name} for name in group["alarm_names"]],
        },
        "autoRollbackConfiguration": {
            "enabled": bool(group["rollback_events"]),
            "events": [event for event in group["rollback_events"] if event != "DEPLOYMENT_STOP_ON_ALARM" or group["alarm_names"]],
        },
        "outdatedInstancesStrategy": "UPDATE",
        "deploymentStyle": {
            "deploymentType": "IN_PLACE",
            "deploymentOption": "WITH_TRAFFIC_CONTROL" if targets else "WITHOUT_TRAFFIC_CONTROL",
        },
        **({"loadBalancerInfo": {"targetGroupInfoList": targets}} if targets else {}),
        "terminationHookEnabled": group["termination_hook"],
    }


class Applications(NamedSet):
    option = "applications"

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.each(lambda name: self.read("codedeploy", "get_application", "application", missing=GONE, applicationName=name), names)
        return {name: application for name, application in zip(names, found, strict=True) if application}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name, tags = wanted["name"], self.tags_of(wanted)
        if existing is None:
            self.write(
                "codedeploy", "create_application", "create", "deployment application", name,
                applicationName=name, computePlatform="Server", tags=to_tag_list(tags),
            )  # fmt: skip
        else:
            self.converge_tags("deployment application", name, f"application:{name}", tags)
        groups = wanted["deployment_groups"]
        self.each(lambda group: self.ensure_group(existing is not None, name, group, tags), groups)
        return {"name": name, "deployment_group_names": [group["name"] for group in groups], "tags": tags}

    def ensure_group(self, may_stand: bool, application: str, group: dict, tags: dict) -> None:
        which = {"applicationName": application, "deploymentGroupName": group["name"]}
        path = f"{application}/{group['name']}"
        existing = self.read("codedeploy", "get_deployment_group", "deploymentGroupInfo", missing=GONE, **which) if may_stand else None
        asked = document(group)
        if existing is None:
            listed = to_tag_list(tags)
            self.write("codedeploy", "create_deployment_group", "create", "deployment group", path, **which, **asked, tags=listed)
            return
        existing["autoScalingGroups"] = [found["name"] for found in existing.get("autoScalingGroups", [])]
        changed = {key: value for key, value in asked.items() if not holds(self.sorted(existing.get(key)), self.sorted(value))}
        if changed:
            # What belongs together is judged together: AWS refuses one of these without the other.
            pairs = {"alarmConfiguration", "autoRollbackConfiguration", "deploymentStyle", "loadBalancerInfo"}
            changed = {key: value for key, value in asked.items() if key in changed or key in pairs}
            before = {key: existing.get(key) for key in changed}
            self.write(
                "codedeploy", "update_deployment_group", "update", "deployment group", path, before=before, after=changed,
                applicationName=application, currentDeploymentGroupName=group["name"], **changed,
            )  # fmt: skip
        self.converge_tags("deployment group", path, f"deploymentgroup:{path}", tags)

    @staticmethod
    def sorted(value: object) -> object:
        return sorted(value, key=str) if isinstance(value, list) else value

    def converge_tags(self, kind: str, name: str, resource: str, tags: dict) -> None:
        arn = self.own_arn("codedeploy", resource)
        standing = from_tag_list(self.read("codedeploy", "list_tags_for_resource", "Tags", ResourceArn=arn))
        self.ensure_tags(
            "codedeploy", kind, name, standing, tags, {"ResourceArn": arn}, lambda found: {"Tags": to_tag_list(found)}, "TagKeys"
        )

    def remove(self, name: str, existing: dict) -> None:
        self.write("codedeploy", "delete_application", "delete", "deployment application", name, applicationName=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Applications)


if __name__ == "__main__":
    main()
