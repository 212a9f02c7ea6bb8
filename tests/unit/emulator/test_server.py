"""The server as clients see it: HTTP, protocols, errors, regions, command line."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from emulator.operations import OPERATIONS
from emulator.pipeline import Emulator
from emulator.server import RawRequest
from emulator.strict.judge import Judge

ROOT = Path(__file__).resolve().parents[3]


def code_and_status(error):
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_says_that_it_is_ready(emulator):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    connection.request("GET", "/moto-api/")
    assert connection.getresponse().status == 200


def test_connection_is_kept_and_chunks_are_read(emulator):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    for _ in range(3):
        head = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
        head["Authorization"] = "AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/sts/aws4_request, SignedHeaders=host, Signature=0"
        connection.request("POST", "/", iter([b"Action=GetCallerId", b"entity&Version=2011-06-15"]), head, encode_chunked=True)
        answer = connection.getresponse()
        assert answer.status == 200 and b"123456789012" in answer.read()


def test_account_and_zones(emulator):
    assert emulator.client("sts").get_caller_identity()["Account"] == "123456789012"
    zones = emulator.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert [zone["ZoneName"][-1] for zone in zones] == ["a", "b", "c", "d"]
    regions = emulator.client("ec2").describe_regions()["Regions"]
    assert "ap-northeast-2" in [region["RegionName"] for region in regions]


# One operation that moto lacks per protocol.
UNKNOWN = [
    ("ec2", "describe_byoip_cidrs", "ec2", {"MaxResults": 5}),
    ("iam", "get_organizations_access_report", "query", {"JobId": "0" * 36}),
    ("ssm", "list_nodes", "json", {}),
    ("accessanalyzer", "list_policy_generations", "rest-json", {}),
    ("cloudfront", "list_conflicting_aliases", "rest-xml", {"DistributionId": "E1", "Alias": "a.example.com"}),
]


@pytest.mark.parametrize(("service", "method", "protocol", "params"), UNKNOWN, ids=lambda value: value if isinstance(value, str) else "")
def test_unknown_operation_is_named_and_not_retried(emulator, service, method, protocol, params):
    client = emulator.client(service, attempts=4)
    with pytest.raises(ClientError) as error:
        getattr(client, method)(**params)
    assert code_and_status(error) == ("NotImplemented", 501)
    assert client.meta.method_to_api_mapping[method] in str(error.value)
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_s3_subresource_that_moto_lacks_is_not_another_operation(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="refarch-subresource", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    with pytest.raises(ClientError) as error:
        client.delete_bucket_metrics_configuration(Bucket="refarch-subresource", Id="x")
    assert code_and_status(error) == ("NotImplemented", 501)
    client.head_bucket(Bucket="refarch-subresource")
    assert client.get_bucket_request_payment(Bucket="refarch-subresource")["Payer"] == "BucketOwner"


def test_unknown_region_is_refused(emulator):
    with pytest.raises(ClientError) as error:
        emulator.client("ec2", region="ap-nowhere-9").describe_vpcs()
    assert code_and_status(error) == ("SignatureDoesNotMatch", 403)
    emulator.client("iam").list_users()  # global: signed with whatever region the client has


def test_a_vpc_is_made_once_at_a_time(emulator):
    client = emulator.client("ec2", region="us-west-1", max_pool_connections=8)
    before = len(client.describe_vpcs()["Vpcs"])
    threads = [threading.Thread(target=lambda: [client.create_vpc(CidrBlock="10.0.0.0/16") for _ in range(3)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.describe_vpcs()["Vpcs"]) == before + 24


def test_object_bodies_pass_unchanged(emulator):
    client = emulator.client("s3")
    client.create_bucket(Bucket="refarch-bodies", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    body = bytes(range(256)) * 500
    client.put_object(Bucket="refarch-bodies", Key="a//b c/é", Body=body, ContentEncoding="gzip", Metadata={"a_b": "c"})
    answer = client.get_object(Bucket="refarch-bodies", Key="a//b c/é")
    assert answer["Body"].read() == body and answer["Metadata"] == {"a_b": "c"}
    assert client.head_object(Bucket="refarch-bodies", Key="a//b c/é")["ContentLength"] == len(body)


def test_unknown_rule_is_a_clear_error():
    command = [sys.executable, "-m", "emulator", "--port", "0", "--lenient", "nonsense"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "There is no rule nonsense" in done.stderr and "ssm.parameter_name" in done.stderr


def test_lenient_switches_a_rule_off(started):
    emulator = started("emulator", "--port", "0", "--lenient", "ssm.tags", "--lenient", "model")
    emulator.client("ssm").put_parameter(Name="/lenient", Value="x", Type="String", Tags=[{"Key": "aws:x", "Value": "y"}])


def test_latency_holds_a_nat_gateway_back(started):
    emulator = started("emulator", "--port", "0", "--latency", "aws")
    client = emulator.client("ec2")
    vpc = client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = client.allocate_address(Domain="vpc")["AllocationId"]
    gateway = client.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    assert gateway["State"] == "pending"
    ids = {"NatGatewayIds": [gateway["NatGatewayId"]]}
    client.get_waiter("nat_gateway_available").wait(**ids, WaiterConfig={"Delay": 1, "MaxAttempts": 8})
    client.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert client.describe_nat_gateways(**ids)["NatGateways"][0]["State"] == "deleting"
    client.get_waiter("nat_gateway_deleted").wait(**ids, WaiterConfig={"Delay": 1, "MaxAttempts": 8})


def signed(service, **headers):
    scope = f"AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/{service}/aws4_request, SignedHeaders=host, Signature=0"
    return {"Content-Type": "application/x-amz-json-1.1", "Authorization": scope} | headers


def test_a_body_that_is_no_object_is_refused(emulator):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    connection.request("POST", "/", "[1]", signed("ssm", **{"X-Amz-Target": "AmazonSSM.PutParameter"}))
    answer = connection.getresponse()
    assert answer.status == 400 and json.loads(answer.read())["__type"] == "SerializationException"


def test_a_failure_inside_is_internal_failure(monkeypatch, caplog):
    def breaks(params, context):
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setitem(OPERATIONS, ("ssm", "ListNodes"), breaks)
    head = list(signed("ssm", **{"X-Amz-Target": "AmazonSSM.ListNodes"}).items())
    answer = Emulator(Judge()).handle(RawRequest("POST", "/", head, b"{}", 1))
    assert answer.status == 500 and json.loads(answer.body)["__type"] == "InternalFailure"
    assert b"secret" not in answer.body and "a secret of the inside" in caplog.text
