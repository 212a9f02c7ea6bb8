# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Targets are healthy, HTTP becomes HTTPS, and the certificate is good for a while."""

from __future__ import annotations

from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import Check, failed, judged, not_applicable

#: ACM renews 60 days before the end: what is left with less has a fault ("Managed certificate renewal", ACM User Guide).
LEAST_DAYS = 30

REDIRECTS = (301, 302, 307, 308)
UNREACHABLE = "did not answer ({}): send the requests from where the load balancer can be reached, or set verify_connect_to"


def target_groups(evidence: dict) -> list[Check]:
    return [judged("load_balancer", f"targets of {group['name']}", faults(group), told(group)) for group in evidence["groups"]]


def faults(group: dict) -> list[str]:
    if group["missing"]:
        return ["the target group is not there"]
    # One that is draining was replaced, and takes no new requests.
    serving = [target for target in group["targets"] if target["state"] != "draining"]
    healthy = [target for target in serving if target["state"] == "healthy"]
    found = [f"{target['id']} is {target['state']} {target['reason']}".strip() for target in serving if target["state"] != "healthy"]
    if len(healthy) < group["minimum"]:
        found.append(f"{len(healthy)} healthy, at least {group['minimum']} must be")
    return found


def told(group: dict) -> str:
    healthy = [target for target in group["targets"] if target["state"] == "healthy"]
    return f"{len(healthy)} healthy of at least {group['minimum']}"


def redirect(response: dict, certificate: bool) -> list[Check]:
    """*response*: what the public load balancer says to a harmless request over HTTP."""
    check = "HTTP becomes HTTPS"
    if not certificate:
        return [not_applicable("load_balancer", check, "the stack has no certificate, so that it speaks HTTP only")]
    if "error" in response:
        return [failed("load_balancer", check, UNREACHABLE.format(response["error"]))]
    good = response["status"] in REDIRECTS and response["location"].startswith("https://")
    answer = f"{response['status']} {response['location']}".strip()
    return [judged("load_balancer", check, [] if good else [f"the answer is {answer}"], answer)]


def certificate(evidence: dict) -> list[Check]:
    check = "the certificate is issued and in use"
    if not evidence["arn"]:
        return [not_applicable("certificate", check, "the stack has no domain (stack_domain)")]
    days = evidence["expires_in_days"]
    found = []
    if evidence["status"] != "ISSUED":
        found.append(f"{evidence['arn']} is {evidence['status']}")
    if days is not None and days < LEAST_DAYS:
        found.append(f"it ends in {days} days{', renewal: ' + evidence['renewal'] if evidence['renewal'] else ''}")
    if not evidence["listeners"]:
        found.append("no HTTPS listener of the public load balancer uses it")
    return [
        judged("certificate", check, found, f"{evidence['domain']}, {days} days left, port {', '.join(map(str, evidence['listeners']))}")
    ]
