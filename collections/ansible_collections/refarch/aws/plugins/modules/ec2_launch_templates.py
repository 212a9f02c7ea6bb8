#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_launch_templates
version_added: 0.1.0
short_description: Manage EC2 launch templates as one set
description:
  - Creates, changes and removes launch templates in one task. A version is made only where the latest one says something else, and becomes
    the default one.
options:
  state:
    description: Whether the launch templates stand or not.
    type: str
    choices: [present, absent]
    default: present
  launch_templates:
    description:
      - The launch templates.
      - With O(state=absent), those that are removed with all their versions; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 3 to 128 letters, digits and C(( ) . - / _).
        type: str
        required: true
      data:
        description:
          - What is launched, in AWS's words (C(LaunchTemplateData)), without C(ImageId) and C(UserData), which have options.
          - Required with O(state=present).
        type: dict
      image_id:
        description: The image. It comes before O(launch_templates[].image_parameter).
        type: str
      image_parameter:
        description:
          - The SSM parameter that names the image. It is read when a version is made, and the version keeps the image that it then named.
          - A newer image makes no version by itself, unless O(update_images) is true. So instances of one version are alike, and an
            instance refresh can be rolled back, which AWS can't where a template holds an alias (C(resolve:ssm)).
        type: str
      user_data:
        description: What runs at the first start, as plain text.
        type: str
      tags:
        description: Tags of the launch template itself, added to O(tags).
        type: dict
        default: {}
  update_images:
    description: Whether a newer image of O(launch_templates[].image_parameter) makes a version.
    type: bool
    default: false
  keep_versions:
    description: How many versions are kept, the latest ones. A refresh that rolls back needs the one before.
    type: int
    default: 5
notes:
  - amazon.aws.ec2_launch_template takes one template a task, shows no calls, and keeps all versions for ever.
  - The template is found again by its name, so an interrupted run completes.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A launch template of Amazon Linux
  refarch.aws.ec2_launch_templates:
    tags: "{{ stack_tags }}"
    launch_templates:
      - name: shop-staging-web
        image_parameter: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64
        user_data: "{{ lookup('ansible.builtin.template', 'user_data.sh.j2') }}"
        data:
          InstanceType: t4g.small
          MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: 1}
"""

RETURN = r"""
launch_templates:
  description: The launch templates in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-web}
    launch_template_id: {description: The id., type: str, sample: lt-0a1b2c3d4e5f67890}
    version: {description: "The latest version, which is the default one.", type: str, sample: "3"}
    image_id: {description: The image of that version., type: str, sample: ami-0a1b2c3d4e5f67890}
    tags: {description: All tags of the template., type: dict, sample: {Component: servers}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import base64

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, raise_unsuccessful
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

KIND = "launch template"
GONE = ("InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.NotFound")

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "launch_templates": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "data": {"type": "dict"},
            "image_id": {"type": "str"},
            "image_parameter": {"type": "str"},
            "user_data": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "update_images": {"type": "bool", "default": False},
    "keep_versions": {"type": "int", "default": 5},
    **TAG_OPTIONS,
}


def plain(value: object) -> object:
    """Template data as it can be compared: nothing that is None, and lists that are sets in one order."""
    if isinstance(value, dict):
        found = {key: plain(item) for key, item in value.items() if item is not None}
        # AWS tells in it how far the options are applied.
        return {key: item for key, item in found.items() if key != "State"} if "HttpTokens" in found else found
    if isinstance(value, list):
        return sorted((plain(item) for item in value), key=repr)
    return value


def differs(existing: dict, wanted: dict) -> bool:
    """Whether the data of a version is not what is wanted."""
    return plain(existing) != plain(wanted)


class LaunchTemplates(Ec2Resources):
    def existing(self) -> dict[str, dict]:
        """The wanted templates that stand, by name, each with C(versions), the latest one first."""
        names = [template["name"] for template in self.params["launch_templates"]]
        filters = [{"Name": "launch-template-name", "Values": names}]

        def ask(question):
            if question is None:
                return self.read("ec2", "describe_launch_templates", "LaunchTemplates", Filters=filters)
            return self.read(
                "ec2", "describe_launch_template_versions", "LaunchTemplateVersions", missing=GONE, LaunchTemplateName=question
            )

        described, *versions = self.each(ask, [None, *names])
        by_name = {template["LaunchTemplateName"]: template for template in described}
        return {
            name: {**by_name[name], "versions": sorted(found, key=lambda version: -version["VersionNumber"])}
            for name, found in zip(names, versions, strict=True)
            if name in by_name and found
        }

    def images(self) -> dict[str, str]:
        """The image that each parameter names now."""
        wanted = [template for template in self.params["launch_templates"] if not template["image_id"]]
        parameters = sorted({template["image_parameter"] for template in wanted if template["image_parameter"]})
        if not parameters:
            return {}
        found = self.read("ssm", "get_parameters", "Parameters", Names=parameters)
        values = {parameter["Name"]: parameter["Value"] for parameter in found}
        for parameter in parameters:
            if parameter not in values:
                raise InvalidInput(f"launch_templates: image_parameter {parameter} is no SSM parameter of this region.")
        return values

    def present(self) -> dict:
        templates = self.params["launch_templates"]
        for wanted in templates:
            if wanted["data"] is None:
                raise InvalidInput(f"launch_templates: {wanted['name']} needs data.")
        if self.params["keep_versions"] < 2:
            raise InvalidInput("keep_versions must be 2 or more: a refresh that rolls back needs the version before.")
        existing, images = self.each(lambda ask: ask(), [self.existing, self.images])
        return {"launch_templates": self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted, images), templates)}

    def ensure(self, template: dict | None, wanted: dict, images: dict[str, str]) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        latest = template["versions"][0]["LaunchTemplateData"] if template else {}
        data = dict(wanted["data"])
        if wanted["user_data"] is not None:
            data["UserData"] = base64.b64encode(wanted["user_data"].encode()).decode()
        newest = wanted["image_id"] or images.get(wanted["image_parameter"] or "")
        kept = latest.get("ImageId") if not wanted["image_id"] and not self.params["update_images"] else None
        data |= {"ImageId": kept or newest} if kept or newest else {}
        if template is None:
            template_id = self.write(
                "ec2", "create_launch_template", "create", KIND, name, returns="LaunchTemplate.LaunchTemplateId",
                LaunchTemplateName=name, LaunchTemplateData=data,
                **({"TagSpecifications": self.tag_specifications("launch-template", tags)} if tags else {}),
            )  # fmt: skip
            version = "1"
        else:
            template_id = template["LaunchTemplateId"]
            version, data = self.ensure_version(template, latest, data, newest)
            self.ensure_tags(KIND, template_id, name, template.get("Tags"), tags)
        return {
            "name": name,
            "launch_template_id": template_id,
            "version": version,
            "image_id": data.get("ImageId"),
            "tags": tags,
        }

    def ensure_version(self, template: dict, latest: dict, data: dict, newest: str | None) -> tuple[str, dict]:
        """(the version that holds *data*, its data)."""
        name, template_id = template["LaunchTemplateName"], template["LaunchTemplateId"]
        version, number = template["versions"][0]["VersionNumber"], str(template["versions"][0]["VersionNumber"])
        made = differs(latest, data)
        if made:
            # A version that is made anyway takes the newest image.
            data = {**data, "ImageId": newest} if newest else data
            before = {key: latest.get(key) for key in data.keys() | latest.keys() if plain(latest.get(key)) != plain(data.get(key))}
            number = self.write(
                "ec2", "create_launch_template_version", "update", KIND, name, returns="LaunchTemplateVersion.VersionNumber",
                before=before, after={key: data.get(key) for key in before}, LaunchTemplateId=template_id, LaunchTemplateData=data,
            )  # fmt: skip
            number = str(number)
        if made or template["DefaultVersionNumber"] != version:
            self.write(
                "ec2", "modify_launch_template", "update", KIND, name, before={"DefaultVersion": str(template["DefaultVersionNumber"])},
                after={"DefaultVersion": number}, LaunchTemplateId=template_id, DefaultVersion=number,
            )  # fmt: skip
        kept = self.params["keep_versions"] - (1 if made else 0)
        old = [str(entry["VersionNumber"]) for entry in template["versions"][kept:]]
        if old:
            unsuccessful = self.write(
                "ec2", "delete_launch_template_versions", "delete", "launch template version", name,
                returns="UnsuccessfullyDeletedLaunchTemplateVersions[].{ResourceId: LaunchTemplateId, Error: ResponseError}",
                LaunchTemplateId=template_id, Versions=old,
            )  # fmt: skip
            raise_unsuccessful("delete", "launch template version", "DeleteLaunchTemplateVersions", unsuccessful)
        return number, data

    def absent(self) -> dict:
        names = [template["name"] for template in self.params["launch_templates"]]
        filters = [{"Name": "launch-template-name", "Values": names}]
        found = self.read("ec2", "describe_launch_templates", "LaunchTemplates", Filters=filters)
        self.each(
            lambda template: self.write(
                "ec2", "delete_launch_template", "delete", KIND, template["LaunchTemplateName"], missing=GONE,
                LaunchTemplateId=template["LaunchTemplateId"],
            ),
            found,
        )  # fmt: skip
        return {"launch_templates": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), LaunchTemplates)


if __name__ == "__main__":
    main()
