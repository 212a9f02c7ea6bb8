"""The messages of a data channel, byte for byte ("src/message" of AWS's public session-manager-plugin).

======  ===============  ==============================================================
offset  length in bytes  field
======  ===============  ==============================================================
0       4                length of the header: the offset of the payload's length (116)
4       32               type, in ASCII, filled with spaces
36      4                version of the schema (1)
40      8                time of creation, in milliseconds since 1970
48      8                sequence number, signed
56      8                flags: 1 SYN, 2 FIN
64      16               message id: the UUID's second half before its first
80      32               SHA-256 of the payload
112     4                type of the payload
116     4                length of the payload
120                      payload
======  ===============  ==============================================================

All numbers are big-endian.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
import uuid
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

#: Of the first message of a client, which is JSON.
SCHEMA = "1.0"

INPUT = "input_stream_data"
OUTPUT = "output_stream_data"
ACKNOWLEDGE = "acknowledge"
CHANNEL_CLOSED = "channel_closed"
START_PUBLICATION = "start_publication"
PAUSE_PUBLICATION = "pause_publication"

#: Types of the control flag payload.
DISCONNECT_TO_PORT, TERMINATE_SESSION, CONNECT_TO_PORT_ERROR = 1, 2, 3

SYN, FIN = 1, 2

_HEAD = struct.Struct(">I32sIQqQ16s32sII")
_HEADER_LENGTH = _HEAD.size - 4
_TYPE_LENGTH = 32


class Payload(IntEnum):
    """Types of a payload."""

    NONE = 0
    OUTPUT = 1
    ERROR = 2
    SIZE = 3
    PARAMETER = 4
    HANDSHAKE_REQUEST = 5
    HANDSHAKE_RESPONSE = 6
    HANDSHAKE_COMPLETE = 7
    ENCRYPTION_CHALLENGE_REQUEST = 8
    ENCRYPTION_CHALLENGE_RESPONSE = 9
    FLAG = 10
    STDERR = 11
    EXIT_CODE = 12


class InvalidMessage(ValueError):
    """What arrived is no message of a data channel."""


def _now() -> int:
    return int(time.time() * 1000)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. *created* is in milliseconds since 1970."""

    type: str
    payload: bytes = b""
    payload_type: int = Payload.NONE
    sequence_number: int = 0
    flags: int = 0
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    created: int = field(default_factory=_now)

    def packed(self) -> bytes:
        return (
            _HEAD.pack(
                _HEADER_LENGTH,
                self.type.encode("ascii").ljust(_TYPE_LENGTH),
                1,
                self.created,
                self.sequence_number,
                self.flags,
                self.id.bytes[8:] + self.id.bytes[:8],
                hashlib.sha256(self.payload).digest(),
                self.payload_type,
                len(self.payload),
            )
            + self.payload
        )

    @property
    def json(self) -> Any:
        """The payload, read as JSON. Raises InvalidMessage."""
        try:
            return json.loads(self.payload)
        except ValueError as error:
            raise InvalidMessage(f"{self.type} carries no JSON: {self.payload[:80]!r}") from error


def unpacked(data: bytes) -> Message:
    """The message in *data*. Raises InvalidMessage where a plugin would refuse it (``ClientMessage.Validate``)."""
    if len(data) < _HEAD.size:
        raise InvalidMessage(f"{len(data)} bytes are less than a header has ({_HEAD.size})")
    header_length, name, _version, created, number, flags, identity, digest, payload_type, length = _HEAD.unpack_from(data)
    if not _HEADER_LENGTH <= header_length <= len(data) - 4:
        raise InvalidMessage(f"a header of {header_length} bytes does not fit")
    payload = data[header_length + 4 :]
    kind = name.strip(b"\0 ").decode("ascii", "replace")
    if kind not in (START_PUBLICATION, PAUSE_PUBLICATION):
        if not kind or not created:
            raise InvalidMessage("a message has a type and a time of creation")
        if length and (length != len(payload) or hashlib.sha256(payload).digest() != digest):
            raise InvalidMessage(f"{kind} {number}: the payload is not what its digest says")
    return Message(kind, payload, payload_type, number, flags, uuid.UUID(bytes=identity[8:] + identity[:8]), created)


def acknowledgement(of: Message) -> Message:
    content = {
        "AcknowledgedMessageType": of.type,
        "AcknowledgedMessageId": str(of.id),
        "AcknowledgedMessageSequenceNumber": of.sequence_number,
        "IsSequentialMessage": True,
    }
    return Message(ACKNOWLEDGE, json.dumps(content).encode(), flags=SYN | FIN)


def channel_closed(session_id: str, target: str, output: str = "") -> Message:
    """The last message of a session. *output*: why it ended, for the user to read; empty where the user ended it."""
    identity, created = uuid.uuid4(), _now()
    content = {
        "MessageId": str(identity),
        "CreatedDate": str(created),
        "DestinationId": target,
        "SessionId": session_id,
        "MessageType": CHANNEL_CLOSED,
        "SchemaVersion": 1,
        "Output": output,
    }
    return Message(CHANNEL_CLOSED, json.dumps(content).encode(), id=identity, created=created)
