"""Load balancers at the addresses of their network interfaces, inside the instances' network.

HTTP listeners of application load balancers, internal and internet-facing ones alike ("Application Load Balancers", User Guide). HTTPS
listeners are left out: nothing answers at their ports.
"""

from __future__ import annotations

import logging
import threading

from moto.elbv2.models import elbv2_backends

from emulator import balancing
from emulator.instances.network import Network
from emulator.server import RawRequest, RawResponse, Server

log = logging.getLogger("emulator.instances")

Place = tuple[str, int]


class Frontends:
    """Keeps servers in step with the listeners. C(look) opens and closes what is due."""

    def __init__(self, network: Network):
        self._network = network
        self._servers: dict[Place, tuple[str, Server]] = {}
        self._addresses: set[str] = set()
        self._said: set[Place] = set()

    def look(self) -> None:
        wanted, addresses = _wanted()
        for place, (arn, _server) in list(self._servers.items()):
            if wanted.get(place) != arn:
                self._close(place)
        for address in self._addresses - addresses:
            self._network.remove_address(address)
        for address in addresses - self._addresses:
            self._network.add_address(address)
        self._addresses = addresses
        for place, arn in wanted.items():
            if place not in self._servers:
                self._open(place, arn)

    def stop(self) -> None:
        for place in list(self._servers):
            self._close(place)

    def _open(self, place: Place, arn: str) -> None:
        def handle(raw: RawRequest) -> RawResponse:
            return balancing.answer_at(arn, raw)

        try:
            with self._network.inside():
                server = Server(*place, handle)
        except OSError as error:
            if place not in self._said:
                log.error("load balancer at %s:%s: %s", *place, error)
                self._said.add(place)
            return
        self._servers[place] = arn, server
        threading.Thread(target=server.serve_forever, args=(0.1,), name=f"balancer {place[0]}:{place[1]}", daemon=True).start()

    def _close(self, place: Place) -> None:
        _arn, server = self._servers.pop(place)
        server.shutdown()
        server.server_close()


def _wanted() -> tuple[dict[Place, str], set[str]]:
    """Where which load balancer listens, and all addresses of load balancers."""
    places: dict[Place, str] = {}
    addresses: set[str] = set()
    for _account, regions in list(elbv2_backends.items()):
        for _region, backend in list(regions.items()):
            for balancer in list(backend.load_balancers.values()):
                if balancer.type != "application":
                    continue
                for eni_id in getattr(balancer, "eni_ids", []):
                    interface = backend.ec2_backend.enis.get(eni_id)
                    if interface is None:
                        continue
                    addresses.add(interface.private_ip_address)
                    for listener in list(balancer.listeners.values()):
                        if listener.protocol == "HTTP":
                            places[interface.private_ip_address, int(listener.port)] = balancer.arn
    return places, addresses
