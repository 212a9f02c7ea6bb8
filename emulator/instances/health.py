"""Health checks: each target is really asked, from inside the instances' network.

"Health checks for Application Load Balancer target groups" (User Guide). Intervals are scaled (emulator/targets.py).
"""

from __future__ import annotations

import http.client
import logging
import threading
import time
from collections.abc import Iterator

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup, elbv2_backends

from emulator import targets
from emulator.instances import upstream
from emulator.instances.network import Network

log = logging.getLogger("emulator.instances")

#: Seconds between two looks at what is due.
LOOK = 0.1
#: Seconds that a check takes at most, whatever its group says: what does not answer here in this time will not.
LONGEST_CHECK = 3.0

_TIMED_OUT = ("Target.Timeout", "Request timed out")
_FAILED = ("Target.FailedHealthChecks", "Health checks failed")


class HealthChecks:
    """Asks all targets of all groups that a load balancer uses, from C(start) to C(stop)."""

    def __init__(self, network: Network):
        self._network = network
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="health", daemon=True)
        self._asked: set[targets.Key] = set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _follow(self) -> None:
        while not self._over.wait(LOOK):
            try:
                self._look()
            except Exception:  # what changed meanwhile is read at the next look
                log.exception("could not look at the targets")

    def _look(self) -> None:
        known = set()
        for group, balancer in _groups_in_use():
            for name in list(group.targets):
                key = (group.arn, name)
                known.add(key)
                health = targets.health_of(key)
                if group.health_check_enabled and key not in self._asked and time.monotonic() >= health.due:
                    self._asked.add(key)
                    threading.Thread(target=self._check, args=(group, balancer, key), name="health check", daemon=True).start()
        for key in set(targets.HEALTH) - known:
            targets.HEALTH.pop(key, None)

    def _check(self, group: FakeTargetGroup, balancer: FakeLoadBalancer, key: targets.Key) -> None:
        health = targets.health_of(key)
        try:
            problem = self._problem(group, balancer, key[1])
            health.found(problem, int(group.healthy_threshold_count), int(group.unhealthy_threshold_count))
        except Exception:  # a group that changes meanwhile; its target is asked again
            log.debug("health check of %s failed", key, exc_info=True)
        finally:
            health.due = time.monotonic() + float(group.health_check_interval_seconds) * targets.SCALE
            self._asked.discard(key)

    def _problem(self, group: FakeTargetGroup, balancer: FakeLoadBalancer, name: str) -> tuple[str, str] | None:
        """What is wrong with a target: reason and description; None if it is as it should be."""
        target = upstream.located(group, name)
        if target is None:
            return _FAILED
        given = str(group.health_check_port or "traffic-port")
        port = int(given) if given.isdecimal() else target.port
        if not upstream.reaches(group, balancer, target, port):
            return _TIMED_OUT
        seconds = min(float(group.health_check_timeout_seconds), LONGEST_CHECK)
        try:
            client = upstream.connection(self._network, target.address, port, group.health_check_protocol == "HTTPS", seconds)
            try:
                headers = {"Host": f"{target.address}:{port}", "User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"}
                client.request("GET", group.health_check_path or "/", headers=headers)
                status = client.getresponse().status
            finally:
                client.close()
        except TimeoutError:
            return _TIMED_OUT
        except http.client.HTTPException:
            return _FAILED
        except OSError as error:
            # Nobody has the address, or not yet: AWS gets no answer either.
            return _TIMED_OUT if error.errno in _NOBODY else _FAILED
        wanted = str((group.matcher or {}).get("HttpCode") or "200")
        return None if _matches(status, wanted) else ("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{status}]")


_NOBODY = (101, 113)  # ENETUNREACH, EHOSTUNREACH


def _matches(status: int, wanted: str) -> bool:
    """Whether *status* is one of a matcher's codes, as 200,301 or 200-299."""
    for part in wanted.split(","):
        first, _, last = part.strip().partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def _groups_in_use() -> Iterator[tuple[FakeTargetGroup, FakeLoadBalancer]]:
    """Target groups of HTTP and HTTPS with a load balancer that uses each."""
    for _account, regions in list(elbv2_backends.items()):
        for _region, backend in list(regions.items()):
            for group in list(backend.target_groups.values()):
                if group.protocol in ("HTTP", "HTTPS") and group.target_type in ("instance", "ip") and group.targets:
                    balancer = _first(backend, group)
                    if balancer is not None:
                        yield group, balancer


def _first(backend: ELBv2Backend, group: FakeTargetGroup) -> FakeLoadBalancer | None:
    return next((backend.load_balancers[arn] for arn in group.load_balancer_arns if arn in backend.load_balancers), None)
