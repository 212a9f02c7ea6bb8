"""Requests to a load balancer's own name, answered as the load balancer would.

Whoever sends a request to the emulator with the DNS name of an application load balancer as its host is a client of that load balancer:
AWS WAF's verdict comes first, if a web ACL is associated, then the default action of the listener. Where instances are machines, what is
forwarded goes to a healthy target, one after the other; inside their network load balancers answer at their own addresses too
(emulator/instances/frontends.py). Without machines a target group has no targets that run, so that what is forwarded ends in 503, as at AWS
where nothing is healthy.
"""

from __future__ import annotations

import dataclasses
import http.client
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from moto.elbv2.models import FakeAction, FakeListener, FakeLoadBalancer, FakeTargetGroup, elbv2_backends
from moto.wafv2.models import FakeWebACL, WAFV2Backend, wafv2_backends

from emulator import machines, targets
from emulator.instances import firewall, upstream
from emulator.locks import WHOLE
from emulator.server import RawRequest, RawResponse
from emulator.services.waf_evaluation import Evaluation, HttpRequest, Rates

SUFFIX = ".elb.amazonaws.com"

_RATES: dict[str, Rates] = {}
_TURNS: dict[str, Iterator[int]] = defaultdict(itertools.count)


def is_meant(raw: RawRequest) -> bool:
    """Whether a load balancer is asked, and not AWS's API."""
    return raw.host.endswith(SUFFIX)


def answer(raw: RawRequest) -> RawResponse:
    """The load balancer's answer to a client on this machine, at its port 80."""
    host = raw.host
    with WHOLE.read():
        balancer = _load_balancer(host)
        if balancer is None:
            # Such a name does not resolve at AWS.
            return RawResponse(502, [("Content-Type", "text/plain")], f"There is no load balancer {host}.\n".encode())
        decided = _decided(balancer, dataclasses.replace(raw, port=80))
    return decided if isinstance(decided, RawResponse) else _forwarded(balancer, *decided)


def answer_at(arn: str, raw: RawRequest) -> RawResponse:
    """The answer of the load balancer *arn* to a client in the network of instances. A connection that its groups refuse gets none."""
    with WHOLE.read():
        _account, backend = _backend(arn)
        balancer = backend.load_balancers.get(arn)
        if balancer is None or not _lets_in(balancer, backend.ec2_backend, raw):
            return RawResponse(503, [], drop=True)
        decided = _decided(balancer, raw)
    return decided if isinstance(decided, RawResponse) else _forwarded(balancer, *decided)


def _backend(arn: str) -> tuple[str, Any]:
    _arn, _partition, _service, region, account_id, _rest = arn.split(":", 5)
    return account_id, elbv2_backends[account_id][region]


def _lets_in(balancer: FakeLoadBalancer, ec2: Any, raw: RawRequest) -> bool:
    """Whether the client's groups and the load balancer's let the client in. AWS lets a refused one wait until it gives up."""
    source = firewall.side_of(ec2, raw.client)
    return source is None or any(firewall.passes(ec2, source, side, raw.port) for side in upstream.sides(balancer))


def _decided(balancer: FakeLoadBalancer, raw: RawRequest) -> RawResponse | tuple[FakeAction, RawRequest]:
    """The load balancer's own answer, or what it forwards by which action."""
    account_id, backend = _backend(balancer.arn)
    headers = {name.lower(): value for name, value in raw.headers}
    waf = wafv2_backends[account_id][backend.region_name]
    acl = waf.get_web_acl_for_resource(balancer.arn)
    if acl is not None:
        path, _, query = raw.target.partition("?")
        verdict = _evaluation(waf, acl).judge(HttpRequest(raw.method, path, query, headers, raw.body, raw.client))
        if verdict.action == "BLOCK":
            return _page(403, "Forbidden")
    listener = next((item for item in balancer.listeners.values() if int(item.port) == raw.port), None)
    return _by_listener(raw, listener, raw.host) if listener else _page(503, "Service Temporarily Unavailable")


def reset() -> None:
    """Forget how often whom has asked."""
    _RATES.clear()


def _load_balancer(host: str) -> FakeLoadBalancer | None:
    for _account, _region, backend in elbv2_backends.iter_backends():
        for balancer in backend.load_balancers.values():
            if balancer.dns_name.lower() == host.removeprefix("dualstack."):
                return balancer
    return None


def _evaluation(waf: WAFV2Backend, acl: FakeWebACL) -> Evaluation:
    addresses = {found.arn: found.addresses for found in waf.ip_sets.values()}
    return Evaluation(acl.to_dict(), addresses, _RATES.setdefault(acl.arn, Rates()))


def _by_listener(raw: RawRequest, listener: FakeListener, host: str) -> RawResponse | tuple[FakeAction, RawRequest]:
    action = min(listener.default_actions, key=lambda item: int(item.data.get("Order") or 1))
    if action.type == "fixed-response":
        config = action.data["FixedResponseConfig"]
        kind = config.get("ContentType") or "text/plain"
        return RawResponse(int(config["StatusCode"]), [("Content-Type", kind)], (config.get("MessageBody") or "").encode())
    if action.type == "redirect":
        return _redirect(action.data["RedirectConfig"], raw, host)
    if action.type == "forward" and machines.NETWORK:
        return action, raw
    return _page(503, "Service Temporarily Unavailable")


def _forwarded(balancer: FakeLoadBalancer, action: FakeAction, raw: RawRequest) -> RawResponse:
    """A target's answer. No lock is held meanwhile: the target may ask the emulator in turn.

    (User Guide, "Troubleshoot your Application Load Balancers": HTTP 502, 503 and 504.)
    """
    with ExitStack() as under_way:
        with WHOLE.read():
            group = _target_group(balancer, action)
            target = _next_target(group) if group else None
            if group is None or target is None:
                return _page(503, "Service Temporarily Unavailable")
            if not upstream.reaches(group, balancer, target, target.port):
                return _page(504, "Gateway Time-out")
            # Within the lock, so that nobody takes the target away between the choice and the request.
            under_way.enter_context(targets.request_to((target.group_arn, target.name)))
        seconds = float(balancer.attrs.get("idle_timeout.timeout_seconds") or 60)
        try:
            return upstream.ask(machines.NETWORK[0], target, raw, seconds)
        except TimeoutError:
            return _page(504, "Gateway Time-out")
        except (OSError, http.client.HTTPException):
            return _page(502, "Bad Gateway")


def _target_group(balancer: FakeLoadBalancer, action: FakeAction) -> FakeTargetGroup | None:
    """The one of an action's target groups whose turn it is, by their weights."""
    given = (action.data.get("ForwardConfig") or {}).get("TargetGroups") or [{"TargetGroupArn": action.data.get("TargetGroupArn")}]
    weights = [int(one.get("Weight", 1)) for one in given]
    if not any(weights):
        return None
    chosen = random.choices(given, weights)[0]["TargetGroupArn"]
    return _backend(balancer.arn)[1].target_groups.get(chosen)


def _next_target(group: FakeTargetGroup) -> upstream.Target | None:
    """One healthy target after the other."""
    healthy = [name for name in group.targets if not group.health_check_enabled or targets.health_of((group.arn, name)).state == "healthy"]
    found = [target for name in healthy if (target := upstream.located(group, name)) is not None]
    return found[next(_TURNS[group.arn]) % len(found)] if found else None


def _redirect(config: dict[str, Any], raw: RawRequest, host: str) -> RawResponse:
    path, _, query = raw.target.partition("?")
    given = {"protocol": "http", "host": host, "port": "80", "path": path.lstrip("/"), "query": query}
    form = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
    parts = {}
    for name, default in form.items():
        text = str(config.get(name) or default)
        for word, value in given.items():
            text = text.replace(f"#{{{word}}}", value)
        parts[name] = text
    target = f"{parts['Protocol'].lower()}://{parts['Host']}:{parts['Port']}{parts['Path']}"
    target += f"?{parts['Query']}" if parts["Query"] else ""
    response = _page(
        301 if config["StatusCode"] == "HTTP_301" else 302, "Moved Permanently" if config["StatusCode"] == "HTTP_301" else "Found"
    )
    return RawResponse(response.status, [("Location", target), *response.headers], response.body)


def _page(status: int, words: str) -> RawResponse:
    """The page of an application load balancer that answers by itself."""
    title = f"{status} {words}"
    lines = ["<html>", f"<head><title>{title}</title></head>", "<body>", f"<center><h1>{title}</h1></center>", "</body>", "</html>", ""]
    return RawResponse(status, [("Server", "awselb/2.0"), ("Content-Type", "text/html")], "\r\n".join(lines).encode())
