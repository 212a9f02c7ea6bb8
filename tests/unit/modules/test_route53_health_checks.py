from __future__ import annotations

import pytest

TAGS = {"Project": "shop", "Environment": "staging", "ManagedBy": "refarch"}
CHECK = {"name": "shop-staging-public", "domain_name": "shop.example.com", "resource_path": "/health"}
REGIONS = ["us-east-1", "eu-west-1", "ap-northeast-1"]


def params(*checks, **more):
    return {"owner": "shop-staging", "health_checks": list(checks), "tags": TAGS, **more}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def standing(aws):
    return aws("route53").list_health_checks()["HealthChecks"]


def test_created_with_all_settings(converge, aws):
    other = {**CHECK, "name": "shop-staging-text", "type": "HTTP_STR_MATCH", "search_string": "ok", "regions": REGIONS}
    result = converge("route53_health_checks", **params(CHECK, other))
    assert operations(result) == ["CreateHealthCheck", "ChangeTagsForResource"] * 2
    configs = {check["Id"]: check["HealthCheckConfig"] for check in standing(aws)}
    one, two = (configs[result["health_check_ids"][name]] for name in (CHECK["name"], other["name"]))
    assert (one["Type"], one["Port"], one["EnableSNI"], one["ResourcePath"]) == ("HTTPS", 443, True, "/health")
    assert (two["Port"], two["SearchString"], sorted(two["Regions"])) == (80, "ok", sorted(REGIONS))
    about = {"ResourceType": "healthcheck", "ResourceId": result["health_check_ids"][CHECK["name"]]}
    tags = aws("route53").list_tags_for_resource(**about)["ResourceTagSet"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {**TAGS, "Name": CHECK["name"]}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"resource_path": "/alive"}, ["UpdateHealthCheck"]),
        ({"failure_threshold": 5}, ["UpdateHealthCheck"]),
        ({"port": 8443}, ["UpdateHealthCheck"]),
        ({"disabled": True}, ["UpdateHealthCheck"]),
        ({"regions": []}, ["UpdateHealthCheck"]),
        ({"regions": ["us-west-1", *REGIONS]}, ["UpdateHealthCheck"]),
        ({"regions": REGIONS[::-1]}, []),
        ({"tags": {"Tier": "public"}}, ["ChangeTagsForResource"]),
        ({"request_interval_seconds": 10}, ["CreateHealthCheck", "ChangeTagsForResource", "DeleteHealthCheck"]),
        ({"type": "HTTP"}, ["CreateHealthCheck", "ChangeTagsForResource", "DeleteHealthCheck"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, aws, change, expected):
    before = {**CHECK, "regions": REGIONS}
    run_module("route53_health_checks", **params(before))
    assert operations(converge("route53_health_checks", **params({**before, **change}))) == expected
    assert len(standing(aws)) == 1


def test_a_creation_that_was_all_that_happened_is_completed(run_module, converge, aws):
    check = run_module("route53_health_checks", **params(CHECK))["health_check_ids"][CHECK["name"]]
    aws("route53").change_tags_for_resource(ResourceType="healthcheck", ResourceId=check, RemoveTagKeys=["Name", *TAGS])
    assert operations(converge("route53_health_checks", **params(CHECK))) == ["ChangeTagsForResource"]
    assert len(standing(aws)) == 1


def test_down_and_up_again_and_others_stay(run_module, converge, aws):
    run_module("route53_health_checks", **{**params(CHECK), "owner": "till-staging"})
    for _ in range(2):
        converge("route53_health_checks", **params(CHECK))
        result = converge("route53_health_checks", **params({"name": CHECK["name"]}, {"name": "never-made"}), state="absent")
        assert operations(result) == ["DeleteHealthCheck"]
    assert len(standing(aws)) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"domain_name": None}, "needs domain_name"),
        ({"regions": REGIONS[:2]}, "needs 3 regions at least"),
        ({"failure_threshold": 11}, "must be 1 to 10"),
        ({"search_string": "ok"}, "goes with the types"),
        ({"type": "HTTPS_STR_MATCH"}, "they need it"),
    ],
)
def test_what_cant_be_is_refused(refusal, change, sentence):
    assert sentence in refusal("route53_health_checks", check=True, **params({**CHECK, **change}))
