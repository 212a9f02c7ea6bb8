# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All checks of a stack."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.refarch.aws.plugins.plugin_utils.verify import (
    alerting,
    backup,
    database,
    load_balancer,
    network,
    pipeline,
    protection,
    servers,
)
from ansible_collections.refarch.aws.plugins.plugin_utils.verify.check import FAILED, Check, failed, not_applicable


def redirect(found: dict, every: dict) -> list[Check]:
    certificate = bool(every.get("certificate", {}).get("arn"))
    if found.get("left_out") and certificate:
        return [not_applicable("load_balancer", "HTTP becomes HTTPS", "verify_requests is false")]
    return load_balancer.redirect(found.get("plain", {}), certificate)


def protected(found: dict, every: dict) -> list[Check]:
    if "responses" not in every:
        return [not_applicable("protection", "attacks are blocked", "no load balancer stands yet")]
    return protection.web_acl(found, every["responses"])


#: By topic of the evidence: its component, and what judges it, given the topic and all of the evidence.
JUDGES: dict[str, tuple[str, Callable[[dict, dict], list[Check]]]] = {
    "security_groups": ("network", lambda found, _all: network.security_groups(found)),
    "buckets": ("storage", lambda found, _all: network.buckets(found)),
    "trail": ("audit", lambda found, _all: network.trail(found)),
    "databases": ("database", lambda found, _all: database.databases(found)),
    "master_secret": ("database", lambda found, _all: database.master_secret(found)),
    "target_groups": ("load_balancer", lambda found, _all: load_balancer.target_groups(found)),
    "responses": ("load_balancer", redirect),
    "certificate": ("certificate", lambda found, _all: load_balancer.certificate(found)),
    "web_acl": ("protection", protected),
    "backup": ("backup", lambda found, _all: backup.backup(found)),
    "server_configuration": ("node_configuration", lambda found, _all: servers.configuration(found)),
    "pipeline": ("pipeline", lambda found, _all: pipeline.pipeline(found)),
    "alarm": ("alerting", lambda found, _all: alerting.alarm(found)),
}


def checks(evidence: dict, components: list[str]) -> list[Check]:
    """Those of *components* (in their order). A component without evidence does not stand, and its checks are not applicable."""
    found = []
    for component in components:
        topics = [(topic, judge) for topic, (owner, judge) in JUDGES.items() if owner == component]
        if not topics:
            continue
        if not any(topic in evidence for topic, _judge in topics):
            found.append(not_applicable(component, "all", "the component does not stand"))
            continue
        for topic, judge in topics:
            if "error" in evidence[topic]:
                found.append(failed(component, topic.replace("_", " "), evidence[topic]["error"]))
            else:
                found += judge(evidence[topic], evidence)
    return found


def sentence(found: list[Check]) -> str:
    """What failed, in one sentence; empty if nothing did."""
    names = [f"{check.component} ({check.check}: {check.found})" for check in found if check.status == FAILED]
    return f"{len(names)} of {len(found)} checks failed: {', '.join(names)}." if names else ""
