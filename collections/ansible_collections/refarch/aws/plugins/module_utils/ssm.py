# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Systems Manager modules share: tags by kind and id."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, from_tag_list, to_tag_list

#: Nothing has that id.
NO_RESOURCE = ("InvalidResourceId",)


class SsmResources(Resources):
    def tags_of(self, kind: str, identity: str) -> dict[str, str]:
        """The tags of a thing of *kind* (C(Document), C(PatchBaseline), C(Association)); none where there is no such thing."""
        found = self.read("ssm", "list_tags_for_resource", "TagList", missing=NO_RESOURCE, ResourceType=kind, ResourceId=identity)
        return from_tag_list(found)

    def tag_list(self, tags: dict[str, str]) -> dict:
        """The tags as a creating call takes them, or nothing."""
        return {"Tags": to_tag_list(tags)} if tags else {}

    def ensure_tags(self, kind: str, identity: str, word: str, name: str, existing: dict[str, str], wanted: dict[str, str]) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = {"before": existing, "after": wanted, "ResourceType": kind, "ResourceId": identity}
        if to_set:
            self.write("ssm", "add_tags_to_resource", "update", word, name, Tags=to_tag_list(to_set), **about)
        if to_remove:
            self.write("ssm", "remove_tags_from_resource", "update", word, name, TagKeys=to_remove, **about)
