"""The resolver of names in a VPC, at 169.254.169.253 ("DNS attributes for your VPC", Amazon VPC User Guide).

It knows private hosted zones of the VPC from which it is asked and public ones ("Working with private hosted zones", Amazon Route 53
Developer Guide: a private zone hides what is public below its name), load balancers, databases, instances, and the trust store of RDS.
Nothing else exists for it: there is no way out.
"""

from __future__ import annotations

import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from moto.elbv2.models import elbv2_backends
from moto.route53.models import FakeZone, RecordSet, route53_backends

from emulator import balancing, certificates
from emulator.instances.facts import Facts
from emulator.instances.network import RESOLVER, Network

log = logging.getLogger("emulator.instances")

PORT = 53
#: Seconds for which answers are good that no record's TTL says: Elastic Load Balancing's, RDS's and EC2's own.
BALANCER_TTL, DATABASE_TTL, INSTANCE_TTL = 60, 5, 60
#: Names that one question may lead through.
LONGEST_CHAIN = 8
#: What fits into an answer by UDP where the question says nothing (RFC 1035).
SMALLEST_UDP = 512
#: Seconds in which a TCP client has to ask.
PATIENCE = 5.0

Found = tuple[int, list[str]] | None
"""A TTL and the records of the type that was asked for; None where there is no such name."""


class Resolver:
    """Answers in *network*. *who*: the instance that has an address; *instances*: all of them; *databases*: addresses by endpoint."""

    def __init__(
        self,
        network: Network,
        who: Callable[[str], Facts | None],
        instances: Callable[[], list[Facts]] = list,
        databases: Callable[[], dict[str, str]] = dict,
    ):
        self._who, self._instances, self._databases = who, instances, databases
        with network.inside():
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.bind((RESOLVER, PORT))
            self._tcp = socket.create_server((RESOLVER, PORT), backlog=64)
        for target in (self._serve_udp, self._serve_tcp):
            threading.Thread(target=target, name="resolver", daemon=True).start()

    def close(self) -> None:
        for one in (self._udp, self._tcp):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def answer(self, wire: bytes, address: str, *, longest: int | None = None) -> bytes | None:
        """The answer to a question of the instance at *address*; None to what is no question. *longest*: bytes that fit."""
        try:
            asked = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return None
        if asked.flags & dns.flags.QR:
            return None
        answer = dns.message.make_response(asked, recursion_available=True)
        if asked.opcode() != 0 or len(asked.question) != 1:
            answer.set_rcode(dns.rcode.NOTIMP)
        else:
            try:
                self._fill(answer, asked.question[0], self._vpc_of(address))
                answer.to_wire(max_size=65535)  # what a record says may be no form of its type
            except Exception:  # what changed meanwhile is asked for again
                log.exception("the resolver failed at %s", asked.question[0])
                answer.answer.clear()
                answer.set_rcode(dns.rcode.SERVFAIL)
        if longest is None:
            return answer.to_wire(max_size=65535)
        room = max(min(asked.payload, longest), SMALLEST_UDP) if asked.edns >= 0 else SMALLEST_UDP
        try:
            return answer.to_wire(max_size=room)
        except dns.exception.TooBig:
            answer.answer.clear()
            answer.flags |= dns.flags.TC
            return answer.to_wire(max_size=room)

    def _vpc_of(self, address: str) -> str:
        facts = self._who(address)
        return facts.vpc_id if facts else ""

    def _fill(self, answer: dns.message.Message, question: dns.rrset.RRset, vpc_id: str) -> None:
        """Follow aliases and CNAME records to the end."""
        name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        for _step in range(LONGEST_CHAIN):
            found = self._look_up(name, kind, vpc_id)
            if found is None:
                if not answer.answer:
                    answer.set_rcode(dns.rcode.NXDOMAIN)
                return
            ttl, values = found
            if values:
                answer.answer.append(_rrset(name, ttl, question.rdtype, values))
                return
            link = self._look_up(name, "CNAME", vpc_id) if kind != "CNAME" else None
            if not link or not link[1]:
                return
            answer.answer.append(_rrset(name, link[0], dns.rdatatype.CNAME, link[1][:1]))
            name = link[1][0].lower().rstrip(".") + "."
        answer.set_rcode(dns.rcode.SERVFAIL)

    def _look_up(self, name: str, kind: str, vpc_id: str) -> Found:
        zone = _zone_of(name, vpc_id)
        if zone is not None:
            return self._in_zone(zone, name, kind, vpc_id)
        return self._of_aws(name.rstrip("."), kind)

    def _in_zone(self, zone: FakeZone, name: str, kind: str, vpc_id: str) -> Found:
        records = _records(zone, name)
        if not records:
            # A name between a record and its zone exists without records of its own (RFC 8020).
            return (0, []) if any(record.name.endswith(f".{name}") for record in zone.rrsets) else None
        for record in records:
            if record.type != kind:
                continue
            if record.alias_target:
                target = record.alias_target["DNSName"].lower().rstrip(".").removeprefix("dualstack.") + "."
                found = self._look_up(target, kind, vpc_id)
                return found if found is not None else (0, [])
            return int(record.ttl or 0), [str(value) for value in record.records or []]
        return 0, []

    def _of_aws(self, name: str, kind: str) -> Found:
        """Names that AWS gives to what stands."""
        if name == certificates.HOST:
            return INSTANCE_TTL, [RESOLVER] if kind == "A" else []
        if name.endswith(balancing.SUFFIX):
            addresses = _balancer_addresses(name.removeprefix("dualstack."))
            return (BALANCER_TTL, addresses if kind == "A" else []) if addresses else None
        if (address := self._databases().get(name)) is not None:
            return DATABASE_TTL, [address] if kind == "A" else []
        for facts in self._instances():
            if facts.host == name:
                return INSTANCE_TTL, [facts.address] if kind == "A" else []
        return None

    def _serve_udp(self) -> None:
        while True:
            try:
                wire, client = self._udp.recvfrom(65535)
            except OSError:  # closed
                return
            if client is None:  # shut down
                return
            with suppress(OSError):
                if (answer := self.answer(wire, client[0], longest=4096)) is not None:
                    self._udp.sendto(answer, client)

    def _serve_tcp(self) -> None:
        while True:
            try:
                client, address = self._tcp.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve_client, args=(client, address[0]), daemon=True).start()

    def _serve_client(self, client: socket.socket, address: str) -> None:
        with suppress(OSError), client:
            client.settimeout(PATIENCE)
            stream = client.makefile("rb")
            while len(head := stream.read(2)) == 2:
                answer = self.answer(stream.read(struct.unpack("!H", head)[0]), address)
                if answer is None:
                    return
                client.sendall(struct.pack("!H", len(answer)) + answer)


def _rrset(name: str, ttl: int, kind: int, values: list[str]) -> dns.rrset.RRset:
    """Names in records are whole ones, with a dot at the end or without."""
    return dns.rrset.from_text_list(name, ttl, dns.rdataclass.IN, kind, values, origin=dns.name.root, relativize=False)


def _zones() -> Iterator[FakeZone]:
    for _account, partitions in list(route53_backends.items()):
        for _partition, backend in list(partitions.items()):
            yield from list(backend.zones.values())


def _zone_of(name: str, vpc_id: str) -> FakeZone | None:
    """The zone with the longest name that holds *name*; of two with the same name the private one."""
    best: tuple[int, bool] | None = None
    found = None
    for zone in _zones():
        inside = name == zone.name or name.endswith(f".{zone.name}")
        visible = not zone.private_zone or vpc_id in [vpc["vpc_id"] for vpc in zone.vpcs]
        if inside and visible and (best is None or (len(zone.name), zone.private_zone) > best):
            best, found = (len(zone.name), zone.private_zone), zone
    return found


def _records(zone: FakeZone, name: str) -> list[RecordSet]:
    """Of exactly this name, else of the asterisk that is nearest to it. Of several with one name and type the first counts."""
    exact = [record for record in zone.rrsets if record.name == name]
    if exact or any(record.name.endswith(f".{name}") for record in zone.rrsets):
        return exact
    rest = name
    while rest and rest != zone.name:
        rest = rest.partition(".")[2]
        found = [record for record in zone.rrsets if record.name == f"\\052.{rest}"]
        if found:
            return found
    return []


def _balancer_addresses(name: str) -> list[str]:
    for _account, regions in list(elbv2_backends.items()):
        for _region, backend in list(regions.items()):
            for balancer in list(backend.load_balancers.values()):
                if balancer.dns_name.lower() == name:
                    enis = backend.ec2_backend.enis
                    return sorted(enis[one].private_ip_address for one in getattr(balancer, "eni_ids", []) if one in enis)
    return []
