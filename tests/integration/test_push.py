"""Day-2 work: Ansible over Session Manager, from the inventory of what runs to what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.instances.machine import missing
from tests.processes import ROOT, Running, start

pytestmark = [pytest.mark.long, pytest.mark.skipif(missing() is not None, reason=missing() or "")]

PLAYBOOKS = ROOT / "tests" / "integration" / "playbooks"
SERVERS = "inventories/local/aws_ec2.yml"
ACCOUNT = "123456789012"
TRANSFER, LOGS = f"refarch-local-transfer-{ACCOUNT}", f"refarch-local-log-{ACCOUNT}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def begin(emulator: Running, playbook: Path, *arguments: str, inventory: str = SERVERS, **settings: Any) -> subprocess.Popen[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    return subprocess.Popen(
        [ROOT / ".venv/bin/ansible-playbook", "-i", inventory, playbook, "-e", json.dumps(settings), *arguments],
        cwd=ROOT,
        env={**kept, "AWS_ENDPOINT_URL": emulator.url, "ANSIBLE_NOCOLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(*arguments: Any, **settings: Any) -> tuple[int, str]:
    """(exit code, what it said) of a playbook."""
    process = begin(*arguments, **settings)
    said, _nothing = process.communicate(timeout=300)
    return process.returncode, said


@pytest.fixture(scope="module")
def emulator(tmp_path_factory) -> Iterator[Running]:
    """One with a stack's keys, buckets and session documents, and two servers of each tier."""
    running = start("emulator", "--port", "0", "--instances")
    try:
        build = str(tmp_path_factory.mktemp("build"))
        code, said = run(running, PLAYBOOKS / "push_stack.yml", inventory="inventories/local", stack_build_folder=build)
        assert code == 0, said[-4000:]
        launch(running)
        yield running
    finally:
        running.stop()


def launch(emulator: Running) -> None:
    ec2, iam, ssm = emulator.client("ec2"), emulator.client("iam"), emulator.client("ssm")
    iam.create_role(RoleName="server", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.attach_role_policy(RoleName="server", PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/refarch/refarch-local-instance")
    iam.create_instance_profile(InstanceProfileName="server")
    iam.add_role_to_instance_profile(InstanceProfileName="server", RoleName="server")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    image = next(image for image in ec2.describe_images(Owners=["amazon"])["Images"] if image["Architecture"] == "x86_64")
    for tier in ("web", "web", "app", "app"):
        tags = {"Project": "refarch", "Environment": "local", "Tier": tier}
        ec2.run_instances(
            ImageId=image["ImageId"],
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            IamInstanceProfile={"Name": "server"},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}],
        )
    until(lambda: len(ssm.describe_instance_information()["InstanceInformationList"]) == 4)


def until(look: Callable[[], Any], seconds: float = 90) -> Any:
    ends = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < ends:
        time.sleep(0.05)
    assert found
    return found


def sessions(emulator: Running, state: str = "Active") -> list[dict[str, Any]]:
    return emulator.client("ssm").describe_sessions(State=state)["Sessions"]


def in_transit(emulator: Running) -> list[str]:
    return [found["Key"] for found in emulator.client("s3").list_objects_v2(Bucket=TRANSFER).get("Contents", [])]


def running(what: str) -> list[str]:
    """Processes of this machine, and so of each emulated instance, whose command is *what*."""
    return subprocess.run(["pgrep", "-x", "-f", what], capture_output=True, text=True, check=False).stdout.split()


def test_ten_tasks_on_four_servers_and_a_large_file_both_ways(emulator, tmp_path):
    there = tmp_path / "there"
    there.write_bytes(os.urandom(20 << 20))
    code, said = run(emulator, PLAYBOOKS / "push.yml", push_folder=str(tmp_path))
    assert code == 0, said[-4000:]
    recap = [line for line in said.partition("PLAY RECAP")[2].splitlines() if "ok=" in line]
    assert len(recap) == 4
    assert all("failed=0" in line and "unreachable=0" in line for line in recap)
    assert (tmp_path / "back").read_bytes() == there.read_bytes()
    assert in_transit(emulator) == []
    assert sessions(emulator) == []


def test_what_was_said_is_kept_in_the_bucket_and_in_the_log_group(emulator):
    """Of the sessions of the test before: with the servers' own credentials, as the document of Ansible's sessions asks."""
    said = sessions(emulator, "History")
    assert said
    s3, logs = emulator.client("s3"), emulator.client("logs")
    last = said[0]["SessionId"]

    def stored() -> set[str]:
        return {found["Key"] for found in s3.list_objects_v2(Bucket=LOGS, Prefix="sessions/").get("Contents", [])}

    until(lambda: {f"sessions/{session['SessionId']}.log" for session in said} <= stored())
    text = s3.get_object(Bucket=LOGS, Key=f"sessions/{last}.log")["Body"].read().decode()
    assert "stty -echo" in text
    group = "/refarch/local/sessions"
    events = until(lambda: logs.get_log_events(logGroupName=group, logStreamName=last)["events"])
    event = json.loads(events[0]["message"])
    assert (event["sessionId"], event["target"]["id"]) == (last, said[0]["Target"])
    assert any("stty -echo" in line for line in event["sessionData"])


def test_interrupted_runs_leave_nothing_running(emulator):
    """A run on a server of its own for each way to end it."""
    ways = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    commands = {number: f"sleep 4{number:03d}" for number in ways}
    runs = {
        number: begin(emulator, PLAYBOOKS / "push_long.yml", push_server=place, push_seconds=commands[number].split()[1])
        for place, number in enumerate(ways)
    }
    for number, process in runs.items():
        until(lambda number=number: running(commands[number]))
        process.send_signal(number)
    for number, process in runs.items():
        process.communicate(timeout=90)
        until(lambda number=number: not running(commands[number]))
        assert process.returncode
    until(lambda: not sessions(emulator))
    until(lambda: not running(rf".*emulator\.sessions\.plugin.*{emulator.url}"))


#: What is given, and the sentence that says what is wrong.
WRONG = {
    "the folder as inventory": ({"inventory": "inventories/local"}, (), "No server was found. The inventory must be -i inventories/"),
    "a tier that is not there": ({}, ("--limit", "tier_data"), "--limit leaves us with no hosts to target"),
    "no plugin": ({"ansible_aws_ssm_plugin": "/nowhere/plugin"}, (), "The Session Manager plugin is not installed on this machine"),
    "a stack without nodes": ({}, (), "No component node_configuration stands in /refarch/local"),
    "another account": ({"stack_account_id": "210987654321"}, (), "the credentials are of 123456789012"),
}


def test_what_is_wrong_is_said_once(emulator):
    playbook = ROOT / "playbooks" / "configure_servers.yml"
    runs = {what: begin(emulator, playbook, *arguments, **settings) for what, (settings, arguments, _sentence) in WRONG.items()}
    for what, process in runs.items():
        said = " ".join(process.communicate(timeout=120)[0].split())
        assert process.returncode, what
        assert WRONG[what][2] in said, f"{what}: {said[-3000:]}"
        assert said.count("[ERROR]") == 1, f"{what}: {said[-3000:]}"


def test_a_server_that_is_not_connected_is_named(emulator):
    """Its role lost the right to talk to Systems Manager."""
    ec2 = emulator.client("ec2")
    doomed = ec2.describe_instances(Filters=[{"Name": "tag:Tier", "Values": ["app"]}])["Reservations"][0]["Instances"][0]["InstanceId"]
    association = ec2.describe_iam_instance_profile_associations(Filters=[{"Name": "instance-id", "Values": [doomed]}])
    ec2.disassociate_iam_instance_profile(AssociationId=association["IamInstanceProfileAssociations"][0]["AssociationId"])
    until(lambda: emulator.client("ssm").get_connection_status(Target=doomed)["Status"] == "notconnected")
    code, said = run(emulator, PLAYBOOKS / "push_long.yml", "--limit", doomed, push_server="0:3", push_seconds=0)
    assert code
    assert f"{doomed} is not connected" in " ".join(said.split())
    assert sessions(emulator) == []
