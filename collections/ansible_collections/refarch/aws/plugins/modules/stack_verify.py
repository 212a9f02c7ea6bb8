#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_verify
version_added: 0.1.0
short_description: Check a standing stack from outside
description:
  - Reads the registry of the stack, collects with M(refarch.aws.stack_evidence) what its components show, judges it, and writes the verdict
    into a file on the controller, in check mode too.
  - Each check is passed, failed, or not applicable with the reason why. A failed check does not fail the task, RV(sentence) names it.
  - Fails where nothing of the scenario stands. Of a scenario that stands in part, what is missing is told as not applicable.
  - Writes nothing to AWS but the state of an alarm, with O(alarm=true) and not in check mode.
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
  file:
    description: The file of the verdict.
    type: path
    required: true
  alarm:
    description: Whether to send an alarm through to Slack. Those who get mail of its topic are told of it too.
    type: bool
    default: false
  alarm_name:
    description: The alarm to set. Left out, it is one that neither a deployment nor another alarm depends on, of the least severity.
    type: str
  requests:
    description: Whether to send HTTP requests to the public load balancer, an SQL injection and cross-site scripting among them.
    type: bool
    default: true
  servers:
    description: Whether to look at what became of the servers' configuration. Servers that nobody boots have none.
    type: bool
    default: true
  connect_to:
    description: The address to which the requests go, V(host:port). Left out, it is the load balancer's name, port 80.
    type: str
  wait_timeout_seconds:
    description: How long to wait for targets to be healthy, and for the line in the notifier's log.
    type: int
    default: 120
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Check what stands
  refarch.aws.stack_verify:
    components:
      - {name: keys}
      - {name: network, needs: [keys]}
    scenario: foundation
    file: build/staging/verify.json
  register: verified

- name: Fail where a check did
  ansible.builtin.assert:
    that: not verified.sentence
    fail_msg: "{{ verified.sentence }}"
"""

RETURN = r"""
checks:
  description: The checks, component by component.
  returned: success
  type: list
  elements: dict
  contains:
    component: {description: The component., type: str, sample: network}
    check: {description: What was checked., type: str, sample: no security group opens 22 or 3389}
    status: {description: "V(passed), V(failed) or V(not applicable).", type: str, sample: passed}
    found: {description: "What was seen, or why it is not applicable.", type: str, sample: 7 security groups}
lines:
  description: The same for people, a line each.
  returned: success
  type: list
  elements: str
sentence:
  description: What failed, empty if nothing did.
  returned: success
  type: str
"""
