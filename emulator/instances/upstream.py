"""A load balancer's requests to its targets, inside the instances' network.

"How Elastic Load Balancing works" and "Troubleshoot your Application Load Balancers" (User Guide for Application Load Balancers) say what a
client gets where a target does not answer, "HTTP headers and Application Load Balancers" which headers a target gets.
"""

from __future__ import annotations

import http.client
import re
import secrets
import ssl
import time
from dataclasses import dataclass

from moto.elbv2.models import FakeLoadBalancer, FakeTargetGroup, elbv2_backends

from emulator.instances.firewall import Side, passes
from emulator.instances.network import Network
from emulator.server import RawRequest, RawResponse

#: Seconds that a target has to take a connection.
CONNECT_SECONDS = 5.0
HOP_BY_HOP = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
_TRACE_ROOT = re.compile(r"(?:^|;)\s*Root=[^;]+")


class Refused(OSError):
    """Security groups do not let the load balancer reach the target."""


@dataclass(frozen=True, slots=True)
class Target:
    """A target as it can be reached. *tls*: its group speaks HTTPS; its certificate is not looked at, as by AWS."""

    group_arn: str
    name: str
    address: str
    port: int
    tls: bool


def located(group: FakeTargetGroup, name: str) -> Target | None:
    """The registered target *name* of *group*; None where it has no address."""
    given = group.targets.get(name)
    if given is None:
        return None
    address: str | None = name
    if name.startswith("i-"):
        instance = group.ec2_backend.get_instance_by_id(name)
        address = instance.private_ip if instance is not None and instance.state == "running" else None
    if address is None:
        return None
    return Target(group.arn, name, address, int(given.get("Port") or group.port), group.protocol == "HTTPS")


def sides(balancer: FakeLoadBalancer) -> list[Side]:
    """The load balancer's own interfaces."""
    account_id, region = balancer.arn.split(":")[4], balancer.arn.split(":")[3]
    enis = elbv2_backends[account_id][region].ec2_backend.enis
    interfaces = [enis[eni_id] for eni_id in getattr(balancer, "eni_ids", []) if eni_id in enis]
    return [Side(interface.private_ip_address, frozenset(balancer.security_groups)) for interface in interfaces]


def reaches(group: FakeTargetGroup, balancer: FakeLoadBalancer, target: Target, port: int) -> bool:
    """Whether the groups of both let *balancer* to *port* of *target*. An address that is no interface here has no groups to ask."""
    found = next((one for one in list(group.ec2_backend.enis.values()) if one.private_ip_address == target.address), None)
    if found is None:
        return True
    there = Side(target.address, frozenset(one.id for one in found.group_set))
    return any(passes(group.ec2_backend, side, there, port) for side in sides(balancer))


def connection(network: Network, address: str, port: int, tls: bool, seconds: float, connect: float = CONNECT_SECONDS):
    """A connection for HTTP to *address* in *network*. Raises OSError."""
    made = network.connect(address, port, min(connect, seconds))
    try:
        made.settimeout(seconds)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            made = context.wrap_socket(made)
    except BaseException:
        made.close()
        raise
    client = http.client.HTTPConnection(address, port, timeout=seconds)
    client.sock = made
    return client


def ask(network: Network, target: Target, raw: RawRequest, seconds: float) -> RawResponse:
    """The target's answer. Raises TimeoutError, OSError or http.client.HTTPException."""
    client = connection(network, target.address, target.port, target.tls, seconds)
    try:
        client.putrequest(raw.method, raw.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request_headers(raw):
            client.putheader(name, value)
        client.endheaders(raw.body or None)
        answer = client.getresponse()
        body = answer.read()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
        return RawResponse(answer.status, headers, body)
    finally:
        client.close()


def request_headers(raw: RawRequest) -> list[tuple[str, str]]:
    """What a target gets: without the headers of one hop, with who asked, how, and by which trace."""
    named = {name.lower(): value for name, value in raw.headers}
    dropped = HOP_BY_HOP | {name.strip().lower() for name in named.get("connection", "").split(",")} | {"content-length", "expect"}
    own = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id"}
    headers = [(name, value) for name, value in raw.headers if name.lower() not in dropped | own]
    before = named.get("x-forwarded-for")
    trace = named.get("x-amzn-trace-id", "")
    stamp = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    headers += [
        ("X-Forwarded-For", f"{before}, {raw.client}" if before else raw.client),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Port", str(raw.port)),
        ("X-Amzn-Trace-Id", f"Self={stamp};{trace}" if _TRACE_ROOT.search(trace) else ";".join(filter(None, (f"Root={stamp}", trace)))),
    ]
    if raw.body or raw.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(raw.body))))
    return headers
