"""What the emulator restores of SNS, SQS, Lambda, Secrets Manager and CloudWatch, and refuses as they do."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.models import lambda_backends

from emulator import services
from emulator.services.cloudwatch import holds
from emulator.strict.access import service_allowed

REGION, ACCOUNT = "ap-northeast-2", "123456789012"
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def named(what="x"):
    return f"{what}-{uuid.uuid4().hex[:10]}"


def code(call, **params):
    with pytest.raises(ClientError) as refused:
        call(**params)
    return refused.value.response["Error"]["Code"]


# -- SNS ---------------------------------------------------------------------------------------------------------------
def test_a_topic_is_made_once(emulator):
    sns, name = emulator.client("sns"), named()
    arn = sns.create_topic(Name=name, Attributes={"DisplayName": "a"})["TopicArn"]
    assert sns.create_topic(Name=name, Attributes={"DisplayName": "a"})["TopicArn"] == arn
    assert code(sns.create_topic, Name=name, Attributes={"DisplayName": "b"}) == "InvalidParameter"
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "a"


def test_mail_waits_for_its_confirmation(emulator):
    sns = emulator.client("sns")
    arn = sns.create_topic(Name=named())["TopicArn"]
    assert sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")["SubscriptionArn"] == "pending confirmation"
    again = sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert again.startswith(arn)
    assert [item["SubscriptionArn"] for item in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]] == ["PendingConfirmation"]
    assert code(sns.unsubscribe, SubscriptionArn="PendingConfirmation") == "InvalidParameter"
    counts = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (counts["SubscriptionsPending"], counts["SubscriptionsConfirmed"]) == ("1", "0")


# -- SQS ---------------------------------------------------------------------------------------------------------------
def test_attributes_that_are_not_given_stay(emulator):
    sqs, name = emulator.client("sqs"), named()
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps({"Statement": [statement]})})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5", "KmsMasterKeyId": "alias/aws/sqs"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "Policy" in found and found["SqsManagedSseEnabled"] == "false"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"})
    assert "KmsMasterKeyId" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_a_name_is_taken_for_a_while(started):
    sqs = started("emulator", "--port", "0", "--latency", "aws").client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.delete_queue(QueueUrl=url)
    assert code(sqs.create_queue, QueueName="q") == "AWS.SimpleQueueService.QueueDeletedRecently"
    time.sleep(1.1)
    assert sqs.create_queue(QueueName="q")


# -- Secrets Manager ---------------------------------------------------------------------------------------------------
def test_what_awaits_its_deletion(emulator):
    secrets, name = emulator.client("secretsmanager"), named("secret-of-test")
    secrets.create_secret(Name=name, SecretString="x")
    secrets.delete_secret(SecretId=name, RecoveryWindowInDays=7)
    assert code(secrets.create_secret, Name=name, SecretString="y") == "InvalidRequestException"
    assert code(secrets.put_secret_value, SecretId=name, SecretString="y") == "InvalidRequestException"
    assert code(secrets.get_secret_value, SecretId=name) == "InvalidRequestException"
    assert "DeletedDate" in secrets.describe_secret(SecretId=name)
    secrets.restore_secret(SecretId=name)
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "x"


# -- Lambda ------------------------------------------------------------------------------------------------------------
def function(emulator, name, **more):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.py", "def handle(event, context):\n    return 1\n")
    role = emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    settings = {"Runtime": "python3.13", "Handler": "code.handle", "Role": role, "Code": {"ZipFile": buffer.getvalue()}, **more}
    return emulator.client("lambda").create_function(FunctionName=name, **settings)


def test_settings_are_kept_and_changed(emulator):
    name, client = named(), emulator.client("lambda")
    logging = {"LogFormat": "JSON", "LogGroup": "/own"}
    assert function(emulator, name, LoggingConfig=logging)["LoggingConfig"]["ApplicationLogLevel"] == "INFO"
    changed = client.update_function_configuration(FunctionName=name, TracingConfig={"Mode": "Active"}, EphemeralStorage={"Size": 1024})
    assert (changed["TracingConfig"]["Mode"], changed["EphemeralStorage"]["Size"]) == ("Active", 1024)
    assert changed["LoggingConfig"]["LogGroup"] == "/own" and changed["RevisionId"] and "VpcConfig" not in changed
    text = client.update_function_configuration(FunctionName=name, LoggingConfig={"LogFormat": "Text"})["LoggingConfig"]
    assert text == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}


def test_a_function_that_is_being_made_is_not_changed(monkeypatch):
    services.apply_all()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        here = SimpleNamespace(client=lambda service: boto3.client(service, region_name=REGION))
        function(here, "f")
        lambda_backends[ACCOUNT][REGION].get_function("f").state = "Pending"
        client = here.client("lambda")
        found = client.get_function(FunctionName="f")["Configuration"]
        assert (found["State"], found["StateReasonCode"]) == ("Pending", "Creating") and "LastUpdateStatus" not in found
        assert code(client.update_function_configuration, FunctionName="f", Timeout=9) == "ResourceConflictException"
        assert code(client.update_function_code, FunctionName="f", ZipFile=b"x") == "ResourceConflictException"


def test_a_statement_id_is_unique(emulator):
    name, client = named(), emulator.client("lambda")
    function(emulator, name)
    given = {"FunctionName": name, "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    client.add_permission(**given)
    assert code(client.add_permission, **given) == "ResourceConflictException"
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Resource"].endswith(f":function:{name}")


def test_asynchronous_settings_are_replaced(emulator):
    name, client = named(), emulator.client("lambda")
    function(emulator, name)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    client.put_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert "MaximumRetryAttempts" not in found and found["MaximumEventAgeInSeconds"] == 60


def test_a_role_that_lambda_may_not_take(emulator):
    name = named()
    trust = TRUST.replace("lambda.", "ec2.")
    role = emulator.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    given = {"FunctionName": name, "Runtime": "python3.13", "Handler": "a.b", "Role": role, "Code": {"ZipFile": b"x"}}
    assert code(emulator.client("lambda").create_function, **given) == "InvalidParameterValueException"


# -- CloudWatch --------------------------------------------------------------------------------------------------------
def alarm(emulator, name, **more):
    settings = {"Namespace": "shop", "MetricName": "Errors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    client = emulator.client("cloudwatch")
    client.put_metric_alarm(AlarmName=name, ComparisonOperator="GreaterThanThreshold", **{**settings, **more})
    return client


def test_an_alarm_keeps_state_and_tags_when_it_is_changed(emulator):
    name = named()
    client = alarm(emulator, name, Tags=[{"Key": "a", "Value": "b"}])
    (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert found["StateValue"] == "INSUFFICIENT_DATA" and found["Dimensions"] == [] and "Metrics" not in found
    client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    alarm(emulator, name, Threshold=2)
    (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert (found["StateValue"], found["Threshold"]) == ("ALARM", 2)
    assert client.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    client.delete_alarms(AlarmNames=[name])
    assert client.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"] == []


def test_composite_alarms_are_asked_for(emulator):
    name = named()
    client = alarm(emulator, name)
    client.put_composite_alarm(AlarmName=f"{name}-all", AlarmRule=f'ALARM("{name}")')
    found = client.describe_alarms(AlarmNamePrefix=name)
    assert len(found["MetricAlarms"]) == 1 and found["CompositeAlarms"] == []
    (composite,) = client.describe_alarms(AlarmNamePrefix=name, AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["AlarmRule"] == f'ALARM("{name}")' and composite["StateValue"] == "OK"


def test_alarms_come_in_pages(emulator):
    name = named()
    for number in range(3):
        client = alarm(emulator, f"{name}-{number}")
    pages = list(client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=name, PaginationConfig={"PageSize": 2}))
    assert [len(page["MetricAlarms"]) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', True),
        ("ALARM(b)", False),
        ('ALARM("a") AND NOT ALARM("b")', True),
        ('(OK("b") OR ALARM("none")) AND ALARM(a)', True),
        ('ALARM("a") AND FALSE', False),
        ("TRUE", True),
    ],
)
def test_rules_of_composite_alarms(rule, expected):
    class Alarm:
        def __init__(self, state):
            self.state_value, self.alarm_arn = state, "arn"

    assert holds(rule, {"a": Alarm("ALARM"), "b": Alarm("OK")}) is expected


@pytest.mark.parametrize("rule", ['ALARM("a") AND', "__import__('os')", "1", 'ALARM("a") XOR TRUE'])
def test_what_is_no_rule(rule):
    with pytest.raises(ValueError, match="not the rule"):
        holds(rule, {})


# -- state and policies ------------------------------------------------------------------------------------------------
def test_all_of_it_outlives_a_restart(started, tmp_path):
    running = started("emulator", "--port", "0", "--state", str(tmp_path))
    function(running, "f", LoggingConfig={"LogFormat": "JSON"})
    arn = running.client("sns").create_topic(Name="t")["TopicArn"]
    running.client("sns").subscribe(TopicArn=arn, Protocol="email", Endpoint="a@example.com")
    running.client("sqs").create_queue(QueueName="q")
    running.client("secretsmanager").create_secret(Name="s", SecretString="x")
    alarm(running, "a").put_composite_alarm(AlarmName="c", AlarmRule='ALARM("a")')
    running.stop()
    again = started("emulator", "--port", "0", "--state", str(tmp_path))
    assert json.loads(again.client("lambda").invoke(FunctionName="f", Payload=b"{}")["Payload"].read()) == 1
    assert again.client("lambda").get_function(FunctionName="f")["Configuration"]["LoggingConfig"]["LogFormat"] == "JSON"
    assert again.client("sns").list_subscriptions()["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"
    assert again.client("sqs").get_queue_url(QueueName="q")
    assert again.client("secretsmanager").get_secret_value(SecretId="s")["SecretString"] == "x"
    again.client("cloudwatch").set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="test")
    (composite,) = again.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["StateValue"] == "ALARM"


KEYS = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:a"}
ALLOW = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": "arn:t"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([ALLOW], True),
        ([{**ALLOW, "Condition": {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}}], True),
        ([{**ALLOW, "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}}], False),
        ([{**ALLOW, "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:*:{ACCOUNT}:alarm:*"}}}], True),
        ([{**ALLOW, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}}], False),
        ([{**ALLOW, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}], False),
        ([{**ALLOW, "Principal": {"Service": "events.amazonaws.com"}}], False),
        ([{**ALLOW, "Principal": {"AWS": "*"}}], True),
        ([{**ALLOW, "Resource": "arn:other"}], False),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], False),
        ([ALLOW, {**ALLOW, "Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], True),
        ([], False),
    ],
)
def test_what_a_policy_lets_a_service_do(statements, expected):
    keys = {**KEYS, "aws:SecureTransport": "true"}
    assert service_allowed({"Statement": statements}, "cloudwatch.amazonaws.com", "sns:Publish", "arn:t", keys) is expected
