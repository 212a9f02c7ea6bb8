"""Runs the code of Lambda functions as AWS does: a process for each invocation, events in the background with retries and destinations.

AWS Lambda Developer Guide: "Understanding the Lambda execution environment lifecycle", "How Lambda handles errors and retries with
asynchronous invocation", "Retaining records of asynchronous invocations".
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.utils import unix_time_millis, utcnow

from emulator import latency
from emulator.locks import WHOLE

log = logging.getLogger("emulator.functions")

RUNTIME = Path(__file__).with_name("function_runtime.py")

#: Seconds between the attempts of an event that failed.
PAUSES = (60, 120)


@dataclass(frozen=True, slots=True)
class Outcome:
    """*error*: C(Unhandled) or None. *tail*: the last lines of its log."""

    payload: str
    error: str | None
    tail: str
    request_id: str


def endpoint() -> str:
    """The address of this emulator, for what runs in it."""
    # MOTO_PORT is set by the emulator itself; AWS_ENDPOINT_URL may be meant for another one, which whoever started this one talks to.
    return f"http://127.0.0.1:{os.environ['MOTO_PORT']}"


def run(function: Any, event: Any, request_id: str | None = None) -> Outcome:
    """Run *function* (moto's) once with *event*. Raises NotImplementedError where the runtime isn't Python."""
    if not str(function.run_time).startswith("python"):
        raise NotImplementedError(f"running {function.run_time}")
    request_id = request_id or str(uuid.uuid4())
    stream = f"{utcnow():%Y/%m/%d}/[{function.version}]{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="function-") as room:
        task, result = Path(room) / "task", Path(room) / "result.json"
        zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(task)
        command = [sys.executable, "-I", str(RUNTIME), str(task), str(result)]
        environment = _environment(function, request_id, stream)
        started = time.monotonic()
        try:
            done = subprocess.run(
                command, input=json.dumps(event).encode(), capture_output=True, env=environment, timeout=int(function.timeout), check=False
            )
            output = (done.stdout + done.stderr).decode("utf-8", "replace")
            answer = json.loads(result.read_text(encoding="utf-8")) if result.exists() else _crashed(done.returncode, request_id)
        except subprocess.TimeoutExpired as expired:
            output = ((expired.stdout or b"") + (expired.stderr or b"")).decode("utf-8", "replace")
            message = f"RequestId: {request_id} Error: Task timed out after {int(function.timeout):.2f} seconds"
            answer = {"payload": {"errorType": "Sandbox.Timedout", "errorMessage": message}, "error": "Unhandled"}
            output += f"{message}\n"
        milliseconds = (time.monotonic() - started) * 1000
    lines = [
        f"START RequestId: {request_id} Version: {function.version}",
        *output.splitlines(),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\tMemory Size: {function.memory_size} MB",
    ]
    _keep(function, stream, lines)
    return Outcome(json.dumps(answer["payload"]), answer.get("error"), "\n".join(lines)[-4096:], request_id)


def _crashed(code: int, request_id: str) -> dict[str, Any]:
    message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}"
    return {"payload": {"errorType": "Runtime.ExitError", "errorMessage": message}, "error": "Unhandled"}


def _environment(function: Any, request_id: str, stream: str) -> dict[str, str]:
    """Nothing of the emulator's own environment gets through but the search path."""
    logging_config = getattr(function, "logging_config", {})
    return {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **{str(key): str(value) for key, value in (function.environment_vars or {}).items()},
        "_HANDLER": function.handler,
        "_REQUEST_ID": request_id,
        "_FUNCTION_ARN": function.function_arn,
        "_TIMEOUT": str(function.timeout),
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.run_time}",
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_LOG_FORMAT": logging_config.get("LogFormat", "Text"),
        "AWS_LAMBDA_LOG_LEVEL": logging_config.get("ApplicationLogLevel", ""),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": endpoint(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _keep(function: Any, stream: str, lines: list[str]) -> None:
    """Write to the log group, where it stands. Roles of least privilege may not make one, and then Lambda's lines are lost."""
    with WHOLE.write():
        if function.logs_group_name not in function.logs_backend.groups:
            return
        function.logs_backend.create_log_stream(function.logs_group_name, stream)
        events = [{"timestamp": int(unix_time_millis()), "message": line} for line in lines if line.strip()]
        function.logs_backend.put_log_events(function.logs_group_name, stream, events)


def send(function: Any, event: Any) -> str:
    """Invoke *function* with *event* in the background, as Lambda's own queue does. Returns the id of the request at once."""
    request_id = str(uuid.uuid4())
    threading.Thread(target=_deliver, args=(function, event, request_id), name=f"function {function.function_name}", daemon=True).start()
    return request_id


def _deliver(function: Any, event: Any, request_id: str) -> None:
    try:
        config = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        started = time.time()
        attempts = 0
        while True:
            outcome = run(function, event, request_id)
            attempts += 1
            if outcome.error is None or attempts > config.get("MaximumRetryAttempts", 2):
                break
            pause = PAUSES[min(attempts, len(PAUSES)) - 1] * latency.SCALE
            if time.time() + pause - started > config.get("MaximumEventAgeInSeconds", 21600):
                break
            time.sleep(pause)
        destinations = config.get("DestinationConfig") or {}
        end = destinations.get("OnFailure" if outcome.error else "OnSuccess") or {}
        with WHOLE.write():
            if end.get("Destination"):
                _hand_over(function, end["Destination"], json.dumps(_record(function, event, outcome, attempts)))
            dead_letter = (getattr(function, "dead_letter_config", None) or {}).get("TargetArn")
            if outcome.error and dead_letter:
                _hand_over(function, dead_letter, json.dumps(event))
    except Exception:
        log.exception("%s could not be invoked", function.function_name)


def _record(function: Any, event: Any, outcome: Outcome, attempts: int) -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": f"{utcnow():%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "requestContext": {
            "requestId": outcome.request_id,
            "functionArn": f"{function.function_arn}:$LATEST",
            "condition": "RetriesExhausted" if outcome.error else "Success",
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            **({"functionError": outcome.error} if outcome.error else {}),
        },
        "responsePayload": json.loads(outcome.payload),
    }


def _hand_over(function: Any, arn: str, text: str) -> None:
    """To a queue, topic or function, as Lambda's destinations do."""
    from moto.awslambda.models import lambda_backends
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    _, _, service, region, account, rest = arn.split(":", 5)
    if service == "sqs":
        if rest in sqs_backends[account][region].queues:
            sqs_backends[account][region].send_message(rest, text)
        else:
            log.warning("%s is gone: what %s could not handle is lost", arn, function.function_name)
    elif service == "sns":
        sns_backends[account][region].publish(text, arn=arn)
    elif service == "lambda":
        send(lambda_backends[account][region].get_function(arn), json.loads(text))
    else:
        log.warning("The emulator hands nothing over to %s", arn)
