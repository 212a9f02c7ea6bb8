# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The log groups of databases."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rds_log_groups
version_added: 0.1.0
short_description: Name the log groups to which database instances export their logs
description:
  - RDS writes each kind of log to a log group with a fixed name, and makes it, without retention and key, where it is not there.
positional: retention_days, kms_key_arn
options:
  _input:
    description: The instances, as M(refarch.aws.rds_instances) takes them.
    type: list
    elements: dict
    required: true
  retention_days:
    description: How long events are kept.
    type: int
    required: true
  kms_key_arn:
    description: The key that encrypts them.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Make the log groups first
  refarch.aws.logs_groups:
    log_groups: "{{ instances | refarch.aws.rds_log_groups(365, key_arn) }}"
"""

RETURN = r"""
_value:
  description: The log groups, as M(refarch.aws.logs_groups) takes them.
  type: list
  elements: dict
"""


def rds_log_groups(instances: list[dict], retention_days: int, kms_key_arn: str) -> list[dict]:
    """A log group for each instance and kind of log (Amazon RDS User Guide, "Publishing database logs to Amazon CloudWatch Logs")."""
    return [
        {"name": f"/aws/rds/instance/{instance['identifier']}/{kind}", "retention_days": int(retention_days), "kms_key_arn": kms_key_arn}
        for instance in instances
        for kind in instance.get("log_exports") or []
    ]


class FilterModule:
    def filters(self):
        return {"rds_log_groups": rds_log_groups}
