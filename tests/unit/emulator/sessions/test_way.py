"""The way of files is there while a session is, and not longer."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from emulator.instances.machine import missing
from emulator.sessions import way

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")


class Machine:
    """This process's own network."""

    pid = os.getpid()


@pytest.fixture
def port(monkeypatch):
    """Where an emulator listens that says hello."""
    server = socket.create_server((way.HOST, 0))

    def answer():
        while True:
            try:
                client, _address = server.accept()
            except OSError:
                return
            with client:
                client.sendall(b"hello")

    threading.Thread(target=answer, daemon=True).start()
    monkeypatch.setenv("MOTO_PORT", str(server.getsockname()[1]))
    # One network is both sides here: the second would find the address taken.
    monkeypatch.setattr(way, "_here", [None])
    yield server.getsockname()[1]
    server.close()


def heard(port):
    try:
        with socket.create_connection((way.ADDRESS, port), timeout=5) as connection:
            return connection.recv(10)
    except ConnectionRefusedError:
        return None


def test_it_is_there_until_the_last_session_has_ended(port):
    assert heard(port) is None
    first, second = way.take(Machine()), way.take(Machine())
    assert heard(port) == b"hello"
    first()
    assert heard(port) == b"hello"
    second()
    assert heard(port) is None
    assert way._open == {}


def test_what_is_no_instance_needs_none(port):
    way.take(object())()
    assert heard(port) is None
