#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_endpoints
version_added: 0.1.0
short_description: Manage the endpoints of a VPC as one set
description:
  - Creates, changes and removes gateway and interface endpoints, found by their C(Name) tag, in one task.
options:
  state:
    description: Whether the endpoints stand or not. Removal waits until they are gone, since their interfaces hold subnets and groups.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description:
      - The VPC.
      - With O(state=absent) and no VPC nothing is left to remove.
    type: str
  endpoints:
    description:
      - The endpoints. Required with O(state=present).
      - With O(state=absent), those that are removed; if not given, all in the VPC that carry O(tags).
    type: list
    elements: dict
    suboptions:
      name:
        description: The C(Name) tag.
        type: str
        required: true
      service:
        description:
          - The service in this region, for example V(s3) or V(ecr.api), or the whole name, for example V(com.amazonaws.ap-northeast-2.s3).
          - Required with O(state=present).
        type: str
      type:
        description: The kind of endpoint. V(Gateway) only for V(s3) and V(dynamodb).
        type: str
        choices: [Gateway, Interface]
        default: Interface
      route_table_ids:
        description: The route tables that get the route, with V(Gateway).
        type: list
        elements: str
        default: []
      subnet_ids:
        description: The subnets that get an interface, one a zone, with V(Interface).
        type: list
        elements: str
        default: []
      security_group_ids:
        description: The security groups of the interfaces, with V(Interface).
        type: list
        elements: str
        default: []
      private_dns:
        description: Whether the service's own name leads to the endpoint, with V(Interface).
        type: bool
        default: true
      policy:
        description: What may be done through the endpoint. Not managed if not given; AWS's default allows all.
        type: dict
      tags:
        description: Tags of this endpoint, added to O(tags).
        type: dict
        default: {}
  purge:
    description: Whether endpoints of the VPC that carry O(tags), but are not given, are removed.
    type: bool
    default: false
  wait:
    description: Whether to wait until all of them are available, which takes minutes with V(Interface).
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 600
notes:
  - amazon.aws.ec2_vpc_endpoint takes one endpoint a task and can't change subnets, groups or private DNS of a standing one.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Reach S3 and KMS without the internet
  refarch.aws.vpc_endpoints:
    vpc_id: "{{ vpc.vpc_id }}"
    endpoints:
      - {name: shop-staging-s3, service: s3, type: Gateway, route_table_ids: "{{ route_table_ids }}"}
      - {name: shop-staging-kms, service: kms, subnet_ids: "{{ app_subnet_ids }}", security_group_ids: ["{{ endpoints_group_id }}"]}
"""

RETURN = r"""
endpoint_ids:
  description: The ids of the endpoints by name, empty with O(state=absent).
  returned: always
  type: dict
  sample: {shop-staging-s3: vpce-0a1b2c3d}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, by_name, name_of, raise_unsuccessful
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "vpc_id": {"type": "str"},
    "endpoints": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "service": {"type": "str"},
            "type": {"type": "str", "choices": ["Gateway", "Interface"], "default": "Interface"},
            "route_table_ids": {"type": "list", "elements": "str", "default": []},
            "subnet_ids": {"type": "list", "elements": "str", "default": []},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "private_dns": {"type": "bool", "default": True},
            "policy": {"type": "dict"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "purge": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 600},
    **TAG_OPTIONS,
}

GONE = ("deleting", "deleted", "failed", "rejected", "expired")


def same_policy(existing: str | None, wanted: dict) -> bool:
    return json.loads(existing or "{}") == wanted


def modifications(endpoint: dict, wanted: dict) -> dict:
    """Parameters of ModifyVpcEndpoint that bring *endpoint*, as described, to *wanted*."""
    changes: dict = {}
    if wanted["type"] == "Gateway":
        sets = [("RouteTableIds", endpoint.get("RouteTableIds", []), wanted["route_table_ids"])]
    else:
        groups = [group["GroupId"] for group in endpoint.get("Groups", [])]
        sets = [
            ("SubnetIds", endpoint.get("SubnetIds", []), wanted["subnet_ids"]),
            ("SecurityGroupIds", groups, wanted["security_group_ids"]),
        ]
        if bool(endpoint.get("PrivateDnsEnabled")) != wanted["private_dns"]:
            changes["PrivateDnsEnabled"] = wanted["private_dns"]
    for key, now, then in sets:
        if set(then) - set(now):
            changes[f"Add{key}"] = [item for item in then if item not in now]
        if set(now) - set(then):
            changes[f"Remove{key}"] = [item for item in now if item not in then]
    if wanted["policy"] is not None and not same_policy(endpoint.get("PolicyDocument"), wanted["policy"]):
        changes["PolicyDocument"] = json.dumps(wanted["policy"])
    return changes


class Endpoints(Ec2Resources):
    def existing(self) -> dict[str, dict]:
        if not self.params["vpc_id"]:
            return {}
        found = self.read("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=[{"Name": "vpc-id", "Values": [self.params["vpc_id"]]}])
        self.leaving = [endpoint["VpcEndpointId"] for endpoint in found if endpoint["State"].lower() == "deleting"]
        return by_name([endpoint for endpoint in found if endpoint["State"].lower() not in GONE], "VpcEndpointId")

    def service_name(self, wanted: dict) -> str:
        if not wanted["service"]:
            raise InvalidInput(f"endpoints: {wanted['name']} needs service.")
        if "com.amazonaws." in wanted["service"] or wanted["service"].startswith("aws."):
            return wanted["service"]
        return f"com.amazonaws.{self.client('ec2').meta.region_name}.{wanted['service']}"

    def require_services(self, services: list[tuple[str, str]]) -> None:
        """Refuse, before anything is made, a service or a kind of endpoint that the region does not have."""
        found = self.read("ec2", "describe_vpc_endpoint_services", "ServiceDetails")
        kinds = {(detail["ServiceName"], kind["ServiceType"]) for detail in found or [] for kind in detail["ServiceType"]}
        for service, kind in services:
            if (service, kind) not in kinds:
                raise InvalidInput(f"endpoints: this region has no {kind} endpoint service {service}.")

    def present(self) -> dict:
        wanted = self.params["endpoints"]
        self.leaving: list[str] = []
        existing = self.existing()
        services = [self.service_name(endpoint) for endpoint in wanted]
        for endpoint, service in zip(wanted, services, strict=True):
            self.require_same(existing.get(endpoint["name"]), endpoint, service)
        new = [(service, endpoint["type"]) for endpoint, service in zip(wanted, services, strict=True) if endpoint["name"] not in existing]
        if new:
            self.require_services(new)
            self.wait_gone(self.leaving)  # the name of a service may be private only once in a VPC
        ids = self.each(lambda pair: self.ensure(existing.get(pair[0]["name"]), *pair), list(zip(wanted, services, strict=True)))
        if self.params["purge"]:
            names = {endpoint["name"] for endpoint in wanted}
            self.remove([endpoint for endpoint in self.carrying(list(existing.values())) if name_of(endpoint) not in names])
        standing = [existing.get(endpoint["name"], {}).get("State", "").lower() for endpoint in wanted]
        if self.params["wait"] and set(standing) - {"available"}:
            acceptors = [
                {"matcher": "pathAll", "argument": "VpcEndpoints[].State", "expected": "available", "state": "success"},
                {"matcher": "pathAny", "argument": "VpcEndpoints[].State", "expected": "failed", "state": "failure"},
            ]
            waiter = {"operation": "DescribeVpcEndpoints", "acceptors": acceptors}
            self.wait("ec2", waiter, timeout=self.params["wait_timeout"], VpcEndpointIds=ids)
        return {"endpoint_ids": {endpoint["name"]: id for endpoint, id in zip(wanted, ids, strict=True)}}

    def require_same(self, endpoint: dict | None, wanted: dict, service: str) -> None:
        if wanted["type"] == "Gateway" and (wanted["subnet_ids"] or wanted["security_group_ids"]):
            raise InvalidInput(f"endpoints: {wanted['name']} is a gateway, which has no subnet_ids and security_group_ids.")
        if wanted["type"] == "Interface" and (wanted["route_table_ids"] or not wanted["subnet_ids"]):
            raise InvalidInput(f"endpoints: {wanted['name']} is an interface, which needs subnet_ids and has no route_table_ids.")
        if endpoint is not None and (endpoint["ServiceName"], endpoint["VpcEndpointType"]) != (service, wanted["type"]):
            raise InvalidInput(
                f"endpoints: {wanted['name']} stands for {endpoint['ServiceName']} ({endpoint['VpcEndpointType']}), "
                "and AWS can't change that. Give the endpoint another name, or remove it first."
            )

    def ensure(self, endpoint: dict | None, wanted: dict, service: str) -> str:
        name = wanted["name"]
        tags = self.wanted_tags(name, wanted["tags"])
        if endpoint is not None:
            endpoint_id = endpoint["VpcEndpointId"]
            changes = modifications(endpoint, wanted)
            if changes:
                self.write("ec2", "modify_vpc_endpoint", "update", "vpc endpoint", name, VpcEndpointId=endpoint_id, **changes)
            self.ensure_tags("vpc endpoint", endpoint_id, name, endpoint.get("Tags"), tags)
            return endpoint_id
        parameters: dict = {"VpcId": self.params["vpc_id"], "ServiceName": service, "VpcEndpointType": wanted["type"]}
        if wanted["type"] == "Gateway":
            parameters["RouteTableIds"] = wanted["route_table_ids"]
        else:
            parameters["SubnetIds"] = wanted["subnet_ids"]
            parameters["SecurityGroupIds"] = wanted["security_group_ids"]
            parameters["PrivateDnsEnabled"] = wanted["private_dns"]
        if wanted["policy"] is not None:
            parameters["PolicyDocument"] = json.dumps(wanted["policy"])
        return self.write(
            "ec2", "create_vpc_endpoint", "create", "vpc endpoint", name, returns="VpcEndpoint.VpcEndpointId",
            **parameters, TagSpecifications=self.tag_specifications("vpc-endpoint", tags),
        )  # fmt: skip

    def wait_gone(self, ids: list[str]) -> None:
        if not ids:
            return
        acceptors = [{"matcher": "path", "argument": "length(VpcEndpoints[?State!='deleted'])", "expected": 0, "state": "success"}]
        waiter = {"operation": "DescribeVpcEndpoints", "acceptors": acceptors}
        self.wait("ec2", waiter, timeout=self.params["wait_timeout"], Filters=[{"Name": "vpc-endpoint-id", "Values": ids}])

    def absent(self) -> dict:
        self.leaving = []
        existing = self.existing()
        doomed = self.doomed(list(existing.values()), self.params["endpoints"])
        self.remove(doomed)
        self.wait_gone([*self.leaving, *(endpoint["VpcEndpointId"] for endpoint in doomed)])
        return {"endpoint_ids": {}}

    def remove(self, doomed: list[dict]) -> None:
        ids = [endpoint["VpcEndpointId"] for endpoint in doomed]
        if ids:
            names = ", ".join(name_of(endpoint) for endpoint in doomed)
            refused = self.write(
                "ec2", "delete_vpc_endpoints", "delete", "vpc endpoints", names, returns="Unsuccessful", VpcEndpointIds=ids
            )
            raise_unsuccessful("delete", "vpc endpoint", "DeleteVpcEndpoints", refused)


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("vpc_id", "endpoints"))]),
        Endpoints,
    )


if __name__ == "__main__":
    main()
