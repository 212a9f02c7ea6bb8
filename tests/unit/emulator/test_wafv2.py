"""The patches of WAF, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

from uuid import UUID

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

import emulator.services

emulator.services.apply_all()
REGION = "ap-northeast-2"
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
RATE = {
    "Name": "rate",
    "Priority": 1,
    "Action": {"Block": {}},
    "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
    "VisibilityConfig": SEEN,
}
SQLI = {
    "Name": "sqli",
    "Priority": 2,
    "OverrideAction": {"None": {}},
    "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
    "VisibilityConfig": SEEN,
}
REGIONAL = {"Scope": "REGIONAL"}


@pytest.fixture
def waf(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("wafv2", region_name=REGION)


@pytest.fixture
def balancer(waf):
    ec2, elbv2 = boto3.client("ec2", region_name=REGION), boto3.client("elbv2", region_name=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    return elbv2.create_load_balancer(Name="shop", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def acl(waf, name="shop", rules=(RATE, SQLI), **more):
    given = {"DefaultAction": {"Allow": {}}, "Rules": list(rules), "VisibilityConfig": SEEN, **REGIONAL, **more}
    return waf.create_web_acl(Name=name, **given)["Summary"]


def about(summary):
    return {"Name": summary["Name"], "Id": summary["Id"], **REGIONAL}


def ip_set(waf, *addresses, name="deny"):
    return waf.create_ip_set(Name=name, IPAddressVersion="IPV4", Addresses=list(addresses), **REGIONAL)["Summary"]


def test_a_name_is_taken_once(waf):
    acl(waf)
    assert code(acl, waf=waf) == "WAFDuplicateItemException"
    ip_set(waf)
    with pytest.raises(ClientError, match="WAFDuplicateItemException"):
        ip_set(waf)


def test_lock_tokens_are_uuids(waf):
    made = ip_set(waf)
    token = waf.update_ip_set(**about(made), Addresses=[], LockToken=made["LockToken"])["NextLockToken"]
    assert len(str(UUID(made["LockToken"]))) == len(str(UUID(token))) == len(token) and token != made["LockToken"]


def test_defaults_of_a_rate_and_the_capacity_are_shown(waf):
    found = waf.get_web_acl(**about(acl(waf)))["WebACL"]
    rate = found["Rules"][0]["Statement"]["RateBasedStatement"]
    assert (rate["EvaluationWindowSec"], found["Capacity"]) == (300, 202)
    assert found["Rules"][1] == SQLI
    assert "Description" not in found


def test_an_update_replaces_everything_and_needs_the_token(waf):
    made = acl(waf, Description="one")
    given = {**about(made), "DefaultAction": {"Block": {}}, "VisibilityConfig": SEEN}
    waf.update_web_acl(**given, Rules=[], LockToken=made["LockToken"])
    found = waf.get_web_acl(**about(made))
    assert (found["WebACL"]["Rules"], found["WebACL"]["DefaultAction"], "Description" in found["WebACL"]) == ([], {"Block": {}}, False)
    assert found["LockToken"] != made["LockToken"]
    assert code(waf.update_web_acl, **given, Rules=[], LockToken=made["LockToken"]) == "WAFOptimisticLockException"
    assert code(waf.delete_web_acl, **about(made), LockToken=made["LockToken"]) == "WAFOptimisticLockException"


def test_a_load_balancer_has_one_web_acl(waf, balancer):
    one, two = acl(waf), acl(waf, "other")
    waf.associate_web_acl(WebACLArn=one["ARN"], ResourceArn=balancer)
    waf.associate_web_acl(WebACLArn=two["ARN"], ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=one["ARN"])["ResourceArns"] == []
    assert waf.list_resources_for_web_acl(WebACLArn=two["ARN"])["ResourceArns"] == [balancer]
    assert waf.list_resources_for_web_acl(WebACLArn=two["ARN"], ResourceType="API_GATEWAY")["ResourceArns"] == []
    assert waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["Name"] == "other"
    assert code(waf.associate_web_acl, WebACLArn=one["ARN"], ResourceArn=balancer + "x") == "WAFNonexistentItemException"


def test_what_is_used_stays(waf, balancer):
    deny = ip_set(waf)
    reference = {**RATE, "Statement": {"IPSetReferenceStatement": {"ARN": deny["ARN"]}}}
    made = acl(waf, rules=[reference])
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=balancer)
    assert code(waf.delete_ip_set, **about(deny), LockToken=deny["LockToken"]) == "WAFAssociatedItemException"
    assert code(waf.delete_web_acl, **about(made), LockToken=made["LockToken"]) == "WAFAssociatedItemException"
    boto3.client("elbv2", region_name=REGION).delete_load_balancer(LoadBalancerArn=balancer)
    waf.delete_web_acl(**about(made), LockToken=made["LockToken"])
    waf.delete_ip_set(**about(deny), LockToken=deny["LockToken"])


def test_tags_and_logging_go_along(waf):
    made = acl(waf, Tags=[{"Key": "a", "Value": "b"}])
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:aws-waf-logs-shop"
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": made["ARN"], "LogDestinationConfigs": [group]})
    assert waf.get_logging_configuration(ResourceArn=made["ARN"])["LoggingConfiguration"]["LogDestinationConfigs"] == [group]
    waf.delete_web_acl(**about(made), LockToken=made["LockToken"])
    assert code(waf.list_tags_for_resource, ResourceARN=made["ARN"]) == "WAFNonexistentItemException"
    assert code(waf.get_logging_configuration, ResourceArn=made["ARN"]) == "WAFNonexistentItemException"
    assert waf.list_logging_configurations(**REGIONAL)["LoggingConfigurations"] == []


def test_managed_rule_groups(waf):
    names = [group["Name"] for group in waf.list_available_managed_rule_groups(**REGIONAL)["ManagedRuleGroups"]]
    assert "AWSManagedRulesSQLiRuleSet" in names
    common = waf.describe_managed_rule_group(VendorName="AWS", Name="AWSManagedRulesCommonRuleSet", **REGIONAL)
    assert common["Capacity"] == 700 and "SizeRestrictions_BODY" in [rule["Name"] for rule in common["Rules"]]
    assert code(waf.describe_managed_rule_group, VendorName="AWS", Name="Gopher", **REGIONAL) == "WAFNonexistentItemException"


def test_capacity(waf):
    both = {"OrStatement": {"Statements": [{"IPSetReferenceStatement": {"ARN": "a" * 20}}] * 2}}
    assert waf.check_capacity(Rules=[RATE, SQLI, {**RATE, "Statement": both}], **REGIONAL)["Capacity"] == 204
