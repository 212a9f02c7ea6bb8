"""What the emulator remembers: its state, tokens, the journal; and Parameter Store, on which the engine stands."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.verbs import kind

ROOT = Path(__file__).resolve().parents[3]


def fill(emulator):
    emulator.client("ssm").put_parameter(Name="/kept/a", Value="1", Type="String", Tags=[{"Key": "k", "Value": "v"}])
    vpc = emulator.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = emulator.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    emulator.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="refarch-kept", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    s3.put_object(Bucket="refarch-kept", Key="k", Body=b"x" * 5000)
    return vpc, subnet


def test_state_outlives_a_restart(started, tmp_path):
    first = started("emulator", "--port", "0", "--state", str(tmp_path))
    vpc, subnet = fill(first)
    address = first.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    again = {"SubnetId": subnet, "AllocationId": address, "ClientToken": "token-1"}
    gateway = first.client("ec2").create_nat_gateway(**again)["NatGateway"]["NatGatewayId"]
    first.stop()
    second = started("emulator", "--port", "0", "--state", str(tmp_path))
    assert second.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert second.client("s3").get_object(Bucket="refarch-kept", Key="k")["Body"].read() == b"x" * 5000
    assert second.client("ssm").list_tags_for_resource(ResourceType="Parameter", ResourceId="/kept/a")["TagList"]
    assert second.client("ec2").create_nat_gateway(**again)["NatGateway"]["NatGatewayId"] == gateway
    # What is made now must land where the reads look.
    second.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    assert len(second.client("ec2").describe_subnets(Filters=filters)["Subnets"]) == 2


def test_state_survives_a_kill(started, tmp_path):
    first = started("emulator", "--port", "0", "--state", str(tmp_path))
    first.client("ssm").put_parameter(Name="/kept/b", Value="1", Type="String")
    deadline = time.time() + 10
    while not (tmp_path / "state.pickle").exists() and time.time() < deadline:
        time.sleep(0.1)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(10)
    second = started("emulator", "--port", "0", "--state", str(tmp_path))
    assert second.client("ssm").get_parameter(Name="/kept/b")["Parameter"]["Value"] == "1"


@pytest.mark.parametrize("content", [b"\x80\x05\x8c\x0dmoto 0.0 on P\x94.", b"nonsense"])
def test_state_of_another_version_is_refused(tmp_path, content):
    (tmp_path / "state.pickle").write_bytes(content)
    command = [sys.executable, "-m", "emulator", "--port", "0", "--state", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "remove it" in done.stderr and "Traceback" not in done.stderr


def test_the_token_of_a_secret_is_a_version_and_no_memory(emulator):
    secrets = emulator.client("secretsmanager")
    asked = {"Name": "again", "SecretString": "x", "ClientRequestToken": "11111111-2222-3333-4444-555555555555"}
    secrets.create_secret(**asked)
    secrets.delete_secret(SecretId="again", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(**asked)
    assert secrets.describe_secret(SecretId="again")["Name"] == "again"


def test_a_token_makes_a_call_idempotent(emulator):
    client = emulator.client("ec2", region="eu-west-1")
    subnets = client.describe_subnets()["Subnets"]
    address = client.allocate_address(Domain="vpc")["AllocationId"]
    call = {"SubnetId": subnets[0]["SubnetId"], "AllocationId": address, "ClientToken": "one"}
    first = client.create_nat_gateway(**call)["NatGateway"]["NatGatewayId"]
    assert client.create_nat_gateway(**call)["NatGateway"]["NatGatewayId"] == first
    assert len(client.describe_nat_gateways()["NatGateways"]) == 1
    with pytest.raises(ClientError) as error:
        client.create_nat_gateway(**call | {"SubnetId": subnets[1]["SubnetId"]})
    assert error.value.response["Error"]["Code"] == "IdempotentParameterMismatch"
    other = {"ClientToken": "two", "AllocationId": client.allocate_address(Domain="vpc")["AllocationId"]}
    assert client.create_nat_gateway(**call | other)["NatGateway"]["NatGatewayId"] != first


def test_requests_are_counted_and_secrets_masked(started):
    emulator = started("emulator", "--port", "0")
    client = emulator.client("ssm")
    client.put_parameter(Name="/counted", Value="hush", Type="SecureString")
    client.get_parameter(Name="/counted")
    with pytest.raises(ClientError):
        client.get_parameter(Name="/absent")
    emulator.client("s3").list_buckets()
    report = emulator.get("/emulator/requests")
    assert (report["total"], report["writes"]) == (4, 1)
    assert {"service": "ssm", "operation": "GetParameter", "kind": "read", "status": 400, "count": 1} in report["counts"]
    put = emulator.get("/emulator/requests?kind=write")["requests"][0]
    assert put["parameters"] == {"Name": "/counted", "Value": "***", "Type": "SecureString"}
    assert "hush" not in json.dumps(report)
    assert emulator.get("/emulator/requests?status=400")["requests"][0]["code"] == "ParameterNotFound"
    emulator.post("/emulator/requests/reset")
    assert emulator.get("/emulator/requests")["total"] == 0


@pytest.mark.parametrize(("name", "expected"), [
    ("ec2:DescribeVpcs", "read"), ("s3:HeadBucket", "read"), ("iam:ListRoles", "read"), ("sts:AssumeRole", "read"), ("kms:Decrypt", "read"),
    ("logs:FilterLogEvents", "read"), ("ec2:CreateVpc", "write"), ("iam:SetDefaultPolicyVersion", "write"), ("s3:PutObject", "write"),
    ("lambda:Invoke", "write"), ("kms:ScheduleKeyDeletion", "write"), ("ssm:SendCommand", "write"),
])  # fmt: skip
def test_kind_of_a_call(name, expected):
    assert kind(*name.split(":")) == expected


def test_a_lock_is_taken_once(emulator):
    """ParameterAlreadyExists must be atomic: the stack's lock stands on it."""

    def take(number: int) -> bool:
        try:
            emulator.client("ssm").put_parameter(Name="/refarch/lock", Value=str(number), Type="String")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ParameterAlreadyExists"
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(24))) == 1


def test_parameters_by_path(emulator):
    client = emulator.client("ssm")
    names = [f"/paged/env/{number:02}" for number in range(20)] + ["/paged/env/deep/er"]
    for name in names:
        client.put_parameter(Name=name, Value="x", Type="String")
    client.put_parameter(Name="/paged/environment", Value="not below", Type="String")
    pages = list(client.get_paginator("get_parameters_by_path").paginate(Path="/paged/env", Recursive=True))
    assert [len(page["Parameters"]) for page in pages] == [10, 10, 1]
    assert sorted(one["Name"] for page in pages for one in page["Parameters"]) == sorted(names)
    flat = list(client.get_paginator("get_parameters_by_path").paginate(Path="/paged/env"))
    assert [len(page["Parameters"]) for page in flat] == [10, 10]
    assert client.delete_parameters(Names=[names[0], "/absent"]) | {"ResponseMetadata": 0} == {
        "DeletedParameters": [names[0]],
        "InvalidParameters": ["/absent"],
        "ResponseMetadata": 0,
    }


def test_parameter_life(emulator):
    client = emulator.client("ssm")
    tag = [{"Key": "Project", "Value": "refarch"}]
    assert client.put_parameter(Name="/life", Value="x", Type="String", Tags=tag)["Version"] == 1
    assert client.put_parameter(Name="/life", Value="y", Overwrite=True)["Version"] == 2
    client.add_tags_to_resource(ResourceType="Parameter", ResourceId="/life", Tags=[{"Key": "Component", "Value": "network"}])
    assert len(client.list_tags_for_resource(ResourceType="Parameter", ResourceId="/life")["TagList"]) == 2
    client.delete_parameter(Name="/life")
    with pytest.raises(client.exceptions.ParameterNotFound):
        client.delete_parameter(Name="/life")
    with pytest.raises(client.exceptions.InvalidResourceId):
        client.list_tags_for_resource(ResourceType="Parameter", ResourceId="/life")
    assert client.put_parameter(Name="/life", Value="x", Type="String", Tier="Intelligent-Tiering")["Tier"] == "Standard"
    assert client.list_tags_for_resource(ResourceType="Parameter", ResourceId="/life")["TagList"] == []
