# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the WAF modules share: listings by name, and tags."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, from_tag_list, to_tag_list

GONE = ("WAFNonexistentItemException",)

#: The most that a listing answers with in a call ("ListWebACLs", AWS WAFV2 API Reference).
PAGE = 100


class WafResources(Resources):
    """Base of the WAF modules. botocore has no paginators for this service."""

    def listed(self, operation: str, key: str) -> dict[str, dict]:
        """Everything of the option C(scope) that C(operation) lists, by name."""
        found: dict[str, dict] = {}
        marker: dict[str, str] = {}
        while True:
            answer = self.read("wafv2", operation, Scope=self.params["scope"], Limit=PAGE, **marker)
            found |= {item["Name"]: item for item in answer[key]}
            if not answer.get("NextMarker") or len(answer[key]) < PAGE:
                return found
            marker = {"NextMarker": answer["NextMarker"]}

    def about(self, summary: dict) -> dict:
        """What names a thing in most calls."""
        return {"Name": summary["Name"], "Scope": self.params["scope"], "Id": summary["Id"]}

    def tags_of(self, arn: str) -> dict[str, str]:
        return from_tag_list(self.read("wafv2", "list_tags_for_resource", "TagInfoForResource.TagList", ResourceARN=arn))

    def ensure_tags(self, kind: str, name: str, arn: str, existing: dict, wanted: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = {"before": existing, "after": wanted, "ResourceARN": arn}
        if to_set:
            self.write("wafv2", "tag_resource", "update", kind, name, **about, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("wafv2", "untag_resource", "update", kind, name, **about, TagKeys=to_remove)
