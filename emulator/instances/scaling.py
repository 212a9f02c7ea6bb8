"""Auto Scaling groups of machines: launch, wait for hooks, come into service, replace what fails, leave.

"Amazon EC2 Auto Scaling instance lifecycle", "Lifecycle hooks", "Health checks for instances in an Auto Scaling group" and "Use an
instance refresh to update instances in an Auto Scaling group" (Amazon EC2 Auto Scaling User Guide). Heartbeat timeouts and grace
periods take as long as at AWS; a refresh does not wait for the warmup of what is in service and healthy.
"""

from __future__ import annotations

import logging
import math
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState, autoscaling_backends

from emulator import targets
from emulator.locks import WHOLE
from emulator.services.autoscaling import InstanceRefresh, active_refresh, roll_back
from emulator.services.autoscaling_instances import actions_of, deregister

log = logging.getLogger("emulator.instances")

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
#: New instances of a refresh that may come to nothing before it fails.
MOST_FAILURES = 2
DEFAULT_MIN_HEALTHY, DEFAULT_MAX_HEALTHY = 90, 100


class Scaler:
    """Keeps groups as they should be, one look after the other. *booted* tells whether an instance's machine is up."""

    def __init__(self, booted: Callable[[str], bool], changed: Callable[[], None] = lambda: None):
        self._booted, self._changed = booted, changed
        self._begun = time.time()
        self._said: set[tuple[str, str]] = set()

    def look(self) -> None:
        for account_id, regions in list(autoscaling_backends.items()):
            for _region, backend in list(regions.items()):
                for name in list(backend.autoscaling_groups):
                    with WHOLE.write():
                        if name in backend.autoscaling_groups:
                            self._look_at(backend, backend.autoscaling_groups[name], account_id)

    def _look_at(self, backend: AutoScalingBackend, group: FakeAutoScalingGroup, account_id: str) -> None:
        before = _picture(group)
        try:
            self.keep(backend, group, time.time())
        except Exception as error:  # one group can't launch, as when its template is gone: the others go on
            if (account_id, group.name) not in self._said:
                log.exception("Auto Scaling group %s: %s", group.name, error)
                self._said.add((account_id, group.name))
        if _picture(group) != before:
            self._changed()

    def keep(self, backend: AutoScalingBackend, group: FakeAutoScalingGroup, now: float) -> None:
        """One look at *group*, at the time *now*."""
        refresh = active_refresh(backend, group.name)
        for state in list(group.instance_states):
            self._step(backend, group, state, refresh, now)
        if refresh is not None:
            self._refresh(group, refresh)
            refresh = active_refresh(backend, group.name)
        self._size(group, refresh)
        backend.update_attached_target_groups(group.name)

    def _step(
        self, backend: AutoScalingBackend, group: FakeAutoScalingGroup, state: InstanceState, refresh: InstanceRefresh | None, now: float
    ) -> None:
        if state.instance.state in ("terminated", "shutting-down"):
            group.instance_states.remove(state)
            return
        suspended = _suspended(group)
        match state.lifecycle_state:
            case "Pending":
                if _wait_for(backend, group, state, LAUNCHING, now):
                    state.lifecycle_state = "Pending:Wait"
                elif self._booted(state.instance.id):
                    _in_service(state, now)
            case "Pending:Wait":
                if (result := _result(state, now)) == "CONTINUE":
                    _in_service(state, now)
                elif result == "ABANDON":
                    _failed(state, refresh)
            case "InService":
                if "HealthCheck" not in suspended:
                    self._check(group, state, now)
                if state.health_status == "Unhealthy" and "ReplaceUnhealthy" not in suspended and "Terminate" not in suspended:
                    _failed(state, refresh)
            case "Terminating":
                deregister(backend, state, group.target_group_arns)
                if _wait_for(backend, group, state, TERMINATING, now):
                    state.lifecycle_state = "Terminating:Wait"
                else:
                    _terminate(group, state)
            case "Terminating:Wait":
                if _result(state, now):
                    state.lifecycle_state = "Terminating:Proceed"
            case "Terminating:Proceed":
                _terminate(group, state)

    def _check(self, group: FakeAutoScalingGroup, state: InstanceState, now: float) -> None:
        """EC2's status check, and that of the load balancers once the grace period is over.

        The grace period begins when the instance comes into service; where it was in service before this process, with this process.
        """
        if state.instance.state != "running":
            state.health_status = "Unhealthy"
        if "ELB" not in str(group.health_check_type or "EC2").split(","):
            return
        since = max(state.__dict__.get("in_service_at", 0.0), self._begun)
        if now - since < float(group.health_check_grace_period or 0):
            return
        known = [targets.HEALTH.get((arn, state.instance.id)) for arn in group.target_group_arns]
        if any(one is not None and one.state == "unhealthy" for one in known):
            state.health_status = "Unhealthy"

    def _size(self, group: FakeAutoScalingGroup, refresh: InstanceRefresh | None) -> None:
        """Launch what is missing, and let go what is too much, unless a refresh has more on purpose."""
        active, suspended = _active(group), _suspended(group)
        missing = int(group.desired_capacity or 0) - len(active)
        if missing > 0 and "Launch" not in suspended:
            group.replace_autoscaling_group_instances(missing, group.get_propagated_tags())
        elif missing < 0 and refresh is None and "Terminate" not in suspended:
            for _number in range(-missing):
                if (victim := _victim(active)) is None:
                    return
                active.remove(victim)
                victim.lifecycle_state = "Terminating"

    def _refresh(self, group: FakeAutoScalingGroup, refresh: InstanceRefresh) -> None:
        active = _active(group)
        refresh.doomed = [one for one in refresh.doomed if one in {state.instance.id for state in active}]
        old = [state for state in active if state.instance.id in refresh.doomed]
        desired, healthy = int(group.desired_capacity or 0), [state for state in active if _healthy(group, state)]
        if not old:
            if len(healthy) >= desired:
                refresh.status = refresh.goal
            return
        if refresh.failures >= MOST_FAILURES and refresh.status == "InProgress":
            if refresh.preferences.get("AutoRollback") in (True, "true") and refresh.before:
                roll_back(group, refresh)
            else:
                refresh.status = "Failed"
            return
        least, most = _bounds(group, refresh, desired)
        new = len(active) - len(old)
        extra = min(most - len(active), desired - new)
        if extra > 0 and "Launch" not in _suspended(group):
            group.replace_autoscaling_group_instances(extra, group.get_propagated_tags())
        may_go = len(healthy) - least
        for state in sorted(old, key=lambda one: one in healthy):
            if state in healthy:
                may_go -= 1
                if may_go < 0:
                    break
            state.lifecycle_state = "Terminating"


def _picture(group: FakeAutoScalingGroup) -> list[tuple[str, str, str]]:
    return [(state.instance.id, state.lifecycle_state, state.health_status) for state in group.instance_states]


def _suspended(group: FakeAutoScalingGroup) -> set[str]:
    return {one["ProcessName"] for one in group.suspended_processes or []}


def _active(group: FakeAutoScalingGroup) -> list[InstanceState]:
    """Those that count towards the capacity."""
    return [state for state in group.instance_states if not state.lifecycle_state.startswith(("Terminating", "Standby"))]


def _wait_for(backend: AutoScalingBackend, group: FakeAutoScalingGroup, state: InstanceState, transition: str, now: float) -> bool:
    """Begin the actions of the group's hooks of *transition*; False where there are none."""
    hooks = [
        hook
        for hook in list(backend.lifecycle_hooks.values())
        if hook.auto_scaling_group_name == group.name and hook.lifecycle_transition == transition
    ]
    state.actions = {
        hook.name: {
            "token": str(uuid.uuid4()),
            "ends": now + float(hook.heartbeat_timeout),
            "last": now + float(hook.global_timeout),
            "default": hook.default_result,
            "result": None,
        }
        for hook in hooks
    }
    return bool(hooks)


def _result(state: InstanceState, now: float) -> str | None:
    """What all hooks together say: ABANDON ends the wait for the others, CONTINUE counts when all say so."""
    results = [action["result"] or (action["default"] if now >= action["ends"] else None) for action in actions_of(state).values()]
    if "ABANDON" in results:
        return "ABANDON"
    return None if None in results else "CONTINUE"


def _in_service(state: InstanceState, now: float) -> None:
    state.lifecycle_state, state.in_service_at, state.actions = "InService", now, {}


def _failed(state: InstanceState, refresh: InstanceRefresh | None) -> None:
    """An instance is given up."""
    state.lifecycle_state = "Terminating"
    if refresh is not None and state.instance.id not in refresh.doomed:
        refresh.failures += 1


def _terminate(group: FakeAutoScalingGroup, state: InstanceState) -> None:
    """Once nobody waits for its answers any more."""
    if not any(targets.leaving((arn, state.instance.id)) for arn in group.target_group_arns):
        group.ec2_backend.terminate_instances([state.instance.id])
        group.instance_states.remove(state)


def _healthy(group: FakeAutoScalingGroup, state: InstanceState) -> bool:
    """In service, and healthy in each of the group's target groups that asks for its health."""
    if state.lifecycle_state != "InService" or state.health_status != "Healthy":
        return False
    standing = group.autoscaling_backend.elbv2_backend.target_groups
    for arn in group.target_group_arns:
        target_group = standing.get(arn)
        if target_group is None or not target_group.load_balancer_arns or state.instance.id not in target_group.targets:
            continue
        known = targets.HEALTH.get((arn, state.instance.id))
        if known is None or known.state != "healthy":
            return False
    # It comes into service a moment before it is registered.
    return {arn for arn in group.target_group_arns if arn in standing} <= set(state.__dict__.get("registered", []))


def _victim(active: list[InstanceState]) -> InstanceState | None:
    """Of the zone with the most, the one with the oldest version, launched first ("Default termination policy", User Guide)."""
    free = [state for state in active if not state.protected_from_scale_in]
    if not free:
        return None
    zones = Counter(state.availability_zone for state in active)
    most = max(zones[state.availability_zone] for state in free)
    choice = [state for state in free if zones[state.availability_zone] == most]
    return min(choice, key=lambda state: (int(getattr(state, "version", None) or 0), active.index(state)))


def _bounds(group: FakeAutoScalingGroup, refresh: InstanceRefresh, desired: int) -> tuple[int, int]:
    """How many must be healthy at least, and may be there at most, during a refresh. One at a time is always possible."""
    policy: dict[str, Any] = getattr(group, "instance_maintenance_policy", None) or {}

    def percentage(name: str, default: int) -> int:
        value = refresh.preferences.get(name, policy.get(name))
        return default if value in (None, "") else int(value)

    least = math.ceil(desired * percentage("MinHealthyPercentage", DEFAULT_MIN_HEALTHY) / 100)
    highest = percentage("MaxHealthyPercentage", DEFAULT_MAX_HEALTHY)
    if highest <= 100:
        return min(least, desired - 1), desired
    return least, max(desired * highest // 100, desired + 1)
