"""What Terraform asks of AWS, and the emulator once answered otherwise."""

from __future__ import annotations

import http.client

ACCOUNT = "123456789012"


def test_absolute_request_target(emulator):
    """S3 Control's host begins with the account, so it is reached through a proxy: the target then is a whole URL (RFC 9112, 3.2.2)."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    host = f"{ACCOUNT}.127.0.0.1:{emulator.port}"
    head = {
        "Host": host,
        "x-amz-account-id": ACCOUNT,
        "Authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/ap-northeast-2/s3/aws4_request, SignedHeaders=host, Signature=0",
    }
    connection.request("GET", f"http://{host}/v20180820/configuration/publicAccessBlock", headers=head)
    answer = connection.getresponse()
    assert (answer.status, b"NoSuchPublicAccessBlockConfiguration" in answer.read()) == (404, True)
