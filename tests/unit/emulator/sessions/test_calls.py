"""Signed calls without the SDK are signed as the SDK signs them."""

from __future__ import annotations

import datetime
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator.sessions.calls import Keys, Refused, call, signed

REGION = "ap-northeast-2"
BODY = b'{"SessionId": "s"}'


@pytest.mark.parametrize("token", ["", "a-token"])
def test_the_signature_is_that_of_the_sdk(token):
    found = signed("127.0.0.1:4566", REGION, Keys("AKID", "secret", token), "ssm", "AmazonSSM.ResumeSession", BODY)
    moment = datetime.datetime.strptime(found["x-amz-date"], "%Y%m%dT%H%M%SZ")
    request = AWSRequest(
        "POST", "http://127.0.0.1:4566/", {"Content-Type": found["content-type"], "X-Amz-Target": found["x-amz-target"]}, BODY
    )
    request.context["timestamp"] = f"{moment:%Y%m%dT%H%M%SZ}"
    signer = SigV4Auth(Credentials("AKID", "secret", token or None), "ssm", REGION)
    request.headers["X-Amz-Date"] = found["x-amz-date"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    wanted = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert re.search(r"Signature=(\w+)$", found["authorization"])[1] == wanted


@pytest.fixture
def service():
    """Answers with what a test puts into C(answers); keeps what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.headers["X-Amz-Target"], json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            status, content = answers.pop()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    asked, answers = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked, answers
    server.shutdown()
    server.server_close()


def test_an_answer_and_a_refusal(service):
    url, asked, answers = service
    answers += [(400, b'{"__type": "a#DoesNotExistException", "message": "no session"}'), (200, b'{"TokenValue": "t"}')]
    assert call(url, REGION, Keys("a", "b"), "ssm", "ResumeSession", {"SessionId": "s"}) == {"TokenValue": "t"}
    assert asked == [("AmazonSSM.ResumeSession", {"SessionId": "s"})]
    with pytest.raises(Refused, match=r"\(DoesNotExistException\) when calling the ResumeSession operation: no session"):
        call(url, REGION, Keys("a", "b"), "ssm", "ResumeSession", {"SessionId": "s"})


def test_what_is_no_answer(service):
    url, _asked, answers = service
    answers.append((200, b"<html>"))
    with pytest.raises(Refused, match="is no answer"):
        call(url, REGION, Keys("a", "b"), "kms", "GenerateDataKey", {})


def test_keys_are_those_of_the_environment(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert Keys.of_environment() is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert Keys.of_environment() == Keys("a", "b")
