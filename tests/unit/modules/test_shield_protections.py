from __future__ import annotations

import pytest

ARN = "arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/shop/0123456789abcdef"
ONE = {"name": "shop-public", "resource_arn": ARN}
CHECK = "11111111-2222-3333-4444-555555555555"
TAGS = {"Project": "shop"}


def params(*protections, **more):
    return {"protections": list(protections or [ONE]), "tags": TAGS, **more}


def operations(result):
    return [change["operation"] for change in result["changes"]]


def standing(aws):
    return aws("shield").describe_protection(ResourceArn=ARN)["Protection"]


def test_no_subscription_without_the_word(refusal, aws):
    for check in (True, False):
        assert "commitment for a year" in refusal("shield_protections", check=check, **params())
    assert aws("shield").get_subscription_state()["SubscriptionState"] == "INACTIVE"


def test_subscribed_once_and_protected(converge, aws):
    result = converge("shield_protections", **params({**ONE, "health_check_ids": [CHECK]}, subscribe=True))
    assert operations(result) == ["CreateSubscription", "CreateProtection", "AssociateHealthCheck"]
    found = standing(aws)
    assert (found["Name"], found["HealthCheckIds"]) == ("shop-public", [CHECK])
    assert aws("shield").list_tags_for_resource(ResourceARN=found["ProtectionArn"])["Tags"] == [{"Key": "Project", "Value": "shop"}]


@pytest.fixture
def subscribed(aws):
    aws("shield").create_subscription()


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"health_check_ids": []}, ["DisassociateHealthCheck"]), ({"tags": {"Tier": "edge"}}, ["TagResource"])],
)
def test_a_changed_setting_is_that_change(run_module, converge, subscribed, change, expected):
    before = {**ONE, "health_check_ids": [CHECK]}
    run_module("shield_protections", **params(before))
    assert operations(converge("shield_protections", **params({**before, **change}))) == expected


def test_removed_but_the_subscription_stays(run_module, converge, subscribed, aws):
    run_module("shield_protections", **params())
    assert operations(converge("shield_protections", state="absent", **params())) == ["DeleteProtection"]
    assert operations(converge("shield_protections", state="absent", **params())) == []
    assert aws("shield").get_subscription_state()["SubscriptionState"] == "ACTIVE"


def test_removal_is_quiet_in_an_account_without_shield(converge):
    assert operations(converge("shield_protections", state="absent", **params())) == []
