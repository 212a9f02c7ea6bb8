from __future__ import annotations

import json

import pytest

KEY = "arn:aws:kms:ap-northeast-2:123456789012:key/11111111-2222-3333-4444-555555555555"
ARN = "arn:aws:sqs:ap-northeast-2:123456789012:"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Topics",
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": ARN + "shop-dead",
        }
    ],
}
DEAD = {"name": "shop-dead", "kms_key_arn": KEY, "retention_seconds": 1209600, "policy": POLICY, "visibility_timeout_seconds": 120}
WORK = {"name": "shop-work", "redrive": {"dead_letter_queue_arn": ARN + "shop-dead", "max_receive_count": 3}}


def attributes(aws, name):
    url = aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    return aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_created_with_all_settings(converge, aws):
    result = converge("sqs_queues", queues=[DEAD], tags={"Project": "shop"})
    assert [c["operation"] for c in result["changes"]] == ["CreateQueue"]
    found = attributes(aws, "shop-dead")
    assert (found["MessageRetentionPeriod"], found["VisibilityTimeout"], found["KmsMasterKeyId"]) == ("1209600", "120", KEY)
    assert found["SqsManagedSseEnabled"] == "false"
    assert json.loads(found["Policy"]) == POLICY
    assert result["queues"][0]["arn"] == ARN + "shop-dead"
    url = result["queues"][0]["url"]
    assert aws("sqs").list_queue_tags(QueueUrl=url)["Tags"] == {"Project": "shop"}


def test_dead_letters_of_another_queue(run_module, converge, aws):
    run_module("sqs_queues", queues=[DEAD])
    converge("sqs_queues", queues=[WORK])
    assert json.loads(attributes(aws, "shop-work")["RedrivePolicy"])["maxReceiveCount"] == 3
    assert attributes(aws, "shop-work")["SqsManagedSseEnabled"] == "true"
    converge("sqs_queues", queues=[{**WORK, "redrive": None}])
    assert "RedrivePolicy" not in attributes(aws, "shop-work")


@pytest.mark.parametrize(
    ("change", "operations"),
    [
        ({"retention_seconds": 60}, ["SetQueueAttributes"]),
        ({"retention_seconds": 60, "delay_seconds": 5}, ["SetQueueAttributes"]),
        ({"kms_key_arn": KEY.replace("1111", "9999")}, ["SetQueueAttributes"]),
        ({"kms_key_arn": None}, ["SetQueueAttributes"]),
        ({"policy": {**POLICY, "Statement": [{**POLICY["Statement"][0], "Sid": "Other"}]}}, ["SetQueueAttributes"]),
        ({"tags": {"a": "b"}}, ["TagQueue"]),
    ],
)
def test_a_changed_setting_is_that_change(run_module, converge, aws, change, operations):
    run_module("sqs_queues", queues=[DEAD])
    assert [c["operation"] for c in converge("sqs_queues", queues=[{**DEAD, **change}])["changes"]] == operations
    assert "Policy" in attributes(aws, "shop-dead")


def test_a_foreign_tag_is_purged(run_module, converge, aws):
    url = run_module("sqs_queues", queues=[DEAD], tags={"a": "b"})["queues"][0]["url"]
    aws("sqs").tag_queue(QueueUrl=url, Tags={"stray": "x"})
    assert [c["operation"] for c in converge("sqs_queues", queues=[DEAD], tags={"a": "b"})["changes"]] == ["UntagQueue"]


def test_url_is_unknown_and_arn_known_in_a_plan(run_module):
    (queue,) = run_module("sqs_queues", check=True, queues=[DEAD])["queues"]
    assert (queue["url"], queue["arn"]) == ("(known after apply)", ARN + "shop-dead")


def test_removed_also_when_half_is_gone(run_module, converge, aws):
    url = run_module("sqs_queues", queues=[DEAD, {"name": "shop-other"}])["queues"][0]["url"]
    aws("sqs").delete_queue(QueueUrl=url)
    result = converge("sqs_queues", state="absent", queues=[{"name": "shop-dead"}, {"name": "shop-other"}])
    assert [c["name"] for c in result["changes"]] == ["shop-other"]
    assert "QueueUrls" not in aws("sqs").list_queues()


@pytest.mark.parametrize("change", [{"retention_seconds": 59}, {"visibility_timeout_seconds": 43201}, {"kms_reuse_seconds": 59}])
def test_refusals(refusal, change):
    assert "must be" in refusal("sqs_queues", queues=[{**DEAD, **change}])
