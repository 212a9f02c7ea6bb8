"""The session-manager-plugin as a process, started as the AWS CLI and aws_ssm start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from tests.processes import REGION, ROOT

#: The stand-in for AWS's own.
STAND_IN = (sys.executable, "-m", "emulator.sessions.plugin")


def begin(started: Mapping[str, str], target: str, url: str, command: Sequence[str] = STAND_IN) -> subprocess.Popen[bytes]:
    """The plugin with what StartSession answered (*started*), with pipes for what is typed and printed."""
    response = json.dumps({key: started[key] for key in ("SessionId", "TokenValue", "StreamUrl")})
    arguments = [response, REGION, "StartSession", "", json.dumps({"Target": target}), url]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_CONFIG_FILE": os.devnull}
    return subprocess.Popen([*command, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment)


def printed(plugin: subprocess.Popen[bytes], typed: bytes, seconds: float = 30) -> bytes:
    """What *plugin* prints until its session has ended, in which *typed* is typed."""
    killer = threading.Timer(seconds, plugin.kill)  # of a session that does not end
    with plugin.stdin as keyboard, plugin.stdout as screen:
        keyboard.write(typed)
        keyboard.flush()
        killer.start()
        found = screen.read()
        killer.cancel()
    assert plugin.wait(20) == 0
    return found
