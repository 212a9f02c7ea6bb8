"""Messages of a data channel, byte for byte."""

from __future__ import annotations

import hashlib
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sessions import messages
from emulator.sessions.messages import InvalidMessage, Message, Payload, unpacked

IDENTITY = uuid.UUID("dd01e56b-ff48-483e-a508-b5f073f31b16")


def test_the_layout_is_that_of_the_plugin():
    """Written out by hand, field by field, so that packing and unpacking can't be wrong in the same way."""
    data = Message(messages.INPUT, b"ls\r", Payload.OUTPUT, 7, messages.SYN, IDENTITY, 1503434274948).packed()
    assert data == (
        b"\x00\x00\x00\x74"
        + b"input_stream_data               "
        + b"\x00\x00\x00\x01"
        + struct.pack(">Q", 1503434274948)
        + b"\x00\x00\x00\x00\x00\x00\x00\x07"
        + b"\x00\x00\x00\x00\x00\x00\x00\x01"
        + bytes.fromhex("a508b5f073f31b16")
        + bytes.fromhex("dd01e56bff48483e")
        + hashlib.sha256(b"ls\r").digest()
        + b"\x00\x00\x00\x01"
        + b"\x00\x00\x00\x03"
        + b"ls\r"
    )


@given(
    kind=st.sampled_from([messages.INPUT, messages.OUTPUT, messages.ACKNOWLEDGE, messages.CHANNEL_CLOSED]),
    payload=st.binary(max_size=1500),
    payload_type=st.sampled_from(list(Payload)),
    number=st.integers(0, 2**63 - 1),
    flags=st.integers(0, 3),
    identity=st.uuids(),
    created=st.integers(1, 2**64 - 1),
)
def test_what_was_packed_is_unpacked(kind, payload, payload_type, number, flags, identity, created):
    message = Message(kind, payload, payload_type, number, flags, identity, created)
    assert unpacked(message.packed()) == message


@pytest.mark.parametrize(
    "turn",
    [
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:-1] + b"X",
        lambda data: b"\x00\x00\x00\x00" + data[4:],
        lambda data: b"\xff\xff\xff\xff" + data[4:],
        lambda data: data[:4] + b" " * 32 + data[36:],
        lambda data: data[:40] + bytes(8) + data[48:],
        lambda data: b"",
    ],
    ids=["short", "cut", "longer", "other payload", "no header", "endless header", "no type", "no time", "nothing"],
)
def test_what_is_no_message_is_refused(turn):
    data = Message(messages.OUTPUT, b"some output", Payload.OUTPUT).packed()
    assert unpacked(data)
    with pytest.raises(InvalidMessage):
        unpacked(turn(data))


def test_an_acknowledgement_names_its_message():
    data = Message(messages.OUTPUT, b"x", Payload.OUTPUT, 12, id=IDENTITY)
    found = unpacked(messages.acknowledgement(data).packed())
    assert (found.type, found.flags, found.sequence_number) == ("acknowledge", 3, 0)
    assert found.json == {
        "AcknowledgedMessageType": "output_stream_data",
        "AcknowledgedMessageId": str(IDENTITY),
        "AcknowledgedMessageSequenceNumber": 12,
        "IsSequentialMessage": True,
    }


def test_the_end_of_a_session_is_told():
    found = messages.channel_closed("emulator-1", "i-1", "too late").json
    assert (found["SessionId"], found["DestinationId"], found["MessageType"], found["Output"]) == (
        "emulator-1",
        "i-1",
        "channel_closed",
        "too late",
    )
