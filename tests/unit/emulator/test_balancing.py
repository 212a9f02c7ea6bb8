"""Load balancers answer requests to their own names, AWS WAF first."""

from __future__ import annotations

import http.client

import pytest

from ansible_collections.refarch.aws.plugins.filter.waf_rules import waf_rules

REGION = "ap-northeast-2"
REGIONAL = {"Scope": "REGIONAL"}
GROUPS = {"AWSManagedRulesCommonRuleSet": {"priority": 10}, "AWSManagedRulesSQLiRuleSet": {"priority": 20}}


@pytest.fixture(scope="module")
def balancer(emulator):
    """A load balancer that redirects nothing and forwards to a group without targets."""
    ec2, elbv2 = emulator.client("ec2"), emulator.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.77.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    made = elbv2.create_load_balancer(Name="balancing", Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    group = elbv2.create_target_group(Name="balancing", Protocol="HTTP", Port=8080, VpcId=vpc)["TargetGroups"][0]["TargetGroupArn"]
    listener = elbv2.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )["Listeners"][0]["ListenerArn"]
    return {"arn": made["LoadBalancerArn"], "name": made["DNSName"], "listener": listener, "group": group}


def ask(emulator, host, target="/", method="GET", body=None, agent="Mozilla/5.0"):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    headers = {"Host": host, **({"User-Agent": agent} if agent else {})}
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("Location")


def test_nothing_healthy_is_503(emulator, balancer):
    assert ask(emulator, balancer["name"]) == (503, None)
    assert ask(emulator, f"dualstack.{balancer['name'].upper()}:80") == (503, None)


def test_an_unknown_name(emulator):
    assert ask(emulator, "nobody-1.ap-northeast-2.elb.amazonaws.com")[0] == 502


def test_redirects_and_fixed_answers(emulator, balancer):
    elbv2 = emulator.client("elbv2")
    to_https = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    elbv2.modify_listener(ListenerArn=balancer["listener"], DefaultActions=[to_https])
    assert ask(emulator, balancer["name"], "/orders?id=1") == (301, f"https://{balancer['name']}:443/orders?id=1")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "MessageBody": "no"}}
    elbv2.modify_listener(ListenerArn=balancer["listener"], DefaultActions=[fixed])
    assert ask(emulator, balancer["name"])[0] == 404
    elbv2.modify_listener(ListenerArn=balancer["listener"], DefaultActions=[{"Type": "forward", "TargetGroupArn": balancer["group"]}])


def test_the_web_acl_is_asked_first(emulator, balancer):
    waf = emulator.client("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "balancing"}
    acl = {"Name": "balancing", "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen, **REGIONAL}
    made = waf.create_web_acl(**acl, Rules=waf_rules(GROUPS, {}, {"requests": 20}, "balancing"))["Summary"]
    attack = "/?id=1%27%20OR%201=1--"
    assert ask(emulator, balancer["name"], attack)[0] == 503
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=balancer["arn"])
    assert ask(emulator, balancer["name"], attack)[0] == 403
    assert ask(emulator, balancer["name"], "/", "POST", b"c=<script>alert(1)</script>")[0] == 403
    assert ask(emulator, balancer["name"], agent="")[0] == 403
    assert ask(emulator, balancer["name"], "/?q=shoes")[0] == 503
    assert [ask(emulator, balancer["name"])[0] for _ in range(20)][-1] == 403  # the rate
    waf.disassociate_web_acl(ResourceArn=balancer["arn"])
    assert ask(emulator, balancer["name"], attack)[0] == 503
