from __future__ import annotations

import json

import pytest

from tests.unit.modules.delivery.conftest import operations

TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:shop-dead"
RULE = {
    "name": "shop-staging-backup-failed",
    "description": "A backup failed",
    "event_pattern": {"source": ["aws.backup"], "detail": {"state": ["FAILED"]}},
    "targets": [{"id": "topic", "arn": TOPIC, "dead_letter_arn": QUEUE}],
}
TAGS = {"Project": "shop"}


def test_created_with_target_and_tags(converge, aws):
    result = converge("eventbridge_rules", rules=[RULE], tags=TAGS)
    assert operations(result) == ["PutRule", "PutTargets"]
    rule = aws("events").describe_rule(Name=RULE["name"])
    assert (json.loads(rule["EventPattern"]), rule["State"]) == (RULE["event_pattern"], "ENABLED")
    (target,) = aws("events").list_targets_by_rule(Rule=RULE["name"])["Targets"]
    assert (target["Arn"], target["DeadLetterConfig"]["Arn"]) == (TOPIC, QUEUE)
    assert aws("events").list_tags_for_resource(ResourceARN=result["rules"][0]["arn"])["Tags"] == [{"Key": "Project", "Value": "shop"}]


@pytest.mark.parametrize(
    ("change", "made"),
    [
        ({"description": "x"}, ["PutRule"]),
        ({"enabled": False}, ["PutRule"]),
        ({"event_pattern": {"source": ["aws.rds"]}}, ["PutRule"]),
        ({"targets": [{"id": "topic", "arn": TOPIC}]}, ["PutTargets"]),
        ({"targets": [{"id": "other", "arn": TOPIC}]}, ["RemoveTargets", "PutTargets"]),
    ],
)
def test_a_changed_setting_is_the_one_change(converge, change, made):
    converge("eventbridge_rules", rules=[RULE], tags=TAGS)
    assert operations(converge("eventbridge_rules", rules=[{**RULE, **change}], tags=TAGS)) == made


def test_a_rule_without_its_target_is_completed(converge, aws):
    converge("eventbridge_rules", rules=[RULE], tags=TAGS)
    aws("events").remove_targets(Rule=RULE["name"], Ids=["topic"])
    assert operations(converge("eventbridge_rules", rules=[RULE], tags=TAGS)) == ["PutTargets"]


def test_tags_are_set_and_purged(converge):
    converge("eventbridge_rules", rules=[RULE], tags=TAGS)
    assert operations(converge("eventbridge_rules", rules=[RULE], tags={"Owner": "us"})) == ["TagResource", "UntagResource"]


def test_a_schedule_with_an_input(converge, aws):
    rule = {"name": "shop-nightly", "schedule_expression": "rate(1 day)", "targets": [{"id": "t", "arn": TOPIC, "input": {"a": 1}}]}
    converge("eventbridge_rules", rules=[rule])
    (target,) = aws("events").list_targets_by_rule(Rule="shop-nightly")["Targets"]
    assert json.loads(target["Input"]) == {"a": 1}


def test_removed_once(converge, aws):
    converge("eventbridge_rules", rules=[RULE])
    assert operations(converge("eventbridge_rules", rules=[{"name": RULE["name"]}], state="absent")) == ["RemoveTargets", "DeleteRule"]
    assert aws("events").list_rules()["Rules"] == []
    assert operations(converge("eventbridge_rules", rules=[{"name": RULE["name"]}], state="absent")) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "a b"}, "the name 'a b' must be"),
        ({"schedule_expression": "rate(1 day)"}, "needs either event_pattern or schedule_expression"),
        ({"targets": []}, "needs 1 to 5 targets"),
    ],
)
def test_what_is_wrong_is_refused(refusal, change, sentence):
    assert sentence in refusal("eventbridge_rules", rules=[{**RULE, **change}])
