"""Data in both directions over a data channel that may lose, repeat and reorder what it carries.

Each message has a number and is sent again until it is acknowledged. How long to wait for that follows the time that
acknowledgements take, as in AWS's plugin ("src/datachannel" and "src/config" of AWS's public session-manager-plugin).
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from emulator.sessions import messages
from emulator.sessions.messages import Message

#: Seconds between two looks at what is not acknowledged.
LOOK = 0.1
#: Looks after which a message that nobody acknowledges ends the session: five minutes.
MOST_SENDINGS = 3000
FIRST_TIMEOUT, LONGEST_TIMEOUT, GRANULARITY = 0.2, 1.0, 0.01
FIRST_ROUND_TRIP = 0.1
#: Weights of a new measure in the round trip time, and in its variation (RFC 6298).
TRIP_WEIGHT, VARIATION_WEIGHT = 1 / 8, 1 / 4
#: Messages that are kept in either direction.
CAPACITY = 10_000
#: Bytes in a message with data.
PAYLOAD_SIZE = 1024


class NotAcknowledged(ConnectionError):
    """The other side did not acknowledge a message for five minutes."""


@dataclass(slots=True)
class _Sent:
    data: bytes
    at: float
    sendings: int = 1


class Stream:
    """One end of a channel.

    *outgoing* and *incoming* are the types of messages with data; *send* puts bytes on the wire. It may be replaced when a
    connection is (C(ResumeSession)): what was not acknowledged goes over the new one.
    """

    def __init__(self, outgoing: str, incoming: str, send: Callable[[bytes], None]):
        self.outgoing, self.incoming, self.transmit = outgoing, incoming, send
        self._lock = threading.RLock()
        self._next, self._expected = 0, 0
        self._sent: OrderedDict[int, _Sent] = OrderedDict()
        self._early: dict[int, Message] = {}
        self._trip, self._variation, self._timeout = FIRST_ROUND_TRIP, 0.0, FIRST_TIMEOUT

    def send(self, payload: bytes, payload_type: int = messages.Payload.OUTPUT) -> None:
        """Send *payload*, in one message."""
        with self._lock:
            data = Message(self.outgoing, payload, payload_type, self._next).packed()
            if len(self._sent) >= CAPACITY:
                self._sent.popitem(last=False)
            self._sent[self._next] = _Sent(data, time.monotonic())
            self._next += 1
            self._put(data)

    def take(self, message: Message) -> list[Message]:
        """Acknowledge *message*, or take an acknowledgement; the messages with data that are now in order, oldest first."""
        with self._lock:
            if message.type == messages.ACKNOWLEDGE:
                self._acknowledged(message)
                return []
            if message.type != self.incoming:
                return []
            if message.sequence_number > self._expected and len(self._early) >= CAPACITY:
                return []  # not acknowledged: it is sent again
            self._put(messages.acknowledgement(message).packed())
            if message.sequence_number >= self._expected:
                self._early[message.sequence_number] = message
            found = []
            while (ready := self._early.pop(self._expected, None)) is not None:
                found.append(ready)
                self._expected += 1
            return found

    def send_again(self) -> None:
        """Send the oldest message that waits too long for its acknowledgement. Raises NotAcknowledged."""
        with self._lock:
            if not self._sent:
                return
            number, oldest = next(iter(self._sent.items()))
            if time.monotonic() - oldest.at <= self._timeout:
                return
            if oldest.sendings > MOST_SENDINGS:
                raise NotAcknowledged(f"message {number} was sent {oldest.sendings} times")
            oldest.sendings += 1
            oldest.at = time.monotonic()
            self._put(oldest.data)

    @property
    def waiting(self) -> int:
        """Messages that were sent and are not acknowledged."""
        with self._lock:
            return len(self._sent)

    def _put(self, data: bytes) -> None:
        with suppress(OSError):  # as good as lost: it is sent again, over this connection or over the one that replaces it
            self.transmit(data)

    def _acknowledged(self, message: Message) -> None:
        sent = self._sent.pop(message.json["AcknowledgedMessageSequenceNumber"], None)
        if sent is None:
            return
        trip = time.monotonic() - sent.at
        self._variation = (1 - VARIATION_WEIGHT) * self._variation + VARIATION_WEIGHT * abs(self._trip - trip)
        self._trip = (1 - TRIP_WEIGHT) * self._trip + TRIP_WEIGHT * trip
        self._timeout = min(self._trip + max(GRANULARITY, 4 * self._variation), LONGEST_TIMEOUT)


def keep_sending(stream: Stream, ended: threading.Event, failed: Callable[[Exception], None]) -> threading.Thread:
    """Look after what *stream* has sent, until *ended*."""

    def look() -> None:
        while not ended.wait(LOOK):
            try:
                stream.send_again()
            except NotAcknowledged as error:
                failed(error)
                return

    thread = threading.Thread(target=look, name="data channel", daemon=True)
    thread.start()
    return thread
