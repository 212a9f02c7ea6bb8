"""Whether security groups let a connection through ("Security group rules", Amazon VPC User Guide).

The emulator asks this where it stands between the two sides itself: for load balancers. Between instances nothing is filtered.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import EC2Backend


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a connection: an address and the security groups of its interface."""

    address: str
    groups: frozenset[str]


def side_of(backend: EC2Backend, address: str, vpc_id: str | None = None) -> Side | None:
    """The network interface that has *address*, if there is one (in *vpc_id*, where that is given)."""
    for interface in list(backend.enis.values()):
        if interface.private_ip_address == address and vpc_id in (None, interface.subnet.vpc_id):
            return Side(address, frozenset(group.id for group in interface.group_set))
    return None


def passes(backend: EC2Backend, source: Side, target: Side, port: int) -> bool:
    """Whether a TCP connection from *source* to *port* of *target* is let out there and in here."""
    out = _rules(backend, source.groups, "egress_rules")
    into = _rules(backend, target.groups, "ingress_rules")
    return any(_covers(backend, rule, target, port) for rule in out) and any(_covers(backend, rule, source, port) for rule in into)


def _rules(backend: EC2Backend, groups: Iterable[str], direction: str) -> list[Any]:
    found = (backend.get_security_group_from_id(group_id) for group_id in groups)
    return [rule for group in found if group is not None for rule in list(getattr(group, direction))]


def _covers(backend: EC2Backend, rule: Any, peer: Side, port: int) -> bool:
    if rule.ip_protocol not in ("-1", "tcp"):
        return False
    if rule.ip_protocol == "tcp" and not int(rule.from_port) <= port <= int(rule.to_port):
        return False
    if rule.source_group:
        return rule.source_group.get("GroupId") in peer.groups
    blocks = [rule.ip_range["CidrIp"]] if rule.ip_range.get("CidrIp") else []
    if rule.prefix_list_id and (prefixes := backend.managed_prefix_lists.get(rule.prefix_list_id)):
        blocks += [entry["Cidr"] for entry in prefixes.entries.get(prefixes.version, [])]
    return any(ipaddress.ip_address(peer.address) in ipaddress.ip_network(block, strict=False) for block in blocks if ":" not in block)
