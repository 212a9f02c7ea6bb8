# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What follows from the engine of a database."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rds_engine
version_added: 0.1.0
short_description: Tell what follows from an engine of RDS and its version
description:
  - Gives the family of parameter groups, the logs that are exported, and the parameters that force TLS and write what an audit needs.
positional: version
options:
  _input:
    description: The engine, V(postgres) or V(mysql).
    type: str
    required: true
  version:
    description: The version or its beginning, such as V(17) or V(8.4).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The family of a parameter group
  ansible.builtin.debug:
    msg: "{{ ('postgres' | refarch.aws.rds_engine('17')).family }}"
"""

RETURN = r"""
_value:
  description: C(family), C(log_exports) and C(parameters).
  type: dict
  sample: {family: postgres17, log_exports: [postgresql, upgrade], parameters: {rds.force_ssl: 1}}
"""

import re

from ansible.errors import AnsibleFilterError

#: How many parts of a version are its major version.
MAJOR_PARTS = {"postgres": 1, "mysql": 2}

#: Amazon RDS User Guide, "Publishing PostgreSQL logs to Amazon CloudWatch Logs" and "Publishing MySQL logs to Amazon CloudWatch Logs".
LOG_EXPORTS = {"postgres": ["postgresql", "upgrade"], "mysql": ["error", "slowquery"]}

#: TLS is forced [RDS.38, RDS.39]; who comes and goes, changes of the schema and slow queries are logged.
PARAMETERS: dict[str, dict[str, object]] = {
    "postgres": {
        "rds.force_ssl": 1,
        "log_connections": 1,
        "log_disconnections": 1,
        "log_lock_waits": 1,
        "log_min_duration_statement": 1000,
        "log_statement": "ddl",
        "password_encryption": "scram-sha-256",
    },
    "mysql": {
        "require_secure_transport": 1,
        "log_output": "FILE",
        "long_query_time": 1,
        "slow_query_log": 1,
        "local_infile": 0,
    },
}


def rds_engine(engine: str, version: str) -> dict:
    """Family, exported logs and parameters of *engine*. Raises AnsibleFilterError for another engine or a version without its major."""
    if engine not in MAJOR_PARTS:
        raise AnsibleFilterError(f"rds_engine: engine {engine!r} is not one of {', '.join(MAJOR_PARTS)}")
    numbers = re.findall(r"\d+", str(version))
    if len(numbers) < MAJOR_PARTS[engine]:
        raise AnsibleFilterError(f"rds_engine: version {version!r} of {engine} lacks its major version, such as 17 or 8.4")
    family = engine + ".".join(numbers[: MAJOR_PARTS[engine]])
    return {"family": family, "log_exports": list(LOG_EXPORTS[engine]), "parameters": dict(PARAMETERS[engine])}


class FilterModule:
    def filters(self):
        return {"rds_engine": rds_engine}
