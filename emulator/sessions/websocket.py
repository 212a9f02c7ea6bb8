"""As much of a client of WebSockets (RFC 6455) as a data channel needs: a library's import would take longer than a session's handshake."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_FIN, _MASKED = 0x80, 0x80
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: Seconds in which a connection must stand, and bytes that a head or a message may have.
OPENING, LONGEST = 10.0, 1 << 20


class Connection:
    """A connection to *url*. Raises ConnectionError where it does not come about, and from all that follows when it is gone."""

    def __init__(self, url: str):
        address = urlsplit(url)
        secure = address.scheme == "wss"
        host, port = address.hostname or "", address.port or (443 if secure else 80)
        self._socket = socket.create_connection((host, port), timeout=OPENING)
        try:
            if secure:
                import ssl

                self._socket = ssl.create_default_context().wrap_socket(self._socket, server_hostname=host)
            self._read = self._socket.makefile("rb")
            self._sending = threading.Lock()
            self._upgrade(f"{address.path or '/'}{'?' * bool(address.query)}{address.query}", address.netloc)
            self._socket.settimeout(None)
        except OSError:
            self._socket.close()
            raise

    def send(self, data: str | bytes) -> None:
        if isinstance(data, str):
            self._frame(TEXT, data.encode())
        else:
            self._frame(BINARY, data)

    def __iter__(self) -> Iterator[bytes]:
        """What the other side sends, until it closes the connection or that is gone."""
        message = b""
        while True:
            try:
                final, kind, payload = self._next()
            except OSError:
                return
            if kind == PING:
                with suppress(OSError):
                    self._frame(PONG, payload)
            elif kind == CLOSE:
                with suppress(OSError):
                    self._frame(CLOSE, payload[:2])
                return
            elif kind in (TEXT, BINARY, CONTINUATION):
                message += payload
                if len(message) > LONGEST:
                    return
                if final:
                    yield message
                    message = b""

    def close(self) -> None:
        """Say so, and do not wait for the answer."""
        with suppress(OSError):
            self._frame(CLOSE, struct.pack(">H", 1000))
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _upgrade(self, target: str, host: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (f"GET {target} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade")
        head = "\r\n".join((*lines, f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""))
        self._socket.sendall(head.encode())
        status = self._read.readline(LONGEST)
        headers: dict[bytes, bytes] = {}
        while (line := self._read.readline(LONGEST)).strip():
            name, _colon, value = line.partition(b":")
            headers[name.strip().lower()] = value.strip()
        expected = base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest())
        if b" 101 " not in status or headers.get(b"sec-websocket-accept") != expected:
            raise ConnectionError(f"no WebSocket: {status.decode(errors='replace').strip() or 'no answer'}")

    def _frame(self, kind: int, payload: bytes) -> None:
        """Send one frame, masked as a client's must be."""
        length, mask = len(payload), os.urandom(4)
        if length < 126:
            size = struct.pack(">B", _MASKED | length)
        elif length <= 0xFFFF:
            size = struct.pack(">BH", _MASKED | 126, length)
        else:
            size = struct.pack(">BQ", _MASKED | 127, length)
        many = mask * (length // 4 + 1)
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(many[:length], "big")).to_bytes(length, "big")
        with self._sending:
            self._socket.sendall(bytes((_FIN | kind,)) + size + mask + masked)

    def _next(self) -> tuple[bool, int, bytes]:
        first, length = self._exactly(2)
        length &= 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._exactly(8))
        if length > LONGEST:
            raise ConnectionError(f"a frame of {length} bytes")
        return bool(first & _FIN), first & 0x0F, self._exactly(length)

    def _exactly(self, count: int) -> bytes:
        try:
            data = self._read.read(count)
        except ValueError as error:  # closed by another thread
            raise ConnectionError("closed") from error
        if len(data) < count:
            raise ConnectionError("the other side is gone")
        return data
