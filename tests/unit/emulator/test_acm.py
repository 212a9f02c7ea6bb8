"""The patches of Certificate Manager, each through boto3."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services

emulator.services.apply_all()
REGION = "ap-northeast-2"


@pytest.fixture
def acm(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("acm", region_name=REGION)


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def request(acm, **more):
    given = {"DomainName": "shop.example.com", "SubjectAlternativeNames": ["*.shop.example.com"], "ValidationMethod": "DNS"}
    return acm.request_certificate(**given, **more)["CertificateArn"]


def described(acm, arn):
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def prove(record, name="shop.example.com", **zone):
    route53 = boto3.client("route53", region_name=REGION)
    made = route53.create_hosted_zone(Name=name, CallerReference=f"{name}{zone}", **zone)["HostedZone"]["Id"]
    wanted = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    route53.change_resource_record_sets(HostedZoneId=made, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": wanted}]})


def test_described_as_it_was_asked_for(acm):
    found = described(acm, request(acm, KeyAlgorithm="EC_prime256v1"))
    assert found["SubjectAlternativeNames"] == ["shop.example.com", "*.shop.example.com"]
    assert (found["KeyAlgorithm"], found["Status"], found["Type"]) == ("EC_prime256v1", "PENDING_VALIDATION", "AMAZON_ISSUED")
    one, two = (option["ResourceRecord"] for option in found["DomainValidationOptions"])
    assert one == two and one["Name"].endswith(".shop.example.com.") and one["Value"].endswith(".acm-validations.aws.")
    assert "NotAfter" not in found and "IssuedAt" not in found


def test_issued_once_the_record_stands_in_a_public_zone(acm):
    arn = request(acm)
    record = described(acm, arn)["DomainValidationOptions"][0]["ResourceRecord"]
    prove(record, HostedZoneConfig={"PrivateZone": True}, VPC={"VPCId": "vpc-1", "VPCRegion": REGION})
    assert described(acm, arn)["Status"] == "PENDING_VALIDATION"
    prove({**record, "Value": "_0.0.acm-validations.aws."}, "example.com")
    assert described(acm, arn)["Status"] == "PENDING_VALIDATION"
    prove(record)
    found = described(acm, arn)
    assert (found["Status"], {option["ValidationStatus"] for option in found["DomainValidationOptions"]}) == ("ISSUED", {"SUCCESS"})
    assert found["NotAfter"] > found["NotBefore"]


def test_other_keys_than_rsa_2048_are_listed_on_request(acm):
    rsa, ec = request(acm), request(acm, KeyAlgorithm="EC_prime256v1")
    (found,) = acm.list_certificates()["CertificateSummaryList"]
    assert (found["CertificateArn"], found["SubjectAlternativeNameSummaries"]) == (rsa, ["shop.example.com", "*.shop.example.com"])
    all_keys = acm.list_certificates(Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]})["CertificateSummaryList"]
    assert {item["CertificateArn"] for item in all_keys} == {rsa, ec}


def test_a_certificate_in_use_stays(acm):
    arn = request(acm)
    ec2, elbv2 = boto3.client("ec2", region_name=REGION), boto3.client("elbv2", region_name=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    balancer = elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    assert described(acm, arn)["InUseBy"] == [balancer]
    assert code(acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    acm.delete_certificate(CertificateArn=arn)
    assert code(acm.describe_certificate, CertificateArn=arn) == "ResourceNotFoundException"


def test_a_token_is_of_a_certificate_that_stands(acm):
    arn = request(acm, IdempotencyToken="one")
    assert request(acm, IdempotencyToken="one") == arn
    acm.delete_certificate(CertificateArn=arn)
    assert request(acm, IdempotencyToken="one") != arn


def test_options_can_be_updated(acm):
    arn = request(acm)
    acm.update_certificate_options(CertificateArn=arn, Options={"CertificateTransparencyLoggingPreference": "DISABLED"})
    assert described(acm, arn)["Options"]["CertificateTransparencyLoggingPreference"] == "DISABLED"


def test_issuing_takes_a_while(started):
    running = started("emulator", "--port", "0", "--latency", "aws")
    acm, route53 = running.client("acm"), running.client("route53")
    arn = request(acm)
    record = described(acm, arn)["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name="shop.example.com", CallerReference="slow")["HostedZone"]["Id"]
    wanted = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    change = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": wanted}]}
    made = route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)["ChangeInfo"]
    assert (made["Status"], described(acm, arn)["Status"]) == ("PENDING", "PENDING_VALIDATION")
    route53.get_waiter("resource_record_sets_changed").wait(Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    acm.get_waiter("certificate_validated").wait(CertificateArn=arn, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert described(acm, arn)["Status"] == "ISSUED"
