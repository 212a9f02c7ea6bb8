"""The patches of Route 53, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

emulator.services.apply_all()
load_rules()
REGION, ACCOUNT = "ap-northeast-2", "123456789012"


@pytest.fixture
def route53(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("route53", region_name=REGION)


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def make(route53, name="shop.example.com", reference="one", **more):
    return route53.create_hosted_zone(Name=name, CallerReference=reference, **more)["HostedZone"]["Id"].rpartition("/")[2]


def a(name, *values, action="CREATE", kind="A", **more):
    record = {"Name": name, "Type": kind, **more}
    if values:
        record |= {"TTL": 60, "ResourceRecords": [{"Value": value} for value in values]}
    return {"Action": action, "ResourceRecordSet": record}


def change(route53, zone, *changes):
    return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": list(changes)})["ChangeInfo"]


def names(route53, zone):
    return [(r["Name"], r["Type"]) for r in route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]


def test_a_zone_is_made_once_even_after_its_removal(route53):
    zone = make(route53)
    assert code(make, route53=route53) == "HostedZoneAlreadyExists"
    route53.delete_hosted_zone(Id=zone)
    assert code(make, route53=route53) == "HostedZoneAlreadyExists"


def test_name_servers_are_in_the_zone(route53):
    one, two = make(route53), make(route53, reference="two")
    servers = route53.get_hosted_zone(Id=one)["DelegationSet"]["NameServers"]
    assert servers != route53.get_hosted_zone(Id=two)["DelegationSet"]["NameServers"]
    ns, soa = route53.list_resource_record_sets(HostedZoneId=one)["ResourceRecordSets"]
    assert [record["Value"] for record in ns["ResourceRecords"]] == [f"{server}." for server in servers]
    assert (ns["TTL"], soa["TTL"], soa["ResourceRecords"][0]["Value"].split()[0]) == (172800, 900, f"{servers[0]}.")
    assert route53.list_reusable_delegation_sets()["DelegationSets"] == []


def test_zones_from_a_name_on(route53):
    for name in ("b.com", "a.b.com", "a.com", "z.org"):
        make(route53, name, reference=name)
    found = route53.list_hosted_zones_by_name(DNSName="b.com", MaxItems="2")
    assert [zone["Name"] for zone in found["HostedZones"]] == ["b.com.", "a.b.com."]
    assert (found["IsTruncated"], found["NextDNSName"]) == (True, "z.org.")


def private(vpc):
    return {"HostedZoneConfig": {"PrivateZone": True}, "VPC": {"VPCId": vpc, "VPCRegion": REGION}}


def test_a_vpc_has_one_private_zone_of_a_name(route53):
    zone = make(route53, "local.internal", **private("vpc-1"))
    assert code(make, route53=route53, name="local.internal", reference="two", **private("vpc-1")) == "ConflictingDomainExists"
    make(route53, "local.internal", reference="three", **private("vpc-2"))
    associate = {"HostedZoneId": zone, "VPC": {"VPCId": "vpc-2", "VPCRegion": REGION}}
    assert code(route53.associate_vpc_with_hosted_zone, **associate) == "ConflictingDomainExists"
    assert code(route53.disassociate_vpc_from_hosted_zone, HostedZoneId=zone, VPC={"VPCId": "vpc-1", "VPCRegion": REGION}) == (
        "LastVPCAssociation"
    )


def test_a_batch_is_all_or_nothing(route53):
    zone = make(route53)
    change(route53, zone, a("App.shop.example.com", "10.0.0.1"))
    before = names(route53, zone)
    assert ("app.shop.example.com.", "A") in before
    for bad in (
        a("app.shop.example.com", "10.0.0.2"),
        a("app.shop.example.com", "10.0.0.2", action="DELETE"),
        a("web.shop.example.com", "10.0.0.1", action="DELETE"),
        a("app.example.com", "10.0.0.1"),
        a("myshop.example.com", "10.0.0.1"),
        a("shop.example.com", "other.example.com", kind="CNAME"),
        a("app.shop.example.com", "other.example.com", kind="CNAME"),
        a("app.shop.example.com", action="UPSERT"),
    ):
        with pytest.raises(ClientError) as refused:
            change(route53, zone, a("new.shop.example.com", "10.0.0.9"), bad)
        assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch", bad
        assert names(route53, zone) == before
    change(route53, zone, a("app.shop.example.com", "10.0.0.1", action="DELETE"), a("app.shop.example.com", "x.example.com", kind="CNAME"))
    assert ("app.shop.example.com.", "CNAME") in names(route53, zone)


def test_asterisks_and_aliases_are_kept_as_aws_writes_them(route53):
    zone = make(route53)
    target = {"HostedZoneId": "Z1", "DNSName": "dualstack.LB.ap-northeast-2.elb.amazonaws.com", "EvaluateTargetHealth": True}
    change(route53, zone, a("*.shop.example.com", AliasTarget=target))
    (record,) = [r for r in route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] if r["Type"] == "A"]
    assert record["Name"] == "\\052.shop.example.com."
    assert record["AliasTarget"] == {**target, "DNSName": "dualstack.lb.ap-northeast-2.elb.amazonaws.com."}
    assert "TTL" not in record and "ResourceRecords" not in record


def test_changes_have_ids_of_their_own(route53):
    zone = make(route53)
    one, two = (change(route53, zone, a(f"{name}.shop.example.com", "10.0.0.1")) for name in "ab")
    assert one["Id"] != two["Id"]
    assert route53.get_change(Id=one["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    assert code(route53.get_change, Id="C0") == "NoSuchChange"


def log_group():
    boto3.client("logs", region_name="us-east-1").create_log_group(logGroupName="/aws/route53/shop.example.com")
    return f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/route53/shop.example.com:*"


def test_query_logging_of_a_zone(route53):
    one, two = make(route53), make(route53, "two.example.com", reference="two")
    made = route53.create_query_logging_config(HostedZoneId=one, CloudWatchLogsLogGroupArn=log_group())
    assert len(route53.list_query_logging_configs(HostedZoneId=one)["QueryLoggingConfigs"]) == 1
    assert route53.list_query_logging_configs(HostedZoneId=two)["QueryLoggingConfigs"] == []
    assert len(route53.list_query_logging_configs()["QueryLoggingConfigs"]) == 1
    route53.delete_hosted_zone(Id=one)
    assert code(route53.get_query_logging_config, Id=made["QueryLoggingConfig"]["Id"]) == "NoSuchQueryLoggingConfig"


HTTPS = {"Type": "HTTPS", "FullyQualifiedDomainName": "shop.example.com", "ResourcePath": "/health"}


def test_a_health_check_has_defaults_and_versions(route53):
    check = route53.create_health_check(CallerReference="one", HealthCheckConfig=HTTPS)["HealthCheck"]
    config = check["HealthCheckConfig"]
    assert (config["Port"], config["EnableSNI"], config["RequestInterval"], config["FailureThreshold"]) == (443, True, 30, 3)
    regions = ["us-east-1", "eu-west-1", "ap-southeast-1"]
    update = {"HealthCheckId": check["Id"], "HealthCheckVersion": 1}
    route53.update_health_check(**update, Regions=regions)
    assert code(route53.update_health_check, **update, FailureThreshold=5) == "HealthCheckVersionMismatch"
    now = route53.update_health_check(HealthCheckId=check["Id"], FailureThreshold=5)["HealthCheck"]
    assert (now["HealthCheckVersion"], now["HealthCheckConfig"]["Regions"], now["HealthCheckConfig"]["FailureThreshold"]) == (3, regions, 5)
    reset = route53.update_health_check(HealthCheckId=check["Id"], ResetElements=["Regions"])["HealthCheck"]
    assert "Regions" not in reset["HealthCheckConfig"]


def test_a_health_check_is_made_once(route53):
    check = route53.create_health_check(CallerReference="one", HealthCheckConfig=HTTPS)["HealthCheck"]["Id"]
    assert route53.create_health_check(CallerReference="one", HealthCheckConfig=HTTPS)["HealthCheck"]["Id"] == check
    assert code(route53.create_health_check, CallerReference="one", HealthCheckConfig={**HTTPS, "Port": 8443}) == "HealthCheckAlreadyExists"
    route53.delete_health_check(HealthCheckId=check)
    assert code(route53.create_health_check, CallerReference="one", HealthCheckConfig=HTTPS) == "HealthCheckAlreadyExists"
    assert code(route53.delete_health_check, HealthCheckId=check) == "NoSuchHealthCheck"


def test_tags_go_with_what_they_are_on(route53):
    zone = make(route53)
    about = {"ResourceType": "hostedzone", "ResourceId": zone}
    route53.change_tags_for_resource(**about, AddTags=[{"Key": "a", "Value": "b"}])
    assert route53.list_tags_for_resource(**about)["ResourceTagSet"]["Tags"] == [{"Key": "a", "Value": "b"}]
    route53.delete_hosted_zone(Id=zone)
    assert code(route53.list_tags_for_resource, **about) == "NoSuchHostedZone"
    assert code(route53.list_tags_for_resources, ResourceType="healthcheck", ResourceIds=["x"]) == "NoSuchHealthCheck"


def judged(rule, **params):
    return RULES[f"route53.{rule}"].judge(params, Context(ACCOUNT, REGION))


def test_only_public_zones_have_query_logs(route53):
    zone = make(route53, "local.internal", **private("vpc-1"))
    about = {"CloudWatchLogsLogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g:*"}
    assert judged("query_logs_are_of_a_public_zone", HostedZoneId=zone, **about)
    assert judged("query_logs_are_of_a_public_zone", HostedZoneId=make(route53, reference="two"), **about) is None


def test_a_private_zone_wants_a_vpc_that_stands(route53):
    vpc = boto3.client("ec2", region_name=REGION).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    about = {"Name": "local.internal", "CallerReference": "one"}
    assert judged("private_zone_has_a_vpc", **about, **private(vpc)) is None
    assert judged("private_zone_has_a_vpc", **about, **private("vpc-none"))
