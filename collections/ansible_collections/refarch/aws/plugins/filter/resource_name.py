# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place that computes names: each service's limit and alphabet."""

from __future__ import annotations

DOCUMENTATION = r"""
name: resource_name
version_added: 0.1.0
short_description: Compute the name of a resource within its service's limit
description:
  - Joins the stack's prefix and what the resource is with a hyphen, brings it to the alphabet of its kind, and cuts a name that is
    too long to the limit with a tail of its hash, so that two long names never become one.
positional: what, kind
options:
  _input:
    description: The prefix, V(<project>-<environment>).
    type: str
    required: true
  what:
    description: What the resource is, unique within the stack and the kind.
    type: str
    required: true
  kind:
    description: The kind of resource, which decides limit and alphabet.
    type: str
    default: tag
"""

EXAMPLES = r"""
- name: A bucket of the stack
  ansible.builtin.debug:
    msg: "{{ 'shop-staging' | refarch.aws.resource_name('logs-123456789012', 'bucket') }}"
"""

RETURN = r"""
_value:
  description: The name.
  type: str
  sample: shop-staging-logs-123456789012
"""

import hashlib
import re
from typing import NamedTuple

from ansible.errors import AnsibleFilterError


class NameRule(NamedTuple):
    """Longest name in characters, shortest, what may not occur, and whether upper case may."""

    longest: int
    shortest: int
    forbidden: str
    upper: bool = True


#: Source of each line: the service's API reference, "Constraints" of the name.
NAME_RULES = {
    "access_analyzer": NameRule(255, 1, r"[^A-Za-z0-9_.-]"),
    "auto_scaling_group": NameRule(255, 1, r"[^A-Za-z0-9._/-]"),
    "backup_plan": NameRule(50, 1, r"[^A-Za-z0-9._-]"),
    "backup_vault": NameRule(50, 2, r"[^A-Za-z0-9_-]"),
    "alarm": NameRule(255, 1, r"[^A-Za-z0-9 ._/#+:-]"),
    "bucket": NameRule(63, 3, r"[^a-z0-9-]", upper=False),
    "build_project": NameRule(150, 2, r"[^A-Za-z0-9_-]"),
    "build_report_group": NameRule(128, 2, r"[^A-Za-z0-9_-]"),
    "code_connection": NameRule(32, 1, r"[^A-Za-z0-9._-]"),
    "code_repository": NameRule(100, 1, r"[^A-Za-z0-9._-]"),
    "dashboard": NameRule(255, 1, r"[^A-Za-z0-9_-]"),
    "db_instance": NameRule(63, 1, r"[^a-z0-9-]", upper=False),
    "db_parameter_group": NameRule(255, 1, r"[^a-z0-9-]", upper=False),
    "db_subnet_group": NameRule(255, 1, r"[^a-z0-9-]", upper=False),
    "deployment_application": NameRule(100, 1, r"[^A-Za-z0-9._+=,@-]"),
    "event_rule": NameRule(64, 1, r"[^A-Za-z0-9._-]"),
    "events_rule": NameRule(64, 1, r"[^A-Za-z0-9._-]"),
    "iam_group": NameRule(128, 1, r"[^A-Za-z0-9+=,.@_-]"),
    "iam_policy": NameRule(128, 1, r"[^A-Za-z0-9+=,.@_-]"),
    "iam_role": NameRule(64, 1, r"[^A-Za-z0-9+=,.@_-]"),
    "iam_user": NameRule(64, 1, r"[^A-Za-z0-9+=,.@_-]"),
    "kms_alias": NameRule(250, 1, r"[^A-Za-z0-9/_-]"),  # 256 with "alias/"
    "lambda_function": NameRule(64, 1, r"[^A-Za-z0-9_-]"),
    "launch_template": NameRule(128, 3, r"[^A-Za-z0-9()./_-]"),
    "lifecycle_hook": NameRule(255, 1, r"[^A-Za-z0-9_/-]"),
    "load_balancer": NameRule(32, 1, r"[^A-Za-z0-9-]"),
    "log_group": NameRule(512, 1, r"[^A-Za-z0-9._/#-]"),
    "metric_filter": NameRule(512, 1, r"[:*]"),
    "pipeline": NameRule(100, 1, r"[^A-Za-z0-9.@_-]"),
    "rds_event_subscription": NameRule(255, 1, r"[^A-Za-z0-9-]"),
    "secret": NameRule(505, 1, r"[^A-Za-z0-9/_+=.@-]"),  # 512 with the hyphen and six characters of the ARN
    "security_group": NameRule(255, 1, r"[^A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]"),
    "sns_topic": NameRule(256, 1, r"[^A-Za-z0-9_-]"),
    "sqs_queue": NameRule(80, 1, r"[^A-Za-z0-9_-]"),
    "ssm_document": NameRule(128, 3, r"[^A-Za-z0-9_.-]"),
    "tag": NameRule(256, 1, r"[^\w\s.:/=+@-]"),
    "target_group": NameRule(32, 1, r"[^A-Za-z0-9-]"),
    "trail": NameRule(128, 3, r"[^A-Za-z0-9._-]"),
    "waf": NameRule(128, 1, r"[^A-Za-z0-9_-]"),
}

HASH_LENGTH = 8


def resource_name(prefix: str, what: str, kind: str = "tag") -> str:
    """C(<prefix>-<what>) as *kind* allows it, a key of C(NAME_RULES).

    Raises AnsibleFilterError for an unknown kind, an empty part, and a prefix so long that no part of *what* would remain.
    """
    if kind not in NAME_RULES:
        raise AnsibleFilterError(f"resource_name: kind {kind!r} is not one of {', '.join(sorted(NAME_RULES))}")
    if not prefix or not what:
        raise AnsibleFilterError(f"resource_name: prefix {prefix!r} and what {what!r} must not be empty")
    rule = NAME_RULES[kind]
    whole = f"{prefix}-{what}"
    name = whole if rule.upper else whole.lower()
    name = re.sub(rule.forbidden, "-", name)
    if len(name) > rule.longest or name != (whole if rule.upper else whole.lower()):
        # A replaced character could make two names one just as a cut could.
        tail = hashlib.sha256(whole.encode()).hexdigest()[:HASH_LENGTH]
        head = rule.longest - HASH_LENGTH - 1
        if head <= len(prefix):
            room = f"the {rule.longest} characters of a {kind}"
            raise AnsibleFilterError(f"resource_name: prefix {prefix!r} leaves no room for {what!r} in {room}")
        name = f"{name[:head].rstrip('-')}-{tail}"
    return name


class FilterModule:
    def filters(self):
        return {"resource_name": resource_name}
