"""The modules of delivery against the strict emulator in this process: moto alone lacks most of these services."""

from __future__ import annotations

import json
import threading

import pytest

from emulator import services
from emulator.pipeline import Emulator
from emulator.server import Server
from emulator.strict.judge import Judge


@pytest.fixture(scope="session")
def strict_emulator():
    services.apply_all()
    emulator = Emulator(Judge([]))
    server = Server("127.0.0.1", 0, emulator.handle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield emulator, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.fixture(scope="session")
def moto_endpoint(strict_emulator):
    return strict_emulator[1]


@pytest.fixture(autouse=True)
def nothing_stands(strict_emulator, endpoint):
    strict_emulator[0].reset()


@pytest.fixture
def role(aws):
    """Makes a role that a service may take, and gives its ARN."""

    def make(service: str) -> str:
        trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        return aws("iam").create_role(RoleName=f"shop-{service}", AssumeRolePolicyDocument=document)["Role"]["Arn"]

    return make


@pytest.fixture
def key(aws):
    return aws("kms").create_key()["KeyMetadata"]["Arn"]


def operations(result):
    return [change["operation"] for change in result["changes"]]
