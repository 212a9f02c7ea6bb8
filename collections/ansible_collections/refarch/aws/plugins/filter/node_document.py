# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A command document with a script."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_document
version_added: 0.1.0
short_description: Put a script into the last step of a command document
description:
  - The script keeps a file of its own, which tools can check. Its lines go after those that the step has, which hand it the parameters.
positional: script
options:
  _input:
    description: The document.
    type: dict
    required: true
  script:
    description: The script. It may not hold C({{), which Systems Manager would take for a parameter.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The document
  refarch.aws.ssm_documents:
    documents:
      - name: shop-staging-apply-bundle
        content: "{{ lookup('file', 'apply-bundle.yml') | from_yaml | refarch.aws.node_document(lookup('file', 'apply-bundle.sh')) }}"
"""

RETURN = r"""
_value:
  description: The document with the script.
  type: dict
"""

from copy import deepcopy

from ansible.errors import AnsibleFilterError


def node_document(document: dict, script: str) -> dict:
    """*document* with the lines of *script* in its last step, without comments that stand alone: content has at most 64 KB.

    ("Quotas for Systems Manager", AWS General Reference.) Raises AnsibleFilterError for a script that holds a reference.
    """
    if "{{" in script:
        raise AnsibleFilterError("The script holds {{, which Systems Manager would take for a parameter.")
    lines = [line for line in script.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = deepcopy(document)
    inputs = found["mainSteps"][-1]["inputs"]
    inputs["runCommand"] = [*inputs["runCommand"], *lines]
    return found


class FilterModule:
    def filters(self):
        return {"node_document": node_document}
