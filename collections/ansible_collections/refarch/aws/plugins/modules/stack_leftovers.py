#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_leftovers
version_added: 0.1.0
short_description: List what is left of a stack
description:
  - Finds everything that still carries the stack's tags, and the IAM resources with its prefix, which the tagging API does not list.
  - Keys that wait for their deletion are left out, since AWS deletes a key after 7 days at the earliest.
  - Reads only.
options:
  project:
    description: The tag V(Project).
    type: str
    required: true
  environment:
    description: The tag V(Environment).
    type: str
    required: true
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What is left
  refarch.aws.stack_leftovers: {project: shop, environment: staging}
"""

RETURN = r"""
resources:
  description: ARNs of what is left.
  returned: always
  type: list
  elements: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, run

#: The tagging API goes on listing these for a while after they are gone ("GetResources", Resource Groups Tagging API Reference);
#: the service itself knows better.
GONE_STATES = {"PendingDeletion", "deleted", "deleting"}


class Leftovers(Resources):
    def present(self) -> dict:
        found = self.each(lambda reader: reader(), [self.tagged, self.iam])
        return {"resources": sorted({arn for arns in found for arn in arns})}

    def tagged(self) -> list[str]:
        filters = [
            {"Key": "Project", "Values": [self.params["project"]]},
            {"Key": "Environment", "Values": [self.params["environment"]]},
        ]
        arns = self.read("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList[].ResourceARN", TagFilters=filters) or []
        stands = self.each(self.stands, arns)
        return [arn for arn, there in zip(arns, stands, strict=True) if there]

    def stands(self, arn: str) -> bool:
        service, resource = arn.split(":", 5)[2], arn.split(":", 5)[5]
        if service == "ssm" and resource.endswith(f"/{self.params['project']}/{self.params['environment']}/lock"):
            return False  # the run that asks holds it
        if service == "kms":
            return self.read("kms", "describe_key", "KeyMetadata.KeyState", missing=("NotFoundException",), KeyId=arn) not in (
                None,
                *GONE_STATES,
            )
        if service == "ec2" and resource.startswith("natgateway/"):
            states = self.read(
                "ec2",
                "describe_nat_gateways",
                "NatGateways[].State",
                missing=("NatGatewayNotFound",),
                NatGatewayIds=[resource.split("/")[1]],
            )
            return any(state not in GONE_STATES for state in states)
        return True

    def iam(self) -> list[str]:
        prefix = f"{self.params['project']}-{self.params['environment']}-"
        listings = [
            ("list_roles", "Roles[].[RoleName, Arn]", {}),
            ("list_users", "Users[].[UserName, Arn]", {}),
            ("list_groups", "Groups[].[GroupName, Arn]", {}),
            ("list_policies", "Policies[].[PolicyName, Arn]", {"Scope": "Local"}),
            ("list_instance_profiles", "InstanceProfiles[].[InstanceProfileName, Arn]", {}),
        ]
        found = self.each(lambda listing: self.read("iam", listing[0], listing[1], **listing[2]), listings)
        return [arn for entries in found for name, arn in entries or [] if name.startswith(prefix)]


def main() -> None:
    spec = {"project": {"type": "str", "required": True}, "environment": {"type": "str", "required": True}}
    run(AnsibleAWSModule(argument_spec=spec, supports_check_mode=True), Leftovers)


if __name__ == "__main__":
    main()
