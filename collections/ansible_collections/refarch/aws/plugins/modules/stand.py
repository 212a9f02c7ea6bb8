#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stand
version_added: 0.1.0
short_description: Take a component through the graph of its stack
description:
  - The steps of a component's worker. It begins, decides once those that it waits for have ended, and says how it ended itself.
  - Only the engine's plays use it.
options:
  step:
    description:
      - V(begin) tells whether the component can be looked at, and the registered outputs of its needs.
      - V(look_failed) keeps the sentence of a task that failed while looking.
      - V(decide) waits and tells what to do, V(done) or V(converge), with the outputs of the needs. Fails if a need failed.
      - V(up) and V(broken) say how it ended.
    type: str
    choices: [begin, look_failed, decide, up, broken]
    required: true
  error:
    description: Why it failed.
    type: str
  timeout_seconds:
    description: How long to wait for those that it stands on.
    type: int
    default: 7200
author:
  - The refarch maintainers (@refarch)
"""

EXAMPLES = r"""
- name: What it stands on is up
  refarch.aws.stand: {step: decide, timeout_seconds: 3600}
"""

RETURN = r"""
act:
  description: What to do with the component.
  returned: with step=decide
  type: str
  sample: converge
outputs:
  description: The outputs of the components that it stands on.
  returned: with step=begin and step=decide
  type: dict
"""
