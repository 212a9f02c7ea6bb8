"""The evaluation of web ACLs: order, overrides, rates, and what the stand-ins for AWS's rules find."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.waf_evaluation import DETECTORS, Evaluation, HttpRequest
from emulator.services.wafv2 import MANAGED_RULE_GROUPS

BROWSER = {"user-agent": "Mozilla/5.0", "host": "shop.example.com"}


def group(name, priority=10, mode="None", count=()):
    overrides = [{"Name": rule, "ActionToUse": {"Count": {}}} for rule in count]
    statement = {"VendorName": "AWS", "Name": name, "RuleActionOverrides": overrides}
    return {
        "Name": name,
        "Priority": priority,
        "OverrideAction": {mode: {}},
        "Statement": {"ManagedRuleGroupStatement": statement},
    }


def rule(name, priority, action, statement):
    return {"Name": name, "Priority": priority, "Action": {action: {}}, "Statement": statement}


GROUPS = [
    group("AWSManagedRulesCommonRuleSet", 10),
    group("AWSManagedRulesKnownBadInputsRuleSet", 20),
    group("AWSManagedRulesSQLiRuleSet", 30),
]


def evaluation(*rules, default="Allow", ip_sets=None):
    return Evaluation({"Rules": list(rules), "DefaultAction": {default: {}}}, ip_sets or {})


def request(path="/", query="", body=b"", method="GET", address="192.0.2.1", **headers):
    return HttpRequest(method, path, query, {**BROWSER, **headers}, body, address)


ATTACKS = [
    (request(query="id=" + quote("1' OR 1=1--")), "SQLi_QUERYARGUMENTS"),
    (request(query="id=" + quote("1 UNION SELECT password FROM users")), "SQLi_QUERYARGUMENTS"),
    (request(method="POST", body=b"name=x%27%3B+DROP+TABLE+users--"), "SQLi_BODY"),
    (request(query="q=" + quote("<script>alert(1)</script>")), "CrossSiteScripting_QUERYARGUMENTS"),
    (request(query="q=" + quote(quote("<img src=x onerror=alert(1)>"))), "CrossSiteScripting_QUERYARGUMENTS"),
    (request(method="POST", body=b'{"comment": "<svg/onload=alert(1)>"}'), "CrossSiteScripting_BODY"),
    (request(query="file=../../etc/passwd"), "GenericLFI_QUERYARGUMENTS"),
    (request(query="url=http://169.254.169.254/latest/meta-data"), "EC2MetaDataSSRF_QUERYARGUMENTS"),
    (request(method="POST", body=b"x" * 8193), "SizeRestrictions_BODY"),
    (HttpRequest("GET", "/", headers={"host": "shop.example.com"}), "NoUserAgent_HEADER"),
    (request(referer="${jndi:ldap://x/a}"), "Log4JRCE_HEADER"),
    (request(method="PROPFIND"), "PROPFIND_METHOD"),
    (request(path="/.git/config"), "ExploitablePaths_URIPATH"),
]

HARMLESS = [
    request(),
    request("/health"),
    request(query="q=select+your+union+from+the+list"),
    request(query="q=rock+and+roll&page=2"),
    request(query="name=O%27Reilly"),
    request(method="POST", body=b"comment=1+%3C+2+and+3+%3E+2"),
    request(method="POST", body=b'{"text": "please drop me a line; update me soon"}'),
    request(query="next=/orders/1"),
]


@pytest.mark.parametrize(("attack", "name"), ATTACKS)
def test_attacks_are_blocked(attack, name):
    verdict = evaluation(*GROUPS).judge(attack)
    assert (verdict.action, verdict.rule.rpartition("/")[2]) == ("BLOCK", name)


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_people_do_passes(harmless):
    assert evaluation(*GROUPS).judge(harmless).action == "ALLOW"


def test_a_group_in_count_mode_only_counts():
    verdict = evaluation(group("AWSManagedRulesSQLiRuleSet", mode="Count")).judge(ATTACKS[0][0])
    assert (verdict.action, verdict.counted) == ("ALLOW", ("AWSManagedRulesSQLiRuleSet/SQLi_QUERYARGUMENTS",))


def test_one_rule_of_a_group_is_overridden():
    verdict = evaluation(group("AWSManagedRulesCommonRuleSet", count=["SizeRestrictions_BODY"])).judge(ATTACKS[8][0])
    assert (verdict.action, verdict.counted) == ("ALLOW", ("AWSManagedRulesCommonRuleSet/SizeRestrictions_BODY",))


DENY, OFFICE = "arn:deny", "arn:office"
LISTS = [
    rule("deny", 0, "Block", {"IPSetReferenceStatement": {"ARN": DENY}}),
    rule(
        "office", 1, "Allow", {"OrStatement": {"Statements": [{"IPSetReferenceStatement": {"ARN": arn}} for arn in (OFFICE, "arn:none")]}}
    ),
]
SETS = {DENY: ["203.0.113.0/24", "2001:db8:bad::/48"], OFFICE: ["198.51.100.0/24", "203.0.113.7/32"]}


@pytest.mark.parametrize(
    ("address", "action", "by"),
    [
        ("203.0.113.1", "BLOCK", "deny"),
        ("2001:db8:bad::1", "BLOCK", "deny"),
        ("203.0.113.7", "BLOCK", "deny"),  # in both: the lower priority number is asked first
        ("198.51.100.1", "ALLOW", "office"),
        ("192.0.2.1", "BLOCK", "AWSManagedRulesSQLiRuleSet/SQLi_QUERYARGUMENTS"),
    ],
)
def test_lists_come_first(address, action, by):
    attack = request(query="id=" + quote("1' OR 1=1--"), address=address)
    verdict = evaluation(GROUPS[2], *LISTS, ip_sets=SETS).judge(attack)
    assert (verdict.action, verdict.rule) == (action, by)


def rate(key="IP", **more):
    return rule("rate", 2, "Block", {"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": key, **more}})


def test_too_many_of_one_address():
    judged = evaluation(rate())
    assert [judged.judge(request(), now=second).action for second in range(12)] == ["ALLOW"] * 10 + ["BLOCK"] * 2
    assert judged.judge(request(address="192.0.2.2"), now=12).action == "ALLOW"
    assert judged.judge(request(), now=100).action == "ALLOW"


def test_too_many_of_one_client_behind_a_proxy():
    judged = evaluation(rate("FORWARDED_IP", ForwardedIPConfig={"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH"}))
    for _ in range(10):
        assert judged.judge(request(**{"x-forwarded-for": "198.51.100.1, 10.0.0.1"}), now=1).action == "ALLOW"
    assert judged.judge(request(**{"x-forwarded-for": "198.51.100.1"}), now=1).action == "BLOCK"
    assert judged.judge(request(**{"x-forwarded-for": "198.51.100.2"}), now=1).action == "ALLOW"
    assert judged.judge(request(**{"x-forwarded-for": "nobody"}), now=1).action == "BLOCK"
    assert judged.judge(request(), now=1).action == "ALLOW"


def test_the_default_action():
    assert evaluation(default="Block").judge(request()).rule == "Default_Action"
    assert evaluation(default="Block").judge(request()).action == "BLOCK"


def test_detectors_are_named_after_rules_of_aws():
    for name, detectors in DETECTORS.items():
        assert set(detectors) <= set(MANAGED_RULE_GROUPS[name][2]), name


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_request_gets_a_verdict(query, body):
    assert evaluation(*GROUPS).judge(request(query=quote(query), body=body)).action in ("ALLOW", "BLOCK")


@given(st.text(alphabet=st.characters(whitelist_categories=["L", "N"]), max_size=60))
def test_letters_and_digits_pass(words):
    assert evaluation(*GROUPS).judge(request(query="q=" + quote(words))).action == "ALLOW"
