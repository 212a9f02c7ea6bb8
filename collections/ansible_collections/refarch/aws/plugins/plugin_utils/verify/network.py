# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nobody reaches a shell from outside, and nothing that was meant to be private is public."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, judged

#: SSH and RDP. Sessions go through Session Manager, which needs neither.
SHELLS = (22, 3389)

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def security_groups(evidence: dict) -> list[Check]:
    """No rule of the VPC's security groups lets anybody to a shell's port, from wherever."""
    faults = [
        f"{group['name']} ({group['id']}) lets {', '.join(rule['sources']) or 'nobody'} to port {port}"
        for group in evidence["groups"]
        for rule in group["rules"]
        for port in SHELLS
        if opens(rule, port)
    ]
    return [judged("network", "no security group opens 22 or 3389", faults, f"{len(evidence['groups'])} security groups")]


def opens(rule: dict, port: int) -> bool:
    """Whether an inbound rule is about TCP *port*. -1 is every protocol and port."""
    if rule["protocol"] == "-1":
        return True
    return rule["protocol"] in ("tcp", "6") and rule["from"] is not None and rule["from"] <= port <= rule["to"]


def buckets(evidence: dict) -> list[Check]:
    faults = [
        f"{bucket['name']} lacks {', '.join(name for name in BLOCKS if not bucket['block'].get(name))}"
        for bucket in evidence["buckets"]
        if not all(bucket["block"].get(name) for name in BLOCKS)
    ]
    return [judged("storage", "no bucket can be public", faults, f"{len(evidence['buckets'])} buckets block public access")]


def trail(evidence: dict) -> list[Check]:
    faults = [] if evidence["logging"] else [f"{evidence['arn']} does not log"]
    if evidence["delivery_error"]:
        faults.append(f"its last delivery failed: {evidence['delivery_error']}")
    return [judged("audit", "the trail logs", faults, evidence["arn"].rpartition("/")[2])]
