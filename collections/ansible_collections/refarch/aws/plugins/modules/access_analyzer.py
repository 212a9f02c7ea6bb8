#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: access_analyzer
version_added: 0.1.0
short_description: Manage an analyzer of IAM Access Analyzer
description:
  - Makes an analyzer, or adopts the one that the region has. AWS takes one analyzer of type V(ACCOUNT) in an account and region, so
    that a second stack can't have one of its own.
  - An analyzer under another name is used as it is, and neither changed nor removed.
options:
  state:
    description:
      - Whether the analyzer stands or not.
      - With V(absent) it is removed if it bears the tags C(Project), C(Environment) and C(ManagedBy) of O(tags).
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The name, at most 255 characters, beginning with a letter.
    type: str
    required: true
  type:
    description: What the analyzer looks at, access from outside or access that nobody uses, and in the account or the organization.
    type: str
    choices: [ACCOUNT, ORGANIZATION, ACCOUNT_UNUSED_ACCESS, ORGANIZATION_UNUSED_ACCESS]
    default: ACCOUNT
  heir_tags:
    description:
      - With O(state=absent), tags that the analyzer gets instead of being removed.
      - An account has one analyzer of a type, which all of its stacks look through. So it passes to one that stays.
    type: dict
notes:
  - Neither amazon.aws nor community.aws has a module for analyzers.
  - An analyzer of unused access costs money for each role and user it looks at.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find what is open to others
  refarch.aws.access_analyzer:
    name: shop-staging-analyzer
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
analyzer_arn:
  description: The ARN of the analyzer, or V(null) with O(state=absent).
  returned: always
  type: str
  sample: "arn:aws:access-analyzer:ap-northeast-2:123456789012:analyzer/shop-staging-analyzer"
adopted:
  description: Whether the analyzer is one of others, which is left as it is.
  returned: always
  type: bool
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, Resources, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "type": {
        "type": "str",
        "choices": ["ACCOUNT", "ORGANIZATION", "ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS"],
        "default": "ACCOUNT",
    },
    "heir_tags": {"type": "dict"},
    **TAG_OPTIONS,
}

IDENTITY = ("Project", "Environment", "ManagedBy")


class Analyzer(Resources):
    def existing(self) -> dict | None:
        """The region's analyzer of the type: ours, if there are several."""
        found = self.read("accessanalyzer", "list_analyzers", "analyzers", type=self.params["type"])
        return next((analyzer for analyzer in found if analyzer["name"] == self.params["name"]), next(iter(found), None))

    def present(self) -> dict:
        name, tags = self.params["name"], self.params["tags"] or {}
        analyzer = self.existing()
        if analyzer is None:
            arn = self.write(
                "accessanalyzer", "create_analyzer", "create", "analyzer", name, returns="arn",
                analyzerName=name, type=self.params["type"], **({"tags": tags} if tags else {}),
            )  # fmt: skip
            return {"analyzer_arn": arn, "adopted": False}
        adopted = analyzer["name"] != name or self.of_another_stack(analyzer)
        if not adopted and self.params["tags"] is not None:
            self.ensure_tags(analyzer, tags)
        return {"analyzer_arn": analyzer["arn"], "adopted": adopted}

    def of_another_stack(self, analyzer: dict) -> bool:
        """Whether it was left to another stack, which its name does not tell."""
        existing, wanted = analyzer.get("tags", {}), self.params["tags"] or {}
        same_manager = existing.get("ManagedBy") == wanted.get("ManagedBy")
        return same_manager and any(existing.get(key, wanted.get(key)) != wanted.get(key) for key in IDENTITY)

    def ensure_tags(self, analyzer: dict, wanted: dict) -> None:
        existing = analyzer.get("tags", {})
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", "analyzer", analyzer["name"])
        arn = analyzer["arn"]
        if to_set:
            self.write("accessanalyzer", "tag_resource", *about, before=existing, after=wanted, resourceArn=arn, tags=to_set)
        if to_remove:
            self.write("accessanalyzer", "untag_resource", *about, before=existing, after=wanted, resourceArn=arn, tagKeys=to_remove)

    def absent(self) -> dict:
        analyzer = self.existing()
        heir = self.params["heir_tags"]
        wanted = {key: value for key, value in (self.params["tags"] or {}).items() if key in IDENTITY}
        tagged = bool(analyzer) and wanted.items() <= analyzer.get("tags", {}).items()
        ours = tagged and (analyzer["name"] == self.params["name"] or len(wanted) == len(IDENTITY))
        if ours and heir:
            existing = analyzer.get("tags", {})
            self.write(
                "accessanalyzer", "tag_resource", "update", "analyzer", analyzer["name"], before=existing, after={**existing, **heir},
                resourceArn=analyzer["arn"], tags=heir,
            )  # fmt: skip
        elif ours:
            self.write(
                "accessanalyzer", "delete_analyzer", "delete", "analyzer", analyzer["name"], missing=("ResourceNotFoundException",),
                analyzerName=analyzer["name"],
            )  # fmt: skip
        return {"analyzer_arn": None, "adopted": bool(analyzer) and not ours}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Analyzer)


if __name__ == "__main__":
    main()
