"""Emulators with instances that come and go: in the background, and with a state."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from emulator import background
from emulator.instances.machine import missing
from tests.processes import ROOT, Running, start
from tests.unit.emulator.instances.conftest import connected, until
from tests.unit.emulator.instances.fleet import build

needs_machines = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@needs_machines
def test_machines_of_a_state_boot_again_and_what_ended_is_forgotten(tmp_path):
    first = start("emulator", "--port", "0", "--instances", "--state", str(tmp_path))
    fleet = build(first)
    fleet.group("kept", 1)
    (instance_id,) = fleet.in_state("kept", "InService", 1)
    until(lambda: connected(first, instance_id))
    until(lambda: fleet.health() == {instance_id: ("healthy", None)})
    ssm = first.client("ssm")
    document = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "x", "inputs": {"runCommand": ["true"]}}]}
    ssm.create_document(Name="once", DocumentType="Command", DocumentFormat="JSON", Content=str(document).replace("'", '"'))
    ssm.send_command(DocumentName="once", InstanceIds=[instance_id])
    made = ssm.create_association(Name="once", Targets=[{"Key": "InstanceIds", "Values": [instance_id]}])
    association_id = made["AssociationDescription"]["AssociationId"]
    until(lambda: executions(first, association_id, "Success"))
    assert ssm.list_commands()["Commands"]
    first.stop()
    second = start("emulator", "--port", "0", "--instances", "--state", str(tmp_path))
    try:
        fleet.emulator = second
        assert second.client("ssm").list_commands()["Commands"] == []
        assert second.client("ssm").list_associations()["Associations"][0]["Overview"]["Status"] in ("Pending", "Success")
        until(lambda: fleet.run(instance_id, "true") is not None)
        until(lambda: fleet.health() == {instance_id: ("healthy", None)})
        assert fleet.states("kept") == {instance_id: "InService"}
        assert fleet.ask("/again")[0] == 200
        # Applied anew, and once: the new machine has nothing of what was done to the one before.
        until(lambda: executions(second, association_id, "Success"))
        assert len(executions(second, association_id, "Success")) == 1
    finally:
        second.stop()


def executions(emulator, association_id, status):
    found = emulator.client("ssm").describe_association_executions(AssociationId=association_id)["AssociationExecutions"]
    return [one for one in found if one["Status"] == status]


@pytest.fixture
def in_background(tmp_path):
    """python -m emulator.background, in a folder and at a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "PYTHONPATH": str(ROOT)}

    def run(*arguments):
        command = [sys.executable, "-m", "emulator.background", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    run.port, run.folder = port, tmp_path / "build/emulator"
    yield run
    run("stop")


@needs_machines
def test_in_the_background_nothing_is_left_behind(in_background):
    assert in_background("start").returncode == 0
    refused = in_background("start", "--instances")
    assert refused.returncode == 1
    assert "has no instances: `make stop` ends it" in refused.stderr
    in_background("stop")
    done = in_background("start", "--instances")
    assert done.returncode == 0, done.stderr
    assert in_background("start", "--instances").stdout.startswith("An emulator answers")
    pid = int((in_background.folder / "pid").read_text())
    fleet = build(Running(None, in_background.port))
    fleet.group("short", 1)
    (instance_id,) = fleet.in_state("short", "InService", 1)
    left = [Path(f"/run/netns/refarch-{pid}"), Path(tempfile.gettempdir()) / f"refarch-instances-{pid}"]
    assert all(one.exists() for one in left)
    assert machine(instance_id)
    in_background("stop")
    assert not [one for one in left if one.exists()]
    assert not machine(instance_id)
    assert not Path("/proc", str(pid)).exists()


def machine(instance_id):
    return subprocess.run(["pgrep", "-f", f"boot.sh .*{instance_id}"], stdout=subprocess.PIPE, text=True, check=False).stdout


def test_where_there_can_be_no_instances_the_reason_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(background, "missing", lambda: "emulated instances need root")
    monkeypatch.setattr(sys, "argv", ["background", "start", "--instances"])
    with pytest.raises(SystemExit) as ended:
        background.start("http://127.0.0.1:1", tmp_path)
    assert ended.value.code == 2
    assert "emulated instances need root" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
