# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS WAF lets people in and attacks not."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, failed, judged, not_applicable
from ansible_collections.refarch.aws.plugins.plugin_utils.verify.load_balancer import UNREACHABLE

BLOCKED = 403

#: By attack: its name for people, the managed group that blocks it, and the rule of the group.
ATTACKS = {
    "sql_injection": ("an SQL injection", "AWSManagedRulesSQLiRuleSet", "SQLi_QUERYARGUMENTS"),
    "cross_site_scripting": ("cross-site scripting", "AWSManagedRulesCommonRuleSet", "CrossSiteScripting_QUERYARGUMENTS"),
}


def web_acl(evidence: dict, responses: dict) -> list[Check]:
    """*evidence*: the web ACL of the public load balancer; *responses*: what it answered, by name of the request."""
    checks = {name: f"{words} is blocked" for name, (words, _group, _rule) in ATTACKS.items()}
    harmless = "a harmless request is let in"
    if responses.get("left_out"):
        return [not_applicable("protection", check, "verify_requests is false") for check in (*checks.values(), harmless)]
    found = [attack(name, check, evidence, responses[name]) for name, check in checks.items()]
    plain = responses["plain"]
    if "error" in plain:
        return [*found, failed("protection", harmless, UNREACHABLE.format(plain["error"]))]
    faults = [f"the answer is {BLOCKED}"] if plain["status"] == BLOCKED else []
    return [*found, judged("protection", harmless, faults, f"the answer is {plain['status']}")]


def attack(name: str, check: str, evidence: dict, response: dict) -> Check:
    _words, group, rule = ATTACKS[name]
    if "error" in response:
        return failed("protection", check, UNREACHABLE.format(response["error"]))
    if response["status"] == BLOCKED:
        return judged("protection", check, [], f"the answer is {BLOCKED}")
    if not evidence["name"]:
        return failed("protection", check, "no web ACL is associated with the public load balancer")
    found = evidence["groups"].get(group)
    if found and (found["counts"] or rule in found["rules_to_count"]):
        return not_applicable("protection", check, f"{group} only counts; docs/runbooks/promote-waf-rules.md lets it block")
    missing = "" if found else f", and {evidence['name']} has no rule group {group}"
    return failed("protection", check, f"the answer is {response['status']}{missing}")
