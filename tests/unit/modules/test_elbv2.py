"""Target groups, load balancers and listeners, on a VPC of two public subnets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.elbv2 import attribute_changes, full_name
from ansible_collections.refarch.aws.plugins.modules.elbv2_listeners import plain_action, plain_actions, rules_differ

UNKNOWN = "(known after apply)"
CHECK = {"path": "/health", "interval_seconds": 15, "timeout_seconds": 4, "healthy_threshold": 2, "unhealthy_threshold": 3}


@pytest.fixture
def vpc(aws):
    ec2 = aws("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")["Subnet"]["SubnetId"]
        for number, zone in enumerate("abc")
    ]
    groups = [ec2.create_security_group(GroupName=f"shop-{name}", Description="x", VpcId=vpc_id)["GroupId"] for name in ("public", "other")]
    return {"vpc_id": vpc_id, "subnets": subnets, "groups": groups}


@pytest.fixture
def group(vpc):
    return {"name": "shop-web", "vpc_id": vpc["vpc_id"], "port": 8080, "health_check": CHECK}


@pytest.fixture
def balancer(vpc):
    return {
        "name": "shop-public",
        "scheme": "internet-facing",
        "subnet_ids": vpc["subnets"][:2],
        "security_group_ids": vpc["groups"][:1],
        "attributes": {"routing.http.drop_invalid_header_fields.enabled": True, "idle_timeout.timeout_seconds": 90},
    }


@pytest.fixture
def standing(run_module, group, balancer):
    """ARNs of a target group and a load balancer that stand."""
    target_group = run_module("elbv2_target_groups", target_groups=[group])["target_groups"][0]["arn"]
    return target_group, run_module("elbv2_load_balancers", load_balancers=[balancer])["load_balancers"][0]["arn"]


def operations(result):
    return [change["operation"] for change in result["changes"]]


# -- target groups ----------------------------------------------------------------------------------------------------
def test_target_group_is_made_with_all_settings(converge, aws, group):
    attributes = {"deregistration_delay.timeout_seconds": 60, "stickiness.enabled": False}
    result = converge("elbv2_target_groups", target_groups=[{**group, "attributes": attributes}], tags={"Project": "shop"})
    assert operations(result) == ["CreateTargetGroup", "ModifyTargetGroupAttributes"]
    (found,) = aws("elbv2").describe_target_groups(Names=["shop-web"])["TargetGroups"]
    assert (found["Port"], found["HealthCheckPath"], found["HealthCheckIntervalSeconds"], found["Matcher"]) == (
        8080, "/health", 15, {"HttpCode": "200"},
    )  # fmt: skip
    assert (found["HealthyThresholdCount"], found["UnhealthyThresholdCount"]) == (2, 3)
    kept = aws("elbv2").describe_target_group_attributes(TargetGroupArn=found["TargetGroupArn"])["Attributes"]
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "60"} in kept
    tags = aws("elbv2").describe_tags(ResourceArns=[found["TargetGroupArn"]])["TagDescriptions"][0]["Tags"]
    assert tags == [{"Key": "Project", "Value": "shop"}]
    assert result["target_groups"][0]["full_name"] == found["TargetGroupArn"].split(":")[-1]


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"health_check": {**CHECK, "path": "/ready"}}, "ModifyTargetGroup"),
        ({"health_check": {**CHECK, "matcher": "200-299"}}, "ModifyTargetGroup"),
        ({"attributes": {"slow_start.duration_seconds": 30}}, "ModifyTargetGroupAttributes"),
        ({"tags": {"Tier": "web"}}, "AddTags"),
    ],
)
def test_a_changed_setting_of_a_target_group_is_that_change(run_module, converge, group, change, operation):
    run_module("elbv2_target_groups", target_groups=[group])
    assert operations(converge("elbv2_target_groups", target_groups=[{**group, **change}])) == [operation]


def test_target_groups_are_removed_and_removed_again(run_module, converge, aws, group):
    run_module("elbv2_target_groups", target_groups=[group, {**group, "name": "shop-app"}])
    aws("elbv2").delete_target_group(
        TargetGroupArn=aws("elbv2").describe_target_groups(Names=["shop-app"])["TargetGroups"][0]["TargetGroupArn"]
    )
    result = converge("elbv2_target_groups", state="absent", target_groups=[{"name": "shop-web"}, {"name": "shop-app"}])
    assert operations(result) == ["DeleteTargetGroup"]
    assert aws("elbv2").describe_target_groups()["TargetGroups"] == []


def test_what_cant_change_is_refused(run_module, refusal, group):
    run_module("elbv2_target_groups", target_groups=[group])
    assert "stands with port 8080" in refusal("elbv2_target_groups", target_groups=[{**group, "port": 80}])
    assert "timeout of 15" in refusal("elbv2_target_groups", target_groups=[{**group, "health_check": {**CHECK, "timeout_seconds": 15}}])


def test_a_target_group_in_an_unknown_vpc_is_a_plan(run_module, group):
    planned = run_module("elbv2_target_groups", check=True, target_groups=[{**group, "vpc_id": UNKNOWN}])
    assert planned["target_groups"][0]["full_name"] == UNKNOWN
    assert planned["changes"][0]["parameters"]["VpcId"] == UNKNOWN


# -- load balancers ---------------------------------------------------------------------------------------------------
def test_load_balancer_is_made_with_all_settings(converge, aws, balancer, vpc):
    result = converge("elbv2_load_balancers", load_balancers=[balancer], tags={"Project": "shop"}, wait=True)
    assert operations(result) == ["CreateLoadBalancer", "ModifyLoadBalancerAttributes"]
    (found,) = aws("elbv2").describe_load_balancers(Names=["shop-public"])["LoadBalancers"]
    assert (found["Scheme"], found["SecurityGroups"]) == ("internet-facing", vpc["groups"][:1])
    assert [zone["SubnetId"] for zone in found["AvailabilityZones"]] == vpc["subnets"][:2]
    (given,) = result["load_balancers"]
    assert given["dns_name"] == found["DNSName"] and given["hosted_zone_id"] == "ZWKZPGTI48KDX"
    assert given["full_name"] == found["LoadBalancerArn"].partition("loadbalancer/")[2]
    attributes = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=given["arn"])["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "90"} in attributes


def test_a_changed_setting_of_a_load_balancer_is_that_change(run_module, converge, balancer, vpc):
    run_module("elbv2_load_balancers", load_balancers=[balancer])
    for change, operation in (
        ({"subnet_ids": vpc["subnets"]}, "SetSubnets"),
        ({"security_group_ids": vpc["groups"]}, "SetSecurityGroups"),
        ({"attributes": {"routing.http2.enabled": False}}, "ModifyLoadBalancerAttributes"),
        ({"tags": {"Tier": "public"}}, "AddTags"),
        ({"tags": {}}, "RemoveTags"),
    ):
        balancer = {**balancer, **change}
        assert operations(converge("elbv2_load_balancers", load_balancers=[balancer])) == [operation]


def test_protection_is_turned_off_only_where_that_is_allowed(run_module, converge, refusal, aws, balancer):
    run_module("elbv2_load_balancers", load_balancers=[{**balancer, "attributes": {"deletion_protection.enabled": True}}])
    gone = {"state": "absent", "load_balancers": [{"name": "shop-public"}]}
    for check in (True, False):
        assert "has deletion protection" in refusal("elbv2_load_balancers", check=check, **gone)
    result = converge("elbv2_load_balancers", **gone, turn_off_deletion_protection=True, wait=True)
    assert operations(result) == ["ModifyLoadBalancerAttributes", "DeleteLoadBalancer"]
    assert aws("elbv2").describe_load_balancers()["LoadBalancers"] == []


def test_bad_load_balancers_are_refused(run_module, refusal, balancer):
    assert "at least two subnets" in refusal(
        "elbv2_load_balancers", load_balancers=[{**balancer, "subnet_ids": balancer["subnet_ids"][:1]}]
    )
    assert "AWS reserves" in refusal("elbv2_load_balancers", load_balancers=[{**balancer, "name": "internal-shop"}])
    run_module("elbv2_load_balancers", load_balancers=[balancer])
    assert "stands with scheme" in refusal("elbv2_load_balancers", load_balancers=[{**balancer, "scheme": "internal"}])


def test_load_balancers_in_unknown_subnets_are_a_plan(run_module, balancer):
    wanted = [{**balancer, "subnet_ids": [UNKNOWN, UNKNOWN], "security_group_ids": [UNKNOWN]}]
    planned = run_module("elbv2_load_balancers", check=True, wait=True, load_balancers=wanted)
    assert planned["load_balancers"][0]["dns_name"] == UNKNOWN


# -- listeners --------------------------------------------------------------------------------------------------------
def forward(arn):
    return [{"Type": "forward", "TargetGroupArn": arn}]


REDIRECT = [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}]


@pytest.fixture
def certificates(aws):
    acm = aws("acm")
    return [acm.request_certificate(DomainName=f"{name}.example.com")["CertificateArn"] for name in ("www", "api", "old")]


def rule(priority, path, arn):
    return {
        "priority": priority,
        "conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}],
        "actions": forward(arn),
    }


def test_listeners_with_rules_and_certificates(converge, aws, standing, certificates):
    group, balancer = standing
    listeners = [
        {
            "load_balancer_arn": balancer, "port": 443, "protocol": "HTTPS", "certificate_arns": certificates[:2],
            "default_actions": forward(group), "attributes": {"routing.http.response.server.enabled": False},
            "rules": [rule(10, "/api/*", group), rule(20, "/img/*", group)],
        },
        {"load_balancer_arn": balancer, "port": 80, "default_actions": REDIRECT},
    ]  # fmt: skip
    result = converge("elbv2_listeners", listeners=listeners, purge=True, tags={"Project": "shop"})
    assert operations(result) == [
        "CreateListener", "AddListenerCertificates", "ModifyListenerAttributes", "CreateRule", "CreateRule", "CreateListener",
    ]  # fmt: skip
    found = {one["Port"]: one for one in aws("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"]}
    assert found[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert [one["CertificateArn"] for one in found[443]["Certificates"]] == certificates[:1]
    assert "Certificates" not in found[80] and found[80]["DefaultActions"][0]["Type"] == "redirect"
    assert set(result["listeners"][0]["rule_arns"]) == {"10", "20"}


def test_changed_settings_of_a_listener(run_module, converge, standing, certificates):
    group, balancer = standing
    base = {
        "load_balancer_arn": balancer, "port": 443, "protocol": "HTTPS", "certificate_arns": certificates[:2],
        "default_actions": forward(group), "rules": [rule(10, "/api/*", group)],
    }  # fmt: skip
    run_module("elbv2_listeners", listeners=[base])
    for change, expected in (
        ({"ssl_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06"}, ["ModifyListener"]),
        ({"certificate_arns": [certificates[1], certificates[2]]}, ["ModifyListener", "AddListenerCertificates"]),
        (
            {"default_actions": REDIRECT[:0] + [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]},
            ["ModifyListener"],
        ),
        ({"rules": [rule(10, "/v2/*", group)]}, ["ModifyRule"]),
        ({"rules": [rule(11, "/v2/*", group)]}, ["DeleteRule", "CreateRule"]),
        ({"attributes": {"routing.http.response.x_frame_options.header_value": "DENY"}}, ["ModifyListenerAttributes"]),
        ({"tags": {"Port": "https"}}, ["AddTags", "AddTags"]),
    ):
        base = {**base, **change}
        assert operations(converge("elbv2_listeners", listeners=[base])) == expected, change


def test_other_listeners_go_where_asked(run_module, converge, aws, standing):
    group, balancer = standing
    both = [{"load_balancer_arn": balancer, "port": port, "default_actions": forward(group)} for port in (80, 8080)]
    run_module("elbv2_listeners", listeners=both)
    assert operations(converge("elbv2_listeners", listeners=both[:1])) == []
    assert operations(converge("elbv2_listeners", listeners=both[:1], purge=True)) == ["DeleteListener"]
    assert operations(converge("elbv2_listeners", state="absent", listeners=both)) == ["DeleteListener"]
    assert aws("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"] == []


def test_http_becomes_https_in_place(run_module, converge, standing, certificates):
    group, balancer = standing
    plain = {"load_balancer_arn": balancer, "port": 443, "default_actions": forward(group)}
    run_module("elbv2_listeners", listeners=[plain])
    secure = {**plain, "protocol": "HTTPS", "certificate_arns": certificates[:1]}
    assert operations(converge("elbv2_listeners", listeners=[secure])) == ["ModifyListener"]
    assert operations(converge("elbv2_listeners", listeners=[plain])) == ["ModifyListener"]


def test_listeners_of_an_unknown_load_balancer_are_a_plan(run_module):
    listener = {"load_balancer_arn": UNKNOWN, "port": 80, "default_actions": forward(UNKNOWN), "rules": [rule(1, "/a", UNKNOWN)]}
    planned = run_module("elbv2_listeners", check=True, purge=True, listeners=[listener])
    assert operations(planned) == ["CreateListener", "CreateRule"]


def test_bad_listeners_are_refused(refusal):
    base = {"load_balancer_arn": UNKNOWN, "port": 443, "default_actions": REDIRECT}
    for change, sentence in (
        ({"protocol": "HTTPS"}, "needs certificate_arns"),
        ({"certificate_arns": ["arn:x"]}, "can't have certificate_arns"),
        ({"default_actions": []}, "needs default_actions"),
        ({"rules": [rule(5, "/a", "x"), rule(5, "/b", "x")]}, "each used once"),
    ):
        assert sentence in refusal("elbv2_listeners", check=True, listeners=[{**base, **change}])


def test_what_aws_adds_to_an_action_is_no_difference():
    described = {
        "Type": "forward", "Order": 1, "TargetGroupArn": "a",
        "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}},
    }  # fmt: skip
    assert plain_action(described) == plain_action({"Type": "forward", "TargetGroupArn": "a"})
    assert plain_action(described) != plain_action({"Type": "forward", "TargetGroupArn": "b"})
    full = {
        "Type": "redirect",
        "RedirectConfig": {**REDIRECT[0]["RedirectConfig"], "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"},
    }
    assert plain_actions([full]) == plain_actions(REDIRECT)


def test_conditions_are_compared_by_what_they_mean():
    now = {"Conditions": [{"Field": "path-pattern", "Values": ["/a", "/b"]}], "Actions": forward("a")}
    same = {"conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/b", "/a"]}}], "actions": forward("a")}
    assert rules_differ(now, same) == {}
    header = {
        "conditions": [{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}}],
        "actions": forward("a"),
    }
    assert set(rules_differ(now, header)) == {"Conditions"}


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.booleans(), st.integers(), st.text())))
def test_attributes_that_were_set_are_no_change(wanted):
    once = attribute_changes({}, wanted)
    assert attribute_changes(once, wanted) == {} and set(once) == set(wanted)


def test_full_names():
    prefix = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:"
    assert full_name(f"{prefix}loadbalancer/app/shop/0123", "loadbalancer") == "app/shop/0123"
    assert full_name(f"{prefix}targetgroup/shop/0123", "targetgroup") == "targetgroup/shop/0123"
