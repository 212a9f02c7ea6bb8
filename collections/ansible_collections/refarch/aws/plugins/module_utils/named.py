# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets of resources that are found by name and described by one document: what modules of such services share."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources
from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown


def holds(existing: object, wanted: object) -> bool:
    """Whether *existing* is *wanted*, with whatever AWS added: every key of *wanted* with its value, lists element by element.

    An unknown value may turn out to be any: it differs.
    """
    if isinstance(wanted, dict):
        return isinstance(existing, dict) and all(holds(existing.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(existing, list) and len(existing) == len(wanted) and all(map(holds, existing, wanted))
    return existing == wanted and not has_unknown(wanted)


def without_empty(value: object) -> object:
    """*value* without the entries of dicts that are None."""
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    return value


class NamedSet(Resources):
    """Subclasses name their C(option) (a list of dicts with C(name) and C(tags)) and say how one is found, made, changed and removed."""

    option = ""

    def require_sound(self, wanted: dict) -> None:
        """Raise InvalidInput for what can be refused without asking AWS, before anything is written."""

    def find(self, names: list[str]) -> dict[str, dict]:
        """What stands of *names*, by name."""
        raise NotImplementedError

    def ensure(self, existing: dict | None, wanted: dict) -> dict:
        """Bring one to its state; gives what the module returns of it."""
        raise NotImplementedError

    def remove(self, name: str, existing: dict) -> None:
        raise NotImplementedError

    def tags_of(self, wanted: dict) -> dict[str, str]:
        return {**(self.params["tags"] or {}), **(wanted.get("tags") or {})}

    def present(self) -> dict:
        items = self.params[self.option]
        for item in items:
            self.require_sound(item)
        existing = self.find([item["name"] for item in items])
        return {self.option: self.each(lambda wanted: self.ensure(existing.get(wanted["name"]), wanted), items)}

    def absent(self) -> dict:
        existing = self.find([item["name"] for item in self.params[self.option]])
        self.each(lambda name: self.remove(name, existing[name]), existing)
        return {self.option: []}

    def ensure_tags(self, service: str, kind: str, name: str, existing: dict, wanted: dict, arn: dict, tags, keys: str) -> None:
        """TagResource and UntagResource. *arn*: the parameter that names the resource; *tags*: gives the parameter for a dict of tags;
        *keys*: name of the parameter with the keys to remove."""
        to_set, to_remove = self.tag_changes(existing, wanted)
        if to_set:
            self.write(service, "tag_resource", "update", kind, name, before=existing, after=wanted, **arn, **tags(to_set))
        if to_remove:
            self.write(service, "untag_resource", "update", kind, name, before=existing, after=wanted, **arn, **{keys: to_remove})
