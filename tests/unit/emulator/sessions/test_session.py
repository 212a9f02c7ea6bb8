"""Sessions as a user has them: a plugin's process, a data channel, a shell at its other end."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from emulator.sessions import messages
from emulator.sessions import plugin as stand_in
from emulator.sessions.agent import Agent, Preferences
from emulator.sessions.messages import Message, Payload
from emulator.sessions.server import DataChannels
from tests import session_plugin
from tests.processes import ROOT

TARGET = "i-0123456789abcdef0"
DATA_KEY = bytes(range(64))
CONNECTIONS = ExitStack()
#: Both pass the same tests. AWS's own is tested where it is installed.
PLUGINS = {"stand-in": session_plugin.STAND_IN, "aws": ("session-manager-plugin",)}


class Local:
    """This machine, as the one that a session runs on. *folder*: where its shells begin, and leave what their commands write."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def client(self, service):
        return boto3.client(service, "ap-northeast-2", endpoint_url=self.url, aws_access_key_id="a", aws_secret_access_key="b")

    def shell(self):
        return ["env", f"--chdir={self.folder}", "-i", "PATH=/usr/bin:/bin", "PS1=$ ", "sh", "-i"]


@pytest.fixture
def channels():
    made = DataChannels("127.0.0.1")
    yield made
    made.close()


@pytest.fixture
def begin(channels, aws, tmp_path):
    """Begins a session: (its id, the answer of StartSession, why it ended)."""

    def started(**preferences):
        session_id, ends = f"emulator-{uuid.uuid4().hex[:17]}", []
        agent = Agent(session_id, TARGET, Local(aws.url, tmp_path), Preferences(**preferences), ends.append)
        answer = {"SessionId": session_id, **channels.open(session_id, agent)}
        return agent, answer, ends

    return started


@pytest.fixture
def aws(channels):
    """Answers what a plugin asks of AWS: ResumeSession with a new token, GenerateDataKey with the data key."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].rpartition(".")[2]
            asked.append((operation, body))
            if operation in ("GenerateDataKey", "Decrypt"):
                answer = {"Plaintext": base64.b64encode(DATA_KEY).decode(), "CiphertextBlob": base64.b64encode(b"sealed").decode()}
            else:
                answer = {"SessionId": body["SessionId"], **channels.token(body["SessionId"])}
            data = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.asked, server.url = asked, f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()


@pytest.fixture(params=PLUGINS)
def plugin(aws, request):
    """Starts a plugin as the AWS CLI and aws_ssm do: its arguments, with pipes for what is typed and printed."""
    running, command = [], PLUGINS[request.param]
    if not shutil.which(command[0]):
        pytest.skip("AWS's session-manager-plugin is not installed here")

    def run(answer):
        running.append(session_plugin.begin(answer, TARGET, aws.url, command))
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def until(process, text, seconds=20):
    """What *process* printed, up to *text*."""
    os.set_blocking(process.stdout.fileno(), False)
    printed, ends = b"", time.monotonic() + seconds
    while text not in printed:
        assert time.monotonic() < ends, printed
        printed += process.stdout.read() or b""
        time.sleep(0.01)
    return printed


def type_in(process, text):
    process.stdin.write(text)
    process.stdin.flush()


def test_a_command_runs_and_the_session_ends(begin, plugin):
    _agent, answer, ends = begin()
    process = plugin(answer)
    type_in(process, b"echo sum $((40 + 2))\nexit\n")
    printed = until(process, b"Exiting session")
    assert process.wait(10) == 0
    assert f"Starting session with SessionId: {answer['SessionId']}".encode() in printed
    assert b"sum 42" in printed
    assert ends == [""]


def test_much_output_arrives_whole(begin, plugin):
    _agent, answer, _ends = begin()
    process = plugin(answer)
    type_in(process, b"stty -echo -onlcr; seq 1 60000; exit\n")
    printed = until(process, b"Exiting session", 60)
    assert b"\n".join(b"%d" % number for number in range(1, 60001)) in printed


def test_the_terminal_has_the_size_of_the_client(begin, plugin):
    _agent, answer, _ends = begin()
    process = plugin(answer)
    type_in(process, b"sleep 0.3; stty size; exit\n")
    assert b"100 300" in until(process, b"Exiting session")


def test_control_c_interrupts_what_runs_and_not_the_session(begin, plugin):
    _agent, answer, _ends = begin()
    process = plugin(answer)
    # What says that it is here has the terminal already: what the shell starts has it a moment later.
    type_in(process, b"sh -c 'echo here $((0 + 1)); exec sleep 60'; echo unreached\n")
    until(process, b"here 1")
    process.send_signal(signal.SIGINT)
    interrupted = until(process, b"^C")  # which throws away what was typed before it
    type_in(process, b"echo still $((1 + 1)); exit\n")
    printed = until(process, b"Exiting session")
    assert b"still 2" in printed
    assert b"\r\nunreached" not in interrupted + printed


def test_an_encrypted_session(begin, plugin, aws):
    _agent, answer, _ends = begin(key="arn:aws:kms:ap-northeast-2:123456789012:key/k")
    process = plugin(answer)
    type_in(process, b"echo sum $((40 + 2)); exit\n")
    printed = until(process, b"Exiting session")
    assert b"This session is encrypted using AWS KMS." in printed
    assert b"sum 42" in printed
    context = {"aws:ssm:SessionId": answer["SessionId"], "aws:ssm:TargetId": TARGET}
    sealed = base64.b64encode(b"sealed").decode()
    assert aws.asked == [
        ("GenerateDataKey", {"KeyId": "arn:aws:kms:ap-northeast-2:123456789012:key/k", "NumberOfBytes": 64, "EncryptionContext": context}),
        ("Decrypt", {"CiphertextBlob": sealed, "EncryptionContext": context}),
    ]


def test_a_lost_connection_is_resumed_and_nothing_is_missing(begin, plugin, aws):
    agent, answer, _ends = begin()
    process = plugin(answer)
    type_in(process, b"echo first $((0 + 1))\n")
    until(process, b"first 1")
    agent._hang_up()
    type_in(process, b"echo second $((1 + 1)); exit\n")
    assert b"second 2" in until(process, b"Exiting session")
    assert [operation for operation, _asked in aws.asked] == ["ResumeSession"]


def test_nothing_goes_before_the_opening_of_a_connection(monkeypatch):
    """What nobody has acknowledged is sent again meanwhile, by another thread."""
    sent = []

    class Connection:
        def __init__(self, _url):
            pass

        def send(self, data):
            if not sent:
                sent.append("opening")
                session._send(b"again")
            sent.append(data)

    monkeypatch.setattr(stand_in, "Connection", Connection)
    session = stand_in.Session({"SessionId": "s", "StreamUrl": "ws://127.0.0.1", "TokenValue": "t"}, "ap-northeast-2", "", TARGET, "")
    session._open()
    assert len(sent) == 2 and json.loads(sent[1])["TokenValue"] == "t"
    session._send(b"again")
    assert sent[2:] == [b"again"]


def test_a_session_that_is_ended_ends_its_shell_and_its_plugin(begin, plugin):
    agent, answer, ends = begin()
    process = plugin(answer)
    type_in(process, b"echo pid $$; sleep 600\n")
    printed = until(process, b"pid ")
    time.sleep(0.3)
    shell = agent._shell.pid
    agent.end()
    until(process, b"Exiting session")
    assert process.wait(10) == 0
    assert ends == [""] and printed
    with pytest.raises(ProcessLookupError):
        os.killpg(shell, 0)


STAND_IN_ONLY = pytest.mark.parametrize("plugin", ["stand-in"], indirect=True)


def children_of(leader):
    """The commands that run in the session of the shell *leader*."""
    found = subprocess.run(["ps", "-s", str(leader), "-o", "args="], capture_output=True, text=True, check=False).stdout
    return [command for command in found.splitlines() if "<defunct>" not in command]  # what nobody waits for any more


@STAND_IN_ONLY
@pytest.mark.parametrize(
    ("how", "command"),
    [("input", "sleep 600"), ("SIGTERM", "sleep 600"), ("SIGHUP", "sleep 600"), ("input", "nohup sleep 600"), ("input", "sleep 600 &")],
)
def test_who_leaves_ends_the_session_and_what_runs_in_it(begin, plugin, how, command):
    """AWS's plugin leaves it to the idle timeout."""
    agent, answer, ends = begin()
    process = plugin(answer)
    type_in(process, f"echo there $((0 + 1)); {command}\n".encode())
    until(process, b"there 1")
    leader = agent._shell.pid
    wait_for(lambda: any("sleep 600" in found for found in children_of(leader)))
    if how == "input":
        process.stdin.close()
    else:
        process.send_signal(signal.Signals[how])
    assert process.wait(10) == 0
    wait_for(lambda: ends == [""])
    assert children_of(leader) == []


def test_a_killed_run_ends_the_session_and_the_worker_that_is_left_of_it(begin, aws):
    """As Ansible has it: a run, a worker that leads a session of its own, and the plugin in it."""
    agent, answer, ends = begin()
    response = json.dumps({key: answer[key] for key in ("SessionId", "TokenValue", "StreamUrl")})
    plugin = [*session_plugin.STAND_IN, response, "eu-west-1", "StartSession", "", json.dumps({"Target": TARGET}), aws.url]
    worker = f"import os, subprocess; os.setsid(); print(os.getpid(), flush=True); subprocess.run({plugin!r}, stdin=subprocess.PIPE)"
    run = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    process = subprocess.Popen([sys.executable, "-c", run], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    left = int(process.stdout.readline())
    wait_for(lambda: agent._shell is not None)
    process.kill()
    process.wait()
    wait_for(lambda: ends == [""])
    wait_for(lambda: not Path(f"/proc/{left}").exists() or "State:\tZ" in Path(f"/proc/{left}/status").read_text())
    process.stdout.close()


def wait_for(look, seconds=10):
    deadline = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert found


def test_nobody_types_for_too_long(begin, plugin):
    _agent, answer, ends = begin(idle_timeout=0.5)
    process = plugin(answer)
    assert b"Session timed out due to inactivity" in until(process, b"inactivity")
    assert ends == ["Session timed out due to inactivity"]


def test_a_session_lasts_no_longer_than_it_may(begin, plugin):
    _agent, answer, ends = begin(most_seconds=0.5)
    until(plugin(answer), b"maximum duration")
    assert ends


def test_what_a_profile_says_is_run_first(begin, plugin):
    _agent, answer, _ends = begin(profile="export GREETING=hello")
    process = plugin(answer)
    type_in(process, b"echo $GREETING you; exit\n")
    assert b"hello you" in until(process, b"Exiting session")


@pytest.fixture(autouse=True)
def connections():
    with CONNECTIONS:
        yield


class Raw:
    """A client that says what the test says, message by message."""

    def __init__(self, answer, token=None, schema="1.0"):
        self.connection = CONNECTIONS.enter_context(connect(answer["StreamUrl"], compression=None))
        opening = {"MessageSchemaVersion": schema, "RequestId": "r", "TokenValue": token or answer["TokenValue"], "ClientId": "c"}
        self.connection.send(json.dumps(opening))

    def receive(self):
        return messages.unpacked(self.connection.recv(10))

    def send(self, kind, content, number):
        self.connection.send(Message(messages.INPUT, json.dumps(content).encode(), kind, number).packed())


def test_the_handshake_message_by_message(begin):
    _agent, answer, _ends = begin()
    client = Raw(answer)
    request = client.receive()
    assert (request.type, request.payload_type, request.sequence_number) == ("output_stream_data", Payload.HANDSHAKE_REQUEST, 0)
    actions = request.json["RequestedClientActions"]
    assert [(action["ActionType"], action["ActionParameters"]["SessionType"]) for action in actions] == [("SessionType", "Standard_Stream")]
    client.connection.send(messages.acknowledgement(request).packed())
    done = [{"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}]
    client.send(Payload.HANDSHAKE_RESPONSE, {"ClientVersion": "1.2.0.0", "ProcessedClientActions": done, "Errors": None}, 0)
    taken = client.receive()
    assert (taken.type, taken.json["AcknowledgedMessageSequenceNumber"]) == ("acknowledge", 0)
    complete = client.receive()
    assert (complete.payload_type, complete.sequence_number) == (Payload.HANDSHAKE_COMPLETE, 1)
    assert complete.json["HandshakeTimeToComplete"] > 0


def test_what_is_not_acknowledged_is_sent_again(begin):
    _agent, answer, _ends = begin()
    client = Raw(answer)
    first, second = client.receive(), client.receive()
    assert first == second


def test_a_client_that_can_not_do_what_is_asked_is_told_so(begin):
    _agent, answer, ends = begin()
    client = Raw(answer)
    client.receive()
    done = [{"ActionType": "SessionType", "ActionStatus": 3, "ActionResult": None, "Error": "what is that?"}]
    client.send(Payload.HANDSHAKE_RESPONSE, {"ClientVersion": "0", "ProcessedClientActions": done}, 0)
    found = client.receive()
    while found.type != "channel_closed":
        found = client.receive()
    assert "what is that?" in found.json["Output"]
    assert ends == [found.json["Output"]]


def test_a_flag_ends_the_session(begin):
    _agent, answer, ends = begin()
    client = Raw(answer)
    client.connection.send(Message(messages.INPUT, b"\x00\x00\x00\x02", Payload.FLAG, 0).packed())
    while client.receive().type != "channel_closed":
        pass
    assert ends == [""]


@pytest.mark.parametrize("how", [{"token": "wrong"}, {"schema": "2.0"}], ids=["token", "schema"])
def test_who_has_no_token_is_turned_away(begin, how):
    _agent, answer, _ends = begin()
    with pytest.raises(ConnectionClosed) as closed:
        Raw(answer, **how).receive()
    assert closed.value.rcvd.code == 1008


def test_a_token_is_good_once(begin):
    _agent, answer, _ends = begin()
    Raw(answer).receive()
    with pytest.raises(ConnectionClosed):
        Raw(answer).receive()


def test_the_plugin_tells_its_version_and_refuses_what_it_does_not_know():
    def run(*arguments):
        return subprocess.run([*session_plugin.STAND_IN, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run("--version").stdout.count(".") == 3
    assert "is ready" in run().stdout
    refused = run("{}", "eu-west-1", "StopSession", "", "{}")
    assert (refused.returncode, refused.stdout) == (1, "Invalid Operation\n")
