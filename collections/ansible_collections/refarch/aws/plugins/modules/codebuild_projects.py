#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codebuild_projects
version_added: 0.1.0
short_description: Manage CodeBuild projects as one set
description:
  - Creates, changes and removes projects. Reads all of them with one call.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  projects:
    description: The projects. All but the name is required with O(state=present).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 2 to 150 letters, digits, hyphens and underscores.
        type: str
        required: true
      description:
        description: What it does, at most 255 characters.
        type: str
        default: ""
      buildspec:
        description: The build specification, as text, or its path in the source.
        type: str
      source_type:
        description: Where the source comes from. With V(CODEPIPELINE) source and artifacts are the pipeline's; V(NO_SOURCE) has none.
        type: str
        choices: [CODEPIPELINE, NO_SOURCE]
        default: CODEPIPELINE
      environment_type:
        description: The kind of machine.
        type: str
        default: ARM_CONTAINER
      compute_type:
        description: Its size.
        type: str
        default: BUILD_GENERAL1_SMALL
      image:
        description: The container image.
        type: str
        default: aws/codebuild/amazonlinux-aarch64-standard:3.0
      privileged:
        description: Whether the build may run containers of its own, as it must to make images.
        type: bool
        default: false
      environment_variables:
        description: Variables of the build, by name. Secrets belong into Secrets Manager, never here.
        type: dict
        default: {}
      service_role_arn:
        description: The role of the build.
        type: str
      encryption_key_arn:
        description: The key that encrypts what the build hands on.
        type: str
      log_group_name:
        description: The log group.
        type: str
      timeout_minutes:
        description: After how many minutes a build is stopped, 5 to 2160.
        type: int
        default: 30
      queued_timeout_minutes:
        description: After how many minutes a build that did not begin is given up, 5 to 480.
        type: int
        default: 60
      vpc:
        description: The network that the build stands in, where it must reach something there.
        type: dict
        suboptions:
          vpc_id: {description: The VPC., type: str, required: true}
          subnet_ids: {description: The subnets., type: list, elements: str, required: true}
          security_group_ids: {description: The security groups., type: list, elements: str, required: true}
      tags:
        description: Tags of this project, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.codebuild_project has no check mode, takes one project a task and knows neither logs nor queues.
  - Tags are part of a project, so that O(purge_tags=false) keeps those that stand.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Build what a pipeline hands over
  refarch.aws.codebuild_projects:
    tags: "{{ stack_tags }}"
    projects:
      - name: shop-staging-build
        buildspec: "{{ lookup('ansible.builtin.file', 'files/buildspecs/build.yml') }}"
        service_role_arn: "{{ role_arn }}"
        encryption_key_arn: "{{ key_arns.storage }}"
        log_group_name: /shop/staging/build
"""

RETURN = r"""
projects:
  description: The projects in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-build}
    arn: {description: The ARN., type: str, sample: "arn:aws:codebuild:ap-northeast-2:123456789012:project/shop-staging-build"}
    tags: {description: All tags., type: dict, sample: {Component: pipeline}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet, holds
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "projects": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "buildspec": {"type": "str"},
            "source_type": {"type": "str", "choices": ["CODEPIPELINE", "NO_SOURCE"], "default": "CODEPIPELINE"},
            "environment_type": {"type": "str", "default": "ARM_CONTAINER"},
            "compute_type": {"type": "str", "default": "BUILD_GENERAL1_SMALL"},
            "image": {"type": "str", "default": "aws/codebuild/amazonlinux-aarch64-standard:3.0"},
            "privileged": {"type": "bool", "default": False},
            "environment_variables": {"type": "dict", "default": {}},
            "service_role_arn": {"type": "str"},
            "encryption_key_arn": {"type": "str", "no_log": False},
            "log_group_name": {"type": "str"},
            "timeout_minutes": {"type": "int", "default": 30},
            "queued_timeout_minutes": {"type": "int", "default": 60},
            "vpc": {
                "type": "dict",
                "options": {
                    "vpc_id": {"type": "str", "required": True},
                    "subnet_ids": {"type": "list", "elements": "str", "required": True},
                    "security_group_ids": {"type": "list", "elements": "str", "required": True},
                },
            },
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
REQUIRED = ("buildspec", "service_role_arn", "encryption_key_arn", "log_group_name")


def document(wanted: dict) -> dict:
    """The parameters of CreateProject and UpdateProject, without tags."""
    vpc = wanted["vpc"]
    artifacts = "CODEPIPELINE" if wanted["source_type"] == "CODEPIPELINE" else "NO_ARTIFACTS"
    variables = [{"name": name, "value": str(value), "type": "PLAINTEXT"} for name, value in wanted["environment_variables"].items()]
    return {
        "name": wanted["name"],
        "description": wanted["description"],
        "source": {"type": wanted["source_type"], "buildspec": wanted["buildspec"]},
        "artifacts": {"type": artifacts},
        "environment": {
            "type": wanted["environment_type"],
            "image": wanted["image"],
            "computeType": wanted["compute_type"],
            "environmentVariables": variables,
            "privilegedMode": wanted["privileged"],
        },
        "serviceRole": wanted["service_role_arn"],
        "timeoutInMinutes": wanted["timeout_minutes"],
        "queuedTimeoutInMinutes": wanted["queued_timeout_minutes"],
        "encryptionKey": wanted["encryption_key_arn"],
        "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": wanted["log_group_name"]}},
        # An empty one takes a project out of its VPC ("UpdateProject", AWS CodeBuild API Reference).
        "vpcConfig": {"vpcId": vpc["vpc_id"], "subnets": vpc["subnet_ids"], "securityGroupIds": vpc["security_group_ids"]} if vpc else {},
    }


class Projects(NamedSet):
    option = "projects"

    def require_sound(self, wanted: dict) -> None:
        lacking = [option for option in REQUIRED if not wanted[option]]
        if lacking:
            raise InvalidInput(f"projects: {wanted['name']} needs {', '.join(lacking)}.")

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.read("codebuild", "batch_get_projects", "projects", names=names) if names else []
        return {project["name"]: project for project in found or []}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        standing = {tag["key"]: tag["value"] for tag in (existing or {}).get("tags", [])}
        tags = {**({} if self.params["purge_tags"] else standing), **self.tags_of(wanted)}
        asked = {**document(wanted), "tags": [{"key": key, "value": value} for key, value in sorted(tags.items())]}
        if existing is None:
            asked = {key: value for key, value in asked.items() if value != {}}
            self.write("codebuild", "create_project", "create", "build project", name, **asked)
        else:
            changed = {key: value for key, value in asked.items() if not self.same(key, existing.get(key), value)}
            if changed:
                before = {key: existing.get(key) for key in changed}
                self.write(
                    "codebuild", "update_project", "update", "build project", name, before=before, after=changed,
                    **{"name": name, **changed},
                )  # fmt: skip
        return {"name": name, "arn": self.own_arn("codebuild", f"project/{name}"), "tags": tags}

    @staticmethod
    def same(key: str, existing: object, wanted: object) -> bool:
        if key == "tags":
            return sorted(existing or [], key=str) == sorted(wanted, key=str)
        if wanted == {}:
            return not existing
        return holds(existing, wanted)

    def remove(self, name: str, existing: dict) -> None:
        self.write("codebuild", "delete_project", "delete", "build project", name, name=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Projects)


if __name__ == "__main__":
    main()
