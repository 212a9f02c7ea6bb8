#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_associations
version_added: 0.1.0
short_description: Manage State Manager associations as one set
description:
  - Creates, changes and removes associations in one task, each of a document with the nodes that it runs on, its schedule, parameters,
    output and tags.
options:
  state:
    description: Whether the associations stand or not.
    type: str
    choices: [present, absent]
    default: present
  associations:
    description:
      - The associations.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the association, 3 to 128 letters, digits and C(_-.).
        type: str
        required: true
      document:
        description: The name or ARN of the document. Required with O(state=present).
        type: str
      document_version:
        description: The version of the document.
        type: str
        default: $DEFAULT
      parameters:
        description: The document's parameters, each a list of texts.
        type: dict
        default: {}
      targets:
        description: 'The nodes, by key and values, for example V({key: "tag:Environment", values: [staging]}).'
        type: list
        elements: dict
        default: []
        suboptions:
          key:
            description: The key.
            type: str
            required: true
          values:
            description: The values.
            type: list
            elements: str
            required: true
      schedule:
        description: When it runs, as C(cron) or C(rate). Once and upon changes only, where it is left out.
        type: str
      only_on_schedule:
        description: Whether it waits for its schedule when it is made or changed, rather than run at once.
        type: bool
        default: false
      compliance_severity:
        description: How grave it is when a node does not comply [SSM.3].
        type: str
        choices: [CRITICAL, HIGH, MEDIUM, LOW, UNSPECIFIED]
        default: UNSPECIFIED
      max_concurrency:
        description: On how many nodes, or what share of them, it runs at once.
        type: str
        default: '50'
      max_errors:
        description: After how many errors it is not sent to further nodes.
        type: str
        default: '0'
      output_bucket_name:
        description: The bucket that gets what it prints.
        type: str
      output_key_prefix:
        description: The prefix in the bucket.
        type: str
        default: ''
      output_region:
        description: The region of the bucket, if it is another than the association's.
        type: str
      tags:
        description: Tags of this association, added to O(tags).
        type: dict
        default: {}
  wait:
    description:
      - Whether to wait until what was made or changed has been applied to the nodes that are there, and fail where it could not be.
      - One that failed before, and has not changed, is applied again. Without nodes there is nothing to wait for; later ones apply it when
        they come up.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 1800
notes:
  - amazon.aws and community.aws have no module for associations.
  - AWS lets several associations have one name. Here a name means one; more than one that stands is refused.
  - UpdateAssociation forgets what it is not given (AWS Systems Manager API Reference), so that it is given all.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look for missing patches each day
  refarch.aws.ssm_associations:
    tags: "{{ stack_tags }}"
    associations:
      - name: shop-staging-patch-scan
        document: AWS-RunPatchBaseline
        parameters: {Operation: [Scan]}
        targets: [{key: "tag:PatchGroup", values: [shop-staging]}]
        schedule: cron(0 18 * * ? *)
        compliance_severity: HIGH
"""

RETURN = r"""
associations:
  description: The associations in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-patch-scan}
    id: {description: The id., type: str, sample: 8dfe3659-4309-493a-8755-0123456789ab}
    tags: {description: All tags., type: dict, sample: {Component: session_access}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import time
from datetime import UTC, datetime

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, RequestFailed, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.ssm import SsmResources

GONE = ("AssociationDoesNotExist",)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "associations": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "document": {"type": "str"},
            "document_version": {"type": "str", "default": "$DEFAULT"},
            "parameters": {"type": "dict", "default": {}},
            "targets": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "key": {"type": "str", "required": True, "no_log": False},
                    "values": {"type": "list", "elements": "str", "required": True},
                },
            },
            "schedule": {"type": "str"},
            "only_on_schedule": {"type": "bool", "default": False},
            "compliance_severity": {
                "type": "str",
                "choices": ["CRITICAL", "HIGH", "MEDIUM", "LOW", "UNSPECIFIED"],
                "default": "UNSPECIFIED",
            },
            "max_concurrency": {"type": "str", "default": "50"},
            "max_errors": {"type": "str", "default": "0"},
            "output_bucket_name": {"type": "str"},
            "output_key_prefix": {"type": "str", "default": "", "no_log": False},
            "output_region": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 1800},
    **TAG_OPTIONS,
}


def settings(wanted: dict) -> dict:
    """The settings as CreateAssociation and UpdateAssociation take them."""
    output = {
        "OutputS3BucketName": wanted["output_bucket_name"],
        "OutputS3KeyPrefix": wanted["output_key_prefix"],
        "OutputS3Region": wanted["output_region"],
    }
    found = {
        "Name": wanted["document"],
        "DocumentVersion": wanted["document_version"],
        "Parameters": {key: [str(value) for value in values] for key, values in wanted["parameters"].items()},
        "Targets": [{"Key": target["key"], "Values": target["values"]} for target in wanted["targets"]],
        "ScheduleExpression": wanted["schedule"],
        "ApplyOnlyAtCronInterval": wanted["only_on_schedule"],
        "ComplianceSeverity": wanted["compliance_severity"],
        "MaxConcurrency": wanted["max_concurrency"],
        "MaxErrors": wanted["max_errors"],
    }
    if wanted["output_bucket_name"]:
        found["OutputLocation"] = {"S3Location": {key: value for key, value in output.items() if value}}
    return {key: value for key, value in found.items() if value not in (None, {}, [])}


def standing(association: dict) -> dict:
    """The same of what DescribeAssociation answers."""
    keys = (
        "Name", "DocumentVersion", "Parameters", "Targets", "ScheduleExpression", "ApplyOnlyAtCronInterval", "ComplianceSeverity",
        "MaxConcurrency", "MaxErrors", "OutputLocation",
    )  # fmt: skip
    found = {"DocumentVersion": "$DEFAULT", "ApplyOnlyAtCronInterval": False, "ComplianceSeverity": "UNSPECIFIED"}
    found |= {key: association[key] for key in keys if association.get(key) not in (None, {}, [])}
    return found


def _timestamp(time: datetime) -> str:
    """In UTC, with the milliseconds that AWS keeps."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Associations(SsmResources):
    def require_sound(self) -> None:
        for association in self.params["associations"]:
            name = association["name"]
            if not association["document"]:
                raise InvalidInput(f"associations: {name} lacks document, which an association can't be without.")
            for parameter, values in association["parameters"].items():
                if not isinstance(values, list):
                    raise InvalidInput(f"associations: the parameter {parameter} of {name} must be a list of texts.")
            if association["only_on_schedule"] and not association["schedule"]:
                raise InvalidInput(f"associations: {name} waits for a schedule that it does not have; give schedule.")

    def existing(self, name: str) -> dict | None:
        filters = [{"key": "AssociationName", "value": name}]
        ids = self.read("ssm", "list_associations", "Associations[].AssociationId", AssociationFilterList=filters)
        if len(ids) > 1:
            raise InvalidInput(
                f"associations: {len(ids)} associations have the name {name} ({', '.join(sorted(ids))}); remove all but one."
            )
        if not ids:
            return None
        questions = [
            lambda: self.read("ssm", "describe_association", "AssociationDescription", missing=GONE, AssociationId=ids[0]),
            lambda: self.tags_of("Association", ids[0]),
        ]
        association, tags = self.each(lambda question: question(), questions)
        return {**association, "tags": tags} if association else None

    def present(self) -> dict:
        self.require_sound()
        return {"associations": self.each(self.ensure, self.params["associations"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        existing = self.existing(name)
        then = settings(wanted)
        if existing is None:
            identity = self.write(
                "ssm", "create_association", "create", "SSM association", name, returns="AssociationDescription.AssociationId",
                AssociationName=name, **then, **self.tag_list(tags),
            )  # fmt: skip
            self.wait_applied(identity, wanted, None)
            return {"name": name, "id": identity, "tags": tags}
        identity, now = existing["AssociationId"], standing(existing)
        changed = {**differing(now, then), **dict.fromkeys(set(now) - set(then))}
        failed = self.params["wait"] and (existing.get("Overview") or {}).get("Status") == "Failed"
        before = self.latest(identity) if self.params["wait"] and (changed or failed) else None
        if changed:
            self.write(
                "ssm", "update_association", "update", "SSM association", name, before={key: now.get(key) for key in sorted(changed)},
                after={key: then.get(key) for key in sorted(changed)}, AssociationId=identity, AssociationName=name, **then,
            )  # fmt: skip
        elif failed:
            self.write("ssm", "start_associations_once", "update", "SSM association", name, AssociationIds=[identity])
        if changed or failed:
            self.wait_applied(identity, wanted, before)
        self.ensure_tags("Association", identity, "SSM association", name, existing["tags"], tags)
        return {"name": name, "id": identity, "tags": tags}

    def wait_applied(self, identity: str, wanted: dict, before: dict | None) -> None:
        """Wait until the association has been applied to the nodes that are there; which of them failed is said.

        *before*: the latest execution of the time when that was not asked for yet. Until there is a later one, the overview still tells
        of that one.
        """
        if not self.params["wait"] or self.check_mode or wanted["only_on_schedule"] or not self.nodes(wanted["targets"]):
            return
        begun = {"matcher": "path", "argument": "length(AssociationExecutions) > `0`", "expected": True, "state": "success"}
        # "View the history of an association" (AWS Systems Manager User Guide) writes the time so.
        since = {"Key": "CreatedTime", "Type": "GREATER_THAN", "Value": _timestamp(before["CreatedTime"])} if before else None
        overview = "AssociationDescription.Overview.Status"
        ended = [
            {"matcher": "path", "argument": overview, "expected": status, "state": state}
            for status, state in (("Success", "success"), ("Failed", "failure"))
        ]
        deadline = time.monotonic() + self.params["wait_timeout"]
        try:
            self.wait(
                "ssm", {"operation": "DescribeAssociationExecutions", "acceptors": [begun]}, delay=5, timeout=self.params["wait_timeout"],
                AssociationId=identity, **({"Filters": [since]} if since else {}),
            )  # fmt: skip
            self.wait(
                "ssm", {"operation": "DescribeAssociation", "acceptors": ended}, delay=5, timeout=int(deadline - time.monotonic()),
                AssociationId=identity,
            )  # fmt: skip
        except RequestFailed as error:
            raise RequestFailed(f"{wanted['name']} was not applied to {self.not_applied(identity)}", error.cause) from error

    def nodes(self, targets: list[dict]) -> list[str]:
        """The managed nodes of *targets*. ("DescribeInstanceInformation", AWS Systems Manager API Reference.)"""
        filters = [{"Key": target["key"], "Values": target["values"]} for target in targets]
        online = [*filters, {"Key": "PingStatus", "Values": ["Online"]}]
        return self.read("ssm", "describe_instance_information", "InstanceInformationList[].InstanceId", Filters=online)

    def latest(self, identity: str) -> dict | None:
        """The latest execution, {ExecutionId: str, CreatedTime: datetime, ...}."""
        executions = self.read("ssm", "describe_association_executions", "AssociationExecutions", AssociationId=identity)
        return max(executions, key=lambda execution: execution["CreatedTime"], default=None)

    def not_applied(self, identity: str) -> str:
        """The nodes on which the latest execution did not succeed, each with its status; a word where that is not known."""
        latest = self.latest(identity)
        if latest is None:
            return "any node"
        targets = self.read(
            "ssm", "describe_association_execution_targets", "AssociationExecutionTargets", AssociationId=identity,
            ExecutionId=latest["ExecutionId"],
        )  # fmt: skip
        return (
            ", ".join(f"{target['ResourceId']} ({target['Status']})" for target in targets if target["Status"] != "Success") or "any node"
        )

    def absent(self) -> dict:
        self.each(self.remove, [association["name"] for association in self.params["associations"]])
        return {"associations": []}

    def remove(self, name: str) -> None:
        existing = self.existing(name)
        if existing:
            self.write(
                "ssm", "delete_association", "delete", "SSM association", name, missing=GONE, AssociationId=existing["AssociationId"]
            )


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Associations)


if __name__ == "__main__":
    main()
