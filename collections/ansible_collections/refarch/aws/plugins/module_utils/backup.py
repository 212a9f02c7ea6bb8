# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Backup modules share: tags, and what an answer says besides what was asked for."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources

GONE = ("ResourceNotFoundException",)


def essence(value, defaults: dict | None = None):
    """*value* without what is empty, false or the service's default: AWS answers with those for what was not given."""
    if isinstance(value, dict):
        cleaned = {key: essence(item, defaults) for key, item in value.items()}
        return {key: item for key, item in cleaned.items() if item not in (None, "", [], {}, False) and (defaults or {}).get(key) != item}
    if isinstance(value, list):
        return [essence(item, defaults) for item in value]
    return value


class BackupResources(Resources):
    """Base of the Backup modules."""

    def tags_of(self, arn: str) -> dict[str, str]:
        return self.read("backup", "list_tags", "Tags", missing=GONE, ResourceArn=arn) or {}

    def wanted_tags(self, wanted: dict) -> dict[str, str]:
        return {**(self.params["tags"] or {}), **wanted["tags"]}

    def ensure_tags(self, kind: str, name: str, arn: str, existing: dict, wanted: dict) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = {"before": existing, "after": wanted, "ResourceArn": arn}
        if to_set:
            self.write("backup", "tag_resource", "update", kind, name, **about, Tags=to_set)
        if to_remove:
            self.write("backup", "untag_resource", "update", kind, name, **about, TagKeyList=to_remove)
