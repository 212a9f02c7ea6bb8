"""What AWS WAF refuses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from emulator.services.wafv2 import MANAGED_RULE_GROUPS, RESOURCE_TYPES, capacity
from emulator.strict import Context, rule, tags

SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
RATE = {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}}
SQLI = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}}
ACL = {"Name": "shop", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": SEEN}
SET = {"Name": "deny", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"]}
IP_SET = "arn:aws:wafv2:ap-northeast-2:123456789012:regional/ipset/deny/11111111-2222-3333-4444-555555555555"
LOG_GROUP = "arn:aws:logs:ap-northeast-2:123456789012:log-group:aws-waf-logs-shop"
WEB_ACL = "arn:aws:wafv2:ap-northeast-2:123456789012:regional/webacl/shop/11111111-2222-3333-4444-555555555555"
BALANCER = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop/0123456789abcdef"
LOGGING = {"ResourceArn": WEB_ACL, "LogDestinationConfigs": [LOG_GROUP]}
#: Kinds of statements that hold a group of rules, and whose action is therefore an override.
GROUPS = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")


def _rule(statement: dict[str, Any], priority: int = 1, **more: Any) -> dict[str, Any]:
    action = {"OverrideAction": {"None": {}}} if set(statement) & set(GROUPS) else {"Action": {"Block": {}}}
    return {"Name": f"rule-{priority}", "Priority": priority, "Statement": statement, "VisibilityConfig": SEEN, **action, **more}


def _acl(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**ACL, "Rules": list(rules), **more}


def _without(given: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != key}


def _statements(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """*statement* and all that is nested in it, as (kind, body)."""
    for kind, body in statement.items():
        yield kind, body
        for inner in [*body.get("Statements", []), *(body[key] for key in ("Statement", "ScopeDownStatement") if key in body)]:
            yield from _statements(inner)


@rule(
    "wafv2",
    "CreateWebACL",
    "CreateIPSet",
    "CreateRuleGroup",
    "ListWebACLs",
    "ListIPSets",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, CreateWebACL",
    good=[_acl(), SET],
    bad=[_acl(Scope="CLOUDFRONT"), {**SET, "Scope": "CLOUDFRONT"}],
)
def cloudfront_is_in_us_east_1(params: dict[str, Any], context: Context) -> str | None:
    if params.get("Scope") == "CLOUDFRONT" and context.region != "us-east-1":
        return "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    "CheckCapacity",
    code="WAFInvalidParameterException",
    source="AWS WAF Developer Guide, Setting rule priority; AWS WAFV2 API Reference, Rule",
    good=[_acl(_rule(RATE), _rule(SQLI, 2)), _acl(_rule(SQLI, OverrideAction={"Count": {}}))],
    bad=[
        _acl(_rule(RATE), _rule(SQLI, 1)),
        _acl(_rule(RATE), _rule(SQLI, 2, Name="rule-1")),
        _acl(_without(_rule(RATE), "Action")),
        _acl(_without(_rule(SQLI), "OverrideAction")),
        _acl(_rule(SQLI, Action={"Block": {}})),
        _acl(_rule(RATE, Action={"Block": {}, "Count": {}})),
        _acl(_rule({**RATE, **SQLI})),
        _acl(_rule({})),
    ],
)
def rules_of_an_acl(params: dict[str, Any], context: Context) -> str | None:
    rules = params.get("Rules", [])
    for key in ("Priority", "Name"):
        values = [item[key] for item in rules]
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            return f"Error reason: Two rules have the same {key.lower()}, field: RULE, parameter: {twice[0]}"
    for item in rules:
        if len(item["Statement"]) != 1:
            return f"Error reason: You must specify exactly one statement, field: STATEMENT, parameter: {item['Name']}"
        wanted, other = ("OverrideAction", "Action") if set(item["Statement"]) & set(GROUPS) else ("Action", "OverrideAction")
        if wanted not in item or other in item or len(item[wanted]) != 1:
            return f"Error reason: A rule of this kind has one {wanted}, field: RULE_ACTION, parameter: {item['Name']}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    "CheckCapacity",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, RateBasedStatement, AndStatement and OrStatement",
    good=[
        _acl(_rule({"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}})),
        _acl(_rule({"OrStatement": {"Statements": [{"GeoMatchStatement": {"CountryCodes": ["KR"]}}] * 2}})),
    ],
    bad=[
        _acl(_rule({"RateBasedStatement": {"Limit": 9, "AggregateKeyType": "IP"}})),
        _acl(_rule({"RateBasedStatement": {"Limit": 2000, "EvaluationWindowSec": 90, "AggregateKeyType": "IP"}})),
        _acl(_rule({"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "FORWARDED_IP"}})),
        _acl(_rule({"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "CUSTOM_KEYS"}})),
        _acl(_rule({"OrStatement": {"Statements": [{"GeoMatchStatement": {"CountryCodes": ["KR"]}}]}})),
        _acl(_rule({"NotStatement": {"Statement": RATE}})),
        _acl(_rule({"NotStatement": {"Statement": SQLI}})),
    ],
)
def statements_fit(params: dict[str, Any], context: Context) -> str | None:
    for item in params.get("Rules", []):
        outer = set(item["Statement"])
        for kind, body in _statements(item["Statement"]):
            problem = _wrong_with(kind, body, kind in outer)
            if problem:
                return f"Error reason: {problem}, field: {kind}, parameter: {item['Name']}"
    return None


def _wrong_with(kind: str, body: dict[str, Any], outermost: bool) -> str | None:
    if kind in ("RateBasedStatement", *GROUPS) and not outermost:
        return "This statement can't be nested"
    if kind in ("AndStatement", "OrStatement") and len(body["Statements"]) < 2:
        return "Specify two statements at least"
    if kind == "RateBasedStatement":
        if not 10 <= body["Limit"] <= 2_000_000_000:
            return "The limit is 10 to 2,000,000,000"
        if body.get("EvaluationWindowSec", 300) not in (60, 120, 300, 600):
            return "The window is 60, 120, 300 or 600 seconds"
        needed = {"FORWARDED_IP": "ForwardedIPConfig", "CUSTOM_KEYS": "CustomKeys"}.get(body["AggregateKeyType"])
        if needed and needed not in body:
            return f"This kind of aggregation needs {needed}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    "CheckCapacity",
    code="WAFNonexistentItemException",
    source="AWS WAFV2 API Reference, ManagedRuleGroupStatement and IPSetReferenceStatement",
    good=[_acl(_rule(SQLI))],
    bad=[
        _acl(_rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesGopherRuleSet"}})),
        _acl(_rule({"IPSetReferenceStatement": {"ARN": IP_SET}})),
    ],
)
def what_rules_refer_to_exists(params: dict[str, Any], context: Context) -> str | None:
    backend = context.backend("wafv2")
    for item in params.get("Rules", []):
        for kind, body in _statements(item["Statement"]):
            if kind == "ManagedRuleGroupStatement" and body["VendorName"] == "AWS" and body["Name"] not in MANAGED_RULE_GROUPS:
                return f"AWS WAF couldn't perform the operation because your resource doesn't exist: {body['Name']}"
            if kind == "IPSetReferenceStatement" and body["ARN"] not in backend.ip_sets and ":global/" not in body["ARN"]:
                return f"AWS WAF couldn't perform the operation because your resource doesn't exist: {body['ARN']}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    "CheckCapacity",
    code="WAFInvalidParameterException",
    source="AWS WAF Developer Guide, Overriding rule group actions in AWS WAF",
    good=[_acl(_rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet",
          "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]}}))],
    bad=[_acl(_rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet",
         "RuleActionOverrides": [{"Name": "SizeRestriction_BODY", "ActionToUse": {"Count": {}}}]}}))],
)  # fmt: skip
def overridden_rules_are_in_the_group(params: dict[str, Any], context: Context) -> str | None:
    for item in params.get("Rules", []):
        body = item["Statement"].get("ManagedRuleGroupStatement", {})
        # Only some rules of the largest group are known here.
        if body.get("Name") not in MANAGED_RULE_GROUPS or body["Name"] == "AWSManagedRulesBotControlRuleSet":
            continue
        known = MANAGED_RULE_GROUPS[body["Name"]][2]
        for override in [*body.get("RuleActionOverrides", []), *body.get("ExcludedRules", [])]:
            if override["Name"] not in known:
                return f"Error reason: The rule is not in the rule group, field: RULE_ACTION_OVERRIDES, parameter: {override['Name']}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    code="WAFLimitsExceededException",
    source="AWS WAF Developer Guide, AWS WAF quotas",
    good=[_acl(_rule(SQLI))],
    bad=[_acl(*[_rule({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}, n) for n in range(8)])],
)
def capacity_of_an_acl(params: dict[str, Any], context: Context) -> str | None:
    units = sum(capacity(item["Statement"]) for item in params.get("Rules", []) if len(item["Statement"]) == 1)
    return (
        f"AWS WAF couldn't perform the operation because you exceeded your resource limit: {units} of 5000 WCU." if units > 5000 else None
    )


@rule(
    "wafv2",
    "CreateIPSet",
    "UpdateIPSet",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, CreateIPSet",
    good=[SET, {**SET, "IPAddressVersion": "IPV6", "Addresses": ["2001:db8::/32"]}, {**SET, "Addresses": []}],
    bad=[
        {**SET, "Addresses": addresses}
        for addresses in (["192.0.2.1"], ["0.0.0.0/0"], ["192.0.2.1/24"], ["2001:db8::/32"], ["shop/32"], ["192.0.2.0/24"] * 10001)
    ],
)
def addresses_of_an_ip_set(params: dict[str, Any], context: Context) -> str | None:
    version = params.get("IPAddressVersion")
    for found in context.backend("wafv2").ip_sets.values():
        version = found.ip_address_version if found.ip_set_id == params.get("Id") else version
    if len(params["Addresses"]) > 10_000:
        return "Error reason: An IP set has 10,000 addresses at most, field: IP_ADDRESS"
    for address in params["Addresses"]:
        try:
            network = ipaddress.ip_network(address)
        except ValueError:
            network = None
        fits = network is not None and "/" in address and network.prefixlen and version in (None, f"IPV{network.version}")
        if not fits:
            return f"Error reason: The parameter contains formatting that is not valid., field: IP_ADDRESS, parameter: {address}"
    return None


@rule(
    "wafv2",
    "PutLoggingConfiguration",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, LoggingConfiguration",
    good=[{"LoggingConfiguration": {**LOGGING, "RedactedFields": [{"SingleHeader": {"Name": "authorization"}}, {"QueryString": {}}]}}],
    bad=[
        {"LoggingConfiguration": {**LOGGING, "LogDestinationConfigs": [LOG_GROUP.replace("aws-waf-logs-", "")]}},
        {"LoggingConfiguration": {**LOGGING, "LogDestinationConfigs": [LOG_GROUP.replace("ap-northeast-2", "us-east-1")]}},
        {"LoggingConfiguration": {**LOGGING, "LogDestinationConfigs": [LOG_GROUP, LOG_GROUP]}},
        {"LoggingConfiguration": {**LOGGING, "RedactedFields": [{"Body": {}}]}},
    ],
)
def logging(params: dict[str, Any], context: Context) -> str | None:
    config = params["LoggingConfiguration"]
    destinations = config["LogDestinationConfigs"]
    if len(destinations) != 1:
        return "Error reason: A web ACL has one log destination, field: LOG_DESTINATION"
    name = destinations[0].split(":", 5)[5].removeprefix("log-group:").removeprefix("deliverystream/")
    wrong_region = ":logs:" in destinations[0] and destinations[0].split(":")[3] != context.region
    if not name.startswith("aws-waf-logs-") or wrong_region:
        return f"Error reason: The ARN isn't valid., field: LOG_DESTINATION, parameter: {destinations[0]}"
    allowed = {"UriPath", "QueryString", "SingleHeader", "Method"}
    for redacted in config.get("RedactedFields", []):
        if not set(redacted) <= allowed:
            return f"Error reason: The field can't be redacted, field: REDACTED_FIELDS, parameter: {', '.join(redacted)}"
    return None


@rule(
    "wafv2",
    "PutLoggingConfiguration",
    code="WAFLogDestinationPermissionIssueException",
    source="AWS WAF Developer Guide, Sending web ACL traffic logs to an Amazon CloudWatch Logs log group",
    good=[],
    bad=[{"LoggingConfiguration": LOGGING}],
)
def log_group_exists(params: dict[str, Any], context: Context) -> str | None:
    for destination in params["LoggingConfiguration"]["LogDestinationConfigs"]:
        groups = [group.arn for group in context.backend("logs").groups.values()] if ":logs:" in destination else [destination]
        if destination.removesuffix(":*") not in groups:
            return f"The log destination does not exist, or AWS WAF may not write to it: {destination}"
    return None


@rule(
    "wafv2",
    "AssociateWebACL",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, AssociateWebACL",
    good=[{"WebACLArn": WEB_ACL, "ResourceArn": BALANCER}],
    bad=[
        {"WebACLArn": WEB_ACL, "ResourceArn": BALANCER.replace("/app/", "/net/")},
        {"WebACLArn": WEB_ACL, "ResourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"},
        {"WebACLArn": WEB_ACL, "ResourceArn": BALANCER.replace("ap-northeast-2", "us-east-1")},
        {"WebACLArn": WEB_ACL.replace("regional/", "global/"), "ResourceArn": BALANCER},
    ],
)
def what_can_be_associated(params: dict[str, Any], context: Context) -> str | None:
    resource = params["ResourceArn"].split(":", 5)
    fits = resource[2] in RESOURCE_TYPES and not (resource[2] == "elasticloadbalancing" and "/app/" not in resource[5])
    if not fits or resource[3] != context.region or ":regional/webacl/" not in params["WebACLArn"]:
        return f"Error reason: The ARN isn't valid., field: RESOURCE_ARN, parameter: {params['ResourceArn']}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "UpdateWebACL",
    code="WAFInvalidParameterException",
    source="AWS WAFV2 API Reference, VisibilityConfig: reserved metric names",
    good=[_acl(_rule(RATE))],
    bad=[
        _acl(VisibilityConfig={**SEEN, "MetricName": "All"}),
        _acl(_rule(RATE, VisibilityConfig={**SEEN, "MetricName": "Default_Action"})),
    ],
)
def metric_names(params: dict[str, Any], context: Context) -> str | None:
    for config in [params["VisibilityConfig"], *(item["VisibilityConfig"] for item in params.get("Rules", []))]:
        if config["MetricName"] in ("All", "Default_Action"):
            return f"Error reason: The metric name is reserved, field: METRIC_NAME, parameter: {config['MetricName']}"
    return None


@rule(
    "wafv2",
    "CreateWebACL",
    "CreateIPSet",
    "TagResource",
    code="WAFTagOperationException",
    source="AWS WAFV2 API Reference, Tag",
    good=[_acl(Tags=[{"Key": "Project", "Value": "shop"}])],
    bad=[_acl(Tags=[{"Key": "aws:x", "Value": "y"}])],
)
def acl_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("Tags")))
