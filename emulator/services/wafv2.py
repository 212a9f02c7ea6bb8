"""WAF: AWS's managed rule groups, capacities, associations, and its refusals."""

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.elbv2.models import elbv2_backends
from moto.wafv2.exceptions import WAFNonexistentItemException
from moto.wafv2.models import FakeIPSet, FakeLoggingConfiguration, FakeRule, FakeWebACL, WAFV2Backend
from moto.wafv2.responses import GLOBAL_REGION, WAFV2Response

Answer = tuple[int, dict[str, str], str]

#: Capacity, label namespace and rules of AWS's managed rule groups. Source: "AWS Managed Rules rule groups list" (AWS WAF Developer
#: Guide). Of the groups with dozens of rules the ones that people override most stand here.
MANAGED_RULE_GROUPS: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "AWSManagedRulesCommonRuleSet": (
        700,
        "core-rule-set",
        (
            "NoUserAgent_HEADER",
            "UserAgent_BadBots_HEADER",
            "SizeRestrictions_QUERYSTRING",
            "SizeRestrictions_Cookie_HEADER",
            "SizeRestrictions_BODY",
            "SizeRestrictions_URIPATH",
            "EC2MetaDataSSRF_BODY",
            "EC2MetaDataSSRF_COOKIE",
            "EC2MetaDataSSRF_URIPATH",
            "EC2MetaDataSSRF_QUERYARGUMENTS",
            "GenericLFI_QUERYARGUMENTS",
            "GenericLFI_URIPATH",
            "GenericLFI_BODY",
            "RestrictedExtensions_URIPATH",
            "RestrictedExtensions_QUERYARGUMENTS",
            "GenericRFI_QUERYARGUMENTS",
            "GenericRFI_BODY",
            "GenericRFI_URIPATH",
            "CrossSiteScripting_COOKIE",
            "CrossSiteScripting_QUERYARGUMENTS",
            "CrossSiteScripting_BODY",
            "CrossSiteScripting_URIPATH",
        ),
    ),
    "AWSManagedRulesAdminProtectionRuleSet": (100, "admin-protection", ("AdminProtection_URIPATH",)),
    "AWSManagedRulesKnownBadInputsRuleSet": (
        200,
        "known-bad-inputs",
        (
            "JavaDeserializationRCE_HEADER",
            "JavaDeserializationRCE_BODY",
            "JavaDeserializationRCE_URIPATH",
            "JavaDeserializationRCE_QUERYSTRING",
            "Host_localhost_HEADER",
            "PROPFIND_METHOD",
            "ExploitablePaths_URIPATH",
            "Log4JRCE_HEADER",
            "Log4JRCE_QUERYSTRING",
            "Log4JRCE_BODY",
            "Log4JRCE_URIPATH",
            "ReactJSRCE_BODY",
        ),
    ),
    "AWSManagedRulesSQLiRuleSet": (
        200,
        "sql-database",
        ("SQLi_QUERYARGUMENTS", "SQLiExtendedPatterns_QUERYARGUMENTS", "SQLi_BODY", "SQLiExtendedPatterns_BODY", "SQLi_COOKIE"),
    ),
    "AWSManagedRulesLinuxRuleSet": (200, "linux-os", ("LFI_URIPATH", "LFI_QUERYSTRING", "LFI_HEADER")),
    "AWSManagedRulesUnixRuleSet": (
        100,
        "posix-os",
        ("UNIXShellCommandsVariables_QUERYSTRING", "UNIXShellCommandsVariables_BODY", "UNIXShellCommandsVariables_HEADER"),
    ),
    "AWSManagedRulesPHPRuleSet": (100, "php-app", ("PHPHighRiskMethodsVariables_HEADER", "PHPHighRiskMethodsVariables_BODY")),
    "AWSManagedRulesAmazonIpReputationList": (
        25,
        "amazon-ip-list",
        ("AWSManagedIPReputationList", "AWSManagedReconnaissanceList", "AWSManagedIPDDoSList"),
    ),
    "AWSManagedRulesAnonymousIpList": (50, "anonymous-ip-list", ("AnonymousIPList", "HostingProviderIPList")),
    "AWSManagedRulesBotControlRuleSet": (50, "bot-control", ("CategoryHttpLibrary", "SignalNonBrowserUserAgent", "SignalAutomatedBrowser")),
}

#: Kinds of resources of a regional web ACL, by the service in their ARNs ("ListResourcesForWebACL", AWS WAFV2 API Reference).
RESOURCE_TYPES = {
    "elasticloadbalancing": "APPLICATION_LOAD_BALANCER",
    "apigateway": "API_GATEWAY",
    "appsync": "APPSYNC",
    "cognito-idp": "COGNITO_USER_POOL",
    "apprunner": "APP_RUNNER_SERVICE",
    "ec2": "VERIFIED_ACCESS_INSTANCE",
}

DEFAULT_WINDOW_SECONDS = 300


def apply() -> None:
    a_name_is_taken_once()
    a_web_acl_is_kept_as_it_was_given()
    lock_tokens_are_uuids()
    an_update_replaces_everything()
    a_resource_has_one_web_acl()
    what_is_used_stays()
    what_is_deleted_leaves_nothing()
    managed_rule_groups_are_known()
    capacity_is_computed()


class Refusal(JsonRESTError):
    code = 400


def _associated(what: str) -> Refusal:
    return Refusal(
        "WAFAssociatedItemException", f"AWS WAF couldn't perform the operation because {what} is being used by another resource."
    )


def _answer(result: dict[str, Any]) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(result)


def _backend(response: WAFV2Response) -> WAFV2Backend:
    if response._get_param("Scope") == "CLOUDFRONT":
        response.region = GLOBAL_REGION
    return response.wafv2_backend


def a_name_is_taken_once() -> None:
    """CreateWebACL and CreateIPSet with a name that stands in the scope are WAFDuplicateItemException."""
    create_acl, create_set = WAFV2Backend.create_web_acl, WAFV2Backend.create_ip_set

    def refuse(standing: list[str], name: str) -> None:
        if name in standing:
            raise Refusal(
                "WAFDuplicateItemException",
                "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one.",
            )

    def create_web_acl(self: WAFV2Backend, name: str, *more: Any, **named: Any) -> FakeWebACL:
        refuse([acl.name for acl in self.wacls.values()], name)
        return create_acl(self, name, *more, **named)

    def create_ip_set(self: WAFV2Backend, name: str, *more: Any, **named: Any) -> FakeIPSet:
        refuse([found.name for found in self.ip_sets.values()], name)
        return create_set(self, name, *more, **named)

    WAFV2Backend.create_web_acl = create_web_acl
    WAFV2Backend.create_ip_set = create_ip_set


def _complete(statement: dict[str, Any]) -> dict[str, Any]:
    """*statement* with the defaults that GetWebACL shows."""
    statement = copy.deepcopy(statement)
    if rate := statement.get("RateBasedStatement"):
        rate.setdefault("EvaluationWindowSec", DEFAULT_WINDOW_SECONDS)
        rate.setdefault("AggregateKeyType", "IP")
    return statement


def a_web_acl_is_kept_as_it_was_given() -> None:
    """GetWebACL answers with what was given and the defaults of rate-based statements, without nulls; IP sets likewise."""
    rule_dict, acl_dict, set_dict = FakeRule.to_dict, FakeWebACL.to_dict, FakeIPSet.to_dict
    logging_dict = FakeLoggingConfiguration.to_dict

    def given(values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if value is not None}

    def rule(self: FakeRule) -> dict[str, Any]:
        return {**given(rule_dict(self)), "Statement": _complete(self.statement)}

    def acl(self: FakeWebACL) -> dict[str, Any]:
        found = given(acl_dict(self))
        found.pop("LockToken")
        found["Capacity"] = sum(capacity(item.statement) for item in self.rules)
        found["ManagedByFirewallManager"] = found["RetrofittedByFirewallManager"] = False
        return found if found["Description"] else {key: value for key, value in found.items() if key != "Description"}

    def ip_set(self: FakeIPSet) -> dict[str, Any]:
        return {**set_dict(self), "Description": self.description or ""}

    def logging(self: FakeLoggingConfiguration) -> dict[str, Any]:
        return {**logging_dict(self), "LogType": "WAF_LOGS", "LogScope": "CUSTOMER"}

    FakeRule.to_dict, FakeWebACL.to_dict, FakeIPSet.to_dict = rule, acl, ip_set
    FakeLoggingConfiguration.to_dict = logging


def lock_tokens_are_uuids() -> None:
    """The lock token of an IP set has the form that DeleteIPSet and UpdateIPSet demand (pattern of LockToken)."""
    init, update = FakeIPSet.__init__, FakeIPSet.update

    def __init__(self: FakeIPSet, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        self.lock_token = str(uuid.uuid4())

    def updated(self: FakeIPSet, *given: Any, **named: Any) -> None:
        update(self, *given, **named)
        self.lock_token = str(uuid.uuid4())

    FakeIPSet.__init__, FakeIPSet.update = __init__, updated


def an_update_replaces_everything() -> None:
    """UpdateWebACL "completely replaces the mutable specifications": what is left out is gone."""

    def update(self: FakeWebACL, default_action: Any, rules: Any, description: Any, visibility_config: Any, *others: Any) -> None:
        self.default_action, self.rules = default_action, rules or []
        self.description, self.visibility_config = description or "", visibility_config
        (
            self.custom_response_bodies,
            self.captcha_config,
            self.challenge_config,
            self.token_domains,
            self.association_config,
        ) = others
        self.lock_token = self._generate_lock_token()

    FakeWebACL.update = update


def a_resource_has_one_web_acl() -> None:
    """AssociateWebACL takes the place of a former association, and wants a resource that stands; ListResourcesForWebACL lists them."""
    associate = WAFV2Backend.associate_web_acl

    def associate_web_acl(self: WAFV2Backend, web_acl_arn: str, resource_arn: str) -> None:
        if web_acl_arn not in self.wacls or not stands(self.account_id, self.region_name, resource_arn):
            raise WAFNonexistentItemException
        for acl in self.wacls.values():
            acl.associated_resources = [arn for arn in acl.associated_resources if arn != resource_arn]
        associate(self, web_acl_arn, resource_arn)

    def list_resources_for_web_acl(self: WAFV2Response) -> Answer:
        acl = self.wafv2_backend.get_web_acl(self._get_param("WebACLArn"), None, None)
        kind = self._get_param("ResourceType") or "APPLICATION_LOAD_BALANCER"
        arns = [arn for arn in resources_of(self.wafv2_backend, acl) if RESOURCE_TYPES.get(arn.split(":")[2]) == kind]
        return _answer({"ResourceArns": arns})

    web_acl_of = WAFV2Backend.get_web_acl_for_resource

    def get_web_acl_for_resource(self: WAFV2Backend, resource_arn: str) -> FakeWebACL | None:
        if not stands(self.account_id, self.region_name, resource_arn):
            raise WAFNonexistentItemException
        return web_acl_of(self, resource_arn)

    WAFV2Backend.associate_web_acl = associate_web_acl
    WAFV2Backend.get_web_acl_for_resource = get_web_acl_for_resource
    WAFV2Response.list_resources_for_web_acl = list_resources_for_web_acl


def stands(account_id: str, region: str, arn: str) -> bool:
    """Whether the resource is there, as far as it is a load balancer."""
    return arn.split(":")[2] != "elasticloadbalancing" or arn in elbv2_backends[account_id][region].load_balancers


def resources_of(backend: WAFV2Backend, acl: FakeWebACL) -> list[str]:
    """What the web ACL is associated with; a load balancer that is gone took its association along."""
    return [arn for arn in acl.associated_resources if stands(backend.account_id, backend.region_name, arn)]


def what_is_used_stays() -> None:
    """DeleteWebACL of one that is associated, and DeleteIPSet of one that a rule refers to, are WAFAssociatedItemException."""
    delete_acl, delete_set = WAFV2Backend.delete_web_acl, WAFV2Backend.delete_ip_set

    def delete_web_acl(self: WAFV2Backend, name: str, scope: str, _id: str, lock_token: str) -> None:
        for acl in self.wacls.values():
            if acl.id == _id and resources_of(self, acl):
                raise _associated("the web ACL")
        delete_acl(self, name, scope, _id, lock_token)

    def delete_ip_set(self: WAFV2Backend, name: str, scope: str, _id: str, lock_token: str) -> None:
        rules = [rule.statement for acl in self.wacls.values() for rule in acl.rules]
        if any(f"/ipset/{name}/{_id}" in json.dumps(statement) for statement in rules):
            raise _associated("the IP set")
        delete_set(self, name, scope, _id, lock_token)

    WAFV2Backend.delete_web_acl = delete_web_acl
    WAFV2Backend.delete_ip_set = delete_ip_set


def what_is_deleted_leaves_nothing() -> None:
    """Tags and logging go with the web ACL, tags with the IP set; tags of what does not stand are WAFNonexistentItemException."""
    delete_acl, delete_set = WAFV2Backend.delete_web_acl, WAFV2Backend.delete_ip_set
    listed, put_logging = WAFV2Backend.list_tags_for_resource, WAFV2Backend.put_logging_configuration

    def forget(backend: WAFV2Backend, before: set[str]) -> None:
        for arn in before - {*backend.wacls, *backend.ip_sets}:
            backend.tagging_service.delete_all_tags_for_resource(arn)
            backend.logging_configurations.pop(arn, None)

    def delete_web_acl(self: WAFV2Backend, *about: Any, **named: Any) -> None:
        before = set(self.wacls)
        delete_acl(self, *about, **named)
        forget(self, before)

    def delete_ip_set(self: WAFV2Backend, *about: Any, **named: Any) -> None:
        before = set(self.ip_sets)
        delete_set(self, *about, **named)
        forget(self, before)

    def known(backend: WAFV2Backend, arn: str) -> None:
        if arn not in {*backend.wacls, *backend.ip_sets, *backend.rule_groups, *backend.regex_pattern_sets}:
            raise WAFNonexistentItemException

    def list_tags_for_resource(self: WAFV2Backend, arn: str, **page: Any) -> Any:
        known(self, arn)
        return listed(self, arn, **page)

    def put_logging_configuration(self: WAFV2Backend, arn: str, *more: Any) -> FakeLoggingConfiguration:
        known(self, arn)
        return put_logging(self, arn, *more)

    WAFV2Backend.delete_web_acl = delete_web_acl
    WAFV2Backend.delete_ip_set = delete_ip_set
    WAFV2Backend.list_tags_for_resource = list_tags_for_resource
    WAFV2Backend.put_logging_configuration = put_logging_configuration


def managed_rule_groups_are_known() -> None:
    """ListAvailableManagedRuleGroups and DescribeManagedRuleGroup tell AWS's groups, their rules and capacities."""

    def list_available_managed_rule_groups(self: WAFV2Response) -> Answer:
        groups = [
            {"VendorName": "AWS", "Name": name, "VersioningSupported": "Ip" not in name, "Description": name}
            for name in sorted(MANAGED_RULE_GROUPS)
        ]
        return _answer({"ManagedRuleGroups": groups})

    def describe_managed_rule_group(self: WAFV2Response) -> Answer:
        name = self._get_param("Name")
        if self._get_param("VendorName") != "AWS" or name not in MANAGED_RULE_GROUPS:
            raise WAFNonexistentItemException
        units, labels, rules = MANAGED_RULE_GROUPS[name]
        namespace = f"awswaf:managed:aws:{labels}:"
        return _answer({
            "Capacity": units,
            "Rules": [{"Name": rule, "Action": {"Block": {}}} for rule in rules],
            "LabelNamespace": namespace,
            "AvailableLabels": [{"Name": f"{namespace}{rule}"} for rule in rules],
        })  # fmt: skip

    WAFV2Response.list_available_managed_rule_groups = list_available_managed_rule_groups
    WAFV2Response.describe_managed_rule_group = describe_managed_rule_group


def capacity_is_computed() -> None:
    """CheckCapacity adds up the web ACL capacity units of rules ("Web ACL capacity units (WCUs) in AWS WAF")."""

    def check_capacity(self: WAFV2Response) -> Answer:
        return _answer({"Capacity": sum(capacity(rule["Statement"]) for rule in self._get_param("Rules") or [])})

    WAFV2Response.check_capacity = check_capacity


def capacity(statement: dict[str, Any]) -> int:
    """The capacity units of a statement. Source: each statement's page in the AWS WAF Developer Guide."""
    ((kind, body),) = statement.items()
    if kind == "ManagedRuleGroupStatement":
        units = MANAGED_RULE_GROUPS.get(body["Name"], (0, "", ()))[0]
        return units + (capacity(body["ScopeDownStatement"]) if "ScopeDownStatement" in body else 0)
    if kind == "RateBasedStatement":
        keys = 30 * len(body.get("CustomKeys", []))
        return 2 + keys + (capacity(body["ScopeDownStatement"]) if "ScopeDownStatement" in body else 0)
    if kind in ("AndStatement", "OrStatement"):
        return sum(map(capacity, body["Statements"]))
    if kind == "NotStatement":
        return capacity(body["Statement"])
    if kind == "SqliMatchStatement":
        return (20 if body.get("SensitivityLevel", "LOW") == "LOW" else 30) + 10 * _transformations(body)
    if kind == "XssMatchStatement":
        return 40 + 10 * _transformations(body)
    if kind == "ByteMatchStatement":
        return (10 if "CONTAINS" in body["PositionalConstraint"] else 2) + 10 * _transformations(body)
    if kind == "RegexMatchStatement":
        return 3 + 10 * _transformations(body)
    if kind == "RegexPatternSetReferenceStatement":
        return 25 + 10 * _transformations(body)
    return 1


def _transformations(body: dict[str, Any]) -> int:
    return sum(item["Type"] != "NONE" for item in body.get("TextTransformations", []))
