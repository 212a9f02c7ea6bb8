from __future__ import annotations

import pytest

from ansible_collections.refarch.aws.plugins.filter.waf_rules import waf_rules
from ansible_collections.refarch.aws.plugins.modules.wafv2_web_acls import same_logging, same_rules

REGION = "ap-northeast-2"
TAGS = {"Project": "shop", "Environment": "staging"}
UNKNOWN = "(known after apply)"
GROUP = f"arn:aws:logs:{REGION}:123456789012:log-group:aws-waf-logs-shop"
V4 = {"name": "deny-ipv4", "addresses": ["203.0.113.0/24", "198.51.100.7/32"]}
V6 = {"name": "deny-ipv6", "ip_address_version": "IPV6", "addresses": ["2001:DB8:0::/48"]}
REGIONAL = {"Scope": "REGIONAL"}


def rules(arns=(), mode="block", requests=2000):
    groups = {"AWSManagedRulesSQLiRuleSet": {"priority": 20, "mode": mode}, "AWSManagedRulesCommonRuleSet": {"priority": 10}}
    return waf_rules(groups, {"deny": list(arns)}, {"requests": requests}, "shop")


def acl(**more):
    return {"name": "shop", "rules": rules(), "logging": {"log_group_arn": GROUP}, **more}


def acls(*given):
    return {"web_acls": list(given or [acl()]), "tags": TAGS}


def sets(*given):
    return {"ip_sets": list(given or [V4, V6]), "tags": TAGS}


def operations(result):
    return [change["operation"] for change in result["changes"]]


@pytest.fixture
def balancers(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    return [aws("elbv2").create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"] for name in ("one", "two")]


def standing(aws, name="shop"):
    waf = aws("wafv2")
    (summary,) = [item for item in waf.list_web_acls(**REGIONAL)["WebACLs"] if item["Name"] == name]
    return waf.get_web_acl(Name=name, Id=summary["Id"], **REGIONAL)["WebACL"]


# -- IP sets ------------------------------------------------------------------------------------------------------------
def test_ip_sets_are_made(converge, aws):
    result = converge("wafv2_ip_sets", **sets())
    assert operations(result) == ["CreateIPSet"] * 2
    waf = aws("wafv2")
    found = {item["Name"]: item for item in waf.list_ip_sets(**REGIONAL)["IPSets"]}
    assert result["ip_set_arns"] == {name: item["ARN"] for name, item in found.items()}
    four = waf.get_ip_set(Name="deny-ipv4", Id=found["deny-ipv4"]["Id"], **REGIONAL)["IPSet"]
    assert (four["IPAddressVersion"], four["Addresses"]) == ("IPV4", ["198.51.100.7/32", "203.0.113.0/24"])
    tags = waf.list_tags_for_resource(ResourceARN=four["ARN"])["TagInfoForResource"]["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"addresses": []}, ["UpdateIPSet"]),
        ({"addresses": V4["addresses"][::-1]}, []),
        ({"description": "bad"}, ["UpdateIPSet"]),
        ({"tags": {"Tier": "edge"}}, ["TagResource"]),
    ],
)
def test_a_changed_ip_set_is_that_change(run_module, converge, change, expected):
    run_module("wafv2_ip_sets", **sets())
    assert operations(converge("wafv2_ip_sets", **sets({**V4, **change}, V6))) == expected


def test_addresses_in_all_their_digits_are_the_same(run_module, converge, aws):
    run_module("wafv2_ip_sets", **sets(V6))
    waf = aws("wafv2")
    (summary,) = waf.list_ip_sets(**REGIONAL)["IPSets"]
    waf.update_ip_set(
        Name=summary["Name"], Id=summary["Id"], LockToken=summary["LockToken"], **REGIONAL,
        Addresses=["2001:0db8:0000:0000:0000:0000:0000:0000/48"],
    )  # fmt: skip
    assert operations(converge("wafv2_ip_sets", **sets(V6))) == []


@pytest.mark.parametrize(
    ("ip_set", "sentence"),
    [
        ({**V4, "addresses": ["shop"]}, "is not a block"),
        ({**V4, "addresses": ["203.0.113.1/24"]}, "is not a block"),
        ({**V4, "addresses": ["0.0.0.0/0"]}, "from /1 on"),
        ({**V4, "addresses": ["2001:db8::/32"]}, "is not an IPv4 block"),
    ],
)
def test_addresses_that_cant_be_are_refused(refusal, ip_set, sentence):
    assert sentence in refusal("wafv2_ip_sets", check=True, **sets(ip_set))


def test_the_version_cant_change(run_module, refusal):
    run_module("wafv2_ip_sets", **sets())
    assert "AWS can't change it" in refusal("wafv2_ip_sets", **sets({**V6, "name": V4["name"]}))


def test_ip_sets_removed_also_when_half_is_gone(run_module, converge, aws):
    run_module("wafv2_ip_sets", **sets(V4))
    assert operations(converge("wafv2_ip_sets", state="absent", **sets({"name": V4["name"]}, {"name": V6["name"]}))) == ["DeleteIPSet"]
    assert aws("wafv2").list_ip_sets(**REGIONAL)["IPSets"] == []


# -- web ACLs -----------------------------------------------------------------------------------------------------------
def test_a_web_acl_is_made_with_all_settings(converge, aws, balancers, run_module):
    arns = run_module("wafv2_ip_sets", **sets())["ip_set_arns"].values()
    result = converge("wafv2_web_acls", **acls(acl(rules=rules(arns), load_balancer_arns=balancers[:1])))
    assert operations(result) == ["CreateWebACL", "PutLoggingConfiguration", "AssociateWebACL"]
    found = standing(aws)
    assert [rule["Name"] for rule in found["Rules"]][:2] == ["deny-list", "rate-limit"]
    assert found["VisibilityConfig"] == {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "shop"}
    assert (found["DefaultAction"], result["web_acls"][0]["web_acl_arn"]) == ({"Allow": {}}, found["ARN"])
    waf = aws("wafv2")
    logging = waf.get_logging_configuration(ResourceArn=found["ARN"])["LoggingConfiguration"]
    assert logging["RedactedFields"] == [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie")]
    assert waf.get_web_acl_for_resource(ResourceArn=balancers[0])["WebACL"]["Name"] == "shop"


def test_a_plan_with_unknown_ip_sets(run_module):
    planned = run_module("wafv2_web_acls", check=True, **acls(acl(rules=rules([UNKNOWN]), load_balancer_arns=[UNKNOWN])))
    assert operations(planned) == ["CreateWebACL", "PutLoggingConfiguration", "AssociateWebACL"]
    assert "CheckCapacity" not in planned["_calls"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"rules": rules(mode="count")}, ["UpdateWebACL"]),
        ({"rules": rules(requests=500)}, ["UpdateWebACL"]),
        ({"rules": []}, ["UpdateWebACL"]),
        ({"rules": rules()[::-1]}, []),
        ({"default_action": "block"}, ["UpdateWebACL"]),
        ({"description": "edge"}, ["UpdateWebACL"]),
        ({"logging": {"log_group_arn": GROUP, "redacted_headers": ["cookie"]}}, ["PutLoggingConfiguration"]),
        ({"logging": {"log_group_arn": GROUP, "redacted_headers": ["Cookie", "authorization"]}}, []),
        ({"logging": {"log_group_arn": GROUP, "kept_actions": ["BLOCK", "COUNT"]}}, ["PutLoggingConfiguration"]),
        ({"tags": {"Tier": "edge"}}, ["TagResource"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, change, expected):
    run_module("wafv2_web_acls", **acls())
    assert operations(converge("wafv2_web_acls", **acls(acl(**change)))) == expected


def test_associations_follow_the_list(run_module, converge, aws, balancers):
    run_module("wafv2_web_acls", **acls(acl(load_balancer_arns=balancers[:1])))
    result = converge("wafv2_web_acls", **acls(acl(load_balancer_arns=balancers[1:])))
    assert operations(result) == ["AssociateWebACL", "DisassociateWebACL"]
    aws("elbv2").delete_load_balancer(LoadBalancerArn=balancers[1])
    assert operations(converge("wafv2_web_acls", **acls(acl(load_balancer_arns=[])))) == []
    assert operations(converge("wafv2_web_acls", **acls(acl(load_balancer_arns=None)))) == []


def test_a_creation_that_was_all_that_happened_is_completed(run_module, converge, balancers):
    run_module("wafv2_web_acls", **acls(acl(logging=None)))
    result = converge("wafv2_web_acls", **acls(acl(load_balancer_arns=balancers)))
    assert operations(result) == ["PutLoggingConfiguration", "AssociateWebACL", "AssociateWebACL"]


def test_what_others_have_set_stays(run_module, converge, aws):
    run_module("wafv2_web_acls", **acls())
    found, waf = standing(aws), aws("wafv2")
    token = waf.get_web_acl(Name="shop", Id=found["Id"], **REGIONAL)["LockToken"]
    settings = {key: found[key] for key in ("DefaultAction", "Rules", "VisibilityConfig", "Name", "Id")}
    waf.update_web_acl(**settings, **REGIONAL, LockToken=token, TokenDomains=["example.com"], Description="by hand")
    assert operations(converge("wafv2_web_acls", **acls())) == []
    run_module("wafv2_web_acls", **acls(acl(default_action="block")))
    now = standing(aws)
    assert (now["TokenDomains"], now["Description"], now["DefaultAction"]) == (["example.com"], "by hand", {"Block": {}})


def test_too_much_capacity_is_refused_before_anything_is_written(refusal, aws):
    for check in (True, False):
        assert "take 902 capacity units, and 900 are allowed" in refusal("wafv2_web_acls", check=check, **acls(acl(max_capacity_units=900)))
    assert aws("wafv2").list_web_acls(**REGIONAL)["WebACLs"] == []


def test_too_much_capacity_is_refused_in_a_change_too(run_module, refusal, aws):
    run_module("wafv2_web_acls", **acls(acl(rules=[])))
    assert "900 are allowed" in refusal("wafv2_web_acls", **acls(acl(max_capacity_units=900)))
    assert standing(aws)["Rules"] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"rules": [*rules(), rules()[0]]}, "have the same priority, 2"),
        ({"rules": [*rules(), {**rules()[0], "Priority": 99}]}, "have the same name, rate-limit"),
        ({"logging": {"log_group_arn": GROUP.replace("aws-waf-logs-", "")}}, "begins with aws-waf-logs-"),
    ],
)
def test_what_cant_be_is_refused(refusal, change, sentence):
    assert sentence in refusal("wafv2_web_acls", check=True, **acls(acl(**change)))


def test_removed_also_when_half_is_gone(run_module, converge, aws, balancers):
    run_module("wafv2_web_acls", **acls(acl(load_balancer_arns=balancers)))
    arn = standing(aws)["ARN"]
    aws("wafv2").disassociate_web_acl(ResourceArn=balancers[0])
    result = converge("wafv2_web_acls", state="absent", **acls({"name": "shop"}, {"name": "never-made"}))
    assert operations(result) == ["DisassociateWebACL", "DeleteLoggingConfiguration", "DeleteWebACL"]
    assert arn not in [item["ARN"] for item in aws("wafv2").list_web_acls(**REGIONAL)["WebACLs"]]


def test_reads_are_few(run_module):
    run_module("wafv2_web_acls", **acls(acl(load_balancer_arns=[])))
    calls = run_module("wafv2_web_acls", **acls(acl(load_balancer_arns=[])))["_calls"]
    assert sorted(calls) == ["GetLoggingConfiguration", "GetWebACL", "ListResourcesForWebACL", "ListTagsForResource", "ListWebACLs"]


def test_defaults_of_aws_are_no_drift():
    wanted = [{**rule, "RuleLabels": []} for rule in rules()]
    existing = rules()[::-1]
    rate = next(rule for rule in wanted if rule["Name"] == "rate-limit")["Statement"]["RateBasedStatement"]
    rate.pop("EvaluationWindowSec")
    assert same_rules(existing, wanted)
    rate["EvaluationWindowSec"] = 60
    assert not same_rules(existing, wanted)
    config = {"LogDestinationConfigs": [GROUP], "RedactedFields": []}
    assert same_logging({**config, "LogType": "WAF_LOGS", "LogDestinationConfigs": [f"{GROUP}:*"]}, config)
    assert not same_logging(None, config)
