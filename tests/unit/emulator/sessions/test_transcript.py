"""What is said in a session, in a bucket and in a log group, as its document asks."""

from __future__ import annotations

import json
import logging
import time

import pytest

from emulator.sessions import transcript
from emulator.sessions.transcript import Destinations, Transcript

GROUP, BUCKET = "/shop/sessions", "shop-log"


class Aws:
    """Clients of CloudWatch Logs and S3 in one, that keep what they are given. *failing*: operations that are refused."""

    def __init__(self, key="arn:key", rules=({},), failing=()):
        self.key, self.rules, self.failing = key, rules, failing
        self.streams, self.events, self.objects = [], [], {}
        self.meta = type("Meta", (), {"region_name": "ap-northeast-2"})

    def _may(self, operation):
        if operation in self.failing:
            raise PermissionError(f"AccessDenied: {operation}")

    def describe_log_groups(self, logGroupNamePrefix):
        self._may("DescribeLogGroups")
        return {
            "logGroups": [{"logGroupName": f"{logGroupNamePrefix}-other", "kmsKeyId": "x"}, {"logGroupName": GROUP, "kmsKeyId": self.key}]
        }

    def get_bucket_encryption(self, Bucket):
        self._may("GetEncryptionConfiguration")
        if not self.rules:
            raise KeyError("ServerSideEncryptionConfigurationNotFoundError")
        return {"ServerSideEncryptionConfiguration": {"Rules": list(self.rules)}}

    def create_log_stream(self, logGroupName, logStreamName):
        self._may("CreateLogStream")
        self.streams.append((logGroupName, logStreamName))

    def put_log_events(self, logGroupName, logStreamName, logEvents):
        self.events += [event["message"] for event in logEvents]

    def put_object(self, Bucket, Key, Body):
        self._may("PutObject")
        self.objects[Bucket, Key] = Body


def session(aws, **inputs):
    return Transcript("me-1", "i-1", "arn:me", Destinations.of(inputs), lambda _service: aws)


def until(look):
    deadline = time.monotonic() + 5
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found


def test_a_document_without_destinations_keeps_nothing():
    aws = Aws()
    kept = session(aws)
    assert kept.refusal() == ""
    kept.begin()
    kept.write(b"words\n")
    kept.end()
    assert (aws.objects, aws.events, bytes(kept._said)) == ({}, [], b"")


@pytest.mark.parametrize(("prefix", "key"), [("sessions/", "sessions/me-1.log"), ("", "me-1.log")])
def test_the_bucket_has_it_when_the_session_ends(prefix, key):
    aws = Aws()
    kept = session(aws, s3BucketName=BUCKET, s3KeyPrefix=prefix)
    kept.write(b"$ echo a\r\n")
    kept.write(b"a\r\n")
    assert aws.objects == {}
    kept.end()
    kept.end()
    until(lambda: aws.objects == {(BUCKET, key): b"$ echo a\r\na\r\n"})


def test_what_is_streamed_is_there_while_the_session_lasts(monkeypatch):
    monkeypatch.setattr(transcript, "LOOK", 0.02)
    aws = Aws()
    kept = session(aws, cloudWatchLogGroupName=GROUP, cloudWatchStreamingEnabled=True)
    kept.begin()
    kept.write(b"one\r\ntwo\r\nthr")
    until(lambda: len(aws.events) == 1)
    first = json.loads(aws.events[0])
    assert (first["sessionData"], first["sessionId"], first["target"]) == (["one", "two"], "me-1", {"id": "i-1"})
    assert (first["userIdentity"], first["awsRegion"], first["eventVersion"]) == ({"arn": "arn:me"}, "ap-northeast-2", "1.0")
    kept.write(b"ee")
    kept.end()
    until(lambda: len(aws.events) == 2)
    assert json.loads(aws.events[1])["sessionData"] == ["three"]
    assert aws.streams == [(GROUP, "me-1")]


def test_without_streaming_it_is_one_text_at_the_end():
    aws = Aws()
    kept = session(aws, cloudWatchLogGroupName=GROUP, cloudWatchStreamingEnabled="false")
    kept.begin()
    kept.write(b"one\ntwo\n")
    kept.end()
    until(lambda: aws.events == ["one\ntwo\n"])


@pytest.mark.parametrize(
    ("aws", "inputs", "said"),
    [
        (Aws(key=None), {"cloudWatchLogGroupName": GROUP}, "encryption is not set up on the selected CloudWatch Logs log group"),
        (Aws(), {"cloudWatchLogGroupName": "/shop/ses"}, "encryption is not set up on the selected CloudWatch Logs log group"),
        (Aws(rules=()), {"s3BucketName": BUCKET}, "encryption is not set up on the selected Amazon S3 bucket"),
        (
            Aws(failing=["DescribeLogGroups"]),
            {"cloudWatchLogGroupName": GROUP},
            "unable to validate encryption on CloudWatch Logs",
        ),
        (Aws(failing=["GetEncryptionConfiguration"]), {"s3BucketName": BUCKET}, "unable to validate encryption on Amazon S3 bucket"),
    ],
)
def test_a_session_can_not_begin_where_its_words_would_not_be_encrypted(aws, inputs, said):
    assert said in session(aws, **inputs).refusal()


def test_it_can_where_the_document_does_not_ask_for_that():
    inputs = {"cloudWatchLogGroupName": GROUP, "cloudWatchEncryptionEnabled": False, "s3BucketName": BUCKET, "s3EncryptionEnabled": False}
    assert session(Aws(key=None, rules=()), **inputs).refusal() == ""


def test_what_can_not_be_written_is_reported(caplog):
    aws = Aws(failing=["PutObject", "CreateLogStream"])
    kept = session(aws, s3BucketName=BUCKET, cloudWatchLogGroupName=GROUP, cloudWatchStreamingEnabled=False)
    with caplog.at_level(logging.WARNING, "emulator.sessions"):
        kept.write(b"words\n")
        kept.end()
        until(lambda: len(caplog.records) == 2)
    assert "failed to upload session logs to S3: AccessDenied: PutObject" in caplog.text
    assert "failed to write session logs to CloudWatch Logs: AccessDenied: CreateLogStream" in caplog.text
