"""The fault proxy does what it is told, and only that."""

from __future__ import annotations

import subprocess
import time

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError


@pytest.fixture
def proxy(started, emulator):
    return started("tests.faults.proxy", "--listen", "0", "--backend", str(emulator.port), "--seed", "1")


def test_passes_everything_on(proxy):
    assert proxy.client("sts").get_caller_identity()["Account"] == "123456789012"
    client = proxy.client("s3")
    client.create_bucket(Bucket="refarch-proxied", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    client.put_object(Bucket="refarch-proxied", Key="k", Body=b"x" * 200_000)
    assert len(client.get_object(Bucket="refarch-proxied", Key="k")["Body"].read()) == 200_000
    assert client.head_object(Bucket="refarch-proxied", Key="k")["ContentLength"] == 200_000
    client.delete_object(Bucket="refarch-proxied", Key="k")
    assert proxy.get("/__stats")["mutations"] == 3


FAULTS = [
    ("throttle", "ec2", "describe_vpcs", "RequestLimitExceeded"),
    ("throttle", "s3", "list_buckets", "SlowDown"),
    ("throttle", "iam", "list_roles", "Throttling"),
    ("throttle", "ssm", "describe_parameters", "ThrottlingException"),
    ("throttle", "accessanalyzer", "list_analyzers", "ThrottlingException"),
    ("error_500", "ec2", "describe_vpcs", "InternalError"),
    ("error_500", "kms", "list_keys", "InternalFailure"),
]


@pytest.mark.parametrize(("setting", "service", "method", "code"), FAULTS)
def test_faults_speak_the_protocol(proxy, setting, service, method, code):
    proxy.post("/__ctl", {setting: 1.0})
    client = proxy.client(service, attempts=2)
    with pytest.raises(ClientError) as error:
        getattr(client, method)()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 1
    assert proxy.get("/__stats")[setting] == 2
    proxy.post("/__ctl", {setting: 0.0})


@pytest.mark.parametrize(("setting", "reaches"), [("cut_before", 0), ("lose_answer", 1)])
def test_cut_and_lost(proxy, emulator, setting, reaches):
    name = f"/proxied/{setting}"
    proxy.post("/__ctl", {setting: 1.0})
    with pytest.raises(ConnectionClosedError):
        proxy.client("ssm").put_parameter(Name=name, Value="x", Type="String")
    assert len(emulator.client("ssm").get_parameters(Names=[name])["Parameters"]) == reaches


def test_throttles_about_half(proxy):
    proxy.post("/__ctl", {"throttle": 0.5})
    client = proxy.client("sts", attempts=1)
    refused = 0
    for _ in range(60):
        try:
            client.get_caller_identity()
        except ClientError:
            refused += 1
    assert 15 < refused < 45


def test_latency(proxy):
    client = proxy.client("sts")
    client.get_caller_identity()
    proxy.post("/__ctl", {"latency_ms": 80})
    started = time.monotonic()
    client.get_caller_identity()
    assert 0.08 <= time.monotonic() - started < 0.5


def test_unknown_setting_is_refused(proxy):
    with pytest.raises(OSError, match="400"):
        proxy.post("/__ctl", {"throtle": 1})


def test_kills_after_a_mutation(proxy, emulator, tmp_path):
    victim = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        (tmp_path / "pid").write_text(str(victim.pid))
        proxy.post("/__ctl", {"kill_after_mutation": 2, "kill_pid_file": str(tmp_path / "pid")})
        client = proxy.client("ssm")
        client.put_parameter(Name="/proxied/k1", Value="x", Type="String")
        client.get_parameter(Name="/proxied/k1")
        assert victim.poll() is None
        with pytest.raises(ConnectionClosedError):
            client.put_parameter(Name="/proxied/k2", Value="x", Type="String")
        assert victim.wait(5) == -9
        assert emulator.client("ssm").get_parameter(Name="/proxied/k2")["Parameter"]["Value"] == "x"
        client.put_parameter(Name="/proxied/k3", Value="x", Type="String")
    finally:
        if victim.poll() is None:
            victim.kill()
