"""What waits for minutes, at a clock of the tests' own: heartbeats, grace periods, bounds of a refresh."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from emulator import targets
from emulator.instances.scaling import Scaler, _bounds, _result, _wait_for
from emulator.targets import Health

HOOK = {"name": "boot", "auto_scaling_group_name": "web", "lifecycle_transition": "launching"}


@pytest.fixture
def waiting():
    """An instance that waits for a hook of 600 seconds, with the default result of *default*."""

    def wait(default, **more):
        hook = SimpleNamespace(**HOOK, heartbeat_timeout=600, global_timeout=60000, default_result=default, **more)
        state = SimpleNamespace()
        assert _wait_for(SimpleNamespace(lifecycle_hooks={"web_boot": hook}), SimpleNamespace(name="web"), state, "launching", 1000.0)
        return state

    return wait


@pytest.mark.parametrize("default", ["CONTINUE", "ABANDON"])
def test_the_default_counts_when_the_heartbeat_is_over(waiting, default):
    state = waiting(default)
    assert _result(state, 1599.0) is None
    assert _result(state, 1600.0) == default
    state.actions["boot"]["ends"] = 2000.0
    assert _result(state, 1600.0) is None


def test_one_abandon_is_enough_and_all_must_continue(waiting):
    state = waiting("CONTINUE")
    state.actions["second"] = {**state.actions["boot"], "result": "CONTINUE"}
    assert _result(state, 1000.0) is None
    state.actions["boot"]["result"] = "CONTINUE"
    assert _result(state, 1000.0) == "CONTINUE"
    state.actions["boot"]["result"] = "ABANDON"
    assert _result(state, 1000.0) == "ABANDON"


def test_the_grace_period_begins_in_service_or_with_this_process(monkeypatch):
    monkeypatch.setattr(targets, "HEALTH", {("arn", "i-1"): Health(state="unhealthy")})
    group = SimpleNamespace(health_check_type="ELB", health_check_grace_period=300, target_group_arns=["arn"])
    scaler = Scaler(lambda _: True)
    scaler._begun = 1000.0

    def judged(in_service_at, now):
        instance = SimpleNamespace(id="i-1", state="running")
        state = SimpleNamespace(instance=instance, health_status="Healthy", in_service_at=in_service_at)
        scaler._check(group, state, now)
        return state.health_status

    assert judged(2000.0, 2299.0) == "Healthy"
    assert judged(2000.0, 2300.0) == "Unhealthy"
    assert judged(0.0, 1299.0) == "Healthy"  # it was in service before this process, whose machine of it is a new one
    assert judged(0.0, 1300.0) == "Unhealthy"


@pytest.mark.parametrize(
    ("least", "most", "desired", "bounds"),
    [(100, 150, 2, (2, 3)), (100, 110, 4, (4, 5)), (90, 100, 2, (1, 2)), (50, 100, 4, (2, 4)), (90, 100, 20, (18, 20))],
)
def test_bounds_of_a_refresh(least, most, desired, bounds):
    refresh = SimpleNamespace(preferences={"MinHealthyPercentage": least, "MaxHealthyPercentage": most})
    assert _bounds(SimpleNamespace(), refresh, desired) == bounds
    group = SimpleNamespace(instance_maintenance_policy={"MinHealthyPercentage": least, "MaxHealthyPercentage": most})
    assert _bounds(group, SimpleNamespace(preferences={}), desired) == bounds


def test_health_needs_as_many_answers_in_a_row_as_its_thresholds_say():
    health, mismatch = Health(), ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]")
    health.found(None, 2, 3)
    assert (health.state, health.reason) == ("initial", "Elb.InitialHealthChecking")
    health.found(mismatch, 2, 3)
    health.found(None, 2, 3)
    assert health.state == "initial"
    health.found(None, 2, 3)
    assert (health.state, health.reason) == ("healthy", None)
    for state in ("healthy", "healthy", "unhealthy"):
        health.found(mismatch, 2, 3)
        assert health.state == state
    assert (health.reason, health.description) == mismatch
