"""``python -m emulator --instances``: EC2's instances as machines that one can open a session on."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path

import boto3
import pytest

from emulator.instances.machine import missing
from tests import session_plugin
from tests.processes import start
from tests.unit.emulator.instances.conftest import CORE, connected, until

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")


@pytest.fixture(scope="module")
def node(emulator, launch):
    instance = launch("managed", UserData="#!/bin/sh\necho hello\n")
    until(lambda: connected(emulator, instance["InstanceId"]))
    return instance


def session(emulator, instance_id, script):
    """What *script* prints on the instance, through Session Manager."""
    started = emulator.client("ssm").start_session(Target=instance_id)
    typed = b"stty -echo -onlcr; echo be''gin\n" + script.encode() + b"\necho e''nd; exit\n"
    printed = session_plugin.printed(session_plugin.begin(started, instance_id, emulator.url), typed).decode()
    return printed.partition("begin\n")[2].rpartition("end\n")[0]


def test_a_session_is_on_a_machine_of_its_own(emulator, node):
    printed = session(emulator, node["InstanceId"], "echo I am $(hostname) at $(ip -4 -o address show eth0); ls -A /root /home")
    assert f"I am {node['InstanceId']} at" in printed
    assert f"inet {node['PrivateIpAddress']}/32" in printed
    assert "/home:\n\n/root:\n" in printed


def test_the_emulator_and_this_machine_are_out_of_its_reach(emulator, node):
    printed = session(emulator, node["InstanceId"], f"curl -sS -m 2 {emulator.url}/moto-api/; echo code $?")
    assert "code 7" in printed  # nobody is there


def test_the_apis_are_in_its_reach(emulator, node):
    script = r"""
    echo $AWS_REGION $AWS_SSM_INSTANCE_ID
    at=http://169.254.169.254/latest
    T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token)
    K=$(curl -s -H "X-aws-ec2-metadata-token: $T" $at/meta-data/iam/security-credentials/managed)
    part() { printf %s "$K" | grep -o "$1\": \"[^\"]*" | cut -d'"' -f3; }
    keys="$(part AccessKeyId):$(part SecretAccessKey)"
    curl -s --aws-sigv4 aws:amz:ap-northeast-2:sts --user "$keys" -H "x-amz-security-token: $(part Token)" \
      -d 'Action=GetCallerIdentity&Version=2011-06-15' $AWS_ENDPOINT_URL/
    """
    printed = session(emulator, node["InstanceId"], script)
    assert f"ap-northeast-2 {node['InstanceId']}" in printed
    assert f"assumed-role/managed/{node['InstanceId']}</Arn>" in printed


def test_the_metadata_service_wants_a_token(emulator, node):
    script = """
    at=http://169.254.169.254/latest
    curl -s -o /dev/null -w 'without %{http_code}\\n' $at/meta-data/instance-id
    curl -s -o /dev/null -w 'too long %{http_code}\\n' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 21601' $at/api/token
    T=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $at/api/token)
    get() { echo "$1: $(curl -s -H "X-aws-ec2-metadata-token: $T" $at/$1)"; }
    get meta-data/instance-id; get meta-data/placement/region; get meta-data/iam/security-credentials/; get user-data
    get meta-data/iam/security-credentials/managed | tr -d '\\n'; echo
    curl -s -o /dev/null -w 'wrong %{http_code}\\n' -H 'X-aws-ec2-metadata-token: x' $at/meta-data/instance-id
    curl -s -o /dev/null -w 'nothing %{http_code}\\n' -H "X-aws-ec2-metadata-token: $T" $at/meta-data/nothing
    """
    printed = session(emulator, node["InstanceId"], script)
    for line in (
        "without 401",
        "too long 400",
        f"meta-data/instance-id: {node['InstanceId']}",
        "meta-data/placement/region: ap-northeast-2",
        "meta-data/iam/security-credentials/: managed",
        "user-data: #!/bin/sh\necho hello",
        "wrong 401",
        "nothing 404",
    ):
        assert line in printed
    credentials = json.loads(printed.partition("security-credentials/managed: ")[2].partition("\n")[0])
    assert credentials["Code"] == "Success"
    keys = {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["Token"],
    }
    caller = boto3.client("sts", "ap-northeast-2", endpoint_url=emulator.url, **keys).get_caller_identity()
    assert caller["Arn"].endswith(f":assumed-role/managed/{node['InstanceId']}")


def test_instances_reach_one_another(emulator, launch, node):
    other = launch("managed")
    until(lambda: connected(emulator, other["InstanceId"]))
    serve = "$s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5);"
    answer = 'while ($c = $s->accept) { print $c "from the other"; close $c }'
    session(emulator, other["InstanceId"], f"setsid perl -MIO::Socket::INET -e '{serve} {answer}' > /dev/null 2>&1 & sleep 1")
    printed = session(emulator, node["InstanceId"], f"bash -c 'cat < /dev/tcp/{other['PrivateIpAddress']}/8080'")
    assert "from the other" in printed


def test_without_the_right_it_is_not_connected(emulator, launch, node):
    lonely = launch("lonely", policies=())
    time.sleep(1)
    assert not connected(emulator, lonely["InstanceId"])
    emulator.client("iam").attach_role_policy(RoleName="lonely", PolicyArn=CORE)
    until(lambda: connected(emulator, lonely["InstanceId"]))


def test_what_is_terminated_is_gone(emulator, launch):
    instance = launch("managed")
    until(lambda: connected(emulator, instance["InstanceId"]))
    room = rooms(emulator) / instance["InstanceId"]
    assert room.exists()
    emulator.client("ec2").terminate_instances(InstanceIds=[instance["InstanceId"]])
    until(lambda: not connected(emulator, instance["InstanceId"]))
    until(lambda: not room.exists())


def test_nothing_is_left_behind():
    running = start("emulator", "--port", "0", "--instances")
    name = Path(f"/run/netns/refarch-{running.process.pid}")
    assert name.exists()
    running.stop()
    assert not name.exists()
    assert not rooms(running).exists()


def test_a_killed_emulator_takes_its_machines_along_and_the_next_cleans_up(launch_in):
    killed = start("emulator", "--port", "0", "--instances")
    instance = launch_in(killed)("managed")
    until(lambda: connected(killed, instance["InstanceId"]))
    assert processes(instance["InstanceId"])
    killed.process.kill()
    killed.process.wait()
    until(lambda: not processes(instance["InstanceId"]))
    assert rooms(killed).exists()
    start("emulator", "--port", "0", "--instances").stop()
    assert not rooms(killed).exists()
    assert not Path(f"/run/netns/refarch-{killed.process.pid}").exists()


def rooms(emulator):
    return Path(tempfile.gettempdir()) / f"refarch-instances-{emulator.process.pid}"


def processes(instance_id):
    return subprocess.run(["pgrep", "-f", f"boot.sh .*{instance_id}"], stdout=subprocess.PIPE, text=True, check=False).stdout
