"""Data arrives once and in order, over a wire that loses, repeats and reorders."""

from __future__ import annotations

import random
import time

import pytest

from emulator.sessions import messages, streams
from emulator.sessions.streams import NotAcknowledged, Stream


class Wire:
    """Two streams, and what is under way between them."""

    def __init__(self):
        self.to_agent, self.to_client = [], []
        self.client = Stream(messages.INPUT, messages.OUTPUT, self.to_agent.append)
        self.agent = Stream(messages.OUTPUT, messages.INPUT, self.to_client.append)

    def deliver(self, turn=lambda data: data):
        """Let everything arrive that is under way; what each end got: (client's, agent's)."""
        got = ([], [])
        for end, way, found in ((self.agent, self.to_agent, got[1]), (self.client, self.to_client, got[0])):
            under_way = turn(list(way))
            way.clear()
            for data in under_way:
                found += [message.payload for message in end.take(messages.unpacked(data))]
        return got


def test_data_is_numbered_and_acknowledged():
    wire = Wire()
    wire.client.send(b"a")
    wire.client.send(b"b")
    assert [messages.unpacked(data).sequence_number for data in wire.to_agent] == [0, 1]
    assert [messages.unpacked(data).flags for data in wire.to_agent] == [0, 0]
    assert wire.client.waiting == 2
    assert wire.deliver() == ([], [b"a", b"b"])
    assert wire.client.waiting == 0


def test_what_is_early_waits_and_is_acknowledged():
    wire = Wire()
    for text in (b"a", b"b", b"c"):
        wire.client.send(text)
    first, second, third = wire.to_agent
    wire.to_agent[:] = [third, second]
    assert wire.deliver() == ([], [])
    assert wire.client.waiting == 1
    wire.to_agent[:] = [first]
    assert wire.deliver() == ([], [b"a", b"b", b"c"])


def test_what_came_before_is_acknowledged_and_not_taken_again():
    wire = Wire()
    wire.client.send(b"a")
    data = wire.to_agent[0]
    assert wire.deliver(lambda under_way: under_way * 2) == ([], [b"a"])
    wire.to_agent[:] = [data]
    assert wire.deliver()[1] == []


def test_what_nobody_acknowledges_is_sent_again(monkeypatch):
    wire = Wire()
    now = time.monotonic()
    monkeypatch.setattr(streams.time, "monotonic", lambda: now)
    wire.client.send(b"a")
    wire.client.send_again()
    assert len(wire.to_agent) == 1
    now += streams.FIRST_TIMEOUT + 0.01
    wire.client.send_again()
    assert wire.to_agent[0] == wire.to_agent[1]
    monkeypatch.setattr(streams, "MOST_SENDINGS", 1)
    now += 1.5
    with pytest.raises(NotAcknowledged, match="message 0 was sent 2 times"):
        wire.client.send_again()


def test_the_patience_follows_the_round_trip(monkeypatch):
    wire = Wire()
    now = time.monotonic()
    monkeypatch.setattr(streams.time, "monotonic", lambda: now)
    for _ in range(40):
        wire.client.send(b"a")
        now += 0.5
        wire.deliver()
    wire.client.send(b"late")
    wire.to_agent.clear()
    now += 0.45  # more than at first, less than the way takes
    wire.client.send_again()
    assert wire.to_agent == []
    now += 0.6
    wire.client.send_again()
    assert len(wire.to_agent) == 1


def test_a_connection_that_is_gone_loses_nothing(monkeypatch):
    wire = Wire()
    now = time.monotonic()
    monkeypatch.setattr(streams.time, "monotonic", lambda: now)

    def broken(_data):
        raise ConnectionError("gone")

    wire.client.transmit, kept = broken, wire.client.transmit
    wire.client.send(b"a")
    wire.client.transmit = kept
    now += 1
    wire.client.send_again()
    assert wire.deliver() == ([], [b"a"])


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_wire_carries_all_once_and_in_order(monkeypatch, seed):
    chance, wire = random.Random(seed), Wire()
    now = time.monotonic()
    monkeypatch.setattr(streams.time, "monotonic", lambda: now)
    sent = [b"%d" % number for number in range(300)]
    got = ([], [])

    def turn(under_way):
        kept = [data for data in under_way if chance.random() > 0.3]
        kept += [data for data in under_way if chance.random() < 0.2]
        chance.shuffle(kept)
        return kept

    for text in sent:
        wire.client.send(text)
        wire.agent.send(text)
    for _ in range(20_000):
        to_client, to_agent = wire.deliver(turn)
        got[0].extend(to_client)
        got[1].extend(to_agent)
        if not wire.client.waiting and not wire.agent.waiting:
            break
        now += 1.1
        wire.client.send_again()
        wire.agent.send_again()
    assert got == (sent, sent)
