"""Associations: on what stands, on what comes, again when they change or when asked; in batches, and not after too many errors."""

from __future__ import annotations

import json

import pytest

from emulator.instances.machine import missing
from tests.unit.emulator.instances.conftest import until

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")

CONTENT = {
    "schemaVersion": "2.2",
    "parameters": {"Release": {"type": "String"}},
    "mainSteps": [
        {
            "action": "aws:runShellScript",
            "name": "run",
            "inputs": {"runCommand": ["echo {{ Release }} >> /srv/releases", "[ {{ Release }} != bad ]"]},
        }
    ],
}


@pytest.fixture(scope="module")
def ssm(emulator):
    made = emulator.client("ssm")
    made.create_document(Name="shop-converge", DocumentType="Command", Content=json.dumps(CONTENT))
    return made


def associate(ssm, tier, release, **more):
    targets = [{"Key": "tag:Tier", "Values": [tier]}]
    created = ssm.create_association(Name="shop-converge", Targets=targets, Parameters={"Release": [release]}, **more)
    return created["AssociationDescription"]["AssociationId"]


def executions(ssm, association, count):
    """The statuses by instance of each execution, the oldest first, once *count* have ended."""

    def ended():
        found = ssm.describe_association_executions(AssociationId=association)["AssociationExecutions"]
        return found if len(found) >= count and all(one["Status"] != "InProgress" for one in found) else None

    found = []
    for one in reversed(until(ended)):
        targets = ssm.describe_association_execution_targets(AssociationId=association, ExecutionId=one["ExecutionId"])
        found.append({target["ResourceId"]: target["Status"] for target in targets["AssociationExecutionTargets"]})
    return found


def releases(ssm, name):
    """What was released on the instance *name*, in order."""
    sent = ssm.send_command(DocumentName="AWS-RunShellScript", InstanceIds=[name], Parameters={"commands": ["cat /srv/releases"]})
    invocation = {"CommandId": sent["Command"]["CommandId"], "InstanceId": name}
    return until(lambda: (one := ssm.get_command_invocation(**invocation))["Status"] == "Success" and one)["StandardOutputContent"].split()


def test_from_the_first_instance_to_a_change(ssm, another):
    first = another("web")
    association = associate(ssm, "web", "one")
    assert executions(ssm, association, 1) == [{first: "Success"}]
    second = another("web")
    assert executions(ssm, association, 2) == [{first: "Success"}, {second: "Success"}]
    ssm.update_association(
        AssociationId=association,
        Name="shop-converge",
        Targets=[{"Key": "tag:Tier", "Values": ["web"]}],
        Parameters={"Release": ["two"]},
    )
    assert executions(ssm, association, 3)[2] == {first: "Success", second: "Success"}
    assert releases(ssm, first) == ["one", "two"]
    assert releases(ssm, second) == ["one", "two"]
    ssm.start_associations_once(AssociationIds=[association])
    assert len(executions(ssm, association, 4)) == 4
    (listed,) = ssm.list_associations(AssociationFilterList=[{"key": "AssociationId", "value": association}])["Associations"]
    assert (listed["Overview"]["Status"], listed["Overview"]["AssociationStatusAggregatedCount"]) == ("Success", {"Success": 2})


def test_a_bad_release_stops_at_the_threshold(ssm, another):
    names = sorted(another("app") for _ in range(3))
    association = associate(ssm, "app", "bad", MaxConcurrency="1", MaxErrors="0")
    (found,) = executions(ssm, association, 1)
    assert sorted(found) == names
    assert sorted(found.values()) == ["Failed", "Skipped", "Skipped"]
    assert ssm.describe_association(AssociationId=association)["AssociationDescription"]["Overview"]["Status"] == "Failed"


def test_only_by_its_schedule_if_it_says_so(ssm, another):
    name = another("later")
    association = associate(ssm, "later", "one", ScheduleExpression="cron(0 2 ? * SUN *)", ApplyOnlyAtCronInterval=True)
    other = associate(ssm, "later", "two", ScheduleExpression="rate(30 minutes)")
    assert executions(ssm, other, 1) == [{name: "Success"}]
    assert ssm.describe_association_executions(AssociationId=association)["AssociationExecutions"] == []
