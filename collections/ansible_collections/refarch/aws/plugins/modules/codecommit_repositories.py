#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codecommit_repositories
version_added: 0.1.0
short_description: Manage CodeCommit repositories as one set
description:
  - Creates, changes and removes repositories. Reads all of them with one call.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  repositories:
    description: The repositories.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 1 to 100 letters, digits, periods, underscores and dashes, not ending in C(.git).
        type: str
        required: true
      description:
        description: What it holds, at most 1000 characters.
        type: str
        default: ""
      kms_key_arn:
        description: The key that encrypts it. Not managed if not given; a new repository has AWS's.
        type: str
      tags:
        description: Tags of this repository, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.codecommit_repository manages neither key nor tags, and one repository a task.
  - With O(state=absent) a repository goes with all that is in it.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A repository for the services
  refarch.aws.codecommit_repositories:
    tags: "{{ stack_tags }}"
    repositories:
      - name: shop-staging
        kms_key_arn: "{{ key_arns.storage }}"
"""

RETURN = r"""
repositories:
  description: The repositories in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging}
    arn: {description: The ARN., type: str, sample: "arn:aws:codecommit:ap-northeast-2:123456789012:shop-staging"}
    clone_url_http:
      description: Where it is cloned from.
      type: str
      sample: https://git-codecommit.ap-northeast-2.amazonaws.com/v1/repos/shop-staging
    tags: {description: All tags., type: dict, sample: {Component: pipeline}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "repositories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "kms_key_arn": {"type": "str", "no_log": False},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
KIND = "repository"


class Repositories(NamedSet):
    option = "repositories"

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.read("codecommit", "batch_get_repositories", "repositories", repositoryNames=names) if names else []
        return {repository["repositoryName"]: repository for repository in found or []}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name, tags = wanted["name"], self.tags_of(wanted)
        arn = self.own_arn("codecommit", name)
        if existing is None:
            key = {"kmsKeyId": wanted["kms_key_arn"]} if wanted["kms_key_arn"] else {}
            url = self.write(
                "codecommit", "create_repository", "create", KIND, name, returns="repositoryMetadata.cloneUrlHttp",
                repositoryName=name, repositoryDescription=wanted["description"], tags=tags, **key,
            )  # fmt: skip
            return {"name": name, "arn": arn, "clone_url_http": url, "tags": tags}
        self.ensure_settings(existing, wanted)
        standing = self.read("codecommit", "list_tags_for_resource", "tags", resourceArn=arn) or {}
        self.ensure_tags("codecommit", KIND, name, standing, tags, {"resourceArn": arn}, lambda found: {"tags": found}, "tagKeys")
        return {"name": name, "arn": arn, "clone_url_http": existing["cloneUrlHttp"], "tags": tags}

    def ensure_settings(self, existing: dict, wanted: dict) -> None:
        name = wanted["name"]
        before = existing.get("repositoryDescription", "")
        if before != wanted["description"]:
            self.write(
                "codecommit", "update_repository_description", "update", KIND, name, before=before, after=wanted["description"],
                repositoryName=name, repositoryDescription=wanted["description"],
            )  # fmt: skip
        key = wanted["kms_key_arn"]
        if key and existing.get("kmsKeyId") != key:
            self.write(
                "codecommit", "update_repository_encryption_key", "update", KIND, name, before=existing.get("kmsKeyId"), after=key,
                repositoryName=name, kmsKeyId=key,
            )  # fmt: skip

    def remove(self, name: str, existing: dict) -> None:
        self.write("codecommit", "delete_repository", "delete", KIND, name, repositoryName=name)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Repositories)


if __name__ == "__main__":
    main()
