from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.module_utils.logs import prefixes

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
OTHER_KEY = KEY.replace("1111", "9999")
ONE = {"name": "/aws/lambda/shop-staging-notify", "retention_days": 90, "kms_key_arn": KEY, "tags": {"Function": "notify"}}
TWO = {"name": "/aws/lambda/shop-staging-export"}
ELSEWHERE = {"name": "shop-staging-flow", "class": "INFREQUENT_ACCESS"}


def standing(aws, name):
    (group,) = [g for g in aws("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"] if g["logGroupName"] == name]
    return {**group, "tags": aws("logs").list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]}


def test_created_with_all_settings(converge, aws):
    result = converge("logs_groups", log_groups=[ONE, TWO, ELSEWHERE], tags={"Project": "shop"})
    assert [c["operation"] for c in result["changes"]] == ["CreateLogGroup", "PutRetentionPolicy"] * 3
    group = standing(aws, ONE["name"])
    assert (group["retentionInDays"], group["kmsKeyId"], group["logGroupClass"]) == (90, KEY, "STANDARD")
    assert group["tags"] == {"Project": "shop", "Function": "notify"}
    assert result["log_groups"][0]["arn"] == group["logGroupArn"]
    assert standing(aws, TWO["name"])["retentionInDays"] == 365
    assert standing(aws, ELSEWHERE["name"])["logGroupClass"] == "INFREQUENT_ACCESS"


def test_arn_is_known_in_a_plan(run_module):
    planned = run_module("logs_groups", check=True, log_groups=[TWO])
    assert planned["log_groups"][0]["arn"] == f"arn:aws:logs:ap-northeast-2:123456789012:log-group:{TWO['name']}"


def test_names_that_begin_alike_are_one_read(run_module):
    run_module("logs_groups", log_groups=[ONE, TWO])
    assert run_module("logs_groups", log_groups=[ONE, TWO])["_calls"].count("DescribeLogGroups") == 1


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"retention_days": 30}, "PutRetentionPolicy"),
        ({"kms_key_arn": OTHER_KEY}, "AssociateKmsKey"),
        ({"tags": {"Function": "other"}}, "TagResource"),
        ({"tags": {}}, "UntagResource"),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, change, operation):
    run_module("logs_groups", log_groups=[ONE])
    result = converge("logs_groups", log_groups=[{**ONE, **change}])
    assert [c["operation"] for c in result["changes"]] == [operation]


def test_a_group_made_by_a_service_is_adopted(converge, aws):
    aws("logs").create_log_group(logGroupName=ONE["name"])
    result = converge("logs_groups", log_groups=[ONE])
    assert [c["operation"] for c in result["changes"]] == ["AssociateKmsKey", "TagResource", "PutRetentionPolicy"]
    assert standing(aws, ONE["name"])["kmsKeyId"] == KEY


def test_the_class_cant_change(run_module, refusal):
    run_module("logs_groups", log_groups=[ELSEWHERE])
    assert "stands with class INFREQUENT_ACCESS" in refusal("logs_groups", log_groups=[{**ELSEWHERE, "class": "STANDARD"}])


def test_a_longer_name_is_left_alone(converge, aws):
    aws("logs").create_log_group(logGroupName=TWO["name"] + "-more")
    converge("logs_groups", log_groups=[TWO])
    converge("logs_groups", state="absent", log_groups=[TWO])
    assert [g["logGroupName"] for g in aws("logs").describe_log_groups()["logGroups"]] == [TWO["name"] + "-more"]


def test_removed_also_when_half_is_gone(run_module, converge, aws):
    run_module("logs_groups", log_groups=[ONE, TWO])
    aws("logs").delete_log_group(logGroupName=ONE["name"])
    result = converge("logs_groups", state="absent", log_groups=[ONE, TWO])
    assert [c["operation"] for c in result["changes"]] == ["DeleteLogGroup"]
    assert aws("logs").describe_log_groups()["logGroups"] == []


def test_an_unknown_key_is_a_plan_too(run_module):
    planned = run_module("logs_groups", check=True, log_groups=[{**ONE, "kms_key_arn": "(known after apply)"}])
    assert planned["changes"][0]["parameters"]["kmsKeyId"] == "(known after apply)"


def test_prefixes_do_not_list_all_functions():
    assert prefixes(["/aws/lambda/shop-a", "/aws/lambda/till"]) == ["/aws/lambda/shop-a", "/aws/lambda/till"]
    assert prefixes(["/shop/staging/a", "/shop/staging/trail"]) == ["/shop/staging/"]


@given(st.lists(st.text("ab/-", min_size=1, max_size=12), min_size=1))
def test_prefixes_find_all_names(names):
    found = prefixes(names)
    assert all(any(name.startswith(prefix) for prefix in found) for name in names)
    assert "" not in found and len(found) <= len(set(names))
