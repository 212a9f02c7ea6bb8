"""What the modules of delivery stand on."""

from __future__ import annotations

import json

import pytest

from emulator.strict.judge import Judge


@pytest.fixture(autouse=True)
def all_rules(emulator, monkeypatch):
    """Nothing here stands on made-up surroundings."""
    monkeypatch.setattr(emulator[0], "_judge", Judge())


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
