"""Slow provisioning: AWS answers a create at once and takes minutes to make it so. Held back on moto's models, for every reader alike."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import Any

PROFILES: dict[str, float] = {"none": 0.0, "aws": 1 / 60}
"""Seconds that pass here for each second at AWS: with ``aws``, a minute takes a second."""

SCALE = 0.0
"""What was applied, for pauses that are no state of a model, such as those between two attempts to deliver."""


@dataclass(frozen=True, slots=True)
class Slow:
    """A state that is reached late: until *seconds* (at AWS, typical) after it was set, it reads *before*."""

    model: str
    attribute: str
    state: str
    before: str
    seconds: float


# One line a state. Seconds: what AWS's own consoles and waiters typically see.
SLOW: tuple[Slow, ...] = (
    Slow("moto.ec2.models.nat_gateways.NatGateway", "state", "available", "pending", 105),
    Slow("moto.ec2.models.nat_gateways.NatGateway", "state", "deleted", "deleting", 45),
    Slow("moto.awslambda.models.LambdaFunction", "state", "Active", "Pending", 5),
    Slow("moto.elbv2.models.FakeLoadBalancer", "state", "active", "provisioning", 180),
    Slow("moto.rds.models.DBInstance", "status", "available", "backing-up", 1200),
    Slow("moto.rds.models.DBInstance", "status", "backing-up", "creating", 1080),
    Slow("emulator.services.autoscaling.InstanceRefresh", "status", "Successful", "InProgress", 600),
    Slow("emulator.services.elbv2.Target", "state", "healthy", "initial", 20),
    Slow("emulator.services.acm.Validation", "state", "ISSUED", "PENDING_VALIDATION", 90),
    Slow("emulator.services.route53.Change", "status", "INSYNC", "PENDING", 30),
)


def apply(profile: str) -> None:
    """Hold states back as *profile* says."""
    global SCALE
    SCALE = scale = PROFILES[profile]
    if not scale:
        return
    by_attribute: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
    for slow in SLOW:
        by_attribute.setdefault((slow.model, slow.attribute), {})[slow.state] = (slow.before, slow.seconds * scale)
    for (model, attribute), states in by_attribute.items():
        module, _, name = model.rpartition(".")
        setattr(getattr(importlib.import_module(module), name), attribute, LateState(attribute, states))


class LateState:
    """A descriptor in place of a plain attribute. *states*: state -> (state until then, seconds).

    The value and its time lie in the object, so they are kept with it in a state file.
    """

    def __init__(self, attribute: str, states: dict[str, tuple[str, float]]):
        self._attribute = attribute
        self._since = f"_{attribute}_since"
        self._states = states

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self._attribute]
        passed = time.time() - instance.__dict__.get(self._since, 0.0)
        # The state before may be a late one too, reached sooner.
        while value in self._states and passed < self._states[value][1]:
            value = self._states[value][0]
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self._attribute] = value
        instance.__dict__[self._since] = time.time()
