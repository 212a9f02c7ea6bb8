#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudtrail_trail
version_added: 0.1.0
short_description: Manage a CloudTrail trail with its selectors
description:
  - Creates, changes and removes a trail, with delivery to S3 and CloudWatch Logs, encryption, validation of its files, the events and
    insights it logs, and tags; and starts its logging.
options:
  state:
    description: Whether the trail stands or not.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The name, 3 to 128 characters.
    type: str
    required: true
  s3_bucket_name:
    description: The bucket that gets the files. Its policy must let CloudTrail write. Required with O(state=present).
    type: str
  s3_key_prefix:
    description: The prefix of the files, at most 200 characters.
    type: str
  kms_key_arn:
    description: The ARN of the key that encrypts the files. Its policy must let CloudTrail use it.
    type: str
  cloud_watch_logs_log_group_arn:
    description: The ARN of the log group that gets the events, with or without C(:*).
    type: str
  cloud_watch_logs_role_arn:
    description: The ARN of the role with which CloudTrail writes to the log group.
    type: str
  is_multi_region_trail:
    description: Whether the trail logs all regions.
    type: bool
    default: true
  include_global_service_events:
    description: Whether the trail logs global services such as IAM. A trail of all regions must.
    type: bool
    default: true
  log_file_validation:
    description: Whether CloudTrail delivers digests with which the files can be validated.
    type: bool
    default: true
  read_write_type:
    description: Which management and data events are logged.
    type: str
    choices: [All, ReadOnly, WriteOnly]
    default: All
  data_event_bucket_arns:
    description: The ARNs of buckets whose object calls are logged, which costs money for each.
    type: list
    elements: str
    default: []
  insight_types:
    description: The kinds of unusual activity that CloudTrail Insights looks for, which costs money for each event.
    type: list
    elements: str
    choices: [ApiCallRateInsight, ApiErrorRateInsight]
    default: []
  logging:
    description: Whether the trail logs.
    type: bool
    default: true
notes:
  - amazon.aws.cloudtrail has neither event selectors nor insights, and its check mode fails where the role or the log group are planned
    only.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The trail of the stack
  refarch.aws.cloudtrail_trail:
    name: shop-staging-trail
    s3_bucket_name: shop-staging-log-123456789012
    s3_key_prefix: cloudtrail
    kms_key_arn: "{{ key_arns.audit }}"
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
trail_arn:
  description: The ARN of the trail, or V(null) with O(state=absent).
  returned: always
  type: str
  sample: "arn:aws:cloudtrail:ap-northeast-2:123456789012:trail/shop-staging-trail"
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    TAG_OPTIONS,
    InvalidInput,
    Resources,
    differing,
    from_tag_list,
    run,
    to_tag_list,
)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "s3_bucket_name": {"type": "str"},
    "s3_key_prefix": {"type": "str", "no_log": False},
    "kms_key_arn": {"type": "str", "no_log": False},
    "cloud_watch_logs_log_group_arn": {"type": "str"},
    "cloud_watch_logs_role_arn": {"type": "str"},
    "is_multi_region_trail": {"type": "bool", "default": True},
    "include_global_service_events": {"type": "bool", "default": True},
    "log_file_validation": {"type": "bool", "default": True},
    "read_write_type": {"type": "str", "choices": ["All", "ReadOnly", "WriteOnly"], "default": "All"},
    "data_event_bucket_arns": {"type": "list", "elements": "str", "default": []},
    "insight_types": {"type": "list", "elements": "str", "choices": ["ApiCallRateInsight", "ApiErrorRateInsight"], "default": []},
    "logging": {"type": "bool", "default": True},
    **TAG_OPTIONS,
}

#: "Limits in AWS CloudTrail": data resources across all selectors of a trail.
DATA_RESOURCES = 250


def event_selectors(read_write_type: str, bucket_arns: list[str]) -> list[dict]:
    """One selector: the management events, and the calls on objects of the buckets."""
    values = sorted(arn if arn.endswith("/") else f"{arn}/" for arn in bucket_arns)
    return [
        {
            "ReadWriteType": read_write_type,
            "IncludeManagementEvents": True,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": values}] if values else [],
        }
    ]


def same_selectors(existing: list[dict], wanted: list[dict]) -> bool:
    """Whether the selectors log the same; the order of buckets means nothing."""

    def plain(selector: dict) -> tuple:
        resources = sorted((item["Type"], tuple(sorted(item["Values"]))) for item in selector.get("DataResources", []))
        excluded = sorted(selector.get("ExcludeManagementEventSources", []))
        return selector["ReadWriteType"], selector["IncludeManagementEvents"], resources, excluded

    return sorted(map(plain, existing)) == sorted(map(plain, wanted))


class CloudTrail(Resources):
    def existing(self) -> dict | None:
        """The trail of this region."""
        found = self.read("cloudtrail", "describe_trails", "trailList", trailNameList=[self.params["name"]]) or []
        return next((trail for trail in found if trail["Name"] == self.params["name"]), None)

    def wanted(self) -> dict:
        params = self.params
        group = params["cloud_watch_logs_log_group_arn"]
        return {
            "S3BucketName": params["s3_bucket_name"],
            "S3KeyPrefix": params["s3_key_prefix"],
            "IncludeGlobalServiceEvents": params["include_global_service_events"],
            "IsMultiRegionTrail": params["is_multi_region_trail"],
            "EnableLogFileValidation": params["log_file_validation"],
            # CloudTrail wants the ARN with the streams, as IAM policies do.
            "CloudWatchLogsLogGroupArn": f"{group.removesuffix(':*')}:*" if group else None,
            "CloudWatchLogsRoleArn": params["cloud_watch_logs_role_arn"],
            "KmsKeyId": params["kms_key_arn"],
        }

    def require_sound(self) -> None:
        params = self.params
        if params["is_multi_region_trail"] and not params["include_global_service_events"]:
            raise InvalidInput("include_global_service_events: a trail of all regions must log global services too.")
        if bool(params["cloud_watch_logs_log_group_arn"]) != bool(params["cloud_watch_logs_role_arn"]):
            raise InvalidInput("cloud_watch_logs_role_arn: CloudWatch Logs need both the log group and the role.")
        if len(params["data_event_bucket_arns"]) > DATA_RESOURCES:
            raise InvalidInput(f"data_event_bucket_arns: a trail takes {DATA_RESOURCES} at most.")

    def present(self) -> dict:
        self.require_sound()
        trail = self.existing()
        if trail is None:
            arn = self.create()
            standing = {"logging": False, "selectors": None, "insights": [], "tags": None}
        else:
            arn = trail["TrailARN"]
            standing = self.standing(arn)
            self.update(trail, arn)
        self.ensure_selectors(arn, standing)
        self.ensure_insights(arn, standing["insights"])
        self.ensure_logging(arn, standing["logging"])
        if standing["tags"] is not None:
            self.ensure_tags(arn, standing["tags"])
        return {"trail_arn": arn}

    def standing(self, arn: str) -> dict:
        """What DescribeTrails does not tell."""
        status, selectors, insights, tags = self.each(
            lambda question: self.read("cloudtrail", *question[:2], missing=("InsightNotEnabledException",), **question[2]),
            [
                ("get_trail_status", "IsLogging", {"Name": arn}),
                ("get_event_selectors", None, {"TrailName": arn}),
                ("get_insight_selectors", "InsightSelectors[].InsightType", {"TrailName": arn}),
                ("list_tags", "ResourceTagList[0].TagsList", {"ResourceIdList": [arn]}),
            ],
        )
        return {"logging": status, "selectors": selectors, "insights": insights or [], "tags": from_tag_list(tags)}

    def create(self) -> str:
        tags = self.params["tags"] or {}
        return self.write(
            "cloudtrail", "create_trail", "create", "trail", self.params["name"], returns="TrailARN", Name=self.params["name"],
            **{key: value for key, value in self.wanted().items() if value is not None},
            **({"TagsList": to_tag_list(tags)} if tags else {}),
        )  # fmt: skip

    def update(self, trail: dict, arn: str) -> None:
        now = {**trail, "EnableLogFileValidation": trail.get("LogFileValidationEnabled")}
        changed = differing(now, self.wanted())
        if changed:
            # The log group and its role go together.
            pair = [key for key in ("CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn") if self.wanted()[key]]
            if set(pair) & set(changed):
                changed |= {key: self.wanted()[key] for key in pair}
            before = {key: now.get(key) for key in changed}
            self.write(
                "cloudtrail", "update_trail", "update", "trail", self.params["name"], before=before, after=changed, Name=arn, **changed
            )

    def ensure_selectors(self, arn: str, standing: dict) -> None:
        wanted = event_selectors(self.params["read_write_type"], self.params["data_event_bucket_arns"])
        # What a new trail logs by itself.
        existing = standing["selectors"] or {"EventSelectors": event_selectors("All", [])}
        simple = existing.get("EventSelectors") or []
        if existing.get("AdvancedEventSelectors") or not same_selectors(simple, wanted):
            self.write(
                "cloudtrail", "put_event_selectors", "update", "trail", self.params["name"], before={"EventSelectors": simple},
                after={"EventSelectors": wanted}, TrailName=arn, EventSelectors=wanted,
            )  # fmt: skip

    def ensure_insights(self, arn: str, existing: list[str]) -> None:
        wanted = self.params["insight_types"]
        if set(existing) != set(wanted):
            self.write(
                "cloudtrail", "put_insight_selectors", "update", "trail", self.params["name"], before={"InsightTypes": sorted(existing)},
                after={"InsightTypes": sorted(wanted)}, TrailName=arn, InsightSelectors=[{"InsightType": kind} for kind in wanted],
            )  # fmt: skip

    def ensure_logging(self, arn: str, logging: bool) -> None:
        if logging != self.params["logging"]:
            operation = "start_logging" if self.params["logging"] else "stop_logging"
            self.write(
                "cloudtrail", operation, "update", "trail", self.params["name"], before={"IsLogging": logging},
                after={"IsLogging": self.params["logging"]}, Name=arn,
            )  # fmt: skip

    def ensure_tags(self, arn: str, existing: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, self.params["tags"])
        about = ("update", "trail", self.params["name"])
        if to_set:
            self.write("cloudtrail", "add_tags", *about, before=existing, ResourceId=arn, TagsList=to_tag_list(to_set))
        if to_remove:
            self.write("cloudtrail", "remove_tags", *about, before=existing, ResourceId=arn, TagsList=[{"Key": key} for key in to_remove])

    def absent(self) -> dict:
        trail = self.existing()
        if trail:
            self.write(
                "cloudtrail", "delete_trail", "delete", "trail", trail["Name"], missing=("TrailNotFoundException",), Name=trail["TrailARN"]
            )
        return {"trail_arn": None}


def main() -> None:
    run(
        AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True, required_if=[("state", "present", ("s3_bucket_name",))]),
        CloudTrail,
    )


if __name__ == "__main__":
    main()
