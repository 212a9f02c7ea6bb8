"""Auto Scaling groups of machines: hooks, capacity, replacement, refresh; and user data."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.instances.machine import missing
from tests.unit.emulator.instances.conftest import until

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@pytest.fixture
def group(fleet):
    """Makes groups, and removes them afterwards."""
    made = []

    def make(name, size, **more):
        made.append(name)
        fleet.group(name, size, **more)
        return name

    yield make
    for name in made:
        fleet.remove(name)
    until(lambda: not fleet.health())


@pytest.fixture
def scaling(fleet):
    return fleet.emulator.client("autoscaling")


def complete(scaling, name, instance_id, result):
    given = {"AutoScalingGroupName": name, "LifecycleHookName": "boot", "InstanceId": instance_id}
    scaling.complete_lifecycle_action(LifecycleActionResult=result, **given)


def test_an_instance_waits_for_its_hook(fleet, scaling, group):
    group("waits", 1, hooks=["boot"])
    (instance_id,) = fleet.in_state("waits", "Pending:Wait", 1)
    fleet.answers(instance_id)
    assert fleet.health() == {}
    assert fleet.states("waits") == {instance_id: "Pending:Wait"}
    described = scaling.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"][0]
    assert described["LifecycleState"] == "Pending:Wait"
    with pytest.raises(ClientError, match="No active Lifecycle Action found with instance ID i-0123"):
        complete(scaling, "waits", "i-0123", "CONTINUE")
    scaling.record_lifecycle_action_heartbeat(AutoScalingGroupName="waits", LifecycleHookName="boot", InstanceId=instance_id)
    complete(scaling, "waits", instance_id, "CONTINUE")
    fleet.in_state("waits", "InService", 1)
    until(lambda: fleet.health() == {instance_id: ("healthy", None)})
    with pytest.raises(ClientError, match=f"No active Lifecycle Action found with instance ID {instance_id}"):
        complete(scaling, "waits", instance_id, "CONTINUE")


def test_what_is_abandoned_is_replaced_and_never_a_target(fleet, scaling, group):
    group("abandoned", 1, hooks=["boot"])
    (first,) = fleet.in_state("abandoned", "Pending:Wait", 1)
    complete(scaling, "abandoned", first, "ABANDON")
    (second,) = until(lambda: [one for one in fleet.states("abandoned") if one != first])
    until(lambda: fleet.states("abandoned") == {second: "Pending:Wait"})
    assert fleet.health() == {}
    state = fleet.emulator.client("ec2").describe_instances(InstanceIds=[first])["Reservations"][0]["Instances"][0]["State"]["Name"]
    assert state == "terminated"


def test_user_data_runs_as_root_and_metadata_tells_of_the_group(fleet, group):
    group("told", 1)
    (instance_id,) = fleet.in_state("told", "InService", 1)
    fleet.answers(instance_id)
    printed = fleet.run(
        instance_id,
        """
    cat /var/log/cloud-init-output.log; ls -A /sbin/init
    at=http://169.254.169.254/latest
    T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token)
    for name in autoscaling/target-lifecycle-state mac security-groups; do
      echo "$name $(curl -s -H "X-aws-ec2-metadata-token: $T" $at/meta-data/$name)"
    done
    cat /sys/class/net/eth0/address
    """,
    )
    assert f"user data of {instance_id} by root" in printed
    assert "cannot access '/sbin/init'" in printed
    assert "autoscaling/target-lifecycle-state InService" in printed
    assert "security-groups server" in printed
    hardware = printed.strip().splitlines()[-1]
    assert f"mac {hardware}\n" in printed


def test_shared_memory_of_an_instance_is_its_own(fleet, group):
    group("shares", 1)
    (instance_id,) = fleet.in_state("shares", "InService", 1)
    fleet.answers(instance_id)
    assert fleet.run(instance_id, "ls -A /dev/shm; echo x > /dev/shm/of-an-instance; cat /dev/shm/of-an-instance") == "x\n"
    assert not Path("/dev/shm/of-an-instance").exists()


def test_user_data_of_one_does_not_keep_others_waiting(fleet):
    ec2 = fleet.emulator.client("ec2")
    given = {"LaunchTemplate": {"LaunchTemplateId": fleet.template}, "SubnetId": fleet.subnets[0], "MinCount": 1, "MaxCount": 1}
    slow = ec2.run_instances(**given, UserData="#!/bin/sh\nsleep 30\n")["Instances"][0]["InstanceId"]
    other = ec2.run_instances(**given)["Instances"][0]["InstanceId"]
    begun = time.monotonic()
    fleet.answers(other)
    assert time.monotonic() - begun < 10
    ec2.terminate_instances(InstanceIds=[slow, other])


def test_the_group_keeps_its_size(fleet, scaling, group):
    group("keeps", 2)
    first, second = fleet.in_state("keeps", "InService", 2)
    until(lambda: set(fleet.health().values()) == {("healthy", None)})
    fleet.emulator.client("ec2").terminate_instances(InstanceIds=[first])
    until(lambda: first not in fleet.states("keeps"))
    fleet.in_state("keeps", "InService", 2)
    scaling.terminate_instance_in_auto_scaling_group(InstanceId=second, ShouldDecrementDesiredCapacity=False)
    until(lambda: second not in fleet.states("keeps"))
    third, fourth = fleet.in_state("keeps", "InService", 2)
    until(lambda: fleet.health() == {third: ("healthy", None), fourth: ("healthy", None)})
    scaling.set_desired_capacity(AutoScalingGroupName="keeps", DesiredCapacity=3)
    assert {third, fourth} < set(fleet.in_state("keeps", "InService", 3))
    scaling.set_desired_capacity(AutoScalingGroupName="keeps", DesiredCapacity=1)
    (last,) = fleet.in_state("keeps", "InService", 1)
    until(lambda: list(fleet.health()) == [last])


@pytest.fixture
def delay(fleet):
    """``delay(3)`` is the deregistration delay of the fleet's target group, in seconds."""
    elbv2 = fleet.emulator.client("elbv2")

    def put(seconds):
        attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
        elbv2.modify_target_group_attributes(TargetGroupArn=fleet.group_arn, Attributes=[attribute])

    yield put
    put(300)


@pytest.mark.parametrize(("seconds", "answer"), [(60, 200), (1, 502)])
def test_scale_in_waits_for_requests_under_way_as_long_as_its_delay(fleet, scaling, group, delay, seconds, answer):
    delay(seconds)
    name = f"drains-{seconds}"
    group(name, 1)
    (instance_id,) = fleet.in_state(name, "InService", 1)
    until(lambda: fleet.health() == {instance_id: ("healthy", None)})
    answers = []
    client = threading.Thread(target=lambda: answers.append(fleet.ask("/slow/4")[0]))
    client.start()
    time.sleep(0.5)
    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=0)
    until(lambda: fleet.health() == {instance_id: ("draining", "Target.DeregistrationInProgress")})
    assert fleet.states(name) == {instance_id: "Terminating"}
    assert fleet.ask("/")[0] == 503
    client.join()
    assert answers == [answer]
    until(lambda: fleet.states(name) == {})


def test_what_fails_its_health_checks_is_replaced_after_the_grace_period(fleet, scaling, group):
    group("sick", 1, hooks=["boot"], HealthCheckType="ELB", HealthCheckGracePeriod=0)
    (instance_id,) = fleet.in_state("sick", "Pending:Wait", 1)
    fleet.answers(instance_id)
    complete(scaling, "sick", instance_id, "CONTINUE")
    until(lambda: fleet.health() == {instance_id: ("healthy", None)})
    assert fleet.states("sick") == {instance_id: "InService"}
    fleet.run(instance_id, "true", path="/become/500")
    until(lambda: instance_id not in fleet.states("sick"))
    (other,) = fleet.in_state("sick", "Pending:Wait", 1)
    assert other != instance_id


def test_a_refresh_never_has_fewer_healthy_ones_than_it_may(fleet, scaling, group):
    percentages = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 150}
    group("refreshed", 2, InstanceMaintenancePolicy=percentages)
    before = fleet.in_state("refreshed", "InService", 2)
    until(lambda: set(fleet.health().values()) == {("healthy", None)} and len(fleet.health()) == 2)
    scaling.start_instance_refresh(AutoScalingGroupName="refreshed")
    with pytest.raises(ClientError, match="InstanceRefreshInProgress"):
        scaling.start_instance_refresh(AutoScalingGroupName="refreshed")
    statuses, most = [], 0

    def over():
        refresh = scaling.describe_instance_refreshes(AutoScalingGroupName="refreshed")["InstanceRefreshes"][0]
        statuses.append(fleet.ask("/")[0])
        assert [state for state, _reason in fleet.health().values()].count("healthy") >= 2
        nonlocal most
        most = max(most, sum(not state.startswith("Terminating") for state in fleet.states("refreshed").values()))
        return refresh["Status"] == "Successful"

    until(over, 40)
    assert set(statuses) == {200}
    assert most == 3
    assert not set(before) & set(fleet.in_state("refreshed", "InService", 2))
