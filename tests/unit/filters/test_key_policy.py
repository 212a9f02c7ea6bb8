from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.refarch.aws.plugins.filter.key_policy import SERVICES, key_policy
from ansible_collections.refarch.aws.plugins.filter.keys_of_purposes import keys_of_purposes

ACCOUNT, REGION, TRAIL = "123456789012", "ap-northeast-2", "shop-staging-trail"


def policy(*services):
    return key_policy(list(services), ACCOUNT, REGION, TRAIL)


def statements(*services):
    return {statement["Sid"]: statement for statement in policy(*services)["Statement"]}


@given(st.lists(st.sampled_from(SERVICES)))
def test_every_policy_keeps_the_account_in_and_everybody_else_out(services):
    found = policy(*services)["Statement"]
    assert found[0]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"} and found[0]["Action"] == "kms:*"
    assert len({statement["Sid"] for statement in found}) == len(found)
    for statement in found[1:]:
        assert statement["Action"] != "kms:*"
        if statement["Principal"] == {"AWS": "*"}:
            assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == ACCOUNT
            assert "kms:ViaService" in statement["Condition"]["StringEquals"] or "ArnEquals" in statement["Condition"]
        elif statement["Principal"]["Service"] not in ("backup.amazonaws.com", "events.amazonaws.com"):
            assert ACCOUNT in json.dumps(statement["Condition"]) or "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_all_services_at_once_fit_into_a_policy():
    assert len(json.dumps(policy(*SERVICES))) < 32768


def test_who_publishes_to_an_encrypted_topic_may_use_its_key():
    found = statements("backup", "budgets")
    assert found["UseByBackup"]["Principal"] == {"Service": "backup.amazonaws.com"}
    assert found["UseByBudgets"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert found["UseByBackup"]["Action"] == found["UseByBudgets"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_logs_may_encrypt_log_groups_of_the_account_only():
    statement = statements("logs")["UseByLogs"]
    assert statement["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:*"}}


def test_cloudtrail_may_encrypt_for_the_trail_only():
    found = statements("cloudtrail")
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"
    assert found["EncryptByCloudtrail"]["Condition"]["StringEquals"] == {"aws:SourceArn": arn}
    assert found["UseByCloudtrail"]["Condition"] == {"StringEquals": {"aws:SourceArn": arn}}
    with pytest.raises(AnsibleFilterError, match="needs trail_name"):
        key_policy(["cloudtrail"], ACCOUNT, REGION)


def test_auto_scaling_may_grant_to_its_instances():
    grant = statements("autoscaling")["GrantsByAutoscaling"]
    assert grant["Action"] == "kms:CreateGrant" and grant["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert grant["Condition"]["ArnEquals"]["aws:PrincipalArn"].endswith("/AWSServiceRoleForAutoScaling")


def test_services_for_callers_share_a_statement():
    found = statements("s3", "rds")
    assert found["UseThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"] == [
        f"rds.{REGION}.amazonaws.com",
        f"s3.{REGION}.amazonaws.com",
    ]
    assert found["UseByS3"]["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_an_unknown_service_is_refused():
    with pytest.raises(AnsibleFilterError, match="gopher is not one of autoscaling"):
        policy("gopher")


def test_one_key_a_purpose():
    purposes = {"logs": {"description": "Logs", "services": ["logs"]}, "plain": {}}
    logs, plain = keys_of_purposes(purposes, "shop-staging", ACCOUNT, REGION, rotation_period_days=90)
    assert (logs["purpose"], logs["alias"], logs["description"], logs["rotation_period_days"]) == ("logs", "shop-staging-logs", "Logs", 90)
    assert logs["policy"] == key_policy(["logs"], ACCOUNT, REGION)
    assert len(plain["policy"]["Statement"]) == 1 and plain["deletion_window_days"] == 30
