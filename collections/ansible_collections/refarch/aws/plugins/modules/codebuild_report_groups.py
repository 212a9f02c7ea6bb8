#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: codebuild_report_groups
version_added: 0.1.0
short_description: Manage CodeBuild report groups as one set
description:
  - Creates, changes and removes groups of test reports, with their encrypted export to S3.
options:
  state:
    description: Whether they stand or not.
    type: str
    choices: [present, absent]
    default: present
  report_groups:
    description: The report groups.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 2 to 128 characters.
        type: str
        required: true
      bucket:
        description: The bucket to which raw results are exported. Required with O(state=present).
        type: str
      path:
        description: The path in the bucket.
        type: str
        default: reports
      encryption_key_arn:
        description: The key that encrypts them. Required with O(state=present).
        type: str
      tags:
        description: Tags of this group, added to O(tags).
        type: dict
        default: {}
notes:
  - Neither amazon.aws nor community.aws has a module for report groups.
  - A group goes with its reports. What was exported stays in the bucket.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Reports of the tests
  refarch.aws.codebuild_report_groups:
    tags: "{{ stack_tags }}"
    report_groups:
      - name: shop-staging-tests
        bucket: shop-staging-artifact-123456789012
        encryption_key_arn: "{{ key_arns.storage }}"
"""

RETURN = r"""
report_groups:
  description: The report groups in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-tests}
    arn: {description: The ARN., type: str, sample: "arn:aws:codebuild:ap-northeast-2:123456789012:report-group/shop-staging-tests"}
    tags: {description: All tags., type: dict, sample: {Component: pipeline}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.named import NamedSet, holds
from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "report_groups": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "bucket": {"type": "str"},
            "path": {"type": "str", "default": "reports"},
            "encryption_key_arn": {"type": "str", "no_log": False},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}
KIND = "report group"


class ReportGroups(NamedSet):
    option = "report_groups"

    def require_sound(self, wanted: dict) -> None:
        if not (wanted["bucket"] and wanted["encryption_key_arn"]):
            raise InvalidInput(f"report_groups: {wanted['name']} needs bucket and encryption_key_arn.")

    def find(self, names: list[str]) -> dict[str, dict]:
        arns = [self.own_arn("codebuild", f"report-group/{name}") for name in names]
        found = self.read("codebuild", "batch_get_report_groups", "reportGroups", reportGroupArns=arns) if arns else []
        return {group["name"]: group for group in found or []}

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        name = wanted["name"]
        destination = {
            "bucket": wanted["bucket"],
            "path": wanted["path"],
            "packaging": "NONE",
            "encryptionKey": wanted["encryption_key_arn"],
            "encryptionDisabled": False,
        }
        standing = {tag["key"]: tag["value"] for tag in (existing or {}).get("tags", [])}
        tags = {**({} if self.params["purge_tags"] else standing), **self.tags_of(wanted)}
        asked = {
            "exportConfig": {"exportConfigType": "S3", "s3Destination": destination},
            "tags": [{"key": key, "value": value} for key, value in sorted(tags.items())],
        }
        arn = self.own_arn("codebuild", f"report-group/{name}")
        if existing is None:
            self.write("codebuild", "create_report_group", "create", KIND, name, name=name, type="TEST", **asked)
        else:
            existing["tags"] = sorted(existing.get("tags", []), key=lambda tag: tag["key"])
            changed = {key: value for key, value in asked.items() if not holds(existing.get(key), value)}
            if changed:
                before = {key: existing.get(key) for key in changed}
                self.write("codebuild", "update_report_group", "update", KIND, name, before=before, after=changed, arn=arn, **changed)
        return {"name": name, "arn": arn, "tags": tags}

    def remove(self, name: str, existing: dict) -> None:
        self.write("codebuild", "delete_report_group", "delete", KIND, name, arn=existing["arn"], deleteReports=True)


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), ReportGroups)


if __name__ == "__main__":
    main()
