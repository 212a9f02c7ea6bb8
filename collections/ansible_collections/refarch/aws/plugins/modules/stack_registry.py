#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_registry
version_added: 0.1.0
short_description: Keep what a component published
description:
  - Writes the outputs of a component as one JSON parameter into SSM Parameter Store, or removes it.
  - The registry is a cache. Deleting it and running the stack again restores it.
options:
  state:
    description: Whether the parameter stands or not.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The parameter, V(/<project>/<environment>/<component>).
    type: str
    required: true
  outputs:
    description: What the component published. No secrets, since the parameter is not encrypted.
    type: dict
    default: {}
  known:
    description:
      - What the registry held when the stack was opened.
      - The same outputs make no call; other outputs are written over it.
    type: dict
  tags:
    description: Tags of the parameter. They are set when it is created.
    type: dict
    default: {}
notes:
  - community.aws.ssm_parameter reads and decrypts the parameter again before each write.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Publish by hand what the network brought up
  refarch.aws.stack_registry:
    name: /shop/staging/network
    outputs:
      vpc_id: vpc-0123456789abcdef0
"""

RETURN = r"""
outputs:
  description: What the parameter holds afterwards.
  returned: always
  type: dict
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, run, to_tag_list

#: Characters that a parameter of the standard and of the advanced tier holds ("Managing parameter tiers", Systems Manager User Guide).
STANDARD_LENGTH = 4096
ADVANCED_LENGTH = 8192

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "outputs": {"type": "dict", "default": {}},
    "known": {"type": "dict"},
    "tags": {"type": "dict", "default": {}},
}


class Registry(Resources):
    def present(self) -> dict:
        name, outputs, known = self.params["name"], self.params["outputs"], self.params["known"]
        if outputs == known:
            return {"outputs": outputs}
        value = json.dumps(outputs, sort_keys=True)
        if len(value) > ADVANCED_LENGTH:
            raise InvalidInput(f"outputs: {name} would hold {len(value)} characters, and a parameter holds at most {ADVANCED_LENGTH}")
        tier = {"Tier": "Advanced"} if len(value) > STANDARD_LENGTH else {}
        exists = known is not None or self.read("ssm", "get_parameter", "Parameter", missing=("ParameterNotFound",), Name=name)
        if exists:
            self.write("ssm", "put_parameter", "update", "parameter", name, before=known, after=outputs,
                       Name=name, Value=value, Overwrite=True, **tier)  # fmt: skip
        else:
            self.write("ssm", "put_parameter", "create", "parameter", name, after=outputs,
                       Name=name, Value=value, Type="String", Tags=to_tag_list(self.params["tags"]), **tier)  # fmt: skip
        return {"outputs": outputs}

    def absent(self) -> dict:
        name = self.params["name"]
        if self.read("ssm", "get_parameter", "Parameter", missing=("ParameterNotFound",), Name=name):
            self.write("ssm", "delete_parameter", "delete", "parameter", name, missing=("ParameterNotFound",), Name=name)
        return {"outputs": {}}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Registry)


if __name__ == "__main__":
    main()
