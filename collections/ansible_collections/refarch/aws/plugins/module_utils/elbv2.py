# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Elastic Load Balancing modules share: attributes, tags, and things that are found by their name."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, differing, from_tag_list, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN, has_unknown

#: DescribeTags takes this many ARNs in a call (Elastic Load Balancing API Reference, DescribeTags).
TAGGED_AT_ONCE = 20


def text(value: object) -> str:
    """An attribute's value as AWS keeps it: all of them are strings, and booleans are lower-case."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def attribute_changes(existing: dict[str, str], wanted: dict[str, object]) -> dict[str, str]:
    """The attributes of *wanted* that *existing* holds otherwise. Those that are not wanted are nobody's matter."""
    return differing(existing, {key: text(value) for key, value in wanted.items() if value is not None})


def full_name(arn: str, kind: str) -> str:
    """How CloudWatch names what has *arn* (C(app/<name>/<id>), C(targetgroup/<name>/<id>)). *kind*: C(loadbalancer) or C(targetgroup)."""
    if has_unknown(arn):
        return UNKNOWN
    return arn.rpartition(f":{kind}/")[2] if kind == "loadbalancer" else arn.rpartition(":")[2]


class Elbv2Resources(Resources):
    """Base of the modules of load balancers, target groups and listeners."""

    def named(self, operation: str, key: str, missing: str, names: list[str]) -> dict[str, dict]:
        """What stands of *names*, by name. One call a name: with several, one that is missing fails the call for all."""
        found = self.each(lambda name: self.read("elbv2", operation, key, missing=(missing,), Names=[name]), names)
        return {name: answer[0] for name, answer in zip(names, found, strict=True) if answer}

    def tags_of(self, arns: list[str]) -> dict[str, dict[str, str]]:
        """The tags of each of *arns*."""
        batches = [arns[start : start + TAGGED_AT_ONCE] for start in range(0, len(arns), TAGGED_AT_ONCE)]
        answers = self.each(lambda batch: self.read("elbv2", "describe_tags", "TagDescriptions", ResourceArns=batch), batches)
        return {one["ResourceArn"]: from_tag_list(one.get("Tags")) for answer in answers for one in answer}

    def ensure_tags(self, kind: str, name: str, arn: str, existing: dict[str, str], wanted: dict[str, str]) -> None:
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", kind, name)
        if to_set:
            self.write("elbv2", "add_tags", *about, before=existing, after=wanted, ResourceArns=[arn], Tags=to_tag_list(to_set))
        if to_remove:
            self.write("elbv2", "remove_tags", *about, before=existing, after=wanted, ResourceArns=[arn], TagKeys=to_remove)

    def ensure_attributes(self, operation: str, kind: str, name: str, existing: dict[str, str], wanted: dict, **owner: str) -> None:
        """Bring the attributes of a thing to *wanted* with *operation*; *owner*: the parameter with its ARN."""
        changed = attribute_changes(existing, wanted)
        if changed:
            self.write(
                "elbv2", operation, "update", kind, name,
                before={key: existing.get(key) for key in changed} if existing else None, after=changed,
                **owner, Attributes=to_tag_list(changed),
            )  # fmt: skip
