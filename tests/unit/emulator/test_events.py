"""EventBridge hands events to topics and functions, as their policies let it; and refuses what AWS does."""

from __future__ import annotations

import json
import uuid

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from ansible_collections.refarch.aws.plugins.filter.alarm_plan import alarm_plan
from emulator import services
from emulator.services.events import emit

services.apply_all()
REGION, ACCOUNT = "ap-northeast-2", "123456789012"
TOPIC, QUEUE = f"arn:aws:sns:{REGION}:{ACCOUNT}:t", f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


def allow(service, action, resource):
    return {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action, "Resource": resource}]}


@pytest.fixture
def aws(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


@pytest.fixture
def told(aws):
    """A topic that EventBridge may use, and a queue that gets its messages and one of dead letters: what is in them."""
    policy = json.dumps(allow("events.amazonaws.com", "sns:Publish", TOPIC))
    aws("sns").create_topic(Name="t", Attributes={"Policy": policy})
    urls = {}
    for name in ("got", "dead"):
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        attributes = {"Policy": json.dumps(allow("events.amazonaws.com", "sqs:SendMessage", arn))}
        urls[name] = aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    aws("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE.replace("dead", "got"), Attributes={"RawMessageDelivery": "true"})

    def read(name):
        found = aws("sqs").receive_message(QueueUrl=urls[name], MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]

    return read


def rule(aws, pattern, **target):
    aws("events").put_rule(Name="r", EventPattern=json.dumps(pattern))
    aws("events").put_targets(Rule="r", Targets=[{"Id": "topic", "Arn": TOPIC, "DeadLetterConfig": {"Arn": QUEUE}, **target}])


def test_an_event_that_fits_reaches_the_topic(aws, told):
    rule(aws, {"source": ["aws.codepipeline"], "detail": {"state": ["FAILED"]}})
    emit(ACCOUNT, REGION, "aws.codepipeline", "x", {"state": "SUCCEEDED"})
    emit(ACCOUNT, REGION, "aws.codepipeline", "x", {"state": "FAILED", "pipeline": "p"})
    (event,) = told("got")
    assert event["detail"] == {"state": "FAILED", "pipeline": "p"} and event["time"].endswith("Z") and "ingestion-time" not in event


def test_a_topic_that_lets_nobody_leaves_a_dead_letter(aws, told):
    policy = json.dumps(allow("cloudwatch.amazonaws.com", "sns:Publish", TOPIC))
    aws("sns").set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=policy)
    rule(aws, {"source": ["shop"]})
    aws("events").put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    assert told("got") == [] and len(told("dead")) == 1


def test_input_is_transformed(aws, told):
    transformer = {"InputPathsMap": {"who": "$.detail.who"}, "InputTemplate": '{"text": "<who>"}'}
    rule(aws, {"source": ["shop"]}, InputTransformer=transformer)
    aws("events").put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": '{"who": "me"}'}])
    assert told("got") == [{"text": "me"}]


def test_a_disabled_rule_does_nothing(aws, told):
    rule(aws, {"source": ["shop"]})
    aws("events").disable_rule(Name="r")
    aws("events").put_events(Entries=[{"Source": "shop", "DetailType": "x", "Detail": "{}"}])
    assert told("got") == []


def test_sources_of_aws_are_its_own(aws):
    entries = [{"Source": source, "DetailType": "x", "Detail": "{}"} for source in ("aws.rds", "shop")]
    answer = aws("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert answer["Entries"][1]["EventId"]


def test_a_rule_that_is_changed_keeps_its_tags(aws):
    events = aws("events")
    for _ in range(2):
        arn = events.put_rule(Name="r", EventPattern='{"source":["shop"]}', Tags=[{"Key": "a", "Value": "b"}])["RuleArn"]
        events.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
    assert {tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]} == {"a", "c"}


EVENTS = [
    (
        "database-failures",
        "aws.rds",
        "RDS DB Instance Event",
        {"SourceIdentifier": "shop-staging-db", "EventCategories": ["failover"]},
        True,
    ),
    ("database-failures", "aws.rds", "RDS DB Instance Event", {"SourceIdentifier": "till-db", "EventCategories": ["failover"]}, False),
    (
        "database-failures",
        "aws.rds",
        "RDS DB Instance Event",
        {"SourceIdentifier": "shop-staging-db", "EventCategories": ["backup"]},
        False,
    ),
    ("backup-failures", "aws.backup", "Backup Job State Change", {"state": "FAILED", "backupVaultName": "shop-staging-vault"}, True),
    ("backup-failures", "aws.backup", "Backup Job State Change", {"state": "COMPLETED", "backupVaultName": "shop-staging-vault"}, False),
    (
        "pipeline-failures",
        "aws.codepipeline",
        "CodePipeline Pipeline Execution State Change",
        {"state": "FAILED", "pipeline": "shop-staging-pipeline"},
        True,
    ),
    ("health", "aws.health", "AWS Health Event", {"eventTypeCategory": "issue"}, True),
]


@pytest.mark.parametrize(("name", "source", "kind", "detail", "fits"), EVENTS)
def test_the_rules_of_monitoring_take_what_they_are_for(aws, told, name, source, kind, detail, fits):
    plan = alarm_plan({
        "prefix": "shop-staging",
        "account_id": ACCOUNT,
        "region": REGION,
        "topic_arns": dict.fromkeys(("critical", "warning", "info"), TOPIC),
        "database": "shop-staging-db",
        "pipeline": "shop-staging-pipeline",
        "backup_vault_prefix": "shop-staging",
    })  # fmt: skip
    (found,) = [item for item in plan["rules"] if item["name"] == f"shop-staging-{name}"]
    rule(aws, found["event_pattern"])
    emit(ACCOUNT, REGION, source, kind, detail)
    assert len(told("got")) == fits


# -- refusals, by the emulator as a whole ------------------------------------------------------------------------------
def refused(call, **params):
    with pytest.raises(ClientError) as error:
        call(**params)
    return error.value.response["Error"]["Code"]


def test_no_more_than_five_targets(emulator):
    events, name = emulator.client("events"), f"r-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern='{"source":["shop"]}')
    targets = [{"Id": f"t{number}", "Arn": TOPIC} for number in range(5)]
    events.put_targets(Rule=name, Targets=targets)
    events.put_targets(Rule=name, Targets=targets)
    assert refused(events.put_targets, Rule=name, Targets=[{"Id": "t5", "Arn": TOPIC}]) == "ValidationException"
    assert refused(events.delete_rule, Name=name) == "ValidationException"


def test_one_composite_alarm_a_call(emulator):
    cloudwatch, name = emulator.client("cloudwatch"), f"a-{uuid.uuid4().hex[:8]}"
    assert refused(cloudwatch.put_composite_alarm, AlarmName=name, AlarmRule='ALARM("nowhere")') == "ValidationError"
    for number in range(2):
        cloudwatch.put_composite_alarm(AlarmName=f"{name}-{number}", AlarmRule="FALSE")
    assert refused(cloudwatch.delete_alarms, AlarmNames=[f"{name}-0", f"{name}-1"]) == "ValidationError"
    cloudwatch.delete_alarms(AlarmNames=[f"{name}-0"])
