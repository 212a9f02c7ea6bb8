from __future__ import annotations

import json

import pytest

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
ADDRESS = "https://hooks.slack.example/services/SECRET"
ONE = {"name": "shop-staging-slack-webhook", "description": "Slack", "kms_key_arn": KEY, "tags": {"Component": "alerting"}}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "D", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:DeleteSecret", "Resource": "*"}],
}
ROLE = "arn:aws:iam::123456789012:role/rotation"


def value(aws):
    return aws("secretsmanager").get_secret_value(SecretId=ONE["name"])["SecretString"]


def test_created_with_all_settings(converge, aws):
    result = converge("secretsmanager_secrets", secrets=[{**ONE, "resource_policy": POLICY}], tags={"Project": "shop"})
    assert [c["operation"] for c in result["changes"]] == ["CreateSecret", "PutResourcePolicy"]
    found = aws("secretsmanager").describe_secret(SecretId=ONE["name"])
    assert (found["KmsKeyId"], found["Description"]) == (KEY, "Slack")
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"]} == {"Project": "shop", "Component": "alerting"}
    assert value(aws) == "to be replaced"
    assert json.loads(aws("secretsmanager").get_resource_policy(SecretId=ONE["name"])["ResourcePolicy"]) == POLICY


def test_the_value_is_told_nowhere(run_module):
    wanted = [{**ONE, "value": ADDRESS}]
    for result in (run_module("secretsmanager_secrets", check=True, secrets=wanted), run_module("secretsmanager_secrets", secrets=wanted)):
        assert "SECRET" not in json.dumps({key: content for key, content in result.items() if key != "invocation"})
        assert result["changes"][0]["parameters"]["SecretString"] == "(sensitive)"


def test_a_value_that_someone_set_is_no_drift(run_module, converge, aws):
    run_module("secretsmanager_secrets", secrets=[ONE])
    aws("secretsmanager").put_secret_value(SecretId=ONE["name"], SecretString="by hand")
    for wanted in (ONE, {**ONE, "value": ADDRESS}, {**ONE, "placeholder": "another"}):
        assert converge("secretsmanager_secrets", secrets=[wanted])["changes"] == []
    assert value(aws) == "by hand"


def test_a_placeholder_gives_way_once(run_module, converge, aws):
    run_module("secretsmanager_secrets", secrets=[ONE])
    result = converge("secretsmanager_secrets", secrets=[{**ONE, "value": ADDRESS}])
    assert [c["operation"] for c in result["changes"]] == ["PutSecretValue"]
    assert value(aws) == ADDRESS
    assert converge("secretsmanager_secrets", secrets=[{**ONE, "value": ADDRESS + "2"}])["changes"] == []


def test_no_value_is_read(run_module):
    run_module("secretsmanager_secrets", secrets=[ONE])
    assert "GetSecretValue" not in run_module("secretsmanager_secrets", secrets=[{**ONE, "value": ADDRESS}])["_calls"]


@pytest.mark.parametrize("given", [None, ADDRESS])
def test_a_secret_without_a_value_gets_one(converge, aws, given):
    aws("secretsmanager").create_secret(Name=ONE["name"])
    converge("secretsmanager_secrets", secrets=[{**ONE, **({"value": given} if given else {})}])
    assert value(aws) == (given or "to be replaced")


@pytest.mark.parametrize(
    ("change", "operation"),
    [
        ({"description": "Other"}, "UpdateSecret"),
        ({"kms_key_arn": KEY.replace("1111", "9999")}, "UpdateSecret"),
        ({"tags": {"Component": "other"}}, "TagResource"),
        ({"tags": {}}, "UntagResource"),
        ({"resource_policy": POLICY}, "PutResourcePolicy"),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, aws, change, operation):
    run_module("secretsmanager_secrets", secrets=[ONE])
    assert [c["operation"] for c in converge("secretsmanager_secrets", secrets=[{**ONE, **change}])["changes"]] == [operation]
    assert value(aws) == "to be replaced"


def test_deleted_with_a_window_and_restored(run_module, converge, aws):
    run_module("secretsmanager_secrets", secrets=[ONE])
    aws("secretsmanager").put_secret_value(SecretId=ONE["name"], SecretString="by hand")
    converge("secretsmanager_secrets", state="absent", recovery_window_days=7, secrets=[{"name": ONE["name"]}])
    assert "DeletedDate" in aws("secretsmanager").describe_secret(SecretId=ONE["name"])
    result = converge("secretsmanager_secrets", secrets=[{**ONE, "value": ADDRESS}])
    assert [c["operation"] for c in result["changes"]] == ["RestoreSecret"]
    assert value(aws) == "by hand"


def test_a_restored_secret_is_brought_up_to_date(run_module, converge, aws):
    run_module("secretsmanager_secrets", secrets=[ONE])
    run_module("secretsmanager_secrets", state="absent", secrets=[{"name": ONE["name"]}])
    result = converge("secretsmanager_secrets", secrets=[{**ONE, "value": ADDRESS, "description": "New"}])
    assert [c["operation"] for c in result["changes"]] == ["RestoreSecret", "UpdateSecret", "PutSecretValue"]


def test_deleted_at_once(run_module, converge, aws):
    run_module("secretsmanager_secrets", secrets=[ONE])
    converge("secretsmanager_secrets", state="absent", recovery_window_days=0, secrets=[{"name": ONE["name"]}])
    assert aws("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"] == []
    assert [c["operation"] for c in converge("secretsmanager_secrets", secrets=[ONE])["changes"]] == ["CreateSecret"]


def test_the_arn_is_unknown_in_a_plan(run_module):
    assert run_module("secretsmanager_secrets", check=True, secrets=[ONE])["secrets"][0]["arn"] == "(known after apply)"


def test_refusals(refusal):
    assert "hyphen and six characters" in refusal("secretsmanager_secrets", secrets=[{"name": "shop-secret"}])
    assert "letters, digits" in refusal("secretsmanager_secrets", secrets=[{"name": "shop secret"}])
    assert "7 to 30" in refusal("secretsmanager_secrets", state="absent", recovery_window_days=5, secrets=[{"name": "shop"}])
