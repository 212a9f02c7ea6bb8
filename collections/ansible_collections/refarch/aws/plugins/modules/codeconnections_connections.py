#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codeconnections_connections
version_added: 0.1.0
short_description: Manage connections to GitHub and its like as one set
description:
  - Creates, tags and removes connections of AWS CodeConnections.
  - A new connection is pending until a person completes the handshake in the console.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  connections:
    description: The connections.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 1 to 32 characters, unique in account and region.
        type: str
        required: true
      provider_type:
        description: Whose repositories it reaches. Can't be changed.
        type: str
        choices: [Bitbucket, GitHub, GitLab]
        default: GitHub
      tags:
        description: Tags of this connection, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for connections.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Reach GitHub
  refarch.aws.codeconnections_connections:
    tags: "{{ stack_tags }}"
    connections:
      - name: shop-staging-github
"""

RETURN = r"""
connections:
  description: The connections in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-github}
    arn:
      description: The ARN.
      type: str
      sample: "arn:aws:codeconnections:ap-northeast-2:123456789012:connection/aEXAMPLE-8aad-4d5d-8878-dfcab0bc441f"
    status: {description: PENDING until the handshake is completed., type: str, sample: PENDING}
    tags: {description: All tags., type: dict, sample: {Component: pipeline}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, from_tag_list, run, to_tag_list

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "connections": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "provider_type": {"type": "str", "choices": ["Bitbucket", "GitHub", "GitLab"], "default": "GitHub"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


class Connections(NamedSet):
    option = "connections"

    def require_sound(self, wanted: dict) -> None:
        if not 1 <= len(wanted["name"]) <= 32:
            raise InvalidInput(f"connections: the name {wanted['name']} must have 1 to 32 characters.")

    def find(self, names: list[str]) -> dict[str, dict]:
        found = self.read("codeconnections", "list_connections", "Connections") or []
        return {connection["ConnectionName"]: connection for connection in found if connection["ConnectionName"] in names}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name, tags, provider = wanted["name"], self.tags_of(wanted), wanted["provider_type"]
        if existing is None:
            arn = self.write(
                "codeconnections", "create_connection", "create", "connection", name, returns="ConnectionArn",
                ProviderType=provider, ConnectionName=name, Tags=to_tag_list(tags),
            )  # fmt: skip
            return {"name": name, "arn": arn, "status": "PENDING", "tags": tags}
        if existing.get("ProviderType") != provider:
            raise InvalidInput(f"connections: {name} stands for {existing.get('ProviderType')}, and AWS can't change it to {provider}.")
        arn = existing["ConnectionArn"]
        standing = from_tag_list(self.read("codeconnections", "list_tags_for_resource", "Tags", ResourceArn=arn))
        self.ensure_tags(
            "codeconnections", "connection", name, standing, tags, {"ResourceArn": arn},
            lambda found: {"Tags": to_tag_list(found)}, "TagKeys",
        )  # fmt: skip
        return {"name": name, "arn": arn, "status": existing["ConnectionStatus"], "tags": tags}

    def remove(self, name: str, existing: dict) -> None:
        self.write(
            "codeconnections", "delete_connection", "delete", "connection", name, missing=("ResourceNotFoundException",),
            ConnectionArn=existing["ConnectionArn"],
        )  # fmt: skip


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Connections)


if __name__ == "__main__":
    main()
