#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_report
version_added: 0.1.0
short_description: Draw the picture of a stack that stands, and write a page about it
description:
  - Reads the registry of the stack and its resources by tag, and writes what it found into files on the controller. Writes nothing to
    AWS.
  - The picture is drawn from C(meta/picture.yml) of the roles whose components stand. The page has the components, the outputs, the
    resources with links to the console, the settings that differ from the roles' defaults, and what a person has to do yet.
options:
  components:
    description: "The components with what they need, for example V({name: network, needs: [keys]})."
    type: list
    elements: dict
    required: true
  scenario:
    description: The name of the scenario.
    type: str
    required: true
  title:
    description: The title of the picture.
    type: str
    required: true
  page:
    description: The file of the page.
    type: path
    required: true
  picture:
    description: The files of the picture without their ending, which will be C(.svg), C(.png) and C(.pdf). Not written if not given.
    type: path
notes:
  - PNG and PDF need the Python package C(cairosvg) and the library cairo, the icons the Python package C(diagrams).
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Draw and describe what stands
  refarch.aws.stack_report:
    components:
      - {name: keys}
      - {name: network, needs: [keys]}
    scenario: foundation
    title: Foundation
    page: build/staging/report.html
    picture: docs/architecture/foundation
"""

RETURN = r"""
files:
  description: The files.
  returned: success
  type: list
  elements: str
next_steps:
  description: What a person has to do yet.
  returned: success
  type: list
  elements: str
"""
