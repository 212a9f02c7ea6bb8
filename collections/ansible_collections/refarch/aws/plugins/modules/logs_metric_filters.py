#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: logs_metric_filters
version_added: 0.1.0
short_description: Manage the metric filters of a log group as one set
description:
  - Creates, changes and removes the metric filters of one log group in one task. Reads them with one call and writes side by side.
options:
  state:
    description: Whether the metric filters stand or not.
    type: str
    choices: [present, absent]
    default: present
  log_group_name:
    description: The log group, of class C(STANDARD).
    type: str
    required: true
  metric_filters:
    description:
      - The metric filters, at most 100 a log group.
      - With O(state=absent), those that are removed; the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name, at most 512 characters without C(:) and C(*).
        type: str
        required: true
      pattern:
        description: The filter pattern, at most 1024 characters. Required with O(state=present).
        type: str
      metric_name:
        description: The name of the metric. The filter's name where left out.
        type: str
      metric_namespace:
        description: The namespace of the metric. Required with O(state=present).
        type: str
      metric_value:
        description: What is added for an event that matches, a number or a field such as V($.bytes).
        type: str
        default: "1"
      default_value:
        description: What is added where events come and none matches. Without it the metric then has no data.
        type: float
  purge:
    description: Whether metric filters of the log group that are not given are removed.
    type: bool
    default: false
notes:
  - amazon.aws.cloudwatchlogs_log_group_metric_filter takes one filter a task and fails while the log group is planned only.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Count what root does
  refarch.aws.logs_metric_filters:
    log_group_name: /shop/staging/cloudtrail
    metric_filters:
      - name: root-usage
        pattern: '{$.userIdentity.type="Root"}'
        metric_namespace: shop-staging/audit
"""

RETURN = r"""
metric_filters:
  description: The metric filters in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: root-usage}
    metric_name: {description: The name of the metric., type: str, sample: root-usage}
    metric_namespace: {description: The namespace of the metric., type: str, sample: shop-staging/audit}
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.logs import GONE
from ansible_collections.refarch.aws.plugins.module_utils.resources import InvalidInput, Resources, differing, run

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "log_group_name": {"type": "str", "required": True},
    "metric_filters": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "pattern": {"type": "str"},
            "metric_name": {"type": "str"},
            "metric_namespace": {"type": "str"},
            "metric_value": {"type": "str", "default": "1"},
            "default_value": {"type": "float"},
        },
    },
    "purge": {"type": "bool", "default": False},
}

#: PutMetricFilter (CloudWatch Logs API Reference).
PATTERN_CHARACTERS = 1024


def transformation(wanted: dict) -> dict:
    """The metric of a filter, as PutMetricFilter takes it."""
    metric = {
        "metricName": wanted["metric_name"] or wanted["name"],
        "metricNamespace": wanted["metric_namespace"],
        "metricValue": wanted["metric_value"],
    }
    return metric if wanted["default_value"] is None else {**metric, "defaultValue": wanted["default_value"]}


def differs(existing: dict, wanted: dict) -> bool:
    """Whether the standing filter matches or counts something else. A default value that is not wanted has to go too."""
    (now,) = existing["metricTransformations"]
    metric = transformation(wanted)
    surplus = now.get("defaultValue") is not None and "defaultValue" not in metric
    return existing.get("filterPattern", "") != wanted["pattern"] or bool(differing(now, metric)) or surplus


class MetricFilters(Resources):
    def existing(self) -> dict[str, dict]:
        found = self.read("logs", "describe_metric_filters", "metricFilters", missing=GONE, logGroupName=self.params["log_group_name"])
        return {metric_filter["filterName"]: metric_filter for metric_filter in found}

    def present(self) -> dict:
        wanted = self.params["metric_filters"]
        for item in wanted:
            if item["pattern"] is None or not item["metric_namespace"]:
                raise InvalidInput(f"metric_filters: {item['name']} needs pattern and metric_namespace.")
            if len(item["pattern"]) > PATTERN_CHARACTERS:
                raise InvalidInput(f"metric_filters: the pattern of {item['name']} is longer than {PATTERN_CHARACTERS} characters.")
        existing = self.existing()
        self.each(lambda item: self.ensure(existing.get(item["name"]), item), wanted)
        names = {item["name"] for item in wanted}
        self.each(self.remove, sorted(set(existing) - names) if self.params["purge"] else [])
        return {
            "metric_filters": [
                {"name": item["name"], "metric_name": item["metric_name"] or item["name"], "metric_namespace": item["metric_namespace"]}
                for item in wanted
            ]
        }

    def ensure(self, existing: dict | None, wanted: dict) -> None:
        if existing is None or differs(existing, wanted):
            self.write(
                "logs", "put_metric_filter", "update" if existing else "create", "metric filter", wanted["name"], before=existing,
                logGroupName=self.params["log_group_name"], filterName=wanted["name"], filterPattern=wanted["pattern"],
                metricTransformations=[transformation(wanted)],
            )  # fmt: skip

    def remove(self, name: str) -> None:
        self.write(
            "logs", "delete_metric_filter", "delete", "metric filter", name, missing=GONE,
            logGroupName=self.params["log_group_name"], filterName=name,
        )  # fmt: skip

    def absent(self) -> dict:
        existing = self.existing()
        self.each(self.remove, [item["name"] for item in self.params["metric_filters"] if item["name"] in existing])
        return {"metric_filters": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), MetricFilters)


if __name__ == "__main__":
    main()
