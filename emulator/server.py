"""A small HTTP/1.1 server: one thread a connection, keep-alive, an answer in one packet.

werkzeug's development server takes about a millisecond a request for itself; this one a tenth of it.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from io import BufferedIOBase

log = logging.getLogger("emulator.server")

MAX_LINE_BYTES = 65536
_REASONS = {status.value: status.phrase for status in HTTPStatus}
_NO_BODY = {204, 304}


@dataclass(frozen=True, slots=True)
class RawRequest:
    """An HTTP request as it came in. *target*: path and query, still encoded; header names as the client wrote them.

    *client*: the address that it came from.
    """

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    port: int
    client: str = "127.0.0.1"

    @property
    def host(self) -> str:
        """The host that is asked, without its port."""
        return next((value for name, value in self.headers if name.lower() == "host"), "").partition(":")[0].lower()


@dataclass(frozen=True, slots=True)
class RawResponse:
    """*drop*: close the connection without an answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""
    drop: bool = False


class BadRequest(Exception):
    """What came in isn't HTTP."""


class Server(socketserver.ThreadingTCPServer):
    """Answers every request by *handle*. Port 0: any free port (``server_address`` tells)."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, handle: Callable[[RawRequest], RawResponse]):
        self.handle = handle
        super().__init__((host, port), _Connection)

    def handle_error(self, request: object, client_address: object) -> None:
        log.exception("A connection of %s failed", client_address)


class _Connection(socketserver.StreamRequestHandler):
    server: Server
    disable_nagle_algorithm = True
    rbufsize = 65536

    def handle(self) -> None:
        try:
            while self._one_request():
                pass
        except (ConnectionError, TimeoutError):
            log.debug("%s hung up", self.client_address)
        except BadRequest as error:
            self._send(RawResponse(400, [("Content-Type", "text/plain")], str(error).encode()), "GET", keep=False)

    def _one_request(self) -> bool:
        """Read and answer a request; False at the end of the connection."""
        line = self.rfile.readline(MAX_LINE_BYTES)
        if not line.strip():
            return bool(line)
        try:
            method, target, version = line.decode("latin-1").split()
        except ValueError as error:
            raise BadRequest("no request line") from error
        target = _origin_form(target)
        headers = list(_read_headers(self.rfile))
        known = {name.lower(): value for name, value in headers}
        if known.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = _read_body(self.rfile, known)
        connection = known.get("connection", "").lower()
        keep = connection != "close" and (version != "HTTP/1.0" or connection == "keep-alive")
        response = self.server.handle(RawRequest(method, target, headers, body, self.server.server_address[1], self.client_address[0]))
        if response.drop:
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self._send(response, method, keep)
        return keep

    def _send(self, response: RawResponse, method: str, keep: bool) -> None:
        head = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}", f"Date: {_date(int(time.time()))}"]
        # A HEAD's answer carries the length of what a GET would have sent (RFC 9110, 8.6).
        keeps_length = method == "HEAD"
        has_length = False
        for name, value in response.headers:
            lowered = name.lower()
            if lowered == "content-length":
                if not keeps_length:
                    continue
                has_length = True
            elif lowered in ("date", "connection", "transfer-encoding"):
                continue
            head.append(f"{name}: {value}")
        body = b"" if method == "HEAD" or response.status in _NO_BODY else response.body
        if not has_length and response.status not in _NO_BODY:
            head.append(f"Content-Length: {len(response.body)}")
        if not keep:
            head.append("Connection: close")
        self.connection.sendall("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body)


def _origin_form(target: str) -> str:
    """Path and query of *target*, which clients that go through a proxy send with scheme and host (RFC 9112, 3.2.2)."""
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in ("http", "https"):
        return target
    path = rest.find("/")
    return rest[path:] if path >= 0 else "/"


def _read_headers(stream: BufferedIOBase):
    while True:
        line = stream.readline(MAX_LINE_BYTES)
        if line in (b"\r\n", b"\n", b""):
            return
        name, separator, value = line.decode("latin-1").partition(":")
        if not separator:
            raise BadRequest("a header without a colon")
        yield name.strip(), value.strip()


def _read_body(stream: BufferedIOBase, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _read_chunks(stream)
    length = int(headers.get("content-length") or 0)
    body = stream.read(length) if length else b""
    if len(body) < length:
        raise ConnectionResetError("the body ended early")
    return body


def _read_chunks(stream: BufferedIOBase) -> bytes:
    parts = []
    while size := int(stream.readline(MAX_LINE_BYTES).split(b";")[0] or b"0", 16):
        parts.append(stream.read(size))
        stream.readline(MAX_LINE_BYTES)
    while stream.readline(MAX_LINE_BYTES).strip():
        pass  # trailers
    return b"".join(parts)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
