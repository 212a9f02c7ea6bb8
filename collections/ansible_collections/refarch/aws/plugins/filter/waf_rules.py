# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of a web ACL."""

from __future__ import annotations

DOCUMENTATION = r"""
name: waf_rules
version_added: 0.1.0
short_description: Plan the rules of a web ACL
description:
  - Answers with rules as AWS WAF's API takes them.
  - Addresses that are denied come first, then those that are allowed, then the rate of each address, then AWS's managed rule groups.
positional: ip_set_arns, rate_limit, metric_prefix
options:
  _input:
    description:
      - AWS's managed rule groups by name.
      - Each has O(_input.priority), from V(10) on, and O(_input.mode), V(block) or V(count).
      - It may have C(rules_to_count), names of rules that only count, and C(version).
    type: dict
    required: true
  ip_set_arns:
    description: The ARNs of IP sets, lists under V(deny) and V(allow).
    type: dict
    required: true
  rate_limit:
    description:
      - How often an address may ask, as C(requests) within C(window_seconds), and C(mode), V(block), V(count) or V(off).
      - C(forwarded_header) names the header that holds the client's address, where a proxy stands before the load balancer.
    type: dict
    required: true
  metric_prefix:
    description: What the names of metrics begin with.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The rules of a web ACL
  ansible.builtin.debug:
    msg: "{{ {'AWSManagedRulesSQLiRuleSet': {'mode': 'count', 'priority': 10}} | refarch.aws.waf_rules(arns, rate_limit, 'shop-staging') }}"
"""

RETURN = r"""
_value:
  description: The rules in the order of their priorities.
  type: list
  elements: dict
"""

from collections.abc import Mapping, Sequence

from ansible.errors import AnsibleFilterError

#: Priorities of what comes before the managed rule groups.
DENY = 0
ALLOW = 1
RATE = 2
FIRST_GROUP = 10
MODES = ("block", "count")

#: Settings that a group must have ("AWS WAF Bot Control rule group", AWS WAF Developer Guide). COMMON is the cheaper level.
GROUP_CONFIGS = {
    "AWSManagedRulesBotControlRuleSet": [{"AWSManagedRulesBotControlRuleSet": {"InspectionLevel": "COMMON"}}],
}


def visibility(metric: str) -> dict:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}


def ip_rule(name: str, priority: int, action: str, arns: Sequence[str], metric_prefix: str) -> dict:
    """A rule on addresses in any of the IP sets. AWS wants two statements at least in an Or."""
    references = [{"IPSetReferenceStatement": {"ARN": arn}} for arn in arns]
    statement = references[0] if len(references) == 1 else {"OrStatement": {"Statements": references}}
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "Action": {action: {}},
        "VisibilityConfig": visibility(f"{metric_prefix}-{name}"),
    }


def rate_rule(limit: Mapping, metric_prefix: str) -> dict:
    statement = {
        "Limit": int(limit["requests"]),
        "EvaluationWindowSec": int(limit.get("window_seconds", 300)),
        "AggregateKeyType": "IP",
    }
    header = limit.get("forwarded_header")
    if header:
        # What the header holds instead of an address is no client's doing. A request without the header is not counted (ForwardedIPConfig).
        statement |= {"AggregateKeyType": "FORWARDED_IP", "ForwardedIPConfig": {"HeaderName": header, "FallbackBehavior": "MATCH"}}
    return {
        "Name": "rate-limit",
        "Priority": RATE,
        "Statement": {"RateBasedStatement": statement},
        "Action": {_mode("rate_limit", limit).capitalize(): {}},
        "VisibilityConfig": visibility(f"{metric_prefix}-rate-limit"),
    }


def group_rule(name: str, group: Mapping, metric_prefix: str) -> dict:
    statement = {"VendorName": "AWS", "Name": name}
    if group.get("version"):
        statement["Version"] = group["version"]
    if name in GROUP_CONFIGS:
        statement["ManagedRuleGroupConfigs"] = GROUP_CONFIGS[name]
    overrides = [{"Name": rule, "ActionToUse": {"Count": {}}} for rule in group.get("rules_to_count") or []]
    if overrides:
        statement["RuleActionOverrides"] = overrides
    return {
        "Name": name,
        "Priority": int(group["priority"]),
        "Statement": {"ManagedRuleGroupStatement": statement},
        "OverrideAction": {"Count" if _mode(name, group) == "count" else "None": {}},
        "VisibilityConfig": visibility(f"{metric_prefix}-{name}"),
    }


def _mode(what: str, settings: Mapping) -> str:
    mode = settings.get("mode", "block")
    if mode not in MODES:
        raise AnsibleFilterError(f"waf_rules: mode {mode!r} of {what} is not one of {', '.join(MODES)}")
    return mode


def waf_rules(
    groups: Mapping[str, Mapping], ip_set_arns: Mapping[str, Sequence[str]], rate_limit: Mapping, metric_prefix: str
) -> list[dict]:
    """All rules by priority. Raises AnsibleFilterError for a mode or a priority that can't be."""
    rules = [
        ip_rule(f"{name}-list", priority, action, ip_set_arns[name], metric_prefix)
        for name, priority, action in (("deny", DENY, "Block"), ("allow", ALLOW, "Allow"))
        if ip_set_arns.get(name)
    ]
    if rate_limit.get("mode") != "off":
        rules.append(rate_rule(rate_limit, metric_prefix))
    for name, group in groups.items():
        if int(group["priority"]) < FIRST_GROUP:
            raise AnsibleFilterError(f"waf_rules: priority {group['priority']} of {name} must be {FIRST_GROUP} at least")
        rules.append(group_rule(name, group, metric_prefix))
    return sorted(rules, key=lambda rule: rule["Priority"])


class FilterModule:
    def filters(self):
        return {"waf_rules": waf_rules}
