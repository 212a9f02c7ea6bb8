# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the CloudWatch modules share: tags by ARN."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, from_tag_list, to_tag_list

NOT_FOUND = ("ResourceNotFound", "ResourceNotFoundException")


class TaggedByArn(Resources):
    #: The service that keeps the tags.
    service = ""

    def tags_of(self, arn: str) -> dict[str, str]:
        return from_tag_list(self.read(self.service, "list_tags_for_resource", "Tags", missing=NOT_FOUND, ResourceARN=arn))

    def ensure_tags(self, arn: str, kind: str, name: str, wanted: dict[str, str]) -> None:
        existing = self.tags_of(arn)
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = {"before": existing, "after": wanted, "ResourceARN": arn}
        if to_set:
            self.write(self.service, "tag_resource", "update", kind, name, Tags=to_tag_list(to_set), **about)
        if to_remove:
            self.write(self.service, "untag_resource", "update", kind, name, TagKeys=to_remove, **about)
