# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a restore testing plan restores."""

from __future__ import annotations

DOCUMENTATION = r"""
name: restore_test_selections
version_added: 0.1.0
short_description: Plan the selections of a restore testing plan
description:
  - Answers with one selection for each type of resource, as refarch.aws.backup_restore_testing takes them.
positional: role_arn, resource_tags, validation_window_hours
options:
  _input:
    description: The types of resources.
    type: list
    elements: str
    required: true
  role_arn:
    description: The role with which AWS Backup restores.
    type: str
    required: true
  resource_tags:
    description: The tags of what is restored.
    type: dict
    required: true
  validation_window_hours:
    description: Hours that what was restored stays.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Databases and buckets
  refarch.aws.backup_restore_testing:
    plans:
      - name: shop_staging_restore
        schedule_expression: cron(0 20 ? * SUN *)
        selections: "{{ ['RDS', 'S3'] | refarch.aws.restore_test_selections(role_arn, {'Backup': 'shop-staging'}) }}"
"""

RETURN = r"""
_value:
  description: The selections.
  type: list
  elements: dict
  sample: [{name: rds, resource_type: RDS, role_arn: arn, resource_tags: {Backup: shop-staging}, validation_window_hours: 0}]
"""


def restore_test_selections(types: list[str], role_arn: str, resource_tags: dict[str, str], validation_window_hours: int = 0) -> list[dict]:
    """One selection a type: AWS takes no more of each in a plan."""
    return [
        {
            "name": kind.lower(),
            "resource_type": kind,
            "role_arn": role_arn,
            "resource_tags": resource_tags,
            "validation_window_hours": int(validation_window_hours),
        }
        for kind in dict.fromkeys(types)
    ]


class FilterModule:
    def filters(self):
        return {"restore_test_selections": restore_test_selections}
