"""A proxy that treats its client as AWS and the network do on a bad day, or that is only slow.

``python -m tests.faults.proxy --listen 5200 --backend 4566 --throttle 0.5 --latency-ms 80``. Settings can be changed while it runs
(``POST /__ctl`` with JSON, names as in `Settings`), counts are at ``GET /__stats`` (``POST /__stats`` sets them to 0).

For each request, in this order and each with its own probability: throttled, answered 500, cut (never reaches the backend), lost
(reaches it, but the answer doesn't come back). With ``--kill-after-mutation K --kill-pid-file F`` the process in F
is killed with all its descendants
once the backend has answered the Kth request that changes something, before anybody hears of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import signal
import sys
from collections import Counter
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import parse_qs

from emulator.verbs import kind

_SCOPE = re.compile(rb"Credential=[^/]*/\d*/[^/]*/([^/]*)/aws4_request")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *(\S+)", re.IGNORECASE)
_FORM = re.compile(rb"\r\ncontent-type: *application/x-www-form-urlencoded", re.IGNORECASE)
MAX_HEAD_BYTES = 1 << 20


@dataclass
class Settings:
    """Probabilities (0 to 1), milliseconds before each request is passed on, and where to kill (0: nowhere)."""

    throttle: float = 0.0
    error_500: float = 0.0
    cut_before: float = 0.0
    lose_answer: float = 0.0
    latency_ms: float = 0.0
    kill_after_mutation: int = 0
    kill_pid_file: str = ""

    def update(self, wanted: dict[str, object]) -> None:
        known = {field.name for field in fields(self)}
        if unknown := set(wanted) - known:
            raise ValueError(f"unknown settings {sorted(unknown)}; there are {sorted(known)}")
        for name, value in wanted.items():
            setattr(self, name, type(getattr(self, name))(value))  # type: ignore[call-overload]


@dataclass(frozen=True)
class Message:
    """An HTTP request: its head with the empty line, and its body, both as they came."""

    head: bytes
    body: bytes

    @property
    def method(self) -> str:
        return self.head.split(b" ", 1)[0].decode()

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def service(self) -> str:
        """The name in the signature, or "" without one."""
        found = _SCOPE.search(self.head)
        return found[1].decode() if found else ""

    @property
    def operation(self) -> str | None:
        """The API's name of the operation, where the protocol says it."""
        if target := _TARGET.search(self.head):
            return target[1].decode().rpartition(".")[2]
        if _FORM.search(self.head):
            return parse_qs(self.body.decode()).get("Action", [None])[0]
        return None

    @property
    def mutates(self) -> bool:
        if self.operation:
            return kind(self.service, self.operation) == "write"
        return self.method not in ("GET", "HEAD", "OPTIONS")


class Proxy:
    """One proxy in front of one backend on 127.0.0.1."""

    def __init__(self, backend_port: int, settings: Settings, seed: int | None = None):
        self.settings = settings
        self.stats: Counter[str] = Counter()
        self._backend_port = backend_port
        self._chance = random.Random(seed)

    async def serve(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._client, "127.0.0.1", port, limit=MAX_HEAD_BYTES)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        backend: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while message := await _read_request(reader, writer):
                if message.path.startswith("/__"):
                    writer.write(self._control(message))
                    continue
                self.stats["requests"] += 1
                if self.settings.latency_ms:
                    await asyncio.sleep(self.settings.latency_ms / 1000)
                if answer := self._fault(message):
                    writer.write(answer)
                    continue
                if self._happens("cut_before"):
                    break
                backend = backend or await asyncio.open_connection("127.0.0.1", self._backend_port, limit=MAX_HEAD_BYTES)
                answer = await _ask(backend, message)
                if message.mutates:
                    self.stats["mutations"] += 1
                    if self._kill():
                        break
                if self._happens("lose_answer"):
                    break
                self.stats["passed"] += 1
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.stats["broken"] += 1
        finally:
            for end in (writer, backend[1] if backend else None):
                if end:
                    end.close()

    def _fault(self, message: Message) -> bytes | None:
        if self._happens("throttle"):
            return throttled(message)
        if self._happens("error_500"):
            return failed(message)
        return None

    def _happens(self, name: str) -> bool:
        probability = getattr(self.settings, name)
        happens = bool(probability) and self._chance.random() < probability
        self.stats[name] += happens
        return happens

    def _kill(self) -> bool:
        """Kill the process group if its time has come. Once: a second run through the same proxy lives."""
        if self.settings.kill_after_mutation != self.stats["mutations"] or self.stats["killed"]:
            return False
        self.stats["killed"] = 1
        kill_tree(int(Path(self.settings.kill_pid_file).read_text()))
        return True

    def _control(self, message: Message) -> bytes:
        if message.path == "/__stats":
            if message.method == "POST":
                self.stats.clear()
            return _answer(200, "application/json", json.dumps(self.stats))
        try:
            if message.method == "POST":
                self.settings.update(json.loads(message.body))
        except ValueError as error:
            return _answer(400, "application/json", json.dumps({"error": str(error)}))
        return _answer(200, "application/json", json.dumps(asdict(self.settings)))


def throttled(message: Message) -> bytes:
    """What the service of *message* answers when it is asked too often."""
    if message.service == "ec2":
        return _error(message, 503, "RequestLimitExceeded", "Request limit exceeded.")
    if message.service == "s3":
        return _error(message, 503, "SlowDown", "Please reduce your request rate.")
    if _FORM.search(message.head):
        return _error(message, 400, "Throttling", "Rate exceeded")
    return _error(message, 400, "ThrottlingException", "Rate exceeded")


def failed(message: Message) -> bytes:
    """What the service of *message* answers when it fails."""
    code = "InternalError" if message.service in ("ec2", "s3") else "InternalFailure"
    return _error(message, 500, code, "We encountered an internal error. Please try again.")


def _error(message: Message, status: int, code: str, text: str) -> bytes:
    """An error in the form of the protocol that *message* speaks."""
    if message.service == "ec2":
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors><RequestID>0</RequestID></Response>"
        return _answer(status, "text/xml", body)
    if message.service == "s3":
        return _answer(status, "application/xml", f"<Error><Code>{code}</Code><Message>{text}</Message></Error>", message.method)
    if _FORM.search(message.head) or message.service in ("route53", "cloudfront"):
        error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error>"
        return _answer(status, "text/xml", f"<ErrorResponse>{error}<RequestId>0</RequestId></ErrorResponse>")
    return _answer(status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": text}), code=code)


def kill_tree(pid: int) -> None:
    """SIGKILL *pid* and all its descendants, whatever sessions they have made. Stopped first, none can begin another meanwhile."""
    doomed = [pid]
    for parent in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(parent, signal.SIGSTOP)
        doomed += children_of(parent)
    for process in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    """The processes whose parent is *pid* (proc(5), stat field 4)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _answer(status: int, content_type: str, body: str, method: str = "GET", code: str = "") -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {len(body.encode())}\r\n"
    head += f"x-amzn-errortype: {code}\r\n" if code else ""
    return (head + "\r\n" + ("" if method == "HEAD" else body)).encode()


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Message | None:
    """The next request, or None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    if _EXPECT.search(head):
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = _EXPECT.sub(b"", head)
    return Message(head, await _read_body(reader, head))


async def _read_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if length := _LENGTH.search(head):
        return await reader.readexactly(int(length[1]))
    if not _CHUNKED.search(head):
        return b""
    parts = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        parts.append(line)
        if not size:
            break
        parts.append(await reader.readexactly(size + 2))
    while parts[-1] != b"\r\n":
        parts.append(await reader.readuntil(b"\r\n"))
    return b"".join(parts)


async def _ask(backend: tuple[asyncio.StreamReader, asyncio.StreamWriter], message: Message) -> bytes:
    """The backend's whole answer."""
    reader, writer = backend
    writer.write(message.head + message.body)
    await writer.drain()
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    if message.method == "HEAD" or status in (204, 304):
        return head
    return head + await _read_body(reader, head)


async def _run(options: argparse.Namespace) -> None:
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    server = await Proxy(options.backend, settings, options.seed).serve(options.listen)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(f"proxy: ready at http://127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    await stop.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.proxy", description="A faulty or slow network in front of AWS.")
    parser.add_argument("--listen", type=int, required=True, help="port on 127.0.0.1 (0: any free one)")
    parser.add_argument("--backend", type=int, required=True, help="port of the emulator on 127.0.0.1")
    parser.add_argument("--seed", type=int, help="makes the chances the same each time")
    for field in fields(Settings):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=type(field.default), default=field.default)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
