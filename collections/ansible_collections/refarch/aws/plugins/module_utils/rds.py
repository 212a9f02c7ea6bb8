# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Amazon RDS modules share: tags, and versions of engines."""

from __future__ import annotations

import re

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, from_tag_list, to_tag_list


def version(text: str) -> tuple[int, ...]:
    """The numbers of an engine's version: C(17.4) is C((17, 4))."""
    return tuple(int(number) for number in re.findall(r"\d+", text))


def is_newer(wanted: str, existing: str) -> bool:
    """Whether *wanted* asks for more than *existing* is. C(17) is content with C(17.4): the rest is up to minor upgrades.

    A version can't be lowered, and RDS raises the minor one by itself, so that a newer one is no difference.
    """
    asked = version(wanted)
    return asked > version(existing)[: len(asked)]


def is_major(wanted: str, existing: str, engine: str) -> bool:
    """Whether going from *existing* to *wanted* is a major upgrade: the first number of PostgreSQL, the first two of MySQL."""
    length = 1 if engine == "postgres" else 2
    return version(wanted)[:length] != version(existing)[:length]


class RdsResources(Resources):
    """Base of the RDS modules."""

    def tags_of(self, arn: str) -> dict[str, str]:
        return from_tag_list(self.read("rds", "list_tags_for_resource", "TagList", ResourceName=arn))

    def ensure_tags(self, kind: str, name: str, arn: str, existing: dict[str, str], wanted: dict[str, str]) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", kind, name)
        if to_set:
            self.write("rds", "add_tags_to_resource", *about, before=existing, after=wanted, ResourceName=arn, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("rds", "remove_tags_from_resource", *about, before=existing, after=wanted, ResourceName=arn, TagKeys=to_remove)

    def each_named(self, items: list[dict], operation: str, path: str, missing: str, key: str) -> dict[str, dict]:
        """What stands of *items*, by name (lower-case, as RDS keeps it), with C(tags). *key*: the parameter that takes a name."""

        def ask(item):
            found = self.read("rds", operation, path, missing=(missing,), **{key: item["name"]})
            return found[0] if found else None

        return {item["name"]: found for item, found in zip(items, self.each(ask, items), strict=True) if found}
