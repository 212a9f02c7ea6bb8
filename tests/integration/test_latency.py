"""What is slow at AWS provisions side by side: a first run takes the longest path of the graph, not the sum."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from emulator.latency import PROFILES, SLOW
from tests.integration.stack import Stack
from tests.processes import ROOT, Running, start

#: What each component waits for, by the model and the state of emulator/latency.py. Those without an entry wait for nothing slow.
WAITS = {
    "network": ("moto.ec2.models.nat_gateways.NatGateway", "available"),
    "alerting": ("moto.awslambda.models.LambdaFunction", "Active"),
    "database": ("moto.rds.models.DBInstance", "available"),
    "load_balancer": ("moto.elbv2.models.FakeLoadBalancer", "active"),
    "dns": ("emulator.services.route53.Change", "INSYNC"),
}
#: Of the longest path: polls of waiters come a little late.
SHARE = 1.15


def waits(component: str) -> float:
    """Seconds that *component* waits for AWS in the profile C(aws)."""
    return sum(slow.seconds for slow in SLOW if (slow.model, slow.state) == WAITS.get(component)) * PROFILES["aws"]


def longest_path() -> float:
    """Seconds of waiting on the base's longest path."""
    listed = yaml.safe_load((ROOT / "playbooks/engine/components.yml").read_text(encoding="utf-8"))["base_components"]
    needs = {component["name"]: component.get("needs", []) for component in listed}

    @cache
    def until(component: str) -> float:
        return waits(component) + max(map(until, needs[component]), default=0.0)

    return max(map(until, needs))


@pytest.fixture
def slow() -> Iterator[Running]:
    running = start("emulator", "--port", "0", "--latency", "aws")
    yield running
    running.stop()


@pytest.mark.timing
def test_a_first_run_takes_the_longest_path(emulator, slow, tmp_path):
    Stack(emulator.url, tmp_path).plan()  # files and byte code are warm for both
    without = Stack(emulator.url, tmp_path).apply().seconds
    with_latency = Stack(slow.url, tmp_path).apply().seconds
    path, total = longest_path(), sum(map(waits, WAITS))
    bound = SHARE * path + without
    print(
        f"first run of the base: {with_latency:.1f} s with latency, {without:.1f} s without; longest path {path:.1f} s of {total:.1f} s"
        f" waiting in all; at most {SHARE} x {path:.1f} + {without:.1f} = {bound:.1f} s"
    )
    assert waits("database") == 20
    assert path < with_latency <= bound


def test_each_wait_is_one_of_the_emulator():
    assert all(waits(component) > 0 for component in WAITS)
