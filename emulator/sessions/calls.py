"""One call of an AWS service that speaks JSON, signed, without the SDK: its import would cost a session half a second.

"Create a signed AWS API request" (IAM User Guide).
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import os
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TARGETS = {"ssm": "AmazonSSM", "kms": "TrentService"}
ALGORITHM = "AWS4-HMAC-SHA256"
SECONDS = 30


class Refused(Exception):
    """What the service said instead of an answer."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials, of the environment."""

    access: str
    secret: str
    token: str = ""

    @classmethod
    def of_environment(cls) -> Keys | None:
        access, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        return cls(access, secret, os.environ.get("AWS_SESSION_TOKEN", "")) if access and secret else None


def call(endpoint: str, region: str, keys: Keys, service: str, operation: str, content: dict[str, Any]) -> dict[str, Any]:
    """What *operation* answers at *endpoint*, an http:// address. Raises Refused, and OSError where nobody is there."""
    address, body = urlsplit(endpoint), json.dumps(content).encode()
    headers = signed(address.netloc, region, keys, service, f"{TARGETS[service]}.{operation}", body)
    # HTTP/1.0: the answer ends with the connection, and comes in one piece.
    head = ["POST / HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items()), f"content-length: {len(body)}", "", ""]
    with socket.create_connection((address.hostname, address.port or 80), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join(head).encode() + body)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    try:
        status, found = int(answer.split(b" ", 2)[1]), json.loads(answer.partition(b"\r\n\r\n")[2] or b"{}")
    except (IndexError, ValueError) as error:
        raise Refused(f"{operation}: {answer[:200]!r} is no answer") from error
    if status >= 300:
        code, said = str(found.get("__type", status)).rpartition("#")[2], found.get("message") or found.get("Message") or ""
        raise Refused(f"An error occurred ({code}) when calling the {operation} operation: {said}")
    return found


def signed(
    host: str, region: str, keys: Keys, service: str, target: str, body: bytes, now: datetime.datetime | None = None
) -> dict[str, str]:
    """The headers of a request for ``/``."""
    moment = (now or datetime.datetime.now(datetime.UTC)).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-date": moment, "x-amz-target": target}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{keys.secret}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return {**headers, "authorization": f"{ALGORITHM} Credential={keys.access}/{scope}, SignedHeaders={names}, Signature={key.hex()}"}
