"""What Lambda's Python runtime does around a handler, in a process of its own: ``python -I function_runtime.py FOLDER RESULT``.

The event comes on standard input, settings come as Lambda's environment variables, and RESULT gets what the handler returned or
raised, as JSON. Only the standard library is used here: the function's folder comes first on the path.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

_LEVELS = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL, "WARN": logging.WARNING}


class Context:
    """The context object ("Using the Lambda context object to retrieve Python function information", AWS Lambda Developer Guide)."""

    def __init__(self) -> None:
        self.aws_request_id = os.environ["_REQUEST_ID"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = os.environ["_FUNCTION_ARN"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = self.identity = None
        self._ends = time.monotonic() + float(os.environ["_TIMEOUT"])

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends - time.monotonic()) * 1000))


class JsonLines(logging.Formatter):
    """Lines of the log format JSON ("Working with Lambda function logs in Python")."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": os.environ["_REQUEST_ID"],
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= {
                "errorType": type(record.exc_info[1]).__name__,
                "errorMessage": str(record.exc_info[1]),
                "stackTrace": traceback.format_exception(*record.exc_info),
            }
        return json.dumps(line)


def prepare_logging() -> None:
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("[%(levelname)s]\t%(asctime)s\t" + os.environ["_REQUEST_ID"] + "\t%(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        root.setLevel(_LEVELS.get(level, level))


def main() -> None:
    folder, result = sys.argv[1:]
    sys.path.insert(0, folder)
    os.chdir(folder)
    prepare_logging()
    try:
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        handle = getattr(importlib.import_module(module.replace("/", ".")), name)
        answer = {"payload": handle(json.load(sys.stdin), Context())}
        text = json.dumps(answer)
    except Exception as error:
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
        failure = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}
        failure["requestId"] = os.environ["_REQUEST_ID"]
        print("[ERROR] " + "".join(traceback.format_exception(error)).strip(), file=sys.stderr)
        text = json.dumps({"payload": failure, "error": "Unhandled"})
    Path(result).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
