# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pipeline is there, and how it went last."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, judged


def pipeline(evidence: dict) -> list[Check]:
    faults = [f"{evidence['name']} is not there"] if evidence.get("missing") else []
    last = f"its last execution: {evidence['status']}" if evidence.get("status") else "it has not run yet"
    return [judged("pipeline", "the pipeline is there", faults, f"{evidence['name']}, {last}")]
