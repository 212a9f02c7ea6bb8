#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_close
version_added: 0.1.0
short_description: Close a run of a stack
description:
  - Releases the lock, writes build/<environment>/report.json (of a plan plan.json), prints the summary, and removes the run's folder.
  - After a removal it proves that nothing is left, or names what was kept.
  - Fails if a component failed, with a sentence for each.
options:
  room:
    description: The folder that refarch.aws.stack_open returned.
    type: path
    required: true
  scenario:
    description: Name of the scenario, for the report.
    type: str
    required: true
  build_folder:
    description: Where the report goes.
    type: path
    required: true
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Close
  refarch.aws.stack_close:
    room: "{{ __stack_open.room }}"
    scenario: base
    build_folder: build/local
"""

RETURN = r"""
summary:
  description: Resources created, changed and removed.
  returned: always
  type: dict
lines:
  description: The printed summary.
  returned: always
  type: list
  elements: str
"""
