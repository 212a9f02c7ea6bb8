"""The function that tells Slack, against a real HTTP server; and the words that it finds for what AWS services publish."""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "files" / "lambda" / "slack_notifier"))

from slack_notifier import delivery, handler
from slack_notifier.delivery import NotDelivered, Webhook
from slack_notifier.messages import Message, message_of
from slack_notifier.slack import FIELDS, HEADER, SECTION, blocks_of

TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:shop-staging-critical"
SECRET_PATH = "/services/T000/B000/XXXXSECRET"


class Slack:
    """Answers each request with the next of *answers*: (status, headers, seconds to think). The last one stays."""

    def __init__(self):
        self.answers = [(200, {}, 0.0)]
        self.requests = []
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, seconds = slack.answers.pop(0) if len(slack.answers) > 1 else slack.answers[0]
                slack.requests.append((self.path, json.loads(body)))
                time.sleep(seconds)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"ok" if status == 200 else b"no_service")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}{SECRET_PATH}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def slack():
    running = Slack()
    yield running
    running.server.shutdown()


@pytest.fixture
def webhook(slack):
    pauses = []
    made = Webhook(lambda: slack.url, sleep=pauses.append)
    made.pauses = pauses
    return made


def test_delivered_at_once(slack, webhook):
    assert webhook.post({"text": "hello"}, 10) == 1
    assert slack.requests == [(SECRET_PATH, {"text": "hello"})]
    assert webhook.pauses == []


def test_tried_again_after_an_error_of_the_server(slack, webhook):
    slack.answers = [(500, {}, 0), (503, {}, 0), (200, {}, 0)]
    assert webhook.post({"text": "hello"}, 10) == 3
    assert len(slack.requests) == 3
    assert webhook.pauses[0] < webhook.pauses[1]


def test_waits_as_long_as_slack_asks(slack, webhook):
    slack.answers = [(429, {"Retry-After": "3"}, 0), (200, {}, 0)]
    assert webhook.post({"text": "hello"}, 10) == 2
    assert webhook.pauses == [3.0]


def test_gives_up_when_slack_asks_for_more_than_there_is(slack, webhook):
    slack.answers = [(429, {"Retry-After": "900"}, 0)]
    with pytest.raises(NotDelivered, match="asks to wait 900 seconds"):
        webhook.post({"text": "hello"}, 10)
    assert len(slack.requests) == 1


def test_a_refusal_for_good_is_not_repeated(slack, webhook):
    slack.answers = [(400, {}, 0)]
    with pytest.raises(NotDelivered, match="refuses the message: HTTP 400 no_service"):
        webhook.post({"text": "hello"}, 10)
    assert len(slack.requests) == 1


def test_gives_up_in_the_end(slack, webhook):
    slack.answers = [(500, {}, 0)]
    with pytest.raises(NotDelivered, match="in 4 attempts, at last: HTTP 500"):
        webhook.post({"text": "hello"}, 60)
    assert len(slack.requests) == delivery.ATTEMPTS


def test_a_slow_answer_is_given_up_and_tried_again(slack, webhook, monkeypatch):
    monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 0.3)
    slack.answers = [(200, {}, 1.0), (200, {}, 0)]
    assert webhook.post({"text": "hello"}, 10) == 2


def test_nobody_there(webhook, slack):
    slack.server.shutdown()
    slack.server.server_close()
    with pytest.raises(NotDelivered, match="ConnectionRefusedError"):
        webhook.post({"text": "hello"}, 60)


@pytest.mark.parametrize("status", [403, 404])
def test_the_address_is_read_again_when_slack_does_not_know_it(slack, status):
    addresses = iter([slack.url, slack.url + "NEW"])
    webhook = Webhook(lambda: next(addresses), sleep=lambda _seconds: None)
    slack.answers = [(status, {}, 0), (200, {}, 0)]
    assert webhook.post({"text": "hello"}, 10) == 2
    assert [path for path, _ in slack.requests] == [SECRET_PATH, SECRET_PATH + "NEW"]
    assert webhook.post({"text": "again"}, 10) == 1  # kept


def test_a_permanent_404_is_the_end(slack, webhook):
    slack.answers = [(404, {}, 0)]
    with pytest.raises(NotDelivered, match="HTTP 404"):
        webhook.post({"text": "hello"}, 10)
    assert len(slack.requests) == 1  # the secret holds the same address still


def test_the_address_is_read_once(slack):
    reads = []
    webhook = Webhook(lambda: reads.append(1) or slack.url)
    webhook.post({}, 10)
    webhook.post({}, 10)
    assert len(reads) == 1


def test_no_address_yet():
    with pytest.raises(NotDelivered, match="store the one that Slack gives"):
        Webhook(lambda: "to be replaced").post({}, 10)


@pytest.mark.parametrize("answer", [(400, {}, 0), (404, {}, 0), (500, {}, 0), (429, {"Retry-After": "900"}, 0)])
def test_no_error_tells_the_address(slack, webhook, answer):
    slack.answers = [answer]
    with pytest.raises(NotDelivered) as raised:
        webhook.post({}, 60)
    assert "XXXXSECRET" not in str(raised.value)


def test_no_error_tells_an_address_that_is_no_address():
    with pytest.raises(NotDelivered) as raised:
        Webhook(lambda: "http://[XXXXSECRET", sleep=lambda _seconds: None).post({}, 10)
    assert "XXXXSECRET" not in str(raised.value)


# -- the handler -------------------------------------------------------------------------------------------------------
def context(milliseconds=30000):
    return SimpleNamespace(get_remaining_time_in_millis=lambda: milliseconds)


def event(*messages, topic=TOPIC):
    return {"Records": [{"Sns": {"MessageId": "1", "TopicArn": topic, "Subject": None, "Message": m, "Timestamp": "t"}} for m in messages]}


def test_each_record_is_delivered(slack, webhook, monkeypatch, caplog):
    monkeypatch.setattr(handler, "_webhook", webhook)
    monkeypatch.setenv("STACK_PREFIX", "shop-staging")
    caplog.set_level("INFO")
    assert handler.handle(event("one", "two"), context()) == {"delivered": 2}
    assert len(slack.requests) == 2
    assert slack.requests[0][1]["text"].endswith("[shop-staging] one")
    assert "XXXXSECRET" not in caplog.text


def test_a_failed_delivery_raises(slack, webhook, monkeypatch):
    monkeypatch.setattr(handler, "_webhook", webhook)
    slack.answers = [(400, {}, 0)]
    with pytest.raises(NotDelivered):
        handler.handle(event("one"), context())


def test_the_log_says_what_became_of_a_message_by_its_reference(slack, webhook, monkeypatch, caplog):
    """playbooks/verify.yml looks for the reference, which the reason of its alarm holds."""
    monkeypatch.setattr(handler, "_webhook", webhook)
    caplog.set_level("INFO")
    reason = json.dumps({"AlarmName": "a", "NewStateValue": "ALARM", "NewStateReason": "A test (verify-0123456789abcdef)."})
    handler.handle(event(reason, "verify-0123"), context())
    slack.answers = [(400, {}, 0)]
    with pytest.raises(NotDelivered):
        handler.handle(event(reason), context())
    assert [record.getMessage() for record in caplog.records if record.name == handler.__name__] == [
        "Told Slack of ALARM: a (1 verify-0123456789abcdef) in 1 attempt(s)",
        "Told Slack of verify-0123 (1) in 1 attempt(s)",
        "Slack was not told of ALARM: a (1 verify-0123456789abcdef): Slack refuses the message: HTTP 400 no_service.",
    ]
    assert "XXXXSECRET" not in caplog.text


def test_no_time_left_raises(webhook, monkeypatch):
    monkeypatch.setattr(handler, "_webhook", webhook)
    with pytest.raises(NotDelivered, match="no time for attempt 1"):
        handler.handle(event("one"), context(1000))


# -- words -------------------------------------------------------------------------------------------------------------
ALARM = {
    "AlarmName": "shop-staging-target-5xx/web",
    "AlarmDescription": "Users see errors.",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 3 datapoints were greater than 5 <& more>.",
    "StateChangeTime": "2026-01-02T03:04:05.000+0000",
    "Region": "Asia Pacific (Seoul)",
    "AlarmArn": "arn:aws:cloudwatch:ap-northeast-2:123456789012:alarm:shop-staging-target-5xx/web",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Namespace": "AWS/ApplicationELB",
        "Dimensions": [{"name": "LoadBalancer", "value": "app/shop/1"}],
    },
}


def notified(message, subject=None, topic=TOPIC):
    text = message if isinstance(message, str) else json.dumps(message)
    return message_of({"Message": text, "Subject": subject, "TopicArn": topic, "Timestamp": "2026-01-01T00:00:00Z"}, "shop-staging")


def bus(source, kind, detail):
    return {"source": source, "detail-type": kind, "detail": detail, "region": "ap-northeast-2", "time": "2026-01-02T03:04:05Z"}


def test_alarm():
    message = notified(ALARM)
    assert (message.title, message.severity, message.time) == (
        "ALARM: shop-staging-target-5xx/web",
        "critical",
        "2026-01-02T03:04:05.000+0000",
    )
    assert message.fields["State"] == "OK → ALARM"
    assert message.fields["LoadBalancer"] == "app/shop/1"
    assert "Threshold Crossed" in message.text and "Users see errors." in message.text
    assert message.link == (
        "https://ap-northeast-2.console.aws.amazon.com/cloudwatch/home?region=ap-northeast-2#alarmsV2:alarm/shop-staging-target-5xx%2Fweb"
    )


def test_alarm_that_is_over():
    assert notified({**ALARM, "NewStateValue": "OK"}).severity == "good"


def test_composite_alarm_names_its_children():
    child = {"Arn": ALARM["AlarmArn"], "State": {"Value": "ALARM"}}
    content = {key: value for key, value in ALARM.items() if key != "Trigger"}
    assert notified({**content, "AlarmRule": "…", "TriggeringChildren": [child]}).fields["Because of"] == "shop-staging-target-5xx/web"


PIPELINE = {"pipeline": "shop-staging-pipeline", "state": "FAILED", "execution-id": "e-1"}
HEALTH = {
    "eventTypeCode": "AWS_RDS_OPERATIONAL_ISSUE",
    "service": "RDS",
    "statusCode": "open",
    "eventDescription": [{"language": "en_US", "latestDescription": "We are looking into it."}],
}


@pytest.mark.parametrize(
    ("content", "subject", "title", "severity", "within"),
    [
        (bus("aws.codepipeline", "CodePipeline Pipeline Execution State Change", PIPELINE), None,
         "CodePipeline Pipeline Execution State Change: shop-staging-pipeline", "warning", "codepipeline/pipelines/shop-staging-pipeline"),
        (bus("aws.codepipeline", "CodePipeline Pipeline Execution State Change", {**PIPELINE, "state": "SUCCEEDED"}), None,
         "CodePipeline Pipeline Execution State Change: shop-staging-pipeline", "good", "e-1"),
        (bus("aws.codebuild", "CodeBuild Build State Change", {"build-status": "FAILED", "project-name": "shop-staging-build"}), None,
         "CodeBuild Build State Change: shop-staging-build", "warning", "FAILED"),
        (bus("aws.codedeploy", "CodeDeploy Deployment State-change Notification",
             {"state": "FAILURE", "application": "shop", "deploymentGroup": "web", "deploymentId": "d-1"}), None,
         "CodeDeploy Deployment State-change Notification: shop web", "warning", "d-1"),
        (bus("aws.backup", "Backup Job State Change", {"state": "FAILED", "backupJobId": "j-1", "statusMessage": "no rights",
             "resourceArn": "arn:aws:rds:ap-northeast-2:123456789012:db:shop-staging-db"}), None,
         "Backup Job State Change: shop-staging-db", "warning", "no rights"),
        (bus("aws.rds", "RDS DB Instance Event", {"SourceIdentifier": "shop-staging-db",
             "Message": "Failover started", "EventID": "RDS-EVENT-0013"}),
         None, "RDS DB Instance Event: shop-staging-db", "warning", "Failover started"),
        (bus("aws.health", "AWS Health Event", HEALTH), None, "AWS Health Event: AWS_RDS_OPERATIONAL_ISSUE", "warning",
         "We are looking into it."),
        (bus("aws.autoscaling", "EC2 Instance Launch Unsuccessful",
             {"AutoScalingGroupName": "shop-staging-web", "EC2InstanceId": "i-1", "Cause": "no capacity"}), None,
         "EC2 Instance Launch Unsuccessful: shop-staging-web", "warning", "no capacity"),
        ({"Event Source": "db-instance", "Event Time": "t", "Identifier Link": "https://console/x\nSourceId: y",
          "Source ID": "shop-staging-db",
          "Event ID": "http://docs/#RDS-EVENT-0006", "Event Message": "DB instance restarted"}, "RDS Notification Message",
         "db-instance: shop-staging-db", "warning", "DB instance restarted"),
        ({"Event": "autoscaling:EC2_INSTANCE_LAUNCH_ERROR", "AutoScalingGroupName": "shop-staging-web", "Description": "Launching failed",
          "AutoScalingGroupARN": "arn:aws:autoscaling:ap-northeast-2:123456789012:x:y", "Cause": "quota"}, None,
         "instance launch error: shop-staging-web", "warning", "quota"),
        ({"deploymentId": "d-1", "status": "FAILED", "applicationName": "shop", "deploymentGroupName": "web", "region": "ap-northeast-2",
          "errorInformation": json.dumps({"ErrorCode": "X", "ErrorMessage": "too many failed"})}, None,
         "Deployment failed: shop web", "warning", "too many failed"),
        ({"region": "ap-northeast-2", "approval": {"pipelineName": "shop", "stageName": "Approve", "actionName": "Ask",
          "approvalReviewLink": "https://console/approve", "expires": "t"}}, "APPROVAL NEEDED", "Approval wanted: shop", "warning", "https://console/approve"),
        ("AWS Budget Notification January\nYou requested", "AWS Budgets: shop has exceeded your alert threshold",
         "AWS Budgets: shop has exceeded your alert threshold", "warning", "You requested"),
        ("An AWS Backup job failed. Resource ARN : arn:aws:rds:x", "Notification from AWS Backup",
         "Notification from AWS Backup", "warning", "arn:aws:rds:x"),
        ({"hello": ["world"]}, None, "A message of an unknown kind", "warning", "world"),
        ("[1, 2]", "A list", "A list", "warning", "[1, 2]"),
        ("", None, "A message without a text", "warning", ""),
        ({"AlarmName": 7, "NewStateValue": ["odd"], "AlarmArn": None}, "odd", "odd", "warning", "NewStateValue"),
    ],
)  # fmt: skip
def test_what_services_publish(content, subject, title, severity, within):
    message = notified(content, subject, topic=TOPIC.replace("critical", "warning"))
    assert (message.title, message.severity) == (title, severity)
    assert within in json.dumps(blocks_of(message), ensure_ascii=False)


def test_a_message_is_within_slacks_limits_and_escaped():
    message = Message("t" * 500, "<a&b>" * 2000, "critical", fields={f"f{number}": "v" * 3000 for number in range(20)})
    (attachment,) = blocks_of(message)["attachments"]
    header, text, fields, _context = attachment["blocks"]
    assert len(header["text"]["text"]) == HEADER and len(text["text"]["text"]) == SECTION and len(fields["fields"]) == FIELDS
    assert "&lt;a&amp;b&gt;" in text["text"]["text"] and "<a" not in text["text"]["text"]


def test_severities_have_colors_of_their_own():
    assert (
        len({blocks_of(Message("t", "", severity))["attachments"][0]["color"] for severity in ("critical", "warning", "info", "good")}) == 4
    )
