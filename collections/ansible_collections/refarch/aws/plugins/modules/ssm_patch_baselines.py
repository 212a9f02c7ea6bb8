#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_patch_baselines
version_added: 0.1.0
short_description: Manage patch baselines of Systems Manager as one set
description:
  - Creates, changes and removes patch baselines in one task, each with its approval rules, patch groups and tags.
options:
  state:
    description: Whether the baselines stand or not.
    type: str
    choices: [present, absent]
    default: present
  baselines:
    description:
      - The baselines.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, 3 to 128 letters, digits and C(_-.).
        type: str
        required: true
      description:
        description: What the baseline is for.
        type: str
      operating_system:
        description: The operating system, which can't be changed later.
        type: str
        choices: [AMAZON_LINUX_2, AMAZON_LINUX_2023, DEBIAN, REDHAT_ENTERPRISE_LINUX, UBUNTU, WINDOWS]
        default: AMAZON_LINUX_2023
      approval_rules:
        description: Which patches are approved by themselves, at most 10 rules.
        type: list
        elements: dict
        default: []
        suboptions:
          filters:
            description: 'What the patches must have, for example V({SEVERITY: [Critical], CLASSIFICATION: [Security]}).'
            type: dict
            required: true
          compliance_level:
            description: How grave it is to lack such a patch.
            type: str
            choices: [CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNSPECIFIED]
            default: UNSPECIFIED
          approve_after_days:
            description: The days between release and approval, 0 to 360.
            type: int
            default: 7
          enable_non_security:
            description: Whether patches that are not for security are approved too.
            type: bool
            default: false
      rejected_patches:
        description: Patches that are never installed.
        type: list
        elements: str
        default: []
      patch_groups:
        description: The values of the tag C(PatchGroup) of nodes that use the baseline. Each may use one for each operating system.
        type: list
        elements: str
        default: []
      tags:
        description: Tags of this baseline, added to O(tags).
        type: dict
        default: {}
notes:
  - amazon.aws and community.aws have no module for patch baselines.
  - AWS lets several baselines have one name. Here a name means one; more than one that stands is refused.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Patches for security, a week after their release
  refarch.aws.ssm_patch_baselines:
    tags: "{{ stack_tags }}"
    baselines:
      - name: shop-staging-al2023
        approval_rules:
          - {filters: {CLASSIFICATION: [Security], SEVERITY: [Critical, Important]}, compliance_level: CRITICAL, approve_after_days: 7}
        patch_groups: [shop-staging]
"""

RETURN = r"""
baselines:
  description: The baselines in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging-al2023}
    id: {description: The id., type: str, sample: pb-0123456789abcdef0}
    tags: {description: All tags., type: dict, sample: {Component: session_access}}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, differing, run
from ansible_collections.refarch.aws.plugins.module_utils.ssm import SsmResources

GONE = ("DoesNotExistException",)
LEVELS = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNSPECIFIED"]
SYSTEMS = ["AMAZON_LINUX_2", "AMAZON_LINUX_2023", "DEBIAN", "REDHAT_ENTERPRISE_LINUX", "UBUNTU", "WINDOWS"]

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "baselines": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "operating_system": {"type": "str", "choices": SYSTEMS, "default": "AMAZON_LINUX_2023"},
            "approval_rules": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "filters": {"type": "dict", "required": True},
                    "compliance_level": {"type": "str", "choices": LEVELS, "default": "UNSPECIFIED"},
                    "approve_after_days": {"type": "int", "default": 7},
                    "enable_non_security": {"type": "bool", "default": False},
                },
            },
            "rejected_patches": {"type": "list", "elements": "str", "default": []},
            "patch_groups": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}


def settings(wanted: dict) -> dict:
    """The settings as CreatePatchBaseline and UpdatePatchBaseline take them."""
    rules = [
        {
            "PatchFilterGroup": {"PatchFilters": [{"Key": key, "Values": values} for key, values in rule["filters"].items()]},
            "ComplianceLevel": rule["compliance_level"],
            "ApproveAfterDays": rule["approve_after_days"],
            "EnableNonSecurity": rule["enable_non_security"],
        }
        for rule in wanted["approval_rules"]
    ]
    found = {"ApprovalRules": {"PatchRules": rules}, "RejectedPatches": wanted["rejected_patches"], "Description": wanted["description"]}
    return {key: value for key, value in found.items() if value is not None}


def comparable(found: dict) -> dict:
    """*found* with all that AWS fills in, and with filters in an order that does not depend on how they were written."""

    def rule_of(rule: dict) -> dict:
        filters = [(item["Key"], sorted(item["Values"])) for item in rule["PatchFilterGroup"]["PatchFilters"]]
        return {
            "filters": sorted(filters),
            "level": rule.get("ComplianceLevel", "UNSPECIFIED"),
            "days": rule.get("ApproveAfterDays"),
            "other": rule.get("EnableNonSecurity", False),
        }

    return {
        "ApprovalRules": [rule_of(rule) for rule in (found.get("ApprovalRules") or {}).get("PatchRules", [])],
        "RejectedPatches": sorted(found.get("RejectedPatches") or []),
        **({"Description": found["Description"]} if found.get("Description") is not None else {}),
    }


class Baselines(SsmResources):
    def require_sound(self) -> None:
        for baseline in self.params["baselines"]:
            if len(baseline["approval_rules"]) > 10:
                raise InvalidInput(f"baselines: {baseline['name']} has {len(baseline['approval_rules'])} approval rules, and AWS takes 10.")
            for rule in baseline["approval_rules"]:
                if not 0 <= rule["approve_after_days"] <= 360:
                    raise InvalidInput(f"baselines: approve_after_days of {baseline['name']} must be 0 to 360.")

    def existing(self, name: str) -> dict | None:
        filters = [{"Key": "OWNER", "Values": ["Self"]}, {"Key": "NAME_PREFIX", "Values": [name]}]
        listed = self.read("ssm", "describe_patch_baselines", "BaselineIdentities", Filters=filters)
        ids = [found["BaselineId"] for found in listed if found["BaselineName"] == name]
        if len(ids) > 1:
            raise InvalidInput(f"baselines: {len(ids)} baselines have the name {name} ({', '.join(sorted(ids))}); remove all but one.")
        if not ids:
            return None
        questions = [
            lambda: self.read("ssm", "get_patch_baseline", missing=GONE, BaselineId=ids[0]),
            lambda: self.tags_of("PatchBaseline", ids[0]),
        ]
        baseline, tags = self.each(lambda question: question(), questions)
        return {**baseline, "tags": tags} if baseline else None

    def present(self) -> dict:
        self.require_sound()
        return {"baselines": self.each(self.ensure, self.params["baselines"])}

    def ensure(self, wanted: dict) -> dict:
        name = wanted["name"]
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        existing = self.existing(name)
        then = settings(wanted)
        if existing is None:
            identity = self.write(
                "ssm", "create_patch_baseline", "create", "patch baseline", name, returns="BaselineId", Name=name,
                OperatingSystem=wanted["operating_system"], **then, **self.tag_list(tags),
            )  # fmt: skip
            groups: list[str] = []
        else:
            identity, groups = existing["BaselineId"], existing.get("PatchGroups") or []
            if existing["OperatingSystem"] != wanted["operating_system"]:
                raise InvalidInput(
                    f"baselines: {name} stands for {existing['OperatingSystem']}, and AWS can't change it to {wanted['operating_system']}. "
                    "Give the baseline another name, or remove it first."
                )
            now = comparable(existing)
            changed = differing(now, comparable(then))
            if changed:
                self.write(
                    "ssm", "update_patch_baseline", "update", "patch baseline", name, before={key: now.get(key) for key in changed},
                    after=changed, BaselineId=identity, **{key: then[key] for key in changed},
                )  # fmt: skip
            self.ensure_tags("PatchBaseline", identity, "patch baseline", name, existing["tags"], tags)
        self.ensure_groups(identity, groups, wanted)
        return {"name": name, "id": identity, "tags": tags}

    def ensure_groups(self, identity: str, existing: list[str], wanted: dict) -> None:
        about = {"before": {"PatchGroups": sorted(existing)}, "after": {"PatchGroups": sorted(wanted["patch_groups"])}}
        for group in wanted["patch_groups"]:
            if group not in existing:
                self.write(
                    "ssm", "register_patch_baseline_for_patch_group", "update", "patch baseline", wanted["name"],
                    BaselineId=identity, PatchGroup=group, **about,
                )  # fmt: skip
        for group in sorted(set(existing) - set(wanted["patch_groups"])):
            self.deregister(identity, group, "update", wanted["name"])

    def deregister(self, identity: str, group: str, action: str, name: str) -> None:
        self.write(
            "ssm", "deregister_patch_baseline_for_patch_group", action, "patch baseline", name, missing=GONE,
            BaselineId=identity, PatchGroup=group,
        )  # fmt: skip

    def absent(self) -> dict:
        self.each(self.remove, [baseline["name"] for baseline in self.params["baselines"]])
        return {"baselines": []}

    def remove(self, name: str) -> None:
        existing = self.existing(name)
        if existing is None:
            return
        for group in existing.get("PatchGroups") or []:
            self.deregister(existing["BaselineId"], group, "delete", name)
        self.write("ssm", "delete_patch_baseline", "delete", "patch baseline", name, missing=GONE, BaselineId=existing["BaselineId"])


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Baselines)


if __name__ == "__main__":
    main()
