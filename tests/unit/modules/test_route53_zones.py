from __future__ import annotations

import json

import pytest

TAGS = {"Project": "shop", "Environment": "staging", "ManagedBy": "refarch", "Component": "hosted_zones"}
REGION = "ap-northeast-2"
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/route53/shop.example.com"
UNKNOWN = "(known after apply)"


@pytest.fixture
def vpcs(aws):
    return [aws("ec2").create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2)]


@pytest.fixture
def group(aws):
    for name in ("shop.example.com", "other"):
        aws("logs", region_name="us-east-1").create_log_group(logGroupName=f"/aws/route53/{name}")


def public(**more):
    return {"name": "shop.example.com", "comment": "shop", **more}


def private(*vpc_ids, **more):
    return {"name": "staging.internal", "private": True, "vpcs": [{"vpc_id": i, "region": REGION} for i in vpc_ids], **more}


def logged(**more):
    return public(query_logging=True, query_log_group_arn=GROUP, **more)


def params(*zones, **more):
    return {"owner": "shop-staging", "zones": list(zones), "tags": TAGS, **more}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def zones(aws):
    return {zone["Name"]: zone for zone in aws("route53").list_hosted_zones()["HostedZones"]}


def test_created_with_all_settings(converge, aws, vpcs, group):
    result = converge("route53_zones", **params(logged(), private(*vpcs)))
    assert operations(result) == [
        "CreateHostedZone",
        "ChangeTagsForResource",
        "CreateQueryLoggingConfig",
        "CreateHostedZone",
        "AssociateVPCWithHostedZone",
        "ChangeTagsForResource",
    ]
    one, two = result["zones"]
    route53 = aws("route53")
    found = route53.get_hosted_zone(Id=one["zone_id"])
    assert found["DelegationSet"]["NameServers"] == one["name_servers"] and len(one["name_servers"]) == 4
    assert (found["HostedZone"]["Config"]["Comment"], two["name_servers"]) == ("shop", [])
    tags = route53.list_tags_for_resource(ResourceType="hostedzone", ResourceId=one["zone_id"])["ResourceTagSet"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS
    assert [vpc["VPCId"] for vpc in route53.get_hosted_zone(Id=two["zone_id"])["VPCs"]] == vpcs
    (config,) = route53.list_query_logging_configs(HostedZoneId=one["zone_id"])["QueryLoggingConfigs"]
    assert config["CloudWatchLogsLogGroupArn"] == f"{GROUP}:*"


def test_a_plan_with_an_unknown_vpc(run_module):
    planned = run_module("route53_zones", check=True, **params(public(), private(UNKNOWN)))
    assert [zone["zone_id"] for zone in planned["zones"]] == [UNKNOWN] * 2
    assert UNKNOWN in planned["changes"][0]["parameters"]["CallerReference"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"comment": "other"}, ["UpdateHostedZoneComment"]),
        ({"tags": {"Tier": "dns"}}, ["ChangeTagsForResource"]),
        ({"query_log_group_arn": GROUP.replace("shop.example.com", "other")}, ["DeleteQueryLoggingConfig", "CreateQueryLoggingConfig"]),
        ({"query_logging": False}, ["DeleteQueryLoggingConfig"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, group, change, expected):
    run_module("route53_zones", **params(logged()))
    assert operations(converge("route53_zones", **params({**logged(), **change}))) == expected


def test_a_zone_moves_to_another_vpc(run_module, converge, aws, vpcs):
    run_module("route53_zones", **params(private(vpcs[0])))
    result = converge("route53_zones", **params(private(vpcs[1])))
    assert operations(result) == ["AssociateVPCWithHostedZone", "DisassociateVPCFromHostedZone"]
    assert [vpc["VPCId"] for vpc in aws("route53").get_hosted_zone(Id=result["zones"][0]["zone_id"])["VPCs"]] == [vpcs[1]]


def test_a_zone_whose_creation_was_all_that_happened_is_completed(run_module, converge, aws, group):
    """Killed after CreateHostedZone: it has no tags yet, and is known by its caller reference."""
    result = run_module("route53_zones", **params(logged()))
    zone = result["zones"][0]["zone_id"]
    route53 = aws("route53")
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, RemoveTagKeys=list(TAGS))
    (config,) = route53.list_query_logging_configs(HostedZoneId=zone)["QueryLoggingConfigs"]
    route53.delete_query_logging_config(Id=config["Id"])
    assert operations(converge("route53_zones", **params(logged()))) == ["ChangeTagsForResource", "CreateQueryLoggingConfig"]
    assert len(zones(aws)) == 1


def test_a_zone_that_carries_the_tags_is_ours(converge, aws):
    zone = aws("route53").create_hosted_zone(Name="shop.example.com", CallerReference="by hand")["HostedZone"]["Id"].rpartition("/")[2]
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    aws("route53").change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=tags)
    result = converge("route53_zones", **params(public()))
    assert (operations(result), result["zones"][0]["zone_id"]) == (["UpdateHostedZoneComment"], zone)


def test_a_foreign_public_zone_of_the_name_is_refused(refusal, aws):
    aws("route53").create_hosted_zone(Name="shop.example.com", CallerReference="other")
    for check in (True, False):
        assert "stands already and is not of shop-staging" in refusal("route53_zones", check=check, **params(public()))
    assert len(zones(aws)) == 1


def test_a_given_zone_is_used_as_it_is(converge, aws, group):
    zone = aws("route53").create_hosted_zone(Name="shop.example.com", CallerReference="other")["HostedZone"]["Id"].rpartition("/")[2]
    result = converge("route53_zones", **params(logged(zone_id=zone)))
    assert (operations(result), result["zones"][0]["zone_id"]) == (["CreateQueryLoggingConfig"], zone)
    removed = converge("route53_zones", state="absent", **params(logged(zone_id=zone)))
    assert operations(removed) == ["DeleteQueryLoggingConfig"] and len(zones(aws)) == 1


def test_a_given_zone_keeps_a_logging_of_its_own(converge, aws, group):
    route53 = aws("route53")
    zone = route53.create_hosted_zone(Name="shop.example.com", CallerReference="other")["HostedZone"]["Id"].rpartition("/")[2]
    theirs = GROUP.replace("shop.example.com", "other")
    route53.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=f"{theirs}:*")
    assert operations(converge("route53_zones", **params(logged(zone_id=zone)))) == []
    assert operations(converge("route53_zones", state="absent", **params(logged(zone_id=zone)))) == []


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        (public(zone_id="Z0"), "there is no hosted zone Z0"),
        (public(vpcs=[{"vpc_id": "vpc-1", "region": REGION}]), "only private zones take vpcs"),
        (private(), "needs vpcs"),
        (private("vpc-1", query_logging=True), "is for public zones only"),
        (public(query_logging=True), "needs query_log_group_arn"),
    ],
)
def test_what_cant_be_is_refused(refusal, zone, sentence):
    assert sentence in refusal("route53_zones", check=True, **params(zone))


def test_two_stacks_have_private_zones_of_one_name(run_module, converge, aws, vpcs):
    run_module("route53_zones", **{**params(private(vpcs[0])), "owner": "till-staging", "tags": {**TAGS, "Project": "till"}})
    converge("route53_zones", **params(private(vpcs[1])))
    assert len(aws("route53").list_hosted_zones()["HostedZones"]) == 2
    assert operations(converge("route53_zones", state="absent", **params(private(vpcs[1])))) == ["DeleteHostedZone"]


def test_down_and_up_again(converge, aws, group):
    for _ in range(2):
        converge("route53_zones", **params(logged()))
        result = converge("route53_zones", state="absent", **params(logged()))
        assert operations(result) == ["DeleteQueryLoggingConfig", "DeleteHostedZone"]
        assert zones(aws) == {}


def record(name, kind, value):
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value}]}


def add(aws, zone, *records):
    changes = [{"Action": "CREATE", "ResourceRecordSet": item} for item in records]
    aws("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_what_acm_left_goes_with_the_zone(run_module, aws):
    zone = run_module("route53_zones", **params(public()))["zones"][0]["zone_id"]
    add(aws, zone, record("_1a2b.shop.example.com", "CNAME", "_3c4d.xyz.acm-validations.aws."))
    result = run_module("route53_zones", state="absent", **params(public()))
    assert operations(result) == ["ChangeResourceRecordSets", "DeleteHostedZone"]


def test_a_zone_with_records_of_others_stays(run_module, refusal, aws, group):
    zone = run_module("route53_zones", **params(logged()))["zones"][0]["zone_id"]
    add(aws, zone, record("mail.shop.example.com", "A", "192.0.2.1"), record("sub.shop.example.com", "NS", "ns.example.org"))
    said = refusal("route53_zones", state="absent", **params(logged()))
    assert "mail.shop.example.com A, sub.shop.example.com NS" in said
    assert len(aws("route53").list_query_logging_configs(HostedZoneId=zone)["QueryLoggingConfigs"]) == 1


def test_removed_also_when_nothing_or_half_is_there(run_module, converge, aws, vpcs):
    assert operations(converge("route53_zones", state="absent", **params(public(), private()))) == []
    zone = run_module("route53_zones", **params(public(), private(vpcs[0])))["zones"][0]["zone_id"]
    aws("route53").delete_hosted_zone(Id=zone)
    assert operations(converge("route53_zones", state="absent", **params(public(), private()))) == ["DeleteHostedZone"]


def test_reads_of_zones_are_few(run_module, group):
    run_module("route53_zones", **params(logged()))
    calls = run_module("route53_zones", **params(logged()))["_calls"]
    assert sorted(calls) == ["GetHostedZone", "ListHostedZonesByName", "ListQueryLoggingConfigs", "ListTagsForResources"]


def policy(resource="*"):
    statement = {"Effect": "Allow", "Principal": {"Service": "route53.amazonaws.com"}, "Action": "logs:PutLogEvents", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_resource_policies(converge, aws):
    given = {"region": "us-east-1", "policies": [{"name": "one", "policy": policy()}, {"name": "two", "policy": policy()}]}
    assert operations(converge("logs_resource_policies", **given)) == ["PutResourcePolicy"] * 2
    given["policies"][1]["policy"] = policy("arn:aws:logs:us-east-1:123456789012:log-group:g:*")
    assert [(c["action"], c["name"]) for c in converge("logs_resource_policies", **given)["changes"]] == [("update", "two")]
    found = {p["policyName"]: p for p in aws("logs", region_name="us-east-1").describe_resource_policies()["resourcePolicies"]}
    assert json.loads(found["two"]["policyDocument"]) == given["policies"][1]["policy"]
    assert operations(converge("logs_resource_policies", state="absent", **given)) == ["DeleteResourcePolicy"] * 2


def test_one_resource_policy_too_many_is_refused_before_anything_is_written(refusal, converge, aws):
    logs = aws("logs")
    for number in range(9):
        logs.put_resource_policy(policyName=f"p{number}", policyDocument=json.dumps(policy()))
    given = [{"name": name, "policy": policy()} for name in ("one", "two")]
    assert "AWS takes 10: one, two finds no room" in refusal("logs_resource_policies", policies=given)
    assert len(logs.describe_resource_policies()["resourcePolicies"]) == 9
    converge("logs_resource_policies", policies=given[:1])
