# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Each server configures itself."""

from __future__ import annotations

from collections import Counter

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, judged, not_applicable


def configuration(evidence: dict) -> list[Check]:
    check = "servers apply what is to be on them"
    if evidence.get("left_out"):
        return [not_applicable("node_configuration", check, "verify_servers is false")]
    if not evidence["servers"]:
        return [not_applicable("node_configuration", check, "no server is in service")]
    faults = [f"{server['id']} ({server['tier']}) {fault}" for server in evidence["servers"] if (fault := fault_of(server))]
    numbers = Counter(server["tier"] for server in evidence["servers"])
    return [judged("node_configuration", check, faults, ", ".join(f"{number} {tier}" for tier, number in sorted(numbers.items())))]


def fault_of(server: dict) -> str:
    if not server["connected"]:
        return "is not connected to Systems Manager"
    if not server["status"]:
        return "has not applied it yet"
    return "" if server["status"] == "COMPLIANT" else "could not apply it; the association's output in the log bucket says why"
