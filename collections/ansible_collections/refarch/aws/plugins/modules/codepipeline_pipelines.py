#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codepipeline_pipelines
version_added: 0.1.0
short_description: Manage CodePipeline pipelines of type V2 as one set
description:
  - Creates, changes and removes pipelines. A pipeline is compared by its structure, not by its version.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  pipelines:
    description: The pipelines. All but the name is required with O(state=present).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 1 to 100 characters.
        type: str
        required: true
      role_arn:
        description: The role with which the pipeline acts.
        type: str
      artifact_bucket_name:
        description: The bucket in which stages hand over what they made.
        type: str
      artifact_key_arn:
        description: The key that encrypts it there.
        type: str
      execution_mode:
        description: What becomes of a change that comes while another is under way.
        type: str
        choices: [QUEUED, SUPERSEDED, PARALLEL]
        default: QUEUED
      stages:
        description: The stages as the API has them, the first one with the source (filter refarch.aws.pipeline_stages).
        type: list
        elements: dict
      triggers:
        description: The triggers as the API has them.
        type: list
        elements: dict
        default: []
      tags:
        description: Tags of this pipeline, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.codepipeline makes pipelines of type V1 only, is always changed, and has no check mode.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: From source to servers
  refarch.aws.codepipeline_pipelines:
    tags: "{{ stack_tags }}"
    pipelines:
      - name: shop-staging-pipeline
        role_arn: "{{ role_arn }}"
        artifact_bucket_name: shop-staging-artifact-123456789012
        artifact_key_arn: "{{ key_arns.storage }}"
        stages: "{{ stages }}"
"""

RETURN = r"""
pipelines:
  description: The pipelines in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-pipeline}
    arn: {description: The ARN., type: str, sample: "arn:aws:codepipeline:ap-northeast-2:123456789012:shop-staging-pipeline"}
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
    "pipelines": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "role_arn": {"type": "str"},
            "artifact_bucket_name": {"type": "str"},
            "artifact_key_arn": {"type": "str", "no_log": False},
            "execution_mode": {"type": "str", "choices": ["QUEUED", "SUPERSEDED", "PARALLEL"], "default": "QUEUED"},
            "stages": {"type": "list", "elements": "dict"},
            "triggers": {"type": "list", "elements": "dict", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
REQUIRED = ("role_arn", "artifact_bucket_name", "artifact_key_arn", "stages")
GONE = ("PipelineNotFoundException",)


def document(wanted: dict) -> dict:
    """The structure of the pipeline, as CreatePipeline takes it."""
    return {
        "name": wanted["name"],
        "roleArn": wanted["role_arn"],
        "artifactStore": {
            "type": "S3",
            "location": wanted["artifact_bucket_name"],
            "encryptionKey": {"id": wanted["artifact_key_arn"], "type": "KMS"},
        },
        "stages": wanted["stages"],
        "pipelineType": "V2",
        "executionMode": wanted["execution_mode"],
        **({"triggers": wanted["triggers"]} if wanted["triggers"] else {}),
    }


class Pipelines(NamedSet):
    option = "pipelines"

    def require_sound(self, wanted: dict) -> None:
        lacking = [option for option in REQUIRED if not wanted[option]]
        if lacking:
            raise InvalidInput(f"pipelines: {wanted['name']} needs {', '.join(lacking)}.")

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.each(lambda name: self.read("codepipeline", "get_pipeline", "pipeline", missing=GONE, name=name), names)
        return {name: pipeline for name, pipeline in zip(names, found, strict=True) if pipeline}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name, tags = wanted["name"], self.tags_of(wanted)
        arn, asked = self.own_arn("codepipeline", name), document(wanted)
        if existing is None:
            listed = [{"key": key, "value": value} for key, value in tags.items()]
            self.write("codepipeline", "create_pipeline", "create", "pipeline", name, pipeline=asked, tags=listed)
            return {"name": name, "arn": arn, "tags": tags}
        lost = existing.get("triggers") and not asked.get("triggers")
        if lost or not holds(existing, asked):
            before = {key: existing.get(key) for key in asked}
            self.write("codepipeline", "update_pipeline", "update", "pipeline", name, before=before, after=asked, pipeline=asked)
        found = self.read("codepipeline", "list_tags_for_resource", "tags", resourceArn=arn)
        standing = {tag["key"]: tag["value"] for tag in found}
        self.ensure_tags(
            "codepipeline", "pipeline", name, standing, tags, {"resourceArn": arn},
            lambda changed: {"tags": [{"key": key, "value": value} for key, value in changed.items()]}, "tagKeys",
        )  # fmt: skip
        return {"name": name, "arn": arn, "tags": tags}

    def remove(self, name: str, existing: dict) -> None:
        self.write("codepipeline", "delete_pipeline", "delete", "pipeline", name, name=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Pipelines)


if __name__ == "__main__":
    main()
