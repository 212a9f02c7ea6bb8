from __future__ import annotations

import json

import pytest

from ansible_collections.refarch.aws.plugins.filter.alerting_plan import PUBLISHERS, SEVERITIES, alerting_plan
from ansible_collections.refarch.aws.plugins.filter.key_policy import SERVICES, key_policy
from emulator.strict import policies
from emulator.strict.access import service_allowed

SETTINGS = {
    "prefix": "shop-staging",
    "account_id": "123456789012",
    "region": "ap-northeast-2",
    "key_arn": "arn:aws:kms:ap-northeast-2:123456789012:key/k",
    "function_name": "shop-staging-slack-notifier",
    "queue_name": "shop-staging-alerting-dead-letters",
    "secret_name": "shop-staging-slack-webhook",
    "log_group_name": "/aws/lambda/shop-staging-slack-notifier",
    "slack_severities": ["critical", "warning"],
    "email_addresses": {"critical": ["a@example.com", "b@example.com"], "info": ["c@example.com"]},
}
PLAN = alerting_plan(SETTINGS)
TOPIC = PLAN["topic_arns"]["critical"]
ALARM = "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:x"


def test_topics_and_who_gets_their_messages():
    assert {t["name"]: [s["protocol"] for s in t["subscriptions"]] for t in PLAN["topics"]} == {
        "shop-staging-critical": ["lambda", "email", "email"],
        "shop-staging-warning": ["lambda"],
        "shop-staging-info": ["email"],
    }
    assert [item["source_arn"] for item in PLAN["permissions"]] == [PLAN["topic_arns"][severity] for severity in ("critical", "warning")]
    assert tuple(PLAN["topic_arns"]) == SEVERITIES


@pytest.mark.parametrize(
    ("service", "source_arn", "account", "allowed"),
    [
        ("cloudwatch", ALARM, "123456789012", True),
        ("cloudwatch", ALARM.replace("123456789012", "999999999999"), "999999999999", False),
        ("cloudwatch", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x", "123456789012", False),
        ("events.rds", "arn:aws:rds:us-east-1:123456789012:es:x", "123456789012", False),
        ("budgets", "arn:aws:sns::123456789012:x", "123456789012", False),
        ("budgets", "arn:aws:budgets::123456789012:budget/x", "123456789012", True),
        ("events.rds", "arn:aws:rds:ap-northeast-2:123456789012:es:x", "123456789012", True),
        ("events.rds", "arn:aws:rds:ap-northeast-2:999999999999:es:x", "999999999999", False),
        ("codestar-notifications", "arn:x", "123456789012", True),
        ("codestar-notifications", "arn:x", "999999999999", False),
        ("events", "arn:x", "123456789012", True),
        ("backup", "arn:x", "123456789012", True),
        ("s3", "arn:x", "123456789012", False),
    ],
)
def test_who_may_publish(service, source_arn, account, allowed):
    policy = PLAN["topics"][0]["policy"]
    keys = {"aws:SourceArn": source_arn, "aws:SourceAccount": account, "aws:SecureTransport": "true"}
    assert service_allowed(policy, f"{service}.amazonaws.com", "sns:Publish", TOPIC, keys) is allowed
    assert not service_allowed(policy, f"{service}.amazonaws.com", "sns:Publish", TOPIC, {**keys, "aws:SecureTransport": "false"})


def test_each_publisher_may_use_the_key():
    """An encrypted topic needs that ("Enable compatibility between event sources from AWS services and encrypted topics", SNS guide)."""
    services = sorted(set(PUBLISHERS) & set(SERVICES))
    statements = key_policy(services, "123456789012", "ap-northeast-2")["Statement"]
    principals = {statement["Principal"].get("Service") for statement in statements}
    assert {service for service in PUBLISHERS if f"{service}.amazonaws.com" not in principals} == set()


@pytest.mark.parametrize(
    ("service", "source", "allowed"),
    [
        ("sns", TOPIC, True),
        ("sns", TOPIC + "-other", False),
        ("events", "arn:aws:events:ap-northeast-2:123456789012:rule/shop-staging-health", True),
        ("events", "arn:aws:events:ap-northeast-2:123456789012:rule/till-staging-health", False),
    ],
)
def test_who_may_leave_dead_letters(service, source, allowed):
    keys = {"aws:SourceArn": source, "aws:SecureTransport": "true"}
    assert service_allowed(PLAN["queue_policy"], f"{service}.amazonaws.com", "sqs:SendMessage", PLAN["queue_arn"], keys) is allowed


def test_the_role_has_no_wildcards():
    for statement in PLAN["role_policy"]["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        assert statement["Resource"] != "*"
    assert "secret:shop-staging-slack-webhook-??????" in json.dumps(PLAN["role_policy"])


@pytest.mark.parametrize("document", [PLAN["queue_policy"], *(topic["policy"] for topic in PLAN["topics"])])
def test_policies_that_aws_takes(document):
    assert list(policies.wrong(json.dumps(document), "resource")) == []


def test_unknown_key_is_no_trouble():
    plan = alerting_plan({**SETTINGS, "key_arn": "(known after apply)"})
    assert plan["topics"][0]["kms_key_arn"] == "(known after apply)"
