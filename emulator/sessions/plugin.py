"""A stand-in for AWS's session-manager-plugin, for inventories/local: same arguments, same protocol, shells only.

session-manager-plugin RESPONSE REGION StartSession PROFILE PARAMETERS [ENDPOINT]

RESPONSE is the answer of StartSession as JSON, or the name of an environment variable that holds it. What is typed goes to the
shell; standard output is what the shell writes, between AWS's lines on the session's beginning and end.

Where AWS's plugin leaves a session to its idle timeout, this one ends it: when its input ends, when it is told to end, and when the
run that it was started in is gone.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import struct
import sys
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from emulator.sessions import messages, streams
from emulator.sessions.calls import Keys, Refused, call
from emulator.sessions.encryption import KEY_SIZE, Cipher, context_of
from emulator.sessions.messages import SCHEMA, InvalidMessage, Message, Payload
from emulator.sessions.websocket import Connection

#: The release of AWS's plugin whose behaviour this follows.
VERSION = "1.2.764.0"
IN_THE_ENVIRONMENT = "AWS_SSM_START_SESSION_RESPONSE"
CONTROL = {signal.SIGINT: b"\x03", signal.SIGQUIT: b"\x1c", signal.SIGTSTP: b"\x1a"}
#: Where no terminal tells its size.
COLUMNS, ROWS = 300, 100
RESUMES = 5
#: Seconds between two looks whether the run is still there, and for which the other side may be told that the session ends.
LOOK, FAREWELL = 0.5, 2.0


class Session:
    """One session, from the plugin's side."""

    def __init__(self, response: dict[str, str], region: str, profile: str, target: str, endpoint: str):
        self.id, self.url, self.token = response["SessionId"], response["StreamUrl"], response["TokenValue"]
        self.target, self._client_id = target, str(uuid.uuid4())
        self._region, self._profile, self._endpoint = region, profile, endpoint
        self._stream = streams.Stream(messages.INPUT, messages.OUTPUT, self._send)
        self._connection: Connection | None = None
        self._cipher: Cipher | None = None
        self._ready, self._over = threading.Event(), threading.Event()
        self._leaving = threading.Lock()
        self._run = _Run()

    def run(self) -> None:
        """Until the session has ended, or standard input has, or who wants it is gone."""
        _print(f"\nStarting session with SessionId: {self.id}\n")
        self._open()
        streams.keep_sending(self._stream, self._over, self._terminate)
        threading.Thread(target=self._listen, name="listen", daemon=True).start()
        threading.Thread(target=self._type, name="type", daemon=True).start()
        while not self._over.wait(LOOK):
            if self._run.over():
                self.leave()
                self._run.end()
        if self._connection is not None:
            self._connection.close()

    def leave(self) -> None:
        """End the session, with its shell and all that runs in it."""
        if not self._leaving.acquire(blocking=False):
            return
        self._stream.send(struct.pack(">I", messages.TERMINATE_SESSION), Payload.FLAG)
        deadline = time.monotonic() + FAREWELL
        while self._stream.waiting and time.monotonic() < deadline and not self._over.wait(0.005):
            pass
        self._over.set()

    def send_signal(self, number: int) -> None:
        if self._ready.is_set():
            self._say(CONTROL[signal.Signals(number)])

    def _call(self, service: str, operation: str, **content: Any) -> dict[str, Any]:
        """Raises Refused with what the service said."""
        keys = None if self._profile else Keys.of_environment()
        if keys and self._endpoint.startswith("http://"):
            return call(self._endpoint, self._region, keys, service, operation, content)
        import boto3  # for profiles and the like; it takes as long to load as all the rest of a session
        from botocore.exceptions import BotoCoreError, ClientError

        session = boto3.session.Session(profile_name=self._profile or None)
        try:
            client = session.client(service, region_name=self._region or None, endpoint_url=self._endpoint or None)
            return client._make_api_call(operation, content)
        except (BotoCoreError, ClientError) as error:
            raise Refused(str(error)) from error

    def _open(self) -> None:
        connection = Connection(self.url)
        opening = {
            "MessageSchemaVersion": SCHEMA,
            "RequestId": str(uuid.uuid4()),
            "TokenValue": self.token,
            "ClientId": self._client_id,
            "ClientVersion": VERSION,
        }
        connection.send(json.dumps(opening))
        # Not before: another thread sends again what nobody has acknowledged, and a channel that hears anything else first closes.
        self._connection = connection

    def _send(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.send(data)

    def _listen(self) -> None:
        while not self._over.is_set():
            for data in self._connection or ():
                self._receive(data)
                if self._over.is_set():
                    return
            if not self._over.is_set() and not self._resume():
                self._over.set()

    def _resume(self) -> bool:
        """Whether the session goes on over a new connection."""
        for attempt in range(RESUMES):
            time.sleep(0.1 * 2**attempt)
            try:
                answer = self._call("ssm", "ResumeSession", SessionId=self.id)
                if not answer.get("TokenValue"):
                    _print(f"Session: {self.id} timed out.\n")
                    return False
                self.token, self.url = answer["TokenValue"], answer["StreamUrl"]
                self._open()
                return True
            except OSError as error:
                last = error
            except Refused as error:  # nothing that another attempt would change
                _print(f"Cannot resume session: {error}\n")
                return False
        _print(f"Cannot resume session: {last}\n")
        return False

    def _terminate(self, error: Exception) -> None:
        """The other side did not acknowledge: AWS's plugin ends the session then."""
        _print(f"\n{error}\n")
        with suppress(Refused, OSError):
            self._call("ssm", "TerminateSession", SessionId=self.id)
        self._over.set()

    def _receive(self, data: bytes) -> None:
        try:
            message = messages.unpacked(data)
            if message.type == messages.CHANNEL_CLOSED:
                output = message.json["Output"]
                _print(f"\n\nSessionId: {self.id} : {output}\n\n" if output else f"\n\nExiting session with sessionId: {self.id}.\n\n")
                self._over.set()
                return
            for ready in self._stream.take(message):
                self._take(ready)
        except InvalidMessage as error:
            print(error, file=sys.stderr)

    def _take(self, message: Message) -> None:
        match message.payload_type:
            case Payload.HANDSHAKE_REQUEST:
                self._shake_hands(message.json)
            case Payload.ENCRYPTION_CHALLENGE_REQUEST if self._cipher:
                challenge = self._cipher.decrypt(base64.b64decode(message.json["Challenge"]))
                answer = {"Challenge": base64.b64encode(self._cipher.encrypt(challenge)).decode()}
                self._stream.send(json.dumps(answer).encode(), Payload.ENCRYPTION_CHALLENGE_RESPONSE)
            case Payload.HANDSHAKE_COMPLETE:
                if text := message.json.get("CustomerMessage"):
                    _print(text + "\n")
                columns, rows = _size()
                self._stream.send(json.dumps({"cols": columns, "rows": rows}).encode(), Payload.SIZE)
                self._ready.set()
            case Payload.OUTPUT | Payload.STDERR:
                _write(self._cipher.decrypt(message.payload) if self._cipher else message.payload)

    def _shake_hands(self, request: dict[str, Any]) -> None:
        done, errors = [], []
        for action in request["RequestedClientActions"]:
            kind, parameters = action["ActionType"], action.get("ActionParameters") or {}
            processed: dict[str, Any] = {"ActionType": kind, "ActionStatus": 1, "ActionResult": None, "Error": ""}
            try:
                if kind == "KMSEncryption":
                    processed["ActionResult"] = self._encrypt(parameters["KMSKeyId"])
                elif kind != "SessionType":
                    raise ValueError(f"Unsupported action {kind}")
                elif parameters["SessionType"] not in ("Standard_Stream", "InteractiveCommands", "NonInteractiveCommands"):
                    raise ValueError(f"Unknown session type {parameters['SessionType']}")
            except Exception as error:  # whatever it is, the agent is told
                processed |= {"ActionStatus": 2, "Error": f"Failed to process action {kind}: {error}"}
                errors.append(str(error))
            done.append(processed)
        answer = {"ClientVersion": VERSION, "ProcessedClientActions": done, "Errors": errors or None}
        self._stream.send(json.dumps(answer).encode(), Payload.HANDSHAKE_RESPONSE)

    def _encrypt(self, key: str) -> dict[str, str]:
        context = context_of(self.id, self.target)
        made = self._call("kms", "GenerateDataKey", KeyId=key, NumberOfBytes=KEY_SIZE, EncryptionContext=context)
        self._cipher = Cipher.of_client(_bytes(made["Plaintext"]))
        return {"KMSCipherTextKey": base64.b64encode(_bytes(made["CiphertextBlob"])).decode()}

    def _type(self) -> None:
        while not self._ready.wait(LOOK):
            if self._over.is_set():
                return
        while not self._over.is_set():
            typed = os.read(0, streams.PAYLOAD_SIZE)
            if not typed:
                break
            self._say(typed)
            time.sleep(0.001)  # as AWS's plugin, which limits the rate so
        self.leave()

    def _say(self, data: bytes) -> None:
        if data == b"\n":
            data = b"\r"  # AWS's plugin makes Enter of a line feed that comes alone
        self._stream.send(self._cipher.encrypt(data) if self._cipher else data)


class _Run:
    """The run of Ansible that a session was started in, if it was in one.

    A worker of Ansible leads a session of its own, so that it goes on where its run is killed. It would do again whatever fails then,
    in a session of its own.
    """

    def __init__(self) -> None:
        self._worker = os.getppid()
        self._parent = _parent_of(self._worker)

    def over(self) -> bool:
        return os.getppid() != self._worker or _parent_of(self._worker) != self._parent

    def end(self) -> None:
        """End the worker that has lost its run."""
        if os.getppid() == self._worker and os.getsid(0) == self._worker:
            with suppress(ProcessLookupError):
                os.kill(self._worker, signal.SIGKILL)


def _parent_of(pid: int) -> int:
    """The parent's process id; 0 where that can't be told."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def _bytes(value: str | bytes) -> bytes:
    """A blob, which is base64 on the wire."""
    return value if isinstance(value, bytes) else base64.b64decode(value)


def _size() -> tuple[int, int]:
    try:
        return tuple(os.get_terminal_size(1))
    except OSError:
        return COLUMNS, ROWS


def _print(text: str) -> None:
    _write(text.encode())


def _write(data: bytes) -> None:
    view = memoryview(data)
    with suppress(OSError):  # nobody reads it any more
        while view:
            view = view[os.write(1, view) :]


def main(arguments: list[str] | None = None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    if not given:
        print("\nThe stand-in for the Session Manager plugin is ready. Use the AWS CLI or aws_ssm to start a session.\n")
        return 0
    if given == ["--version"]:
        print(VERSION)
        return 0
    if len(given) < 5:
        print(f"\nUnknown operation {given[0]}. \nUse session-manager-plugin --version to check the version.\n")
        return 1
    response, region, operation, profile, parameters, *rest = given
    if operation != "StartSession":
        print("Invalid Operation")
        return 1
    if response.startswith(IN_THE_ENVIRONMENT):
        response = os.environ.pop(response, "")
    session = Session(json.loads(response), region, profile, json.loads(parameters)["Target"], rest[0] if rest else "")
    for number in CONTROL:
        signal.signal(number, lambda received, _frame: session.send_signal(received))
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _received, _frame: session.leave())
    session.run()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # nothing of a session is left to tidy up, and its threads may wait for input
