#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_open
version_added: 0.1.0
short_description: Open a run of a stack
description:
  - Judges all settings before anything is written - types by the roles' argument specs, the stack's and the components' rules,
    the graph of components - and refuses with one sentence per fault.
  - Reads who the caller is, the zones, the registry and the lock, takes the lock, and makes the room in which the components of
    this run meet.
  - A plan takes no lock.
options:
  components:
    description: "The components with what they need, for example V({name: network, needs: [keys]})."
    type: list
    elements: dict
    required: true
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Open
  refarch.aws.stack_open:
    components:
      - {name: keys}
      - {name: network, needs: [keys]}
"""

RETURN = r"""
room:
  description: Folder of this run.
  returned: success
  type: str
components:
  description: The components of this run, in an order that can be built.
  returned: success
  type: list
  elements: str
zones:
  description: The availability zones of the region.
  returned: success
  type: list
  elements: str
others:
  description: The tags C(Project) and C(Environment) of each other stack of the account and region, on removal.
  returned: success
  type: list
  elements: dict
"""
