#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_facts
version_added: 0.1.0
short_description: Read what the engine must know before it opens a stack
description:
  - Asks who the caller is, which zones the region has, what the stack's registry holds, and who holds its lock, side by side.
  - Reads only.
options:
  path:
    description: The stack's place in SSM Parameter Store, V(/<project>/<environment>).
    type: str
    required: true
  others:
    description: Whether to look for other stacks in the account and region too.
    type: bool
    default: false
notes:
  - The registry is one JSON parameter per component. A parameter that is no JSON object is reported as missing, with a warning,
    since a registry is a cache and the next run writes it anew.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What stands already
  refarch.aws.stack_facts:
    path: /shop/staging
"""

RETURN = r"""
account_id:
  description: The account of the caller.
  returned: always
  type: str
  sample: "123456789012"
caller_arn:
  description: The caller.
  returned: always
  type: str
zones:
  description: Names of the availability zones that the account may use in the region, in order. Local and Wavelength zones are left out.
  returned: always
  type: list
  elements: str
registry:
  description: What each component published, by component.
  returned: always
  type: dict
others:
  description: The tags C(Project) and C(Environment) of each other stack that the account's registry knows in the region, in order.
  returned: always
  type: list
  elements: dict
  sample: [{Environment: production, Project: shop}]
lock:
  description: Who holds the stack, as refarch.aws.stack_lock wrote it, or none.
  returned: always
  type: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, run

LOCK_NAME = "lock"


class StackFacts(Resources):
    def present(self) -> dict:
        parts = {}
        for part in self.each(lambda reader: reader(), [self.caller, self.zones, self.registry, self.others]):
            parts.update(part)
        return parts

    def caller(self) -> dict:
        identity = self.read("sts", "get_caller_identity")
        return {"account_id": identity["Account"], "caller_arn": identity["Arn"]}

    def zones(self) -> dict:
        filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
        found = self.read("ec2", "describe_availability_zones", "AvailabilityZones[].ZoneName", Filters=filters)
        return {"zones": sorted(found or [])}

    def registry(self) -> dict:
        path = self.params["path"]
        found = self.read("ssm", "get_parameters_by_path", "Parameters", Path=path)
        contents = {parameter["Name"][len(path) + 1 :]: self.parsed(parameter) for parameter in found}
        lock = contents.pop(LOCK_NAME, None)
        return {"registry": {name: outputs for name, outputs in contents.items() if outputs is not None}, "lock": lock}

    def others(self) -> dict:
        if not self.params["others"]:
            return {"others": []}
        filters = [{"Key": "tag:ManagedBy", "Values": ["refarch"]}]
        names = self.read("ssm", "describe_parameters", "Parameters[].Name", ParameterFilters=filters)
        # /<project>/<environment>/<component>; what applications keep below lies deeper.
        places = {tuple(name.split("/")[1:3]) for name in names if name.count("/") == 3}
        own = tuple(self.params["path"].split("/")[1:3])
        return {"others": [{"Project": project, "Environment": environment} for project, environment in sorted(places - {own})]}

    def parsed(self, parameter: dict) -> dict | None:
        try:
            value = json.loads(parameter["Value"])
        except ValueError:
            value = None
        if not isinstance(value, dict):
            self.module.warn(f"{parameter['Name']} holds no JSON object and counts as missing")
            return None
        return value


def main() -> None:
    spec = {"path": {"type": "str", "required": True}, "others": {"type": "bool", "default": False}}
    run(AnsibleAWSModule(argument_spec=spec, supports_check_mode=True), StackFacts)


if __name__ == "__main__":
    main()
