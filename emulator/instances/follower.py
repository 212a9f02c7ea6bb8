"""Machines for what EC2 runs: one comes up for each instance that runs, and goes when that ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from emulator import machines
from emulator.instances import userdata
from emulator.instances.associations import Keeper
from emulator.instances.databases import Databases
from emulator.instances.facts import Facts, running
from emulator.instances.frontends import Frontends
from emulator.instances.health import HealthChecks
from emulator.instances.machine import BootFailed, Instance, remove_left_over
from emulator.instances.metadata import MetadataService
from emulator.instances.network import RESOLVER, Network
from emulator.instances.relay import Relay
from emulator.instances.resolver import Resolver
from emulator.instances.scaling import Scaler

log = logging.getLogger("emulator.instances")

#: Seconds between two looks at EC2.
LOOK = 0.25
#: Where the emulator answers at the resolver's address beside its own port: RDS's trust store is asked by HTTP.
HTTP = 80


class Follower:
    """Keeps machines in step with EC2, from C(start) to C(stop), and all that they need.

    *address*: the emulator's, where the machines' agents reach it; *changed* is called where something is to be saved.
    """

    def __init__(self, address: tuple[str, int], changed: Callable[[], None] = lambda: None):
        self._address = address
        self._network = Network()
        self._machines: dict[str, Instance] = {}
        self._facts: dict[str, Facts] = {}
        self._failed: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="instances", daemon=True)
        self._metadata: MetadataService | None = None
        self._resolver: Resolver | None = None
        self._relays: list[Relay] = []
        self._associations = Keeper()
        self._databases = Databases(self._network, changed)
        self._frontends = Frontends(self._network)
        self._health = HealthChecks(self._network)
        self._scaler = Scaler(self._machines.__contains__, changed)

    def start(self) -> None:
        """Raises network.NotPossible or OSError where this machine can't have instances; what was begun is gone then."""
        remove_left_over()
        try:
            self._open()
        except BaseException:
            self.stop()
            raise

    def _open(self) -> None:
        self._network.create()
        self._metadata = MetadataService(self._network, self._facts.get)
        self._resolver = Resolver(self._network, self._facts.get, lambda: list(self._facts.values()), self._databases.addresses)
        for port in {self._address[1], HTTP}:
            self._relays.append(Relay(self._network, (RESOLVER, port), self._address))
        machines.NETWORK.append(self._network)
        self._health.start()
        self._thread.start()

    def stop(self) -> None:
        """All machines and their network go."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._health.stop()
        machines.NETWORK.clear()
        self._frontends.stop()
        for instance_id in list(self._machines):
            self._take_down(instance_id)
        self._databases.stop()
        if self._metadata is not None:
            self._metadata.close()
        if self._resolver is not None:
            self._resolver.close()
        for relay in self._relays:
            relay.close()
        self._network.delete()
        remove_left_over()

    def _follow(self) -> None:
        while not self._over.wait(LOOK):
            for look in (self._look, self._scaler.look, self._frontends.look, self._databases.look, self._associations.look):
                try:
                    look()
                except Exception:  # the next look may find what this one could not read while EC2 changed it
                    log.exception("could not follow EC2")

    def _look(self) -> None:
        wanted = {facts.id: facts for facts in running()}
        for instance_id in set(self._machines) - set(wanted):
            self._take_down(instance_id)
        for facts in wanted.values():
            self._facts[facts.address] = facts
            if facts.id not in self._machines and facts.id not in self._failed:
                self._bring_up(facts)
            machine = self._machines.get(facts.id)
            if machine is not None and facts.managed:
                machines.CONNECTED[facts.id] = machines.Node(machine, facts.account_id, facts.region, facts.address, facts.tags)
            else:
                machines.CONNECTED.pop(facts.id, None)

    def _bring_up(self, facts: Facts) -> None:
        # What a node has on AWS by its region's endpoints: the one address where the emulator answers, as the node sees it.
        environment = {
            "AWS_ENDPOINT_URL": f"http://{RESOLVER}:{self._address[1]}",
            "AWS_REGION": facts.region,
            "AWS_DEFAULT_REGION": facts.region,
            "AWS_SSM_INSTANCE_ID": facts.id,
            "AWS_SSM_REGION_NAME": facts.region,
        }
        made = Instance(facts.id, facts.address, self._network, aws=lambda: self._aws(facts.address), environment=environment)
        try:
            made.boot()
        except BootFailed as error:
            log.error("%s", error)
            self._failed.add(facts.id)
            return
        self._machines[facts.id] = made
        userdata.begin(made, facts.user_data)

    def _take_down(self, instance_id: str) -> None:
        machines.CONNECTED.pop(instance_id, None)
        machine = self._machines.pop(instance_id)
        machine.stop()
        self._facts.pop(machine.address, None)

    def _aws(self, address: str) -> dict[str, Any]:
        """What a client needs that speaks as the instance at *address*."""
        facts = self._facts[address]
        keys = facts.credentials() or {}
        return {
            "region_name": facts.region,
            "endpoint_url": "http://{}:{}".format(*self._address),
            "aws_access_key_id": keys.get("AccessKeyId"),
            "aws_secret_access_key": keys.get("SecretAccessKey"),
            "aws_session_token": keys.get("Token"),
        }
