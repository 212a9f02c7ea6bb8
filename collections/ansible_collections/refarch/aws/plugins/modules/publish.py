#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: publish
version_added: 0.1.0
short_description: Publish the outputs of a component
description:
  - Makes what a component has brought up known to the components that stand on it, and to the stack's registry.
  - Outside of a stack (a Molecule scenario, for example) the outputs are returned only.
options:
  state:
    description: Whether the outputs are published, or taken back because the component was removed.
    type: str
    choices: [present, absent]
    default: present
  outputs:
    description: The component's outputs, one flat dict in AWS's own words. No secrets, since the registry is readable.
    type: dict
    default: {}
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Publish the network
  refarch.aws.publish:
    outputs:
      vpc_id: "{{ __network_vpc.vpc_id }}"
"""

RETURN = r"""
outputs:
  description: What was published.
  returned: always
  type: dict
changes:
  description: The call that wrote the registry, made or (in check mode) planned.
  returned: inside a stack
  type: list
  elements: dict
"""
