"""StartSession to DescribeSessions: what the plugin and aws_ssm ask Systems Manager for."""

from __future__ import annotations

import json
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import machines, services
from emulator.pipeline import Emulator
from emulator.strict.judge import Judge
from tests import session_plugin
from tests.in_process import serving

TARGET = "i-0123456789abcdef0"
REGION = "ap-northeast-2"
CREDENTIALS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}


@pytest.fixture(scope="module")
def url():
    services.apply_all()
    with serving(Emulator(Judge([]))) as address:
        yield address


@pytest.fixture
def ssm(url):
    return boto3.client("ssm", REGION, endpoint_url=url, **CREDENTIALS)


@pytest.fixture
def machine(url, monkeypatch):
    """An instance whose agent is connected: this machine."""

    class Local:
        def shell(self):
            return ["env", "-i", "PATH=/usr/bin:/bin", "PS1=$ ", "sh", "-i"]

        def client(self, service):
            return boto3.client(service, REGION, endpoint_url=url, **CREDENTIALS)

    monkeypatch.setitem(machines.CONNECTED, TARGET, machines.Node(Local(), "123456789012", REGION))


def plugin(answer, url, typed):
    """What a session prints in which *typed* is typed."""
    return session_plugin.printed(session_plugin.begin(answer, TARGET, url), typed)


def start(ssm, **more):
    return ssm.start_session(Target=TARGET, **more)


def refused(call, **parameters):
    with pytest.raises(ClientError) as error:
        call(**parameters)
    return error.value.response["Error"]["Code"]


def test_a_session_from_its_beginning_to_its_end(ssm, url, machine):
    answer = start(ssm, Reason="to see")
    active = ssm.describe_sessions(State="Active")["Sessions"]
    assert [(found["SessionId"], found["Status"], found["Target"], found["Reason"]) for found in active] == [
        (answer["SessionId"], "Connected", TARGET, "to see")
    ]
    assert b"sum 42" in plugin(answer, url, b"echo sum $((40 + 2)); exit\n")
    assert ssm.describe_sessions(State="Active")["Sessions"] == []
    (ended,) = ssm.describe_sessions(State="History", Filters=[{"key": "SessionId", "value": answer["SessionId"]}])["Sessions"]
    assert ended["Status"] == "Terminated"
    assert ended["EndDate"] >= ended["StartDate"]
    before = [{"key": "InvokedBefore", "value": "2020-01-01T00:00:00Z"}]
    assert ssm.describe_sessions(State="History", Filters=before)["Sessions"] == []
    assert ssm.resume_session(SessionId=answer["SessionId"]).get("TokenValue") is None


def test_a_document_encrypts_with_a_key(ssm, url, machine):
    key = boto3.client("kms", REGION, endpoint_url=url, **CREDENTIALS).create_key()["KeyMetadata"]["Arn"]
    content = {
        "schemaVersion": "1.0",
        "sessionType": "Standard_Stream",
        "inputs": {"kmsKeyId": key, "idleSessionTimeout": "20", "maxSessionDuration": "60", "shellProfile": {"linux": "export A=profile"}},
    }
    ssm.create_document(Name="shop-session", DocumentType="Session", Content=json.dumps(content))
    printed = plugin(start(ssm, DocumentName="shop-session"), url, b"echo from the $A; exit\n")
    assert b"encrypted using AWS KMS" in printed
    assert b"from the profile" in printed


def test_a_session_can_be_terminated(ssm, machine):
    answer = start(ssm)
    assert ssm.terminate_session(SessionId=answer["SessionId"])["SessionId"] == answer["SessionId"]
    ends = time.monotonic() + 10
    while ssm.describe_sessions(State="Active")["Sessions"] and time.monotonic() < ends:
        time.sleep(0.05)
    assert ssm.describe_sessions(State="Active")["Sessions"] == []
    assert ssm.terminate_session(SessionId=answer["SessionId"])["SessionId"] == answer["SessionId"]


def test_what_aws_refuses(ssm, machine):
    assert refused(ssm.start_session, Target="i-0fedcba9876543210") == "TargetNotConnected"
    assert refused(ssm.start_session, Target=TARGET, DocumentName="shop-nowhere") == "InvalidDocument"
    content = {"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "run", "inputs": {"runCommand": ["true"]}}]}
    ssm.create_document(Name="shop-command", DocumentType="Command", Content=json.dumps(content))
    assert refused(ssm.start_session, Target=TARGET, DocumentName="shop-command") == "InvalidDocument"
    for call in (ssm.resume_session, ssm.terminate_session):
        assert refused(call, SessionId="moto-00000000000000000") == "DoesNotExistException"


def test_who_is_connected(ssm, machine):
    assert ssm.get_connection_status(Target=TARGET)["Status"] == "connected"
    assert ssm.get_connection_status(Target="i-0fedcba9876543210")["Status"] == "notconnected"
