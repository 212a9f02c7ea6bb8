from __future__ import annotations

import json

import pytest

from ansible_collections.refarch.aws.plugins.modules.sns_topics import subscription_changes

PREFIX = "arn:aws:sns:ap-northeast-2:123456789012:"
KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:dead"
FUNCTION = "arn:aws:lambda:ap-northeast-2:123456789012:function:notify"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": PREFIX + "shop-critical",
        }
    ],
}
LAMBDA = {"protocol": "lambda", "endpoint": FUNCTION, "redrive_queue_arn": QUEUE}
MAIL = {"protocol": "email", "endpoint": "ops@example.com"}
ONE = {"name": "shop-critical", "display_name": "Critical", "kms_key_arn": KEY, "policy": POLICY, "subscriptions": [LAMBDA, MAIL]}
TWO = {"name": "shop-info"}


def attributes(aws, name):
    return aws("sns").get_topic_attributes(TopicArn=PREFIX + name)["Attributes"]


def subscriptions(aws, name):
    return {item["Protocol"]: item for item in aws("sns").list_subscriptions_by_topic(TopicArn=PREFIX + name)["Subscriptions"]}


def test_created_with_all_settings(converge, aws):
    result = converge("sns_topics", topics=[ONE, TWO], tags={"Project": "shop"})
    assert [c["operation"] for c in result["changes"]] == ["CreateTopic", "Subscribe", "Subscribe", "CreateTopic"]
    found = attributes(aws, "shop-critical")
    assert (found["DisplayName"], found["KmsMasterKeyId"], found["SignatureVersion"]) == ("Critical", KEY, "2")
    assert json.loads(found["Policy"]) == POLICY
    assert aws("sns").list_tags_for_resource(ResourceArn=PREFIX + "shop-info")["Tags"] == [{"Key": "Project", "Value": "shop"}]
    arn = subscriptions(aws, "shop-critical")["lambda"]["SubscriptionArn"]
    redrive = aws("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RedrivePolicy"]
    assert json.loads(redrive) == {"deadLetterTargetArn": QUEUE}


def test_arns_are_known_in_a_plan(run_module):
    assert run_module("sns_topics", check=True, topics=[TWO])["topics"][0]["arn"] == PREFIX + "shop-info"


def test_a_mail_address_waits_for_its_confirmation_and_is_no_drift(converge, run_module, aws):
    converge("sns_topics", topics=[ONE])
    assert subscriptions(aws, "shop-critical")["email"]["SubscriptionArn"] == "PendingConfirmation"
    # Nor can it be taken away: it lapses by itself.
    assert converge("sns_topics", topics=[{**ONE, "subscriptions": [LAMBDA]}])["changes"] == []


@pytest.mark.parametrize(
    ("change", "operations"),
    [
        ({"display_name": "Other"}, ["SetTopicAttributes"]),
        ({"kms_key_arn": KEY.replace("1111", "9999")}, ["SetTopicAttributes"]),
        ({"signature_version": "1"}, ["SetTopicAttributes"]),
        ({"policy": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Sid": "Other"}]}}, ["SetTopicAttributes"]),
        ({"tags": {"a": "b"}}, ["TagResource"]),
        ({"subscriptions": [{**LAMBDA, "redrive_queue_arn": QUEUE + "2"}, MAIL]}, ["SetSubscriptionAttributes"]),
        ({"subscriptions": [{"protocol": "lambda", "endpoint": FUNCTION}, MAIL]}, ["SetSubscriptionAttributes"]),
        ({"subscriptions": [{**LAMBDA, "filter_policy": {"severity": ["high"]}}, MAIL]}, ["SetSubscriptionAttributes"]),
        ({"subscriptions": [MAIL]}, ["Unsubscribe"]),
        ({"subscriptions": [LAMBDA, MAIL, {"protocol": "sqs", "endpoint": QUEUE, "raw": True}]}, ["Subscribe"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, change, operations):
    run_module("sns_topics", topics=[ONE])
    assert [c["operation"] for c in converge("sns_topics", topics=[{**ONE, **change}])["changes"]] == operations


def test_an_interrupted_run_completes(converge, aws):
    aws("sns").create_topic(Name="shop-critical")
    result = converge("sns_topics", topics=[ONE])
    assert "CreateTopic" not in [c["operation"] for c in result["changes"]]
    assert len(aws("sns").list_topics()["Topics"]) == 1
    assert set(subscriptions(aws, "shop-critical")) == {"lambda", "email"}


def test_read_side_by_side(run_module):
    run_module("sns_topics", topics=[ONE, TWO])
    calls = run_module("sns_topics", topics=[ONE, TWO])["_calls"]
    assert len(calls) == 1 + 3 + 1 + 3, calls


def test_removed_also_when_half_is_gone(run_module, converge, aws):
    run_module("sns_topics", topics=[ONE, TWO])
    aws("sns").delete_topic(TopicArn=PREFIX + "shop-info")
    assert [c["name"] for c in converge("sns_topics", state="absent", topics=[{"name": "shop-critical"}, TWO])["changes"]] == [
        "shop-critical"
    ]
    assert aws("sns").list_subscriptions()["Subscriptions"] == []


def test_unknown_key_and_endpoint_are_a_plan_too(run_module):
    unknown = {**ONE, "kms_key_arn": "(known after apply)", "subscriptions": [{**LAMBDA, "endpoint": "(known after apply)"}]}
    planned = run_module("sns_topics", check=True, topics=[unknown])
    assert planned["changes"][0]["parameters"]["Attributes"]["KmsMasterKeyId"] == "(known after apply)"
    assert planned["changes"][1]["parameters"]["Endpoint"] == "(known after apply)"


def test_refusals(refusal):
    assert "subscription twice" in refusal("sns_topics", topics=[{**ONE, "subscriptions": [MAIL, MAIL]}])
    assert "raw messages by email" in refusal("sns_topics", topics=[{**ONE, "subscriptions": [{**MAIL, "raw": True}]}])


def test_what_changes_a_subscription():
    wanted = {"filter_policy": None, "filter_policy_scope": "MessageAttributes", "raw": False, "redrive_queue_arn": None}
    assert subscription_changes({"RawMessageDelivery": "false"}, wanted) == {}
    assert subscription_changes({"RawMessageDelivery": "true", "FilterPolicy": '{"a":["b"]}'}, wanted) == {
        "FilterPolicy": "{}",
        "RawMessageDelivery": "false",
    }
    assert list(subscription_changes({}, {**wanted, "filter_policy": {"a": [1]}, "filter_policy_scope": "MessageBody"})) == [
        "FilterPolicyScope",
        "FilterPolicy",
    ]
