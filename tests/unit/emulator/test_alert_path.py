"""From the state of an alarm to Slack, as AWS does it: alarm, topic, function, secret, HTTP; and what becomes of what fails."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ansible_collections.refarch.aws.plugins.filter.alerting_plan import alerting_plan
from ansible_collections.refarch.aws.plugins.filter.key_policy import key_policy
from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of

SOURCE = Path(__file__).resolve().parents[3] / "files" / "lambda" / "slack_notifier"
REGION, ACCOUNT = "ap-northeast-2", "123456789012"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def soon(look, seconds=90):
    """What *look* answers, once it is true."""
    ends = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < ends:
        time.sleep(0.1)
    assert found, f"nothing within {seconds} seconds"
    return found


@pytest.fixture
def slack():
    taken = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(404 if self.path == "/gone" else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.taken = taken
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()


class Alerting:
    """The alerting of a stack *name*, made by hand from the same plan that the role uses."""

    def __init__(self, emulator, name, url, code=None):
        self.client, self.name = emulator.client, name
        key = self.client("kms").create_key(Policy=json.dumps(key_policy(["cloudwatch", "sns", "sqs"], ACCOUNT, REGION)))["KeyMetadata"][
            "Arn"
        ]
        self.function, self.queue, self.group = f"{name}-notifier", f"{name}-dead", f"/aws/lambda/{name}-notifier"
        self.client("secretsmanager").create_secret(Name=f"{name}-webhook", SecretString=url)
        self.plan = alerting_plan({
            "prefix": name,
            "account_id": ACCOUNT,
            "region": REGION,
            "key_arn": key,
            "function_name": self.function,
            "queue_name": self.queue,
            "secret_name": f"{name}-webhook",
            "log_group_name": self.group,
            "slack_severities": ["critical", "warning"],
            "email_addresses": {},
        })  # fmt: skip
        self.client("logs").create_log_group(logGroupName=self.group)
        self.client("sqs").create_queue(QueueName=self.queue, Attributes={"Policy": json.dumps(self.plan["queue_policy"])})
        role = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [TRUST]}))["Role"]["Arn"]
        self.client("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(self.plan["role_policy"]))
        self.client("lambda").create_function(
            FunctionName=self.function,
            Runtime="python3.13",
            Handler="slack_notifier.handler.handle" if code is None else "code.handle",
            Role=role,
            Code={"ZipFile": archive_of(str(SOURCE)) if code is None else packed(code)},
            Timeout=60 if code is None else 2,
            Environment={"Variables": {"SLACK_WEBHOOK_SECRET_ID": f"{name}-webhook", "STACK_PREFIX": name}},
            LoggingConfig={"LogFormat": "JSON", "LogGroup": self.group},
        )
        self.client("lambda").put_function_event_invoke_config(
            FunctionName=self.function, DestinationConfig={"OnFailure": {"Destination": self.plan["queue_arn"]}}
        )
        for item in self.plan["permissions"]:
            self.client("lambda").add_permission(
                FunctionName=self.function, StatementId=item["sid"], Action="lambda:InvokeFunction", Principal=item["principal"],
                SourceArn=item["source_arn"], SourceAccount=item["source_account"],
            )  # fmt: skip
        for topic in self.plan["topics"]:
            attributes = {"Policy": json.dumps(topic["policy"]), "KmsMasterKeyId": key}
            arn = self.client("sns").create_topic(Name=topic["name"], Attributes=attributes)["TopicArn"]
            for item in topic["subscriptions"]:
                redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": item["redrive_queue_arn"]})}
                self.client("sns").subscribe(TopicArn=arn, Protocol=item["protocol"], Endpoint=item["endpoint"], Attributes=redrive)

    def alarm(self, severity="critical", **more):
        actions = [self.plan["topic_arns"][severity]]
        self.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{self.name}-errors", Namespace="shop", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
            Threshold=1, ComparisonOperator="GreaterThanThreshold", AlarmActions=actions, OKActions=actions, **more,
        )  # fmt: skip

    def set(self, state, name=None):
        self.client("cloudwatch").set_alarm_state(AlarmName=name or f"{self.name}-errors", StateValue=state, StateReason="a test")

    def lines(self):
        streams = self.client("logs").describe_log_streams(logGroupName=self.group)["logStreams"]
        read = self.client("logs").get_log_events
        return [
            event["message"]
            for stream in streams
            for event in read(logGroupName=self.group, logStreamName=stream["logStreamName"])["events"]
        ]

    def dead(self):
        url = self.client("sqs").get_queue_url(QueueName=self.queue)["QueueUrl"]
        found = self.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


def packed(code):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.py", code)
    return buffer.getvalue()


def test_an_alarm_reaches_slack(emulator, slack):
    alerting = Alerting(emulator, "path-alarm", slack.url)
    alerting.alarm(AlarmDescription="Users see errors.")
    alerting.set("ALARM")
    (message,) = soon(lambda: slack.taken)
    text = json.dumps(message, ensure_ascii=False)
    assert "ALARM: path-alarm-errors" in message["text"] and "INSUFFICIENT_DATA → ALARM" in text and "a test" in text
    assert message["attachments"][0]["color"] == "#a30200"
    soon(lambda: any("Told Slack" in line for line in alerting.lines()))
    assert slack.url not in "\n".join(alerting.lines())
    alerting.set("ALARM")  # no change, so that nobody is told
    alerting.set("OK")
    soon(lambda: len(slack.taken) == 2)
    assert "OK: path-alarm-errors" in slack.taken[1]["text"]


def test_a_composite_alarm_follows_its_children(emulator, slack):
    alerting = Alerting(emulator, "path-composite", slack.url)
    alerting.client("cloudwatch").put_metric_alarm(
        AlarmName="path-composite-child", Namespace="shop", MetricName="Errors", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    alerting.client("cloudwatch").put_composite_alarm(
        AlarmName="path-composite-whole", AlarmRule='ALARM("path-composite-child")',
        AlarmActions=[alerting.plan["topic_arns"]["warning"]],
    )  # fmt: skip
    alerting.set("ALARM", "path-composite-child")
    (message,) = soon(lambda: slack.taken)
    assert "ALARM: path-composite-whole" in message["text"] and "path-composite-child" in json.dumps(message)


def test_what_slack_refuses_is_a_dead_letter(emulator, slack):
    alerting = Alerting(emulator, "path-dead", slack.url + "/gone")
    alerting.alarm()
    alerting.set("ALARM")
    (record,) = soon(alerting.dead)
    assert record["requestContext"]["condition"] == "RetriesExhausted" and record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "NotDelivered"
    assert "path-dead-errors" in json.dumps(record["requestPayload"])
    assert len(slack.taken) == 3


def test_a_topic_that_may_not_invoke_leaves_a_dead_letter(emulator, slack):
    alerting = Alerting(emulator, "path-refused", slack.url)
    alerting.client("lambda").remove_permission(FunctionName=alerting.function, StatementId="TopicCritical")
    alerting.alarm()
    alerting.set("ALARM")
    (record,) = soon(alerting.dead)
    assert json.loads(record["Message"])["AlarmName"] == "path-refused-errors"
    assert slack.taken == []


def test_an_alarm_that_may_not_publish_is_silent(emulator, slack):
    alerting = Alerting(emulator, "path-policy", slack.url)
    arn = alerting.plan["topic_arns"]["critical"]
    policy = json.loads(alerting.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
    for statement in policy["Statement"]:
        if "ArnLike" in statement.get("Condition", {}):
            statement["Condition"]["ArnLike"]["aws:SourceArn"] = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*"
    alerting.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy))
    alerting.alarm()
    alerting.set("ALARM")
    time.sleep(2)
    assert slack.taken == [] and alerting.dead() == []


def test_invoke_waits_and_tells_errors(emulator, slack):
    code = (
        "import os\n\ndef handle(event, context):\n    left = context.get_remaining_time_in_millis() > 0\n"
        "    return {'got': event, 'left': left, 'id': os.environ['STACK_PREFIX']}\n"
    )
    alerting = Alerting(emulator, "path-invoke", slack.url, code)
    answer = alerting.client("lambda").invoke(FunctionName=alerting.function, Payload=b'{"a": 1}', LogType="Tail")
    assert json.loads(answer["Payload"].read()) == {"got": {"a": 1}, "left": True, "id": "path-invoke"}
    assert answer["StatusCode"] == 200 and "FunctionError" not in answer and answer["LogResult"]
    alerting.client("lambda").update_function_code(
        FunctionName=alerting.function, ZipFile=packed("def handle(e, c):\n    raise ValueError('no')\n")
    )
    answer = alerting.client("lambda").invoke(FunctionName=alerting.function, Payload=b"{}")
    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "ValueError"
    alerting.client("lambda").update_function_code(
        FunctionName=alerting.function, ZipFile=packed("import time\n\ndef handle(e, c):\n    time.sleep(9)\n")
    )
    answer = alerting.client("lambda").invoke(FunctionName=alerting.function, Payload=b"{}")
    assert "timed out after 2.00 seconds" in json.loads(answer["Payload"].read())["errorMessage"]


def test_a_function_may_call_back(emulator, slack):
    code = (
        "import boto3\n\ndef handle(event, context):\n"
        "    boto3.client('sqs').create_queue(QueueName='path-back-made')\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n"
    )
    alerting = Alerting(emulator, "path-back", slack.url, code)
    alerting.client("lambda").update_function_configuration(FunctionName=alerting.function, Timeout=60)
    answer = alerting.client("lambda").invoke(FunctionName=alerting.function, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == ACCOUNT
    assert alerting.client("sqs").get_queue_url(QueueName="path-back-made")
