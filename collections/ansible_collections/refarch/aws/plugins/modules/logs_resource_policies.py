#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: logs_resource_policies
version_added: 0.1.0
short_description: Manage resource policies of CloudWatch Logs as one set
description:
  - Creates, changes and removes policies of a region by which services of AWS may write to its log groups.
options:
  state:
    description: Whether the policies stand or not.
    type: str
    choices: [present, absent]
    default: present
  policies:
    description: The policies. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      policy:
        description: The document, at most 5120 characters. Required with O(state=present).
        type: dict
notes:
  - Neither amazon.aws nor community.aws has a module for resource policies of CloudWatch Logs.
  - A region takes 10 policies, those that AWS's own consoles made included. One too many is refused before anything is written.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Route 53 logs queries
  refarch.aws.logs_resource_policies:
    region: us-east-1
    policies:
      - name: shop-staging-query-logs
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: route53.amazonaws.com}
              Action: ["logs:CreateLogStream", "logs:PutLogEvents"]
              Resource: arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/staging.example.com:*
"""

RETURN = r"""
policy_names:
  description: The names of the policies, without O(state=absent).
  returned: always
  type: list
  elements: str
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

from ansible_collections.refarch.aws.plugins.module_utils.logs import GONE
from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "policies": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {"name": {"type": "str", "required": True}, "policy": {"type": "dict"}},
    },
}

#: "CloudWatch Logs quotas" (CloudWatch Logs User Guide).
POLICIES_OF_A_REGION = 10


class ResourcePolicies(Resources):
    def existing(self) -> dict[str, dict]:
        """The documents of all policies of the region, by name."""
        found = self.read("logs", "describe_resource_policies", "resourcePolicies")
        return {policy["policyName"]: json.loads(policy["policyDocument"]) for policy in found}

    def present(self) -> dict:
        existing = self.existing()
        wanted = self.params["policies"]
        new = [policy["name"] for policy in wanted if policy["name"] not in existing]
        for policy in wanted:
            if policy["policy"] is None:
                raise InvalidInput(f"policies: {policy['name']} lacks policy.")
        if new and len(existing) + len(new) > POLICIES_OF_A_REGION:
            region = self.client("logs").meta.region_name
            raise InvalidInput(
                f"policies: {len(existing)} resource policies of CloudWatch Logs stand in {region}, and AWS takes {POLICIES_OF_A_REGION}: "
                f"{', '.join(new)} finds no room. Remove one that nobody needs: {', '.join(sorted(existing))}."
            )
        self.each(lambda policy: self.ensure(existing.get(policy["name"]), policy), wanted)
        return {"policy_names": [policy["name"] for policy in wanted]}

    def ensure(self, existing: dict | None, wanted: dict) -> None:
        if existing is not None and not compare_policies(existing, wanted["policy"]):
            return
        self.write(
            "logs", "put_resource_policy", "create" if existing is None else "update", "log resource policy", wanted["name"],
            before=existing, after=wanted["policy"], policyName=wanted["name"], policyDocument=json.dumps(wanted["policy"]),
        )  # fmt: skip

    def absent(self) -> dict:
        existing = self.existing()
        doomed = [policy["name"] for policy in self.params["policies"] if policy["name"] in existing]
        self.each(
            lambda name: self.write(
                "logs", "delete_resource_policy", "delete", "log resource policy", name, missing=GONE, policyName=name
            ),
            doomed,
        )  # fmt: skip
        return {"policy_names": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), ResourcePolicies)


if __name__ == "__main__":
    main()
