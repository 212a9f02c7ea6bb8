"""The machines of EC2's instances, where there are any. Without them each instance is one whose agent never came up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.sessions.agent import Machine

if TYPE_CHECKING:
    from emulator.instances.network import Network


@dataclass(frozen=True, slots=True)
class Node:
    """An instance that Systems Manager manages: its machine, and what EC2 says of it."""

    machine: Machine
    account_id: str
    region: str
    address: str = ""
    tags: dict[str, str] = field(default_factory=dict)


#: Set where machines follow EC2 (``python -m emulator --instances``): what takes time then takes as long as the machines need.
FOLLOWED = threading.Event()
#: The network in which they are; empty without one.
NETWORK: list[Network] = []

#: By the instance's id: those whose SSM agent is connected.
CONNECTED: dict[str, Node] = {}


def nodes(account_id: str, region: str) -> dict[str, Node]:
    """The connected ones of an account and region, by id."""
    return {name: node for name, node in sorted(CONNECTED.items()) if (node.account_id, node.region) == (account_id, region)}
