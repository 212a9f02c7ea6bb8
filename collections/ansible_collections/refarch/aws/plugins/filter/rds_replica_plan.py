# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A database with its read replicas."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rds_replica_plan
version_added: 0.1.0
short_description: Add read replicas to a database instance
description:
  - Gives the instance and its replicas, which have its class, network, logs and monitoring, one zone each, and no backups.
positional: count
options:
  _input:
    description: The instance, as M(refarch.aws.rds_instances) takes it.
    type: dict
    required: true
  count:
    description: How many replicas.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: A database with two replicas
  refarch.aws.rds_instances:
    instances: "{{ instance | refarch.aws.rds_replica_plan(2) }}"
"""

RETURN = r"""
_value:
  description: The instance, and its replicas named C(<identifier>-replica-<number>).
  type: list
  elements: dict
"""

#: What a replica shares with its source. Its backups, windows, names and password are the source's.
SHARED = (
    "auto_minor_version_upgrade", "ca_certificate_identifier", "copy_tags_to_snapshot", "deletion_protection", "engine",
    "iam_authentication", "instance_class", "iops", "log_exports", "max_allocated_storage_gib", "monitoring_interval_seconds",
    "monitoring_role_arn", "parameter_group_name", "performance_insights", "performance_insights_kms_key_arn",
    "performance_insights_retention_days", "port", "publicly_accessible", "security_group_ids", "storage_throughput_mibps", "storage_type",
)  # fmt: skip


def rds_replica_plan(instance: dict, count: int) -> list[dict]:
    """*instance*, then *count* replicas of it."""
    shared = {key: instance[key] for key in SHARED if key in instance}
    source = instance["identifier"]
    return [
        instance,
        *(
            {**shared, "identifier": f"{source}-replica-{number}", "replica_of": source, "multi_az": False}
            for number in range(1, int(count) + 1)
        ),
    ]


class FilterModule:
    def filters(self):
        return {"rds_replica_plan": rds_replica_plan}
