"""The endpoint of data channels: ``ws://127.0.0.1:<port>/v1/data-channel/<session id>``."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.sync.server import Server, ServerConnection, serve

from emulator.sessions.agent import Agent
from emulator.sessions.messages import SCHEMA

log = logging.getLogger("emulator.sessions")

PATH = "/v1/data-channel/"
#: Seconds that a client has to show its token.
OPENING = 10.0


@dataclass(slots=True)
class Channel:
    """A session that waits for its client. Its tokens are good once each."""

    agent: Agent
    tokens: set[str] = field(default_factory=set)


class DataChannels:
    """All data channels of an emulator."""

    def __init__(self, host: str, port: int = 0):
        self._channels: dict[str, Channel] = {}
        self._lock = threading.Lock()
        self._server: Server = serve(self._serve, host, port, compression=None, max_size=1 << 20)
        self._host, self.port = host, self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, name="data channels", daemon=True).start()

    def open(self, session_id: str, agent: Agent) -> dict[str, str]:
        """Let a client connect to *agent*: C(TokenValue) and C(StreamUrl), as StartSession answers them."""
        with self._lock:
            self._channels[session_id] = Channel(agent)
        return self.token(session_id)

    def token(self, session_id: str) -> dict[str, str]:
        """Another token for a session (ResumeSession). Raises KeyError where there is no such session."""
        made = secrets.token_urlsafe(128)
        with self._lock:
            self._channels[session_id].tokens.add(made)
        url = f"ws://{self._host}:{self.port}{PATH}{session_id}?role=publish_subscribe"
        return {"TokenValue": made, "StreamUrl": url}

    def forget(self, session_id: str) -> None:
        with self._lock:
            self._channels.pop(session_id, None)

    def close(self) -> None:
        """End all sessions, and listen no longer."""
        with self._lock:
            agents = [channel.agent for channel in self._channels.values()]
        for agent in agents:
            agent.end("The service is going down")
        self._server.shutdown()

    def _serve(self, connection: ServerConnection) -> None:
        agent = self._admitted(connection)
        if agent is None:
            connection.close(CloseCode.POLICY_VIOLATION, "the token is not valid")
            return

        def transmit(data: bytes) -> None:
            try:
                connection.send(data)
            except ConnectionClosed as error:
                raise ConnectionError(str(error)) from error

        agent.connect(transmit, connection.close)
        try:
            for data in connection:
                if isinstance(data, bytes):
                    agent.receive(data)
        except ConnectionClosed as error:
            log.info("a client is gone: %s", error)
        finally:
            agent.disconnect(transmit)

    def _admitted(self, connection: ServerConnection) -> Agent | None:
        """The agent of the session that the client names, if its first message has a token for it."""
        path = urlsplit(connection.request.path if connection.request else "").path
        try:
            opening: dict[str, Any] = json.loads(connection.recv(OPENING))
            token, schema = str(opening["TokenValue"]), opening["MessageSchemaVersion"]
        except (TimeoutError, ConnectionClosed, ValueError, KeyError, TypeError):
            return None
        with self._lock:
            channel = self._channels.get(path.removeprefix(PATH))
            if channel is None or schema != SCHEMA:
                return None
            good = [known for known in channel.tokens if hmac.compare_digest(known, token)]
            channel.tokens.difference_update(good)
            return channel.agent if good else None
