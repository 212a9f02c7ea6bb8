# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the IAM modules share: documents, tags and attached policies."""

from __future__ import annotations

import json

from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies

from ansible_collections.refarch.aws.plugins.module_utils.resources import Resources, to_tag_list

GONE = ("NoSuchEntity", "NoSuchEntityException")


def document(policy: dict) -> str:
    """*policy* as IAM takes it. Without spaces: they count for some of IAM's limits ("IAM and AWS STS quotas")."""
    return json.dumps(policy, separators=(",", ":"))


def documents_differ(existing: dict | None, wanted: dict) -> bool:
    """Whether two policy documents mean something else; the order of lists and one-element lists mean nothing."""
    return existing is None or compare_policies(existing, wanted)


class IamResources(Resources):
    """A Resources whose things are users, groups, roles and policies: these calls differ by one word only."""

    def arn_prefix(self, kind: str) -> str:
        """How the ARNs of the account's *kind* begin, up to the path; so that an ARN is known before the thing is made."""
        caller = self.read("sts", "get_caller_identity")
        return f"arn:{caller['Arn'].split(':')[1]}:iam::{caller['Account']}:{kind}"

    def ensure_attached(self, kind: str, name: str, existing: set[str], wanted: list[str], purge: bool) -> None:
        """Attach the managed policies *wanted* to the C(role) or C(group) *name*, and with *purge* detach others."""
        owner = {f"{kind.capitalize()}Name": name}
        about = {"before": {"attached": sorted(existing)}, "after": {"attached": sorted(wanted)}}
        for arn in wanted:
            if arn not in existing:
                self.write(
                    "iam", f"attach_{kind}_policy", "update", f"IAM {kind}", name,
                    **about, **owner, PolicyArn=arn,
                )  # fmt: skip
        for arn in sorted(existing - set(wanted)) if purge else ():
            self.write(
                "iam", f"detach_{kind}_policy", "update", f"IAM {kind}", name,
                **about, missing=GONE, **owner, PolicyArn=arn,
            )  # fmt: skip

    def ensure_tags(self, kind: str, name: str, identity: dict[str, str], existing: dict[str, str], wanted: dict[str, str]) -> None:
        """Converge the tags of a *kind* (the word in IAM's operation: C(role), C(user), C(policy), C(instance_profile))."""
        to_set, to_remove = self.tag_changes(existing, wanted)
        about = ("update", f"IAM {kind.replace('_', ' ')}", name)
        if to_set:
            self.write("iam", f"tag_{kind}", *about, before=existing, after=wanted, **identity, Tags=to_tag_list(to_set))
        if to_remove:
            self.write("iam", f"untag_{kind}", *about, before=existing, after=wanted, **identity, TagKeys=to_remove)

    def detach_all(self, kind: str, name: str, arns: list[str]) -> None:
        owner = {f"{kind.capitalize()}Name": name}
        for arn in arns:
            self.write("iam", f"detach_{kind}_policy", "delete", f"IAM {kind}", name, missing=GONE, **owner, PolicyArn=arn)
