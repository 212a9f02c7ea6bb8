"""The SSM agent's way with a command document: its steps, one after the other, on the agent's machine.

"Data elements and parameters" and "Command document plugin reference" (AWS Systems Manager User Guide).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import basename, join
from typing import Any

from emulator.instances.machine import Instance

#: Characters that Systems Manager keeps of what a step says.
MOST_OUTPUT, MOST_ERROR = 24_000, 8_000
DEFAULT_TIMEOUT = 3600
#: Exit code of timeout(1) for what it ended.
_TIMED_OUT = 124
#: Runs a script that is its input: as a file, as AWS's agent does. $1: its folder, $2: where it runs, $3: seconds that it has.
_SCRIPT = """
set -e
mkdir -p "$1" "$2"
cat > "$1/_script.sh"
chmod 0700 "$1/_script.sh"
cd "$2"
exec timeout --kill-after=5 "$3" sh "$1/_script.sh" < /dev/null
"""
PLATFORM = "Linux"
_REFERENCE = re.compile(r"\{\{\s*([A-Za-z0-9_.:-]+)\s*\}\}")
_S3_PATH = re.compile(r"^https://s3[.-][a-z0-9-]*\.?amazonaws\.com/(?P<bucket>[^/]+)/(?P<key>.+)$")
_S3_HOST = re.compile(r"^https://(?P<bucket>[^/]+)\.s3[.-][a-z0-9.-]*amazonaws\.com/(?P<key>.+)$")


class InvalidStep(ValueError):
    """A step that no agent can run. Its text is what the agent says."""


@dataclass(slots=True)
class Outcome:
    """What became of a document. *status*: Success, Failed, TimedOut or Cancelled; *code*: of the last step that ran; *output* and
    *error*: as much as Systems Manager keeps; *said*: by step, all that it wrote to both."""

    status: str = "Success"
    code: int = 0
    output: str = ""
    error: str = ""
    steps: dict[str, str] = field(default_factory=dict)
    said: dict[str, tuple[str, str]] = field(default_factory=dict)


def filled(value: Any, parameters: Mapping[str, Any]) -> Any:
    """*value* with the document's *parameters*. A reference that is the whole text may stand for a list; others stay as they are."""
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value.strip())
        if whole and whole[1] in parameters:
            return parameters[whole[1]]
        return _REFERENCE.sub(lambda found: _text(parameters[found[1]]) if found[1] in parameters else found[0], value)
    if isinstance(value, Mapping):
        return {key: filled(one, parameters) for key, one in value.items()}
    if isinstance(value, list):
        parts = [filled(one, parameters) for one in value]
        return [one for part in parts for one in (part if isinstance(part, list) else [part])]
    return value


def values(document: Mapping[str, Any], given: Mapping[str, list[str]]) -> dict[str, Any]:
    """The document's parameters: what was *given*, else their defaults. Raises InvalidStep for one without either."""
    found: dict[str, Any] = {}
    for name, about in (document.get("parameters") or {}).items():
        if name in given:
            found[name] = given[name] if about["type"] == "StringList" else _typed(about["type"], given[name][0])
        elif "default" in about:
            found[name] = about["default"]
        else:
            raise InvalidStep(f"Parameter {name} has no value")
    return found


def run_on(machine: Instance, document: Mapping[str, Any], given: Mapping[str, list[str]], run_id: str) -> Outcome:
    """What becomes of *document* on *machine*, also where the machine goes away meanwhile."""
    try:
        return Runner(machine).run(document, given, run_id)
    except Exception as error:  # whatever it is, whoever asked for it is told
        return Outcome("Failed", 1, error=str(error))


class Runner:
    """Runs documents on *machine*. What they download is got with the machine's own credentials."""

    def __init__(self, machine: Instance):
        self._machine = machine

    def run(self, document: Mapping[str, Any], given: Mapping[str, list[str]], run_id: str) -> Outcome:
        """Every step runs, also after one that failed, unless its C(onFailure) says otherwise."""
        outcome = Outcome()
        try:
            parameters = values(document, given)
        except InvalidStep as error:
            return Outcome("Failed", 1, error=str(error))
        folder = f"/var/lib/amazon/ssm/{self._machine.id}/document/orchestration/{run_id}/downloads"
        for step in document["mainSteps"]:
            if not _applies(step.get("precondition"), parameters):
                outcome.steps[step["name"]] = "Skipped"
                continue
            status, code, output, error = self._step(step, filled(step.get("inputs") or {}, parameters), folder)
            outcome.steps[step["name"]] = status
            outcome.said[step["name"]] = output, error
            outcome.output = (outcome.output + output)[:MOST_OUTPUT]
            outcome.error = (outcome.error + error)[:MOST_ERROR]
            outcome.code = code
            if status != "Success":
                outcome.status = status
                if (step.get("inputs") or {}).get("onFailure", step.get("onFailure")) == "exit":
                    break
        return outcome

    def _step(self, step: Mapping[str, Any], inputs: dict[str, Any], folder: str) -> tuple[str, int, str, str]:
        try:
            match step["action"]:
                case "aws:runShellScript":
                    return self._shell_script(inputs, folder)
                case "aws:downloadContent":
                    return self._download(inputs, folder)
                case other:
                    raise InvalidStep(f"Plugin with name {other} is not supported in current platform")
        except InvalidStep as error:
            return "Failed", 1, "", f"{error}\n"

    def _shell_script(self, inputs: dict[str, Any], folder: str) -> tuple[str, int, str, str]:
        lines = inputs["runCommand"]
        script = "\n".join(lines if isinstance(lines, list) else [lines]) + "\n"
        seconds = int(inputs.get("timeoutSeconds") or DEFAULT_TIMEOUT)
        place = join(folder, inputs.get("workingDirectory") or "")
        begun = time.monotonic()
        arguments = ("sh", "-c", _SCRIPT, "sh", folder, place, str(seconds))
        done = self._machine.run(*arguments, given=script.encode())
        error = _said(done.stderr)
        if done.returncode == _TIMED_OUT and time.monotonic() - begun >= seconds:
            return "TimedOut", -1, _said(done.stdout), f"{error}failed to run commands: exceeded {seconds} seconds\n"
        if done.returncode:
            return "Failed", done.returncode, _said(done.stdout), f"{error}failed to run commands: exit status {done.returncode}\n"
        return "Success", 0, _said(done.stdout), error

    def _download(self, inputs: dict[str, Any], folder: str) -> tuple[str, int, str, str]:
        if inputs.get("sourceType") != "S3":
            raise InvalidStep(f"downloading from {inputs.get('sourceType')} can't be emulated")
        info = inputs["sourceInfo"]
        path = (json.loads(info) if isinstance(info, str) else info)["path"]
        found = _S3_PATH.match(path) or _S3_HOST.match(path)
        if not found:
            raise InvalidStep(f"Invalid S3 path: {path}")
        bucket, key = found["bucket"], found["key"]
        place = join(folder, inputs.get("destinationPath") or "")
        s3 = self._machine.client("s3")
        try:
            if key.endswith("/"):
                pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
                names = {one["Key"]: one["Key"][len(key) :] for page in pages for one in page.get("Contents", [])}
            else:
                names = {key: basename(key)}
            contents = {name: s3.get_object(Bucket=bucket, Key=one)["Body"].read() for one, name in names.items()}
        except Exception as error:  # of the SDK: the agent says what AWS said
            raise InvalidStep(f"failed to download from {path}: {error}") from error
        for name, content in contents.items():
            write = 'mkdir -p "$(dirname "$1")" && cat > "$1"'
            done = self._machine.run("sh", "-c", write, "sh", join(place, name), given=content)
            if done.returncode:
                raise InvalidStep(_said(done.stderr))
        return "Success", 0, f"Content downloaded to {place}\n", ""


def _applies(precondition: Mapping[str, Any] | None, parameters: Mapping[str, Any]) -> bool:
    """Whether a step is for this platform, and for these parameters."""
    known = {"platformType": PLATFORM}
    for operator, operands in (precondition or {}).items():
        if operator != "StringEquals":
            raise InvalidStep(f"Unrecognized precondition operator: {operator}")
        left, right = (known.get(one, filled(one, parameters)) for one in operands)
        if left != right:
            return False
    return True


def _typed(kind: str, text: str) -> Any:
    return json.loads(text) if kind in ("StringMap", "MapList", "Integer", "Boolean") else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _said(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")
