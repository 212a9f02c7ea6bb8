# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The endpoints of a VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
name: endpoint_plan
version_added: 0.1.0
short_description: Give a VPC endpoints for a list of services
description:
  - Gives one endpoint of one kind per service, as M(refarch.aws.vpc_endpoints) takes them.
positional: type, prefix
options:
  _input:
    description: The services, for example V(s3), or their whole names.
    type: list
    elements: str
    required: true
  type:
    description: V(Gateway) or V(Interface).
    type: str
    required: true
  prefix:
    description: The stack's prefix, which the names begin with.
    type: str
    required: true
  route_table_ids:
    description: The route tables of gateways.
    type: list
    elements: str
  subnet_ids:
    description: The subnets of interfaces.
    type: list
    elements: str
  security_group_ids:
    description: The security groups of interfaces.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Gateways to S3 and DynamoDB
  refarch.aws.vpc_endpoints:
    vpc_id: "{{ vpc.vpc_id }}"
    endpoints: "{{ ['s3', 'dynamodb'] | refarch.aws.endpoint_plan('Gateway', 'shop-staging', route_table_ids=ids) }}"
"""

RETURN = r"""
_value:
  description: The endpoints.
  type: list
  elements: dict
  sample: [{name: shop-staging-s3-gateway, service: s3, type: Gateway, route_table_ids: [rtb-0a1b2c3d]}]
"""

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name


def endpoint_plan(services: list[str], type: str, prefix: str, **ids: list[str]) -> list[dict]:
    """One endpoint per service, each once, named after the service and the kind (S3 has both kinds)."""
    return [
        {
            "name": resource_name(prefix, f"{service.rpartition('com.amazonaws.')[2]}-{type.lower()}"),
            "service": service,
            "type": type,
            **ids,
        }
        for service in dict.fromkeys(services)
    ]


class FilterModule:
    def filters(self):
        return {"endpoint_plan": endpoint_plan}
