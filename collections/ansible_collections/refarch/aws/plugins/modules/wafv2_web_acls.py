#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acls
version_added: 0.1.0
short_description: Manage web ACLs of AWS WAF with their logging and what they protect
description:
  - Creates, changes and removes web ACLs, their logging configuration, and their association with load balancers, in one task.
options:
  state:
    description: Whether the web ACLs stand or not.
    type: str
    choices: [present, absent]
    default: present
  scope:
    description: V(REGIONAL), or V(CLOUDFRONT) in us-east-1. A web ACL for CloudFront is associated by the distribution itself.
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  web_acls:
    description: The web ACLs. With O(state=absent) the name is enough.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      description:
        description: A description.
        type: str
      default_action:
        description: What becomes of a request that no rule decides about.
        type: str
        choices: [allow, block]
        default: allow
      rules:
        description: The rules, each as the API's C(Rule). The filter P(refarch.aws.waf_rules#filter) makes them.
        type: list
        elements: dict
        default: []
      metric_name:
        description: The name of the web ACL's metrics. Left out, its name.
        type: str
      max_capacity_units:
        description:
          - The capacity units that the rules may take together. Beyond V(1500) each request costs more.
          - AWS counts them before anything is written.
        type: int
        default: 1500
      logging:
        description: Where the web ACL logs. Left out, logging is not managed.
        type: dict
        suboptions:
          log_group_arn:
            description: The log group, whose name begins with C(aws-waf-logs-).
            type: str
            required: true
          redacted_headers:
            description: Headers whose values are not logged.
            type: list
            elements: str
            default: [authorization, cookie]
          kept_actions:
            description: Requests that are logged, by what became of them; none for all.
            type: list
            elements: str
            choices: [ALLOW, BLOCK, COUNT, CAPTCHA, CHALLENGE, EXCLUDED_AS_COUNT]
            default: []
      load_balancer_arns:
        description: The application load balancers that the web ACL protects, all of them. Left out, associations are not managed.
        type: list
        elements: str
      tags:
        description: Tags of this web ACL, added to O(tags).
        type: dict
        default: {}
notes:
  - community.aws.wafv2_web_acl takes one web ACL a task, knows neither logging nor lock tokens of others, and reports a change on each run
    where AWS adds defaults to rate-based rules. community.aws.wafv2_resources takes one association a task.
  - Settings of a web ACL that are no options here stay as they are.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.tags
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Protect the public load balancer
  refarch.aws.wafv2_web_acls:
    web_acls:
      - name: shop-staging
        rules: "{{ rules }}"
        logging: {log_group_arn: "{{ log_group_arn }}"}
        load_balancer_arns: ["{{ load_balancer_arn }}"]
    tags: "{{ stack_tags }}"
"""

RETURN = r"""
web_acls:
  description: The web ACLs in the order of the option, without O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The name., type: str, sample: shop-staging}
    web_acl_id: {description: AWS's id., type: str, sample: 11111111-2222-3333-4444-555555555555}
    web_acl_arn:
      description: The ARN.
      type: str
      sample: "arn:aws:wafv2:ap-northeast-2:123456789012:regional/webacl/shop-staging/11111111-2222-3333-4444-555555555555"
changes:
  description: Each mutating call, made or (in check mode) planned.
  returned: always
  type: list
  elements: dict
"""

import json

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import TAG_OPTIONS, InvalidInput, run, to_tag_list
from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN
from ansible_collections.refarch.aws.plugins.module_utils.wafv2 import GONE, WafResources

ACTIONS = ["ALLOW", "BLOCK", "COUNT", "CAPTCHA", "CHALLENGE", "EXCLUDED_AS_COUNT"]

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "scope": {"type": "str", "choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"},
    "web_acls": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "default_action": {"type": "str", "choices": ["allow", "block"], "default": "allow"},
            "rules": {"type": "list", "elements": "dict", "default": []},
            "metric_name": {"type": "str"},
            "max_capacity_units": {"type": "int", "default": 1500},
            "logging": {
                "type": "dict",
                "options": {
                    "log_group_arn": {"type": "str", "required": True},
                    "redacted_headers": {"type": "list", "elements": "str", "default": ["authorization", "cookie"]},
                    "kept_actions": {"type": "list", "elements": "str", "choices": ACTIONS, "default": []},
                },
            },
            "load_balancer_arns": {"type": "list", "elements": "str"},
            "tags": {"type": "dict", "default": {}},
        },
    },
    **TAG_OPTIONS,
}

#: What UpdateWebACL sets besides the options here. It replaces everything, so that they are given back as they are.
KEPT = (
    "DataProtectionConfig",
    "CustomResponseBodies",
    "CaptchaConfig",
    "ChallengeConfig",
    "TokenDomains",
    "AssociationConfig",
    "OnSourceDDoSProtectionConfig",
    "ApplicationConfig",
)


def essence(value):
    """*value* without what is left out as well as given empty: AWS answers with nulls, empty lists and empty texts for what was not given.

    An empty structure is kept, since C({"Block": {}}) says something.
    """
    if isinstance(value, dict):
        return {key: essence(item) for key, item in value.items() if item not in (None, "", [])}
    if isinstance(value, list):
        return [essence(item) for item in value]
    return value


def same_rules(existing: list[dict], wanted: list[dict]) -> bool:
    """Whether two lists of rules decide the same; their order is that of their priorities."""

    def form(rules: list[dict]) -> list[dict]:
        return sorted((with_defaults(essence(rule)) for rule in rules), key=lambda rule: rule["Priority"])

    return form(existing) == form(wanted)


def with_defaults(rule: dict) -> dict:
    """*rule* with what AWS adds by itself (RateBasedStatement: "Default: 300")."""
    rate = rule["Statement"].get("RateBasedStatement")
    if rate is not None:
        rule = {**rule, "Statement": {"RateBasedStatement": {"EvaluationWindowSec": 300, **rate}}}
    return rule


def logging_of(wanted: dict, arn: str) -> dict:
    """The logging configuration as PutLoggingConfiguration takes it."""
    config = {
        "ResourceArn": arn,
        "LogDestinationConfigs": [wanted["log_group_arn"].removesuffix(":*")],
        "RedactedFields": [{"SingleHeader": {"Name": name.lower()}} for name in wanted["redacted_headers"]],
    }
    if wanted["kept_actions"]:
        conditions = [{"ActionCondition": {"Action": action}} for action in wanted["kept_actions"]]
        keep = {"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": conditions}
        config["LoggingFilter"] = {"Filters": [keep], "DefaultBehavior": "DROP"}
    return config


def same_logging(existing: dict | None, wanted: dict) -> bool:
    """Whether two logging configurations log the same."""

    def form(config: dict) -> tuple:
        redacted = sorted(json.dumps(item, sort_keys=True).lower() for item in config.get("RedactedFields") or [])
        filters = essence(config.get("LoggingFilter") or {})
        for item in filters.get("Filters", []):
            item["Conditions"] = sorted(item["Conditions"], key=json.dumps)
        return [arn.removesuffix(":*") for arn in config["LogDestinationConfigs"]], redacted, filters

    return existing is not None and form(existing) == form(wanted)


class WebAcls(WafResources):
    # -- present -------------------------------------------------------------------------------------------------------
    def require_sound(self) -> None:
        for wanted in self.params["web_acls"]:
            for key in ("Priority", "Name"):
                values = [rule.get(key) for rule in wanted["rules"]]
                twice = next((value for value in values if values.count(value) > 1), None)
                if twice is not None:
                    raise InvalidInput(f"web_acls: two rules of {wanted['name']} have the same {key.lower()}, {twice}.")
            name = (wanted["logging"] or {}).get("log_group_arn", ":aws-waf-logs-").partition(":log-group:")[2] or "aws-waf-logs-"
            if not name.startswith("aws-waf-logs-"):
                raise InvalidInput(f"web_acls: log group {name} of {wanted['name']} must have a name that begins with aws-waf-logs-.")
            if wanted["load_balancer_arns"] and self.params["scope"] == "CLOUDFRONT":
                raise InvalidInput(f"web_acls: {wanted['name']} is for CloudFront and can't protect load balancers.")

    def present(self) -> dict:
        self.require_sound()
        listed = self.listed("list_web_acls", "WebACLs")
        return {"web_acls": self.each(lambda wanted: self.ensure(listed.get(wanted["name"]), wanted), self.params["web_acls"])}

    def ensure(self, summary: dict | None, wanted: dict) -> dict:
        tags = {**(self.params["tags"] or {}), **wanted["tags"]}
        if summary is None:
            summary = self.create(wanted, tags)
            logging, resources = None, []
        else:
            found, existing_tags, logging, resources = self.standing(summary)
            self.update(summary, found, wanted)
            self.ensure_tags("web ACL", wanted["name"], summary["ARN"], existing_tags, tags)
        if wanted["logging"]:
            self.ensure_logging(summary["ARN"], logging, wanted)
        if wanted["load_balancer_arns"] is not None:
            self.ensure_associations(summary["ARN"], resources, wanted)
        return {"name": wanted["name"], "web_acl_id": summary["Id"], "web_acl_arn": summary["ARN"]}

    def standing(self, summary: dict) -> tuple:
        """(GetWebACL, tags, logging, load balancers) of a web ACL."""
        return tuple(
            self.each(
                lambda read: read(),
                [
                    lambda: self.read("wafv2", "get_web_acl", **self.about(summary)),
                    lambda: self.tags_of(summary["ARN"]),
                    lambda: self.logging(summary["ARN"]),
                    lambda: self.load_balancers(summary["ARN"]),
                ],
            )
        )

    def logging(self, arn: str) -> dict | None:
        return self.read("wafv2", "get_logging_configuration", "LoggingConfiguration", missing=GONE, ResourceArn=arn)

    def load_balancers(self, arn: str) -> list[str]:
        if self.params["scope"] == "CLOUDFRONT":
            return []
        found = self.read(
            "wafv2", "list_resources_for_web_acl", "ResourceArns", missing=GONE, WebACLArn=arn, ResourceType="APPLICATION_LOAD_BALANCER"
        )
        return found or []

    def settings(self, wanted: dict) -> dict:
        """The settings that CreateWebACL and UpdateWebACL have in common."""
        return {
            "DefaultAction": {wanted["default_action"].capitalize(): {}},
            **({"Description": wanted["description"]} if wanted["description"] else {}),
            "Rules": wanted["rules"],
            "VisibilityConfig": {
                "SampledRequestsEnabled": True,
                "CloudWatchMetricsEnabled": True,
                "MetricName": wanted["metric_name"] or wanted["name"],
            },
        }

    def require_capacity(self, wanted: dict) -> None:
        """Let AWS count, and judge, rules before they are written. Rules that refer to what is only planned are not asked about."""
        units = (
            self.read("wafv2", "check_capacity", "Capacity", Scope=self.params["scope"], Rules=wanted["rules"]) if wanted["rules"] else 0
        )
        if units is not None and units > wanted["max_capacity_units"]:
            raise InvalidInput(
                f"web_acls: the rules of {wanted['name']} take {units} capacity units, and {wanted['max_capacity_units']} are allowed. "
                "Leave out a rule group, or allow more (AWS takes 5000, and charges for requests beyond 1500)."
            )

    def create(self, wanted: dict, tags: dict) -> dict:
        self.require_capacity(wanted)
        answer = self.write(
            "wafv2", "create_web_acl", "create", "web ACL", wanted["name"], returns="Summary",
            Name=wanted["name"], Scope=self.params["scope"], **self.settings(wanted), **({"Tags": to_tag_list(tags)} if tags else {}),
        )  # fmt: skip
        return {"Name": wanted["name"], "Id": UNKNOWN, "ARN": UNKNOWN} if answer == UNKNOWN else answer

    def update(self, summary: dict, found: dict, wanted: dict) -> None:
        now, settings = found["WebACL"], self.settings(wanted)
        kept = {key: now[key] for key in KEPT if now.get(key)}
        if not wanted["description"] and now.get("Description"):
            settings["Description"] = now["Description"]
        rules_differ = not same_rules(now.get("Rules", []), settings["Rules"])
        before = {key: now.get(key) for key in settings}
        others = [key for key in settings if key != "Rules" and essence(before[key]) != essence(settings[key])]
        if not rules_differ and not others:
            return
        if rules_differ:
            self.require_capacity(wanted)
        self.write(
            "wafv2", "update_web_acl", "update", "web ACL", wanted["name"], before=before, after=settings,
            **self.about(summary), **settings, **kept, LockToken=found["LockToken"],
        )  # fmt: skip

    def ensure_logging(self, arn: str, existing: dict | None, wanted: dict) -> None:
        config = logging_of(wanted["logging"], arn)
        if not same_logging(existing, config):
            self.write(
                "wafv2", "put_logging_configuration", "create" if existing is None else "update", "web ACL logging", wanted["name"],
                before=existing, after=config, LoggingConfiguration=config,
            )  # fmt: skip

    def ensure_associations(self, arn: str, existing: list[str], wanted: dict) -> None:
        about = ("web ACL association", wanted["name"])
        for resource in [resource for resource in wanted["load_balancer_arns"] if resource not in existing]:
            self.write("wafv2", "associate_web_acl", "create", *about, WebACLArn=arn, ResourceArn=resource)
        for resource in [resource for resource in existing if resource not in wanted["load_balancer_arns"]]:
            self.write("wafv2", "disassociate_web_acl", "delete", *about, missing=GONE, ResourceArn=resource)

    # -- absent --------------------------------------------------------------------------------------------------------
    def absent(self) -> dict:
        listed = self.listed("list_web_acls", "WebACLs")
        doomed = [listed[wanted["name"]] for wanted in self.params["web_acls"] if wanted["name"] in listed]
        self.each(self.remove, doomed)
        return {"web_acls": []}

    def remove(self, summary: dict) -> None:
        name, arn = summary["Name"], summary["ARN"]
        logging, resources = self.each(lambda read: read(arn), [self.logging, self.load_balancers])
        for resource in resources:
            self.write("wafv2", "disassociate_web_acl", "delete", "web ACL association", name, missing=GONE, ResourceArn=resource)
        if logging:
            self.write("wafv2", "delete_logging_configuration", "delete", "web ACL logging", name, missing=GONE, ResourceArn=arn)
        self.write(
            "wafv2", "delete_web_acl", "delete", "web ACL", name, missing=GONE, **self.about(summary), LockToken=summary["LockToken"]
        )


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), WebAcls)


if __name__ == "__main__":
    main()
