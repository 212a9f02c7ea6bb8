"""The small client of WebSockets against the library's server."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from emulator.sessions.websocket import LONGEST, Connection


@pytest.fixture
def at():
    """Serves *handler*, and gives its address."""
    servers = []

    def served(handler):
        servers.append(serve(handler, "127.0.0.1", 0, compression=None, max_size=None))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"ws://127.0.0.1:{servers[-1].socket.getsockname()[1]}/v1/x?role=y"

    yield served
    for server in servers:
        server.shutdown()


def echo(connection):
    with suppress(ConnectionClosed):
        for data in connection:
            connection.send(data)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 0xFFFF, 0x10000, 200_001])
def test_a_message_of_any_size_goes_there_and_comes_back(at, size):
    connection = Connection(at(echo))
    sent = bytes(number % 251 for number in range(size))
    connection.send(sent)
    assert next(iter(connection)) == sent
    connection.close()


def test_the_server_sees_path_and_text(at):
    seen = []

    def handler(connection):
        seen.extend((connection.request.path, connection.recv()))

    connection = Connection(at(handler))
    connection.send("opening ä")
    assert list(connection) == []
    assert seen == ["/v1/x?role=y", "opening ä"]


def test_pings_are_answered_and_fragments_put_together(at):
    answered = []

    def handler(connection):
        answered.append(connection.ping().wait(10))
        connection.send([b"one ", b"two ", b"three"])
        connection.recv()

    connection = Connection(at(handler))
    assert next(iter(connection)) == b"one two three"
    assert answered == [True]
    connection.close()


def test_what_is_too_long_ends_it(at):
    connection = Connection(at(lambda connection: connection.send(bytes(LONGEST + 1))))
    assert list(connection) == []


def test_who_is_turned_away_is_told(at):
    def refuse(connection, _request):
        return connection.respond(403, "no")

    server = serve(echo, "127.0.0.1", 0, process_request=refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(ConnectionError, match="403"):
        Connection(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/")
    server.shutdown()


def test_a_connection_that_was_closed_sends_no_more(at):
    connection = Connection(at(echo))
    connection.close()
    with pytest.raises(OSError):
        connection.send(b"x")
    assert list(connection) == []
