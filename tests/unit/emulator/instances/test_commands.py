"""Run Command: which instances, how many at once, what becomes of failures, and what is told of it."""

from __future__ import annotations

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from emulator.instances.machine import missing
from emulator.machines import Node
from emulator.services.ssm_commands import matching, share, spread
from tests.unit.emulator.instances.conftest import until

needs_instances = pytest.mark.skipif(missing() is not None, reason=missing() or "")
SCRIPT = ["[ {{ Word }} != bad ] || exit 3", "echo {{ Word }}"]
CONTENT = {
    "schemaVersion": "2.2",
    "parameters": {"Word": {"type": "String", "default": "none", "allowedValues": ["none", "hello", "bad"]}},
    "mainSteps": [{"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": SCRIPT}}],
}


@pytest.mark.parametrize(
    ("text", "whole", "expected"), [(None, 9, 5), ("2", 9, 2), ("50%", 9, 4), ("100%", 3, 3), ("10%", 3, 0), ("0", 3, 0)]
)
def test_shares(text, whole, expected):
    assert share(text, whole, 5) == expected


def test_targets_are_met_all_at_once():
    nodes = {
        "i-1": Node(None, "1", "r", tags={"Tier": "web", "Environment": "local"}),
        "i-2": Node(None, "1", "r", tags={"Tier": "app", "Environment": "local"}),
        "i-3": Node(None, "1", "r", tags={"Tier": "web"}),
    }

    def chosen(*targets):
        return list(matching([{"Key": key, "Values": list(values)} for key, *values in targets], nodes))

    assert chosen(("tag:Tier", "web")) == ["i-1", "i-3"]
    assert chosen(("tag:Tier", "web", "app")) == ["i-1", "i-2", "i-3"]
    assert chosen(("tag:Tier", "web"), ("tag:Environment", "local")) == ["i-1"]
    assert chosen(("tag-key", "Environment")) == ["i-1", "i-2"]
    assert chosen(("InstanceIds", "i-2")) == ["i-2"]
    assert chosen(("InstanceIds", "*")) == ["i-1", "i-2", "i-3"]
    assert chosen() == chosen(("resource-groups:Name", "x")) == []


def test_no_more_at_once_than_asked():
    most, now, lock = 0, 0, threading.Lock()

    def run(_name):
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        return True

    assert spread(list("abcdefgh"), 3, 0, run, threading.Event()) == []
    assert most == 3


@pytest.mark.parametrize(("allowed", "left"), [(0, ["c", "d"]), (1, ["d"]), (2, [])])
def test_too_many_errors_stop_what_has_not_begun(allowed, left):
    assert spread(list("abcd"), 1, allowed, lambda name: name not in "bc", threading.Event()) == left


@pytest.fixture(scope="module")
def ssm(emulator):
    made = emulator.client("ssm")
    made.create_document(Name="shop-say", DocumentType="Command", Content=json.dumps(CONTENT))
    return made


@pytest.fixture(scope="module")
def nodes(another):
    return sorted(another("web") for _ in range(2))


def done(ssm, **parameters):
    """(the command that has ended, its invocations by instance)."""
    sent = ssm.send_command(DocumentName="shop-say", **parameters)["Command"]["CommandId"]

    def ended():
        (command,) = ssm.list_commands(CommandId=sent)["Commands"]
        return command if command["Status"] not in ("Pending", "InProgress", "Cancelling") else None

    command = until(ended)
    invocations = ssm.list_command_invocations(CommandId=sent, Details=True)["CommandInvocations"]
    return command, {one["InstanceId"]: one for one in invocations}


@needs_instances
def test_a_command_runs_on_all_that_have_the_tag(ssm, nodes):
    command, found = done(ssm, Targets=[{"Key": "tag:Tier", "Values": ["web"]}], Parameters={"Word": ["hello"]})
    assert (command["Status"], command["TargetCount"], command["CompletedCount"], command["ErrorCount"]) == ("Success", 2, 2, 0)
    assert sorted(found) == nodes
    assert {one["CommandPlugins"][0]["Output"] for one in found.values()} == {"hello\n"}
    invocation = ssm.get_command_invocation(CommandId=command["CommandId"], InstanceId=nodes[0])
    assert (invocation["Status"], invocation["ResponseCode"], invocation["StandardOutputContent"]) == ("Success", 0, "hello\n")


@needs_instances
def test_the_first_failure_stops_the_others(ssm, nodes):
    command, found = done(ssm, InstanceIds=nodes, Parameters={"Word": ["bad"]}, MaxConcurrency="1", MaxErrors="0")
    assert command["Status"] == "Failed"
    assert sorted(one["Status"] for one in found.values()) == ["Failed", "Terminated"]


@needs_instances
def test_what_aws_refuses(ssm, nodes):
    def code(**parameters):
        with pytest.raises(ClientError) as error:
            ssm.send_command(**{"DocumentName": "shop-say", "InstanceIds": nodes, **parameters})
        return error.value.response["Error"]["Code"]

    assert code(DocumentName="shop-nowhere") == "InvalidDocument"
    assert code(InstanceIds=["i-0fedcba9876543210"]) == "InvalidInstanceId"
    assert code(Parameters={"Unknown": ["x"]}) == "InvalidParameters"
    assert code(Parameters={"Word": ["other"]}) == "InvalidParameters"


@needs_instances
def test_nobody_has_the_tag(ssm, nodes):
    command, found = done(ssm, Targets=[{"Key": "tag:Tier", "Values": ["none"]}])
    assert (command["Status"], command["StatusDetails"], found) == ("Success", "NoInstancesInTag", {})


@needs_instances
def test_the_instances_are_told(ssm, nodes):
    found = ssm.describe_instance_information(Filters=[{"Key": "InstanceIds", "Values": nodes}])["InstanceInformationList"]
    assert [(one["InstanceId"], one["PingStatus"], one["ResourceType"]) for one in found] == [(n, "Online", "EC2Instance") for n in nodes]
