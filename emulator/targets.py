"""What load balancers know of their targets where these are machines: health, requests under way, and who is leaving.

"Target health status" and "Deregistration delay" (User Guide for Application Load Balancers). None of it is kept in a state file: it is
true of this process's machines only. emulator/instances/health.py asks the targets, emulator/balancing.py sends them requests.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Seconds that pass here for each second of a health check's interval: 15 seconds take half a second. Seconds in which an answer must
#: come are real ones, as are those of deregistration delays (nobody waits for them where nothing is under way), hooks and grace periods.
SCALE = 1 / 30

Key = tuple[str, str]
"""Of a target: its target group's ARN and its id."""


@dataclass(slots=True)
class Health:
    """*state*: initial, healthy or unhealthy; *due*: when the target is asked next; *since*: successes or failures in a row."""

    state: str = "initial"
    reason: str | None = "Elb.RegistrationInProgress"
    description: str | None = "Target registration is in progress"
    successes: int = 0
    failures: int = 0
    due: float = 0.0

    def found(self, problem: tuple[str, str] | None, healthy: int, unhealthy: int) -> None:
        """A check found *problem* (reason and description), or none; *healthy* and *unhealthy* are the thresholds."""
        if problem is None:
            self.successes, self.failures = self.successes + 1, 0
            if self.successes >= healthy:
                self.state, self.reason, self.description = "healthy", None, None
        else:
            self.successes, self.failures = 0, self.failures + 1
            if self.failures >= unhealthy:
                self.state = "unhealthy"
            if self.state == "unhealthy":
                self.reason, self.description = problem
        if self.state == "initial":
            self.reason, self.description = "Elb.InitialHealthChecking", "Initial health checks in progress"


HEALTH: dict[Key, Health] = {}

_LEAVING: dict[Key, float] = {}
_UNDER_WAY: Counter[Key] = Counter()
_lock = threading.Lock()


def health_of(key: Key) -> Health:
    """Of a registered target; its first one if nobody asked for it before."""
    return HEALTH.setdefault(key, Health())


@contextmanager
def request_to(key: Key) -> Iterator[None]:
    """A request to a target is under way."""
    with _lock:
        _UNDER_WAY[key] += 1
    try:
        yield
    finally:
        with _lock:
            _UNDER_WAY[key] -= 1


def joins(key: Key) -> None:
    """A target is registered. One that was there before, or is leaving, begins anew."""
    _LEAVING.pop(key, None)
    HEALTH[key] = Health()


def leaves(key: Key, delay: float) -> None:
    """A target is deregistered: it gets no new requests, and those under way have *delay* seconds to end."""
    HEALTH.pop(key, None)
    _LEAVING[key] = time.monotonic() + delay


def leaving(key: Key) -> bool:
    """Whether a deregistered target still has requests under way that may end."""
    ends = _LEAVING.get(key)
    if ends is None:
        return False
    if _UNDER_WAY[key] > 0 and time.monotonic() < ends:
        return True
    _LEAVING.pop(key, None)
    return False


def leaving_of(group_arn: str) -> list[str]:
    """The ids of those that leave a target group."""
    return [name for group, name in list(_LEAVING) if group == group_arn and leaving((group, name))]
