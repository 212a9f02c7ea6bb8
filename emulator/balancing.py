"""Requests to a load balancer's own name, answered as the load balancer would.

Whoever sends a request to the emulator with the DNS name of an application load balancer as its host is a client of that load balancer:
AWS WAF's verdict comes first, if a web ACL is associated, then the default action of the listener. A target group has no targets that run
here, so that what is forwarded ends in 503, as at AWS where nothing is healthy.
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.models import FakeListener, FakeLoadBalancer, elbv2_backends
from moto.wafv2.models import FakeWebACL, WAFV2Backend, wafv2_backends

from emulator.server import RawRequest, RawResponse
from emulator.services.waf_evaluation import Evaluation, HttpRequest, Rates

SUFFIX = ".elb.amazonaws.com"
#: The emulator listens there only, so that nobody else can ask.
CLIENT_ADDRESS = "127.0.0.1"

_RATES: dict[str, Rates] = {}


def is_meant(raw: RawRequest) -> bool:
    """Whether a load balancer is asked, and not AWS's API."""
    return _host(raw).endswith(SUFFIX)


def answer(raw: RawRequest) -> RawResponse:
    """The load balancer's answer."""
    host = _host(raw)
    headers = {name.lower(): value for name, value in raw.headers}
    found = _load_balancer(host)
    if found is None:
        # Such a name does not resolve at AWS.
        return RawResponse(502, [("Content-Type", "text/plain")], f"There is no load balancer {host}.\n".encode())
    account_id, region, balancer = found
    waf = wafv2_backends[account_id][region]
    acl = waf.get_web_acl_for_resource(balancer.arn)
    if acl is not None:
        path, _, query = raw.target.partition("?")
        verdict = _evaluation(waf, acl).judge(HttpRequest(raw.method, path, query, headers, raw.body, CLIENT_ADDRESS))
        if verdict.action == "BLOCK":
            return _page(403, "Forbidden")
    listener = next((item for item in balancer.listeners.values() if str(item.port) == "80"), None)
    return _by_listener(raw, listener, host) if listener else _page(503, "Service Temporarily Unavailable")


def reset() -> None:
    """Forget how often whom has asked."""
    _RATES.clear()


def _host(raw: RawRequest) -> str:
    """The host that *raw* names, without its port."""
    return next((value for name, value in raw.headers if name.lower() == "host"), "").partition(":")[0].lower()


def _load_balancer(host: str) -> tuple[str, str, FakeLoadBalancer] | None:
    for account_id, region, backend in elbv2_backends.iter_backends():
        for balancer in backend.load_balancers.values():
            if balancer.dns_name.lower() == host.removeprefix("dualstack."):
                return account_id, region, balancer
    return None


def _evaluation(waf: WAFV2Backend, acl: FakeWebACL) -> Evaluation:
    addresses = {found.arn: found.addresses for found in waf.ip_sets.values()}
    return Evaluation(acl.to_dict(), addresses, _RATES.setdefault(acl.arn, Rates()))


def _by_listener(raw: RawRequest, listener: FakeListener, host: str) -> RawResponse:
    action = min(listener.default_actions, key=lambda item: int(item.data.get("Order") or 1))
    if action.type == "fixed-response":
        config = action.data["FixedResponseConfig"]
        kind = config.get("ContentType") or "text/plain"
        return RawResponse(int(config["StatusCode"]), [("Content-Type", kind)], (config.get("MessageBody") or "").encode())
    if action.type == "redirect":
        return _redirect(action.data["RedirectConfig"], raw, host)
    return _page(503, "Service Temporarily Unavailable")


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
