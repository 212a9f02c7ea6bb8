#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: app_releases
version_added: 0.1.0
short_description: Put applications into a bucket, and say which release counts
description:
  - Packs each folder into an archive that is the same wherever it is made, puts it into a bucket under its hash where it is not there yet,
    and names it in an SSM parameter that servers read when they start.
  - A parameter that stands is left alone, unless told otherwise, for a pipeline moves it on.
options:
  state:
    description: Whether the parameters stand or not. Archives stay in the bucket, whose lifecycle removes them.
    type: str
    choices: [present, absent]
    default: present
  bucket_name:
    description: The bucket. Required with O(state=present).
    type: str
  releases:
    description: The applications.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the application.
        type: str
        required: true
      folder:
        description: The folder that is packed. Required with O(state=present).
        type: path
      key_prefix:
        description: What the key in the bucket begins with, such as V(apps/web). Required with O(state=present).
        type: str
      parameter_name:
        description: The SSM parameter that holds the key of the release that counts.
        type: str
        required: true
  move:
    description: Whether a parameter that stands is moved to the release of the folder.
    type: bool
    default: false
notes:
  - No module of amazon.aws puts a folder as one archive that does not change from run to run.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The first release of an application
  refarch.aws.app_releases:
    bucket_name: shop-staging-artifact-123456789012
    releases:
      - {name: web, folder: files/apps/web, key_prefix: apps/web, parameter_name: /shop/staging/releases/web}
"""

RETURN = r"""
releases:
  description: The releases in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: web}
    key: {description: The key of the archive of the folder., type: str, sample: apps/web/0123abcd.zip}
    current_key: {description: The key that the parameter names., type: str, sample: apps/web/0123abcd.zip}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import hashlib

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of
from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    Resources,
    from_tag_list,
    run,
    to_tag_list,
)

KIND = "release"
GONE = ("ParameterNotFound",)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "bucket_name": {"type": "str"},
    "releases": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "folder": {"type": "path"},
            "key_prefix": {"type": "str", "no_log": False},
            "parameter_name": {"type": "str", "required": True},
        },
    },
    "move": {"type": "bool", "default": False},
    **TAG_OPTIONS,
}


class Releases(Resources):
    def pack(self, release: dict) -> tuple[str, bytes]:
        """(key, content) of the archive."""
        for option in ("folder", "key_prefix"):
            if not release[option]:
                raise InvalidInput(f"releases: {release['name']} needs {option}.")
        try:
            content = archive_of(release["folder"])
        except ValueError as error:
            raise InvalidInput(f"releases: {error}.") from error
        return f"{release['key_prefix']}/{hashlib.sha256(content).hexdigest()}.zip", content

    def parameters(self) -> dict[str, str]:
        names = [release["parameter_name"] for release in self.params["releases"]]
        found = self.read("ssm", "get_parameters", "Parameters", Names=names)
        return {parameter["Name"]: parameter["Value"] for parameter in found}

    def present(self) -> dict:
        if not self.params["bucket_name"]:
            raise InvalidInput("bucket_name is needed for releases.")
        releases = self.params["releases"]
        packed = [self.pack(release) for release in releases]

        def ask(question):
            kind, name = question
            if kind == "object":
                missing = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")
                return self.read("s3", "head_object", missing=missing, Bucket=self.params["bucket_name"], Key=name)
            if kind == "tags":
                missing = ("InvalidResourceId",)
                return self.read("ssm", "list_tags_for_resource", "TagList", missing=missing, ResourceType="Parameter", ResourceId=name)
            return self.parameters()

        questions = [("parameters", ""), *(("object", key) for key, _content in packed)]
        questions += [("tags", release["parameter_name"]) for release in releases]
        answers = dict(zip(questions, self.each(ask, questions), strict=True))
        self.found, self.answers = answers["parameters", ""], answers
        return {"releases": self.each(lambda pair: self.ensure(*pair), list(zip(releases, packed, strict=True)))}

    def ensure(self, release: dict, packed: tuple[str, bytes]) -> dict:
        key, content = packed
        name, parameter = release["name"], release["parameter_name"]
        if self.answers["object", key] is None:
            self.write(
                "s3", "put_object", "create", KIND, f"{name} {key}", Bucket=self.params["bucket_name"], Key=key, Body=Archive(content)
            )
        now = self.found.get(parameter)
        tags = self.params["tags"] or {}
        if now is None:
            self.write(
                "ssm", "put_parameter", "create", "SSM parameter", parameter, Name=parameter, Value=key, Type="String",
                Description=f"The release of {name} that servers start with", **({"Tags": to_tag_list(tags)} if tags else {}),
            )  # fmt: skip
        else:
            if self.params["move"] and now != key:
                self.write(
                    "ssm", "put_parameter", "update", "SSM parameter", parameter, before=now, after=key, Name=parameter, Value=key,
                    Type="String", Overwrite=True,
                )  # fmt: skip
            self.ensure_tags(parameter, from_tag_list(self.answers["tags", parameter]), tags)
        return {"name": name, "key": key, "current_key": key if now is None or self.params["move"] else now}

    def ensure_tags(self, parameter: str, existing: dict, wanted: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", "SSM parameter", parameter)
        owner = {"ResourceType": "Parameter", "ResourceId": parameter}
        if to_set:
            self.write("ssm", "add_tags_to_resource", *about, before=existing, after=wanted, **owner, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("ssm", "remove_tags_from_resource", *about, before=existing, after=wanted, **owner, TagKeys=to_remove)

    def absent(self) -> dict:
        for name in sorted(self.parameters()):
            self.write("ssm", "delete_parameter", "delete", "SSM parameter", name, missing=GONE, Name=name)
        return {"releases": []}


class Archive(bytes):
    """Content that a plan tells by its size."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return f"(archive of {len(self)} bytes)"


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Releases)


if __name__ == "__main__":
    main()
