# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An alarm reaches Slack."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, failed, judged, not_applicable

#: How the notifier begins its lines (files/lambda/slack_notifier).
DELIVERED, UNDELIVERED = "Told Slack of", "Slack was not told of"


def alarm(evidence: dict) -> list[Check]:
    check = "an alarm reaches Slack"
    if "left_out" in evidence:
        return [not_applicable("alerting", check, evidence["left_out"])]
    if "no_address" in evidence:
        reason = f"not proven: the secret {evidence['no_address']} holds no address of a webhook; docs/runbooks/rotate.md stores one"
        return [not_applicable("alerting", check, reason)]
    if "unfit" in evidence:
        return [failed("alerting", check, f"no alarm of the stack that tells Slack can be set: {evidence['unfit']}")]
    before, after = evidence["dead_letters"]
    told = [line for line in evidence["lines"] if DELIVERED in line]
    refused = [line.partition(UNDELIVERED)[2] for line in evidence["lines"] if UNDELIVERED in line]
    faults = [] if told else [f"{evidence['name']} was set and Slack was not told"]
    if refused and not told:
        faults.append(refused[0].partition("): ")[2].partition('"')[0].strip() or "the notifier's log says more")
    if after > before:
        faults.append(f"{after - before} more messages among the dead letters")
    return [judged("alerting", check, faults, f"{evidence['name']}, {evidence['reference']} in the notifier's log")]
