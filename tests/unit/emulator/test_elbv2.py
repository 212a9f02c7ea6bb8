"""The patches of Elastic Load Balancing, each through boto3; and its hand rules on what stands."""

from __future__ import annotations

import json
import pickle

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.elbv2.models import elbv2_backends

import emulator.services
from emulator import pickling
from emulator.services.elbv2 import HOSTED_ZONES, LOAD_BALANCER_ATTRIBUTES
from emulator.strict import RULES, Context
from emulator.strict.judge import load_rules

emulator.services.apply_all()
load_rules()
REGION = "ap-northeast-2"
ACCOUNT = "123456789012"
IMAGE = "ami-12c6146b"


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def ec2(account):
    return boto3.client("ec2", region_name=REGION)


@pytest.fixture
def elb(account):
    return boto3.client("elbv2", region_name=REGION)


@pytest.fixture
def vpc(ec2):
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    return vpc_id, subnets


@pytest.fixture
def balancer(elb, vpc):
    return elb.create_load_balancer(Name="shop-public", Subnets=vpc[1])["LoadBalancers"][0]


@pytest.fixture
def group(elb, vpc):
    return elb.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc[0])["TargetGroups"][0]["TargetGroupArn"]


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


def attributes(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


def listen(elb, balancer, group, port=80):
    actions = [{"Type": "forward", "TargetGroupArn": group}]
    return elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=port, DefaultActions=actions)[
        "Listeners"
    ][0]


def test_attributes_have_aws_defaults(elb, vpc, balancer, group):
    found = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"]))
    assert found == LOAD_BALANCER_ATTRIBUTES
    internal = elb.create_load_balancer(Name="shop-internal", Subnets=vpc[1], Scheme="internal")["LoadBalancers"][0]
    found = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=internal["LoadBalancerArn"]))
    assert found["ipv6.deny_all_igw_traffic"] == "true"
    assert attributes(elb.describe_target_group_attributes(TargetGroupArn=group))["stickiness.lb_cookie.duration_seconds"] == "86400"
    arn = listen(elb, balancer, group)["ListenerArn"]
    assert attributes(elb.describe_listener_attributes(ListenerArn=arn))["routing.http.response.server.enabled"] == "true"
    assert balancer["CanonicalHostedZoneId"] == HOSTED_ZONES[REGION]
    assert balancer["Scheme"] == "internet-facing" and len(balancer["SecurityGroups"]) == 1
    assert internal["DNSName"].startswith("internal-shop-internal-")


def test_creating_again_is_the_same_or_refused(elb, vpc, balancer, group):
    assert (
        elb.create_load_balancer(Name="shop-public", Subnets=vpc[1])["LoadBalancers"][0]["LoadBalancerArn"] == balancer["LoadBalancerArn"]
    )
    assert code(elb.create_load_balancer, Name="shop-public", Subnets=vpc[1], Scheme="internal") == "DuplicateLoadBalancerName"
    again = elb.create_target_group(Name="shop-web", Protocol="HTTP", Port=80, VpcId=vpc[0])["TargetGroups"][0]
    assert again["TargetGroupArn"] == group
    assert code(elb.create_target_group, Name="shop-web", Protocol="HTTP", Port=81, VpcId=vpc[0]) == "DuplicateTargetGroupName"
    first = listen(elb, balancer, group)
    assert listen(elb, balancer, group)["ListenerArn"] == first["ListenerArn"]
    other = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Protocol": "HTTP", "Port": 80}
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    assert code(elb.create_listener, **other, DefaultActions=fixed) == "DuplicateListener"


def test_one_absent_name_fails_the_call(elb, balancer):
    assert code(elb.describe_load_balancers, Names=["shop-public", "absent"]) == "LoadBalancerNotFound"
    assert code(elb.describe_tags, ResourceArns=[balancer["LoadBalancerArn"] + "0"]) == "LoadBalancerNotFound"


def test_interfaces_keep_subnets_and_groups_in_use(elb, ec2, vpc, balancer):
    interfaces = [{"Name": "vpc-id", "Values": [vpc[0]]}]
    found = ec2.describe_network_interfaces(Filters=interfaces)["NetworkInterfaces"]
    assert sorted(one["SubnetId"] for one in found) == sorted(vpc[1])
    assert {one["Description"] for one in found} == {f"ELB {balancer['LoadBalancerArn'].partition('loadbalancer/')[2]}"}
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    assert ec2.describe_network_interfaces(Filters=interfaces)["NetworkInterfaces"] == []


def test_protection_keeps_a_load_balancer(elb, balancer):
    arn = balancer["LoadBalancerArn"]
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}])
    assert code(elb.delete_load_balancer, LoadBalancerArn=arn) == "OperationNotPermitted"


def test_a_group_knows_who_forwards_to_it_now(elb, balancer, group):
    def described():
        return elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"]

    listener = listen(elb, balancer, group)
    assert listener["DefaultActions"][0]["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": group, "Weight": 1}]
    assert described() == [balancer["LoadBalancerArn"]]
    elb.delete_listener(ListenerArn=listener["ListenerArn"])
    assert described() == []
    elb.delete_target_group(TargetGroupArn=group)
    elb.delete_target_group(TargetGroupArn=group)


def test_a_target_is_unused_then_initial_then_healthy(elb, ec2, vpc, balancer, group):
    instance = ec2.run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1, SubnetId=vpc[1][0])["Instances"][0]["InstanceId"]
    elb.register_targets(TargetGroupArn=group, Targets=[{"Id": instance}])

    def state():
        return elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"][0]["TargetHealth"]["State"]

    assert state() == "unused"
    listen(elb, balancer, group)
    member = elbv2_backends[ACCOUNT][REGION].target_groups[group].members[instance]
    assert state() == "healthy"
    member.state = "initial"
    assert state() == "initial"


def test_the_health_check_changes_in_all_its_parts(elb, group):
    change = {"HealthCheckPath": "/x", "HealthyThresholdCount": 4, "Matcher": {"HttpCode": "200-299"}, "HealthCheckPort": "81"}
    found = elb.modify_target_group(TargetGroupArn=group, **change)["TargetGroups"][0]
    assert {key: found[key] for key in change} == change


def test_tags_go_with_their_owner_and_are_fifty_at_most(elb, vpc, balancer):
    arn = balancer["LoadBalancerArn"]
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    elb.add_tags(ResourceArns=[arn], Tags=tags)
    assert code(elb.add_tags, ResourceArns=[arn], Tags=[{"Key": "more", "Value": "v"}]) == "TooManyTags"
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert code(elb.describe_tags, ResourceArns=[arn]) == "LoadBalancerNotFound"


def test_state_is_kept(elb, balancer, group):
    listen(elb, balancer, group)
    kept = pickle.loads(pickling.dumps(dict(elbv2_backends[ACCOUNT][REGION].load_balancers)))
    assert kept[balancer["LoadBalancerArn"]].attrs == LOAD_BALANCER_ATTRIBUTES


# -- hand rules -------------------------------------------------------------------------------------------------------
def judged(rule, **params):
    return RULES[f"elbv2.{rule}"].judge(params, Context(ACCOUNT, REGION))


def test_two_zones_of_one_vpc(ec2, vpc):
    assert judged("zones", Subnets=vpc[1]) is None
    again = ec2.create_subnet(VpcId=vpc[0], CidrBlock="10.0.9.0/24", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    small = ec2.create_subnet(VpcId=vpc[0], CidrBlock="10.0.8.0/28", AvailabilityZone=f"{REGION}c")["Subnet"]["SubnetId"]
    assert "same Availability Zone" in judged("zones", Subnets=[vpc[1][0], again])
    assert "Not enough IP space" in judged("zones", Subnets=[vpc[1][0], small])


def test_logs_need_a_bucket_that_lets_them_in(balancer):
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="shop-log", CreateBucketConfiguration={"LocationConstraint": REGION})
    given = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "shop-log", "access_logs.s3.prefix": "elb"}
    call = {"LoadBalancerArn": balancer["LoadBalancerArn"], "Attributes": [{"Key": key, "Value": value} for key, value in given.items()]}
    assert "Access Denied" in judged("logs_can_be_delivered", **call)
    allow = {
        "Effect": "Allow", "Action": "s3:PutObject", "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Resource": f"arn:aws:s3:::shop-log/elb/AWSLogs/{ACCOUNT}/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket="shop-log", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    assert judged("logs_can_be_delivered", **call) is None


def test_a_certificate_must_stand(account):
    acm = boto3.client("acm", region_name=REGION)
    arn = acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    assert judged("certificate_exists", Certificates=[{"CertificateArn": arn}]) is None
