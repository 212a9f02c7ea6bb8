"""Would AWS WAF let this request through? A web ACL's rules, in order of priority, on one HTTP request.

The terms are AWS's ("Web ACL rule and rule group evaluation", AWS WAF Developer Guide): the first rule whose action is allow or block
ends the evaluation, count goes on, and a managed rule group blocks unless it, or the rule in it, is overridden to count.

What AWS's managed rules look for is not public beyond their names and intents. The detectors here are stand-ins: a handful of patterns
for the textbook forms of each attack, enough to prove that a web ACL is attached and armed. They say nothing about AWS's own precision.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

log = logging.getLogger("emulator.waf")


def apply() -> None:
    """Nothing of moto's is patched: this judges requests only."""


@dataclass(frozen=True)
class HttpRequest:
    """A request as a load balancer sees it. *path* without the query, still encoded; header names in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    address: str = "192.0.2.1"

    @property
    def arguments(self) -> str:
        return " ".join(_decoded(value) for pair in parse_qsl(self.query, keep_blank_values=True) for value in pair) or _decoded(self.query)

    @property
    def text(self) -> str:
        return _decoded(self.body.decode("utf-8", "replace"))


@dataclass(frozen=True)
class Verdict:
    """*action*: ALLOW or BLOCK; *rule*: what ended the evaluation, Default_Action if nothing did; *counted*: what matched on the way."""

    action: str
    rule: str
    counted: tuple[str, ...] = ()


class Rates:
    """When each address made its requests, for rate-based rules. Shared by the requests to a web ACL."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], deque[float]] = {}

    def count(self, rule: str, key: str, window_seconds: int, now: float) -> int:
        """Requests of *key* within the window, this one included."""
        seen = self._seen.setdefault((rule, key), deque())
        seen.append(now)
        while seen and seen[0] <= now - window_seconds:
            seen.popleft()
        return len(seen)


def _decoded(text: str) -> str:
    """What most of AWS's rules look at: URL-decoded twice at most, in one case."""
    for _ in range(2):
        text = unquote_plus(text)
    return text


# -- stand-ins for AWS's detectors ------------------------------------------------------------------------------------
_SQL_INJECTION = re.compile(
    r"""
    ['"`)]\s*(?:or|and)\s+[\w'"]+\s*(?:=|<|>|like\b|is\b)     # ' or 1=1
    | \b(?:or|and)\s+(\d+)\s*=\s*\1\b                          # or 1=1
    | \bunion\s+(?:all\s+)?select\b
    | \bselect\b.{1,80}\bfrom\b.{1,80}(?:--|\bwhere\b|\binformation_schema\b)
    | ;\s*(?:(?:drop|alter|truncate)\s+(?:table|database|schema|user|view)|delete\s+from|insert\s+into|update\s+\w+\s+set|exec\s+\w)\b
    | ['"]\s*(?:--|\#|/\*)
    | \b(?:sleep|benchmark|pg_sleep|waitfor\s+delay|xp_cmdshell|load_file)\s*\(?\s*['"\d(]
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CROSS_SITE_SCRIPTING = re.compile(
    r"<\s*(?:script|iframe|object|embed|svg|img|body|math)\b[^>]*(?:>|\bon\w+\s*=)|javascript\s*:|\bon(?:error|load|click|mouseover|focus)\s*=",
    re.IGNORECASE,
)
_LOCAL_FILES = re.compile(r"(?:\.\./|\.\.\\){1,}|/etc/(?:passwd|shadow|hosts)\b|/proc/self/|\bwin\.ini\b", re.IGNORECASE)
_REMOTE_FILES = re.compile(r"^(?:https?|ftps?|file)://(?:\d{1,3}\.){3}\d{1,3}", re.IGNORECASE)
_METADATA = re.compile(r"169\.254\.169\.254|\[fd00:ec2::254\]", re.IGNORECASE)
_LOG4J = re.compile(r"\$\{\s*(?:jndi|\$\{|lower:|upper:|env:)", re.IGNORECASE)
_DESERIALIZATION = re.compile(r"java\.lang\.(?:Runtime|ProcessBuilder)|class\.module\.classLoader|\brO0AB", re.IGNORECASE)
_EXPLOITABLE_PATHS = re.compile(r"/web-inf/|/\.git/|/\.env$|/phpunit/.*eval-stdin", re.IGNORECASE)
_EXTENSIONS = re.compile(r"\.(?:log|ini|bak|conf|backup|dat|sql)$", re.IGNORECASE)
_BAD_BOTS = re.compile(r"nessus|nmap|sqlmap|nikto|masscan", re.IGNORECASE)
_REACT = re.compile(r"\$1:__proto__|:constructor:constructor", re.IGNORECASE)

Detector = Callable[[HttpRequest], bool]


def _in(place: str, pattern: re.Pattern[str]) -> Detector:
    def found(request: HttpRequest) -> bool:
        return bool(pattern.search(_component(request, place)))

    return found


def _component(request: HttpRequest, place: str) -> str:
    if place == "headers":
        return _decoded(" ".join(value for name, value in request.headers.items() if name != "cookie"))
    if place == "cookie":
        return _decoded(request.headers.get("cookie", ""))
    return {"path": _decoded(request.path), "arguments": request.arguments, "body": request.text}[place]


#: The sizes of "Core rule set (CRS) managed rule group" (AWS WAF Developer Guide), in bytes.
_QUERY_BYTES, _COOKIE_BYTES, _BODY_BYTES, _PATH_BYTES = 2048, 10240, 8192, 1024

DETECTORS: dict[str, dict[str, Detector]] = {
    "AWSManagedRulesSQLiRuleSet": {
        "SQLi_QUERYARGUMENTS": _in("arguments", _SQL_INJECTION),
        "SQLi_BODY": _in("body", _SQL_INJECTION),
        "SQLi_COOKIE": _in("cookie", _SQL_INJECTION),
    },
    "AWSManagedRulesCommonRuleSet": {
        "NoUserAgent_HEADER": lambda request: not request.headers.get("user-agent"),
        "UserAgent_BadBots_HEADER": lambda request: bool(_BAD_BOTS.search(request.headers.get("user-agent", ""))),
        "SizeRestrictions_QUERYSTRING": lambda request: len(request.query) > _QUERY_BYTES,
        "SizeRestrictions_Cookie_HEADER": lambda request: len(request.headers.get("cookie", "")) > _COOKIE_BYTES,
        "SizeRestrictions_BODY": lambda request: len(request.body) > _BODY_BYTES,
        "SizeRestrictions_URIPATH": lambda request: len(request.path) > _PATH_BYTES,
        "EC2MetaDataSSRF_BODY": _in("body", _METADATA),
        "EC2MetaDataSSRF_COOKIE": _in("cookie", _METADATA),
        "EC2MetaDataSSRF_URIPATH": _in("path", _METADATA),
        "EC2MetaDataSSRF_QUERYARGUMENTS": _in("arguments", _METADATA),
        "GenericLFI_QUERYARGUMENTS": _in("arguments", _LOCAL_FILES),
        "GenericLFI_URIPATH": _in("path", _LOCAL_FILES),
        "GenericLFI_BODY": _in("body", _LOCAL_FILES),
        "RestrictedExtensions_URIPATH": _in("path", _EXTENSIONS),
        "GenericRFI_QUERYARGUMENTS": lambda request: any(_REMOTE_FILES.match(value) for _, value in parse_qsl(request.query)),
        "CrossSiteScripting_COOKIE": _in("cookie", _CROSS_SITE_SCRIPTING),
        "CrossSiteScripting_QUERYARGUMENTS": _in("arguments", _CROSS_SITE_SCRIPTING),
        "CrossSiteScripting_BODY": _in("body", _CROSS_SITE_SCRIPTING),
        "CrossSiteScripting_URIPATH": _in("path", _CROSS_SITE_SCRIPTING),
    },
    "AWSManagedRulesKnownBadInputsRuleSet": {
        "JavaDeserializationRCE_HEADER": _in("headers", _DESERIALIZATION),
        "JavaDeserializationRCE_BODY": _in("body", _DESERIALIZATION),
        "JavaDeserializationRCE_QUERYSTRING": _in("arguments", _DESERIALIZATION),
        "Host_localhost_HEADER": lambda request: request.headers.get("host", "").partition(":")[0].lower() == "localhost",
        "PROPFIND_METHOD": lambda request: request.method.upper() == "PROPFIND",
        "ExploitablePaths_URIPATH": _in("path", _EXPLOITABLE_PATHS),
        "Log4JRCE_HEADER": _in("headers", _LOG4J),
        "Log4JRCE_QUERYSTRING": _in("arguments", _LOG4J),
        "Log4JRCE_BODY": _in("body", _LOG4J),
        "Log4JRCE_URIPATH": _in("path", _LOG4J),
        "ReactJSRCE_BODY": _in("body", _REACT),
    },
    "AWSManagedRulesLinuxRuleSet": {
        "LFI_URIPATH": _in("path", _LOCAL_FILES),
        "LFI_QUERYSTRING": _in("arguments", _LOCAL_FILES),
        "LFI_HEADER": _in("headers", _LOCAL_FILES),
    },
    # Whose addresses are ill-reputed, only AWS knows: nothing matches here.
    "AWSManagedRulesAmazonIpReputationList": {},
    "AWSManagedRulesAnonymousIpList": {},
}


# -- evaluation -------------------------------------------------------------------------------------------------------
class Evaluation:
    """One web ACL (as GetWebACL answers) and what its rules refer to. *ip_sets*: addresses by ARN."""

    def __init__(self, web_acl: Mapping[str, Any], ip_sets: Mapping[str, Iterable[str]], rates: Rates | None = None):
        self.rules = sorted(web_acl.get("Rules", []), key=lambda rule: rule["Priority"])
        self.default = "BLOCK" if "Block" in web_acl["DefaultAction"] else "ALLOW"
        self.networks = {arn: [ipaddress.ip_network(address) for address in addresses] for arn, addresses in ip_sets.items()}
        self.rates = rates or Rates()

    def judge(self, request: HttpRequest, now: float | None = None) -> Verdict:
        """What becomes of *request*. *now*: seconds, for rate-based rules."""
        self.now = time.time() if now is None else now
        counted: list[str] = []
        for rule in self.rules:
            action, name = self._outcome(rule, request, counted)
            if action in ("ALLOW", "BLOCK"):
                return Verdict(action, name, tuple(counted))
        return Verdict(self.default, "Default_Action", tuple(counted))

    def _outcome(self, rule: Mapping[str, Any], request: HttpRequest, counted: list[str]) -> tuple[str, str]:
        """(ALLOW, BLOCK or nothing, name of what matched); what only counts is added to *counted*."""
        statement = rule["Statement"]
        if "ManagedRuleGroupStatement" in statement:
            return self._group(rule, statement["ManagedRuleGroupStatement"], request, counted)
        if not self._matches(statement, request, rule["Name"]):
            return "", ""
        if "Count" in rule["Action"]:
            counted.append(rule["Name"])
            return "", ""
        # Captcha and challenge stop whoever does not answer them.
        return ("ALLOW" if "Allow" in rule["Action"] else "BLOCK"), rule["Name"]

    def _group(self, rule: Mapping[str, Any], group: Mapping[str, Any], request: HttpRequest, counted: list[str]) -> tuple[str, str]:
        if "ScopeDownStatement" in group and not self._matches(group["ScopeDownStatement"], request, rule["Name"]):
            return "", ""
        overridden = {item["Name"]: next(iter(item["ActionToUse"])) for item in group.get("RuleActionOverrides", [])}
        overridden |= {item["Name"]: "Count" for item in group.get("ExcludedRules", [])}
        if group["Name"] not in DETECTORS:
            log.info("%s has no stand-in: nothing of it matches", group["Name"])
        for name, found in DETECTORS.get(group["Name"], {}).items():
            if not found(request):
                continue
            full = f"{rule['Name']}/{name}"
            action = "Count" if "Count" in rule["OverrideAction"] else overridden.get(name, "Block")
            if action == "Count":
                counted.append(full)
            else:
                return ("ALLOW" if action == "Allow" else "BLOCK"), full
        return "", ""

    def _matches(self, statement: Mapping[str, Any], request: HttpRequest, name: str) -> bool:
        ((kind, body),) = statement.items()
        if kind == "AndStatement":
            return all(self._matches(item, request, name) for item in body["Statements"])
        if kind == "OrStatement":
            return any(self._matches(item, request, name) for item in body["Statements"])
        if kind == "NotStatement":
            return not self._matches(body["Statement"], request, name)
        if kind == "IPSetReferenceStatement":
            return self._is_in(body, request)
        if kind == "RateBasedStatement":
            return self._is_too_often(body, request, name)
        if kind == "SqliMatchStatement":
            return bool(_SQL_INJECTION.search(_field(body["FieldToMatch"], request)))
        if kind == "XssMatchStatement":
            return bool(_CROSS_SITE_SCRIPTING.search(_field(body["FieldToMatch"], request)))
        if kind == "RegexMatchStatement":
            return bool(re.search(body["RegexString"], _field(body["FieldToMatch"], request)))
        log.info("%s is not evaluated: it matches nothing", kind)
        return False

    def _is_in(self, body: Mapping[str, Any], request: HttpRequest) -> bool:
        forwarded = body.get("IPSetForwardedIPConfig")
        address = _address(forwarded, request)
        if address is None:
            return _falls_back(forwarded, request)
        networks = self.networks.get(body["ARN"], [])
        return any(address in network for network in networks if network.version == address.version)

    def _is_too_often(self, body: Mapping[str, Any], request: HttpRequest, name: str) -> bool:
        if "ScopeDownStatement" in body and not self._matches(body["ScopeDownStatement"], request, name):
            return False
        forwarded = body.get("ForwardedIPConfig") if body["AggregateKeyType"] == "FORWARDED_IP" else None
        address = _address(forwarded, request)
        if address is None:
            return _falls_back(forwarded, request)
        return self.rates.count(name, str(address), body.get("EvaluationWindowSec", 300), self.now) > body["Limit"]


def _address(forwarded: Mapping[str, Any] | None, request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The client's address, or None if the header that should tell it holds none."""
    if forwarded is None:
        return ipaddress.ip_address(request.address)
    try:
        return ipaddress.ip_address(request.headers.get(forwarded["HeaderName"].lower(), "").split(",")[0].strip())
    except ValueError:
        return None


def _falls_back(forwarded: Mapping[str, Any] | None, request: HttpRequest) -> bool:
    """Whether a request matches whose header holds no address. One without the header at all never does (ForwardedIPConfig)."""
    return forwarded is not None and forwarded["HeaderName"].lower() in request.headers and forwarded["FallbackBehavior"] == "MATCH"


def _field(chosen: Mapping[str, Any], request: HttpRequest) -> str:
    ((kind, body),) = chosen.items()
    if kind == "SingleHeader":
        return _decoded(request.headers.get(body["Name"].lower(), ""))
    return {
        "Body": request.text,
        "UriPath": _decoded(request.path),
        "QueryString": _decoded(request.query),
        "AllQueryArguments": request.arguments,
        "Method": request.method,
    }.get(kind, "")
