#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_flow_logs
version_added: 0.1.0
short_description: Manage flow logs
description:
  - Creates and removes flow logs of VPCs, subnets and network interfaces, to CloudWatch Logs or S3, found by their C(Name) tag.
  - AWS can't change a flow log (Amazon VPC User Guide, "Work with flow logs"), so that one with other settings is deleted and made anew.
options:
  state:
    description: Whether the flow logs stand or not.
    type: str
    choices: [present, absent]
    default: present
  flow_logs:
    description: The flow logs; with O(state=absent), those that are removed.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The C(Name) tag, unique in account and region.
        type: str
        required: true
      resource_id:
        description: What is watched. Required with O(state=present).
        type: str
      resource_type:
        description: The kind of O(flow_logs[].resource_id).
        type: str
        choices: [VPC, Subnet, NetworkInterface]
        default: VPC
      traffic_type:
        description: Which traffic is logged.
        type: str
        choices: [ACCEPT, REJECT, ALL]
        default: ALL
      log_group_name:
        description: The log group, for logs to CloudWatch Logs.
        type: str
      role_arn:
        description: The role that may write to the log group. Required with O(flow_logs[].log_group_name).
        type: str
      bucket_arn:
        description: The bucket, or a folder in it, for logs to S3.
        type: str
      aggregation_seconds:
        description: How long a flow is collected before it becomes a record.
        type: int
        choices: [60, 600]
        default: 60
      log_format:
        description: The fields of a record, as AWS writes them. AWS's default if not given.
        type: str
      tags:
        description: Tags of this flow log, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for flow logs.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Log all traffic of the VPC
  refarch.aws.vpc_flow_logs:
    flow_logs:
      - name: shop-staging-flow-logs
        resource_id: "{{ vpc.vpc_id }}"
        log_group_name: /shop-staging/vpc-flow-logs
        role_arn: "{{ flow_logs_role_arn }}"
"""

RETURN = r"""
flow_logs:
  description: The flow logs in the order of the option, none with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The C(Name) tag., type: str, sample: shop-staging-flow-logs}
    flow_log_id: {description: AWS's id., type: str, sample: fl-0a1b2c3d}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.ec2 import Ec2Resources, by_name, name_of, raise_unsuccessful
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "flow_logs": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "resource_id": {"type": "str"},
            "resource_type": {"type": "str", "choices": ["VPC", "Subnet", "NetworkInterface"], "default": "VPC"},
            "traffic_type": {"type": "str", "choices": ["ACCEPT", "REJECT", "ALL"], "default": "ALL"},
            "log_group_name": {"type": "str"},
            "role_arn": {"type": "str"},
            "bucket_arn": {"type": "str"},
            "aggregation_seconds": {"type": "int", "choices": [60, 600], "default": 60},
            "log_format": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
        "mutually_exclusive": [("log_group_name", "bucket_arn"), ("role_arn", "bucket_arn")],
        "required_together": [("log_group_name", "role_arn")],
    },
    **TAG_OPTIONS,
}


def settings(wanted: dict) -> dict:
    """The parameters of CreateFlowLogs that DescribeFlowLogs answers with, under the same names."""
    destination = (
        {"LogDestinationType": "s3", "LogDestination": wanted["bucket_arn"]}
        if wanted["bucket_arn"]
        else {
            "LogDestinationType": "cloud-watch-logs",
            "LogGroupName": wanted["log_group_name"],
            "DeliverLogsPermissionArn": wanted["role_arn"],
        }
    )
    return {
        "TrafficType": wanted["traffic_type"],
        **destination,
        "MaxAggregationInterval": wanted["aggregation_seconds"],
        **({"LogFormat": wanted["log_format"]} if wanted["log_format"] else {}),
    }


class FlowLogs(Ec2Resources):
    def existing(self) -> list[dict]:
        names = [wanted["name"] for wanted in self.params["flow_logs"]]
        return self.read("ec2", "describe_flow_logs", "FlowLogs", Filter=[{"Name": "tag:Name", "Values": names}]) if names else []

    def present(self) -> dict:
        for wanted in self.params["flow_logs"]:
            if not wanted["resource_id"] or not (wanted["log_group_name"] or wanted["bucket_arn"]):
                raise InvalidInput(f"flow_logs: {wanted['name']} needs resource_id, and log_group_name with role_arn or bucket_arn.")
        existing = by_name(self.existing(), "FlowLogId")
        ids = self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted), self.params["flow_logs"])
        return {
            "flow_logs": [{"name": wanted["name"], "flow_log_id": id} for wanted, id in zip(self.params["flow_logs"], ids, strict=True)]
        }

    def ensure(self, flow_log: dict | None, wanted: dict) -> str:
        name = wanted["name"]
        tags = self.wanted_tags(name, wanted["tags"])
        target = settings(wanted)
        if flow_log is not None:
            if not differing(flow_log, {"ResourceId": wanted["resource_id"], **target}):
                self.ensure_tags("flow log", flow_log["FlowLogId"], name, flow_log.get("Tags"), tags)
                return flow_log["FlowLogId"]
            self.delete([flow_log])  # first: two with one destination are refused (FlowLogAlreadyExists)
        answer = self.write(
            "ec2", "create_flow_logs", "create", "flow log", name, returns="@",
            before={key: flow_log.get(key) for key in target} if flow_log else None, after=target,
            ResourceIds=[wanted["resource_id"]], ResourceType=wanted["resource_type"], **target,
            TagSpecifications=self.tag_specifications("vpc-flow-log", tags),
        )  # fmt: skip
        if answer == UNKNOWN:
            return UNKNOWN
        raise_unsuccessful("create", "flow log", "CreateFlowLogs", answer.get("Unsuccessful"))
        return answer["FlowLogIds"][0]

    def delete(self, flow_logs: list[dict]) -> None:
        for flow_log in flow_logs:
            refused = self.write(
                "ec2", "delete_flow_logs", "delete", "flow log", name_of(flow_log), returns="Unsuccessful",
                missing=("InvalidFlowLogId.NotFound",), FlowLogIds=[flow_log["FlowLogId"]],
            )  # fmt: skip
            raise_unsuccessful("delete", "flow log", "DeleteFlowLogs", refused)

    def absent(self) -> dict:
        self.delete(self.existing())
        return {"flow_logs": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), FlowLogs)


if __name__ == "__main__":
    main()
