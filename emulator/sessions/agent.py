"""The SSM agent's end of a session: it shakes hands, starts a shell on its machine, and carries what both say.

What it sends in which order is what AWS's public session-manager-plugin expects ("src/datachannel"); what the plugin can't
show was taken from amazon-ssm-agent's public documentation.
"""

from __future__ import annotations

import base64
import fcntl
import json
import logging
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from emulator.sessions import messages, streams, way
from emulator.sessions.encryption import Cipher, context_of
from emulator.sessions.messages import InvalidMessage, Message, Payload
from emulator.sessions.transcript import Destinations, Transcript

log = logging.getLogger("emulator.sessions")

VERSION = "3.3.2299.0"
#: Messages that may wait for their acknowledgement before the shell's output is held back.
MOST_WAITING = 512
#: Seconds between two looks whether the shell has ended.
LOOK = 0.1
#: Seconds that a shell has after SIGHUP.
GRACE = 2.0


class Machine(Protocol):
    """What a session runs on."""

    def shell(self) -> list[str]:
        """The command that starts a shell there."""

    def client(self, service: str) -> Any:
        """A boto3 client with the machine's own credentials."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """Of the session's document. *key*: the KMS key that encrypts it, or None. Times are in seconds."""

    key: str | None = None
    idle_timeout: float = 20 * 60
    most_seconds: float | None = None
    profile: str = ""
    logs: Destinations = field(default_factory=Destinations)

    @classmethod
    def of(cls, inputs: dict[str, Any]) -> Preferences:
        """From a document's inputs, in which times are minutes, as text ("Session document schema", AWS Systems Manager User Guide)."""
        idle, longest = inputs.get("idleSessionTimeout"), inputs.get("maxSessionDuration")
        return cls(
            inputs.get("kmsKeyId") or None,
            60 * float(idle or 20),
            60 * float(longest) if longest else None,
            (inputs.get("shellProfile") or {}).get("linux") or "",
            Destinations.of(inputs),
        )


class Agent:
    """One session's agent. *ended* is told why it ended; *owner* is the ARN of who began it."""

    def __init__(
        self, session_id: str, target: str, machine: Machine, preferences: Preferences, ended: Callable[[str], None], owner: str = ""
    ):
        self.session_id, self.target, self.machine, self.preferences = session_id, target, machine, preferences
        self._ended = ended
        self._lock = threading.RLock()
        self._transmit: Callable[[bytes], None] | None = None
        self._hang_up: Callable[[], None] = lambda: None
        self._stream = streams.Stream(messages.OUTPUT, messages.INPUT, self._send)
        self._over = threading.Event()
        self._begun = self._heard = time.monotonic()
        self._asked = False
        self._cipher: Cipher | None = None
        self._challenge = b""
        self._shell: subprocess.Popen[bytes] | None = None
        self._terminal = -1
        self._transcript = Transcript(session_id, target, owner, preferences.logs, machine.client)
        self._close_way: Callable[[], None] = lambda: None

    def connect(self, transmit: Callable[[bytes], None], hang_up: Callable[[], None]) -> None:
        """A client is there: the first, or one whose connection was lost and who resumes the session."""
        with self._lock:
            self._transmit, self._hang_up = transmit, hang_up
            if self._asked:
                return
            self._asked = True
        streams.keep_sending(self._stream, self._over, lambda error: self.end(str(error)))
        threading.Thread(target=self._watch, name=self.session_id, daemon=True).start()
        self._ask()

    def disconnect(self, transmit: Callable[[bytes], None]) -> None:
        """The connection is gone. The session waits for one that resumes it."""
        with self._lock:
            if self._transmit is transmit:
                self._transmit = None

    def receive(self, data: bytes) -> None:
        """Take what the client sent. What is no message is left alone, as AWS's agent does."""
        try:
            for message in self._stream.take(messages.unpacked(data)):
                self._heard = time.monotonic()
                self._take(message)
        except InvalidMessage as error:
            log.warning("%s: %s", self.session_id, error)

    def end(self, output: str = "") -> None:
        """End the session and its shell. *output*: why, for its user to read."""
        with self._lock:
            if self._over.is_set():
                return
            self._over.set()
        self._stop_shell()
        self._close_way()
        self._transcript.end()
        self._ended(output)
        with suppress(ConnectionError):  # who is not there does not hear it
            self._send(messages.channel_closed(self.session_id, self.target, output).packed())
        self._hang_up()

    def _send(self, data: bytes) -> None:
        with self._lock:
            transmit = self._transmit
        if transmit is None:
            raise ConnectionError("nobody is connected")
        transmit(data)

    def _ask(self) -> None:
        actions: list[dict[str, Any]] = []
        if self.preferences.key:
            actions.append({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": self.preferences.key}})
        actions.append({"ActionType": "SessionType", "ActionParameters": {"SessionType": "Standard_Stream", "Properties": None}})
        self._say(Payload.HANDSHAKE_REQUEST, {"AgentVersion": VERSION, "RequestedClientActions": actions})

    def _say(self, kind: Payload, content: dict[str, Any]) -> None:
        self._stream.send(json.dumps(content).encode(), kind)

    def _take(self, message: Message) -> None:
        match message.payload_type:
            case Payload.HANDSHAKE_RESPONSE:
                self._answered(message.json)
            case Payload.ENCRYPTION_CHALLENGE_RESPONSE:
                self._proven(message.json)
            case Payload.SIZE:
                self._resize(message.json)
            case Payload.OUTPUT:
                self._type(self._cipher.decrypt(message.payload) if self._cipher else message.payload)
            case Payload.FLAG if message.payload == struct.pack(">I", messages.TERMINATE_SESSION):
                self.end()
            case _:
                log.warning("%s: a payload of type %s means nothing to a shell", self.session_id, message.payload_type)

    def _decrypt(self, data_key: bytes) -> bytes:
        context = context_of(self.session_id, self.target)
        return self.machine.client("kms").decrypt(CiphertextBlob=data_key, EncryptionContext=context)["Plaintext"]

    def _answered(self, content: dict[str, Any]) -> None:
        done = {action["ActionType"]: action for action in content["ProcessedClientActions"]}
        wanted = ["KMSEncryption", "SessionType"] if self.preferences.key else ["SessionType"]
        for action in wanted:
            if done.get(action, {}).get("ActionStatus") != 1:
                reason = done.get(action, {}).get("Error") or "it did not answer"
                self.end(f"Handshake failed: the client could not do {action}: {reason}")
                return
        if not self.preferences.key:
            self._complete()
            return
        try:
            data_key = self._decrypt(base64.b64decode(done["KMSEncryption"]["ActionResult"]["KMSCipherTextKey"]))
        except Exception as error:  # whatever KMS says is for the user to read
            self.end(f"Encountered error while initiating handshake. Fetching data key failed: {error}")
            return
        cipher, self._challenge = Cipher.of_agent(data_key), os.urandom(64)
        self._cipher = cipher
        self._say(Payload.ENCRYPTION_CHALLENGE_REQUEST, {"Challenge": base64.b64encode(cipher.encrypt(self._challenge)).decode()})

    def _proven(self, content: dict[str, Any]) -> None:
        if self._cipher is None or self._cipher.decrypt(base64.b64decode(content["Challenge"])) != self._challenge:
            self.end("Handshake failed: the encryption challenge does not match")
            return
        self._complete()

    def _complete(self) -> None:
        took = int((time.monotonic() - self._begun) * 1e9)
        message = "This session is encrypted using AWS KMS." if self.preferences.key else ""
        self._say(Payload.HANDSHAKE_COMPLETE, {"HandshakeTimeToComplete": took, "CustomerMessage": message})
        if refusal := self._transcript.refusal():
            self.end(refusal)
            return
        self._start_shell()

    def _start_shell(self) -> None:
        self._close_way = way.take(self.machine)
        self._terminal, inside = pty.openpty()
        # The first terminal that a session's first process opens is its controlling terminal, which Control-C needs. When it is
        # open, standard output is no longer the pipe.
        command = ["sh", "-c", 'exec <>"$0" >&0 2>&0; exec "$@"', os.ttyname(inside), *self.machine.shell()]
        self._shell = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        with self._shell.stdout as opened:
            opened.read()
        os.close(inside)
        if self._over.is_set():  # it was ended meanwhile
            self._stop_shell()
        self._transcript.begin()
        threading.Thread(target=self._carry, name=f"{self.session_id} output", daemon=True).start()
        if self.preferences.profile:
            self._type(self.preferences.profile.encode() + b"\n")

    def _carry(self) -> None:
        """What the shell writes, to the client, until the shell has ended."""
        while written := self._read():
            self._transcript.write(written)
            while self._stream.waiting > MOST_WAITING and not self._over.wait(0.01):
                pass
            self._stream.send(self._cipher.encrypt(written) if self._cipher else written)
        deadline = time.monotonic() + GRACE
        while self._stream.waiting and time.monotonic() < deadline and not self._over.wait(0.01):
            pass
        self.end()
        with self._lock:
            terminal, self._terminal = self._terminal, -1
        os.close(terminal)

    def _read(self) -> bytes:
        """What the shell writes next; nothing when it has ended, even if a process that it left behind holds the terminal."""
        while not select.select([self._terminal], [], [], LOOK)[0]:
            if self._shell is None or self._shell.poll() is not None:
                return b""
        try:
            return os.read(self._terminal, streams.PAYLOAD_SIZE)
        except OSError:  # on Linux the end of a terminal's last process is an error
            return b""

    def _type(self, data: bytes) -> None:
        view = memoryview(data)
        with suppress(OSError):  # the shell has ended
            while view and (terminal := self._terminal) >= 0:
                view = view[os.write(terminal, view) :]

    def _resize(self, size: dict[str, int]) -> None:
        if self._terminal >= 0:
            with suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", size["rows"], size["cols"], 0, 0))

    def _stop_shell(self) -> None:
        """End the shell and what it runs, as a terminal that is hung up does, and what does not heed that. What has left the terminal's
        session stays, such as a daemon."""
        shell = self._shell
        if shell is None:
            return
        for number, patience in ((signal.SIGHUP, GRACE), (signal.SIGKILL, GRACE)):
            deadline = time.monotonic() + patience
            while found := _session(shell.pid):
                for pid in found:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
                if shell.poll() is not None and not _session(shell.pid):
                    return
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
        shell.poll()

    def _watch(self) -> None:
        """End the session when nobody types for too long, or when it lasts too long."""
        while not self._over.wait(0.2):
            now, longest = time.monotonic(), self.preferences.most_seconds
            if now - self._heard > self.preferences.idle_timeout:
                self.end("Session timed out due to inactivity")
            elif longest and now - self._begun > longest:
                self.end("Session timed out: it reached its maximum duration")


def _session(leader: int) -> list[int]:
    """The processes in the session that *leader* leads."""
    found = []
    for path in Path("/proc").iterdir():
        # Asked for each rather than read: reading all of them takes some fifty times as long.
        with suppress(ValueError, OSError):
            if os.getsid(pid := int(path.name)) == leader and _runs(pid):
                found.append(pid)
    return found


def _runs(pid: int) -> bool:
    """Whether *pid* has not ended, as one has for which only its parent has still to look."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] not in "ZX"
