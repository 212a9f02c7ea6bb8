# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module's process does with AWS: journal of its calls, the write guard of a plan, and no blind second create.

Installed in the forked child of one module, which ends with it: nothing is ever put back.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError
except ImportError:  # the modules themselves say that boto3 is missing
    BotoCoreError, ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError = (Exception,) * 4

from ansible_collections.refarch.aws.plugins.module_utils.resources import masked, readable
from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown
from ansible_collections.refarch.aws.plugins.plugin_utils.runner import retry
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.operations import action_of, creates_anew, is_read

#: How the guard treats a write: let it pass, end the module there (and plan it), or call it a defect of the module.
ALLOW, STOP, REFUSE = "allow", "stop", "refuse"


#: The connection did not come about, so AWS can't have done anything.
NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError)


class AnswerUnknown(BotoCoreError):
    """A create may or may not have happened. Not one of the classes that the SDK retries by itself."""

    fmt = "The answer to {operation} was lost ({what})"


class Stop(BaseException):
    """Ends a module at its first write, or at unknown inputs. A BaseException, so that no C(except Exception) eats it."""


class Journal:
    """The calls of one module run."""

    def __init__(self, guard: str, record: dict[str, str] | None):
        self.guard = guard
        self.record = record
        self.calls: list[dict[str, Any]] = []
        self.planned: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.unknown_inputs = False
        self.parameters: dict[str, Any] | None = None
        self._attempts = threading.local()

    # -- the hooks ----------------------------------------------------------------------------------------------------
    def call(self, original: Callable, client: Any, operation: str, parameters: dict) -> Any:
        """Around every API call of every client.

        The SDK gives up after its attempts; on trouble on the way to AWS the call is made again, for minutes, unless it is
        a create of which nobody knows whether it was done: then the module must look first.
        """
        model = client.meta.service_model
        service = model.service_name
        reads = is_read(service, operation)
        if not reads and self.guard != ALLOW:
            self.block(service, model.operation_model(operation), parameters)
        entry: dict[str, Any] = {"service": service, "operation": operation, "reads": reads, "code": None, "ambiguous": False}
        if not reads:
            entry["parameters"] = readable(masked(model.operation_model(operation).input_shape, parameters))
        begun = time.monotonic()
        failures = 0
        while True:
            self._attempts.ambiguous = False
            try:
                answer = original(client, operation, parameters)
                entry["code"] = None
                break
            except Exception as error:
                entry.update(_failure(error))
                entry["ambiguous"] = entry["ambiguous"] or self._attempts.ambiguous
                failures += 1
                lost = self._attempts.ambiguous and creates_anew(model.operation_model(operation))
                if lost or not retry.in_transport(entry) or time.monotonic() - begun > retry.TRANSPORT_SECONDS:
                    self.close(entry, begun, client, parameters)
                    raise
            time.sleep(retry.pause(failures))
        self.close(entry, begun, client, parameters)
        return answer

    def close(self, entry: dict[str, Any], begun: float, client: Any, parameters: dict) -> None:
        """An ended call: its time, its place in the journal, its line in the record."""
        entry["seconds"] = round(time.monotonic() - begun, 4)
        entry["ambiguous"] = entry["ambiguous"] or self._attempts.ambiguous
        self.calls.append(entry)
        if self.record:
            self.write_record(client, client.meta.service_model.operation_model(entry["operation"]), parameters, entry)

    def attempt(self, original: Callable, endpoint: Any, request: Any, operation_model: Any, context: Any) -> Any:
        """Around every attempt of a call: (answer, None) or (None, exception).

        An attempt is ambiguous if AWS may have done it all the same: the connection broke, or the answer was a 5xx that is
        no throttle. The SDK would simply send a create again; where that could make a second thing it is not sent again,
        and the runner lets the module look anew ("Ensuring idempotency in Amazon EC2 API requests").
        """
        answer, error = original(endpoint, request, operation_model, context)
        broken = error is not None and not isinstance(error, NEVER_SENT)
        code = answer[1].get("Error", {}).get("Code") if answer else None
        failed = answer is not None and answer[0].status_code >= 500 and code not in retry.THROTTLING_CODES
        if broken or failed:
            self._attempts.ambiguous = True
            if creates_anew(operation_model):
                return None, AnswerUnknown(operation=operation_model.name, what=str(error) if broken else f"HTTP {answer[0].status_code}")
        return answer, error

    def backoff(self, _original: Callable, backoff: Any, context: Any) -> float:
        """Seconds before the SDK's next attempt: its own begin at one second, which is for throttled clients that nobody waits for."""
        return retry.pause(context.attempt_number)

    def send(self, original: Callable, endpoint: Any, operation_model: Any, request: dict) -> Any:
        """Around the wire: the last place where a write of a plan could leave the machine (presigned or event-made calls)."""
        if self.guard != ALLOW and not is_read(operation_model.service_model.service_name, operation_model.name):
            self.block(operation_model.service_model.service_name, operation_model, {})
        return original(endpoint, operation_model, request)

    def arguments(self, original: Callable, module: Any, *args: Any, **options: Any) -> None:
        """Around AnsibleModule's start: unknown values pass the checks that only a known value can fail."""
        if args or not self.parameters:
            original(module, *args, **options)
            return
        relaxed = relax(options.get("argument_spec") or {}, self.parameters)
        original(module, **{**options, "argument_spec": relaxed})
        if self.guard == STOP and has_unknown(module.params):
            self.unknown_inputs = True
            raise Stop("inputs are known after apply only")

    # -- what they do -------------------------------------------------------------------------------------------------
    def block(self, service: str, operation_model: Any, parameters: dict) -> None:
        if self.guard == REFUSE:
            self.refused.append(f"{service}:{operation_model.name}")
        else:
            self.planned.append(
                {
                    "action": action_of(operation_model.name),
                    "service": service,
                    "operation": operation_model.name,
                    "parameters": readable(masked(operation_model.input_shape, parameters)),
                }
            )
        raise Stop(f"{service}:{operation_model.name}")

    def write_record(self, client: Any, operation_model: Any, parameters: dict, entry: dict) -> None:
        line = {
            **self.record["context"],
            "service": entry["service"],
            "operation": entry["operation"],
            "region": client.meta.region_name,
            "parameters": readable_raw(masked(operation_model.input_shape, parameters)),
            "code": entry["code"],
            "seconds": entry["seconds"],
        }
        data = (json.dumps(line) + "\n").encode()
        descriptor = os.open(self.record["path"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def as_dict(self) -> dict[str, Any]:
        """For the worker: {"calls": [...], "planned": [...], "refused": [...], "unknown_inputs": bool}."""
        return {"calls": self.calls, "planned": self.planned, "refused": self.refused, "unknown_inputs": self.unknown_inputs}


def install(guard: str, arguments: dict | None, record: dict | None) -> Callable[[], dict]:
    """Watch this process from now on; the returned function yields the journal at the end.

    *guard*: C(allow), C(stop) or C(refuse) writes. *arguments*: the module's own arguments where they hold unknown values.
    *record*: {"path": file, "context": dict of text put into each line}, or None.
    """
    import botocore.client
    import botocore.endpoint
    import botocore.retries.standard
    from ansible.module_utils import basic

    journal = Journal(guard, record)
    journal.parameters = arguments
    _around(botocore.client.BaseClient, "_make_api_call", journal.call)
    _around(botocore.endpoint.Endpoint, "_get_response", journal.attempt)
    _around(botocore.endpoint.Endpoint, "make_request", journal.send)
    _around(botocore.retries.standard.ExponentialBackoff, "delay_amount", journal.backoff)
    if arguments:
        _around(basic.AnsibleModule, "__init__", journal.arguments)
    return journal.as_dict


def _failure(error: Exception) -> dict[str, Any]:
    """What a failed call leaves in the journal: AWS's error code (or the class of the SDK's), its sentence, the HTTP status."""
    response = getattr(error, "response", None) or {}  # the SDK's own HTTP errors carry a response of None
    return {
        "code": response.get("Error", {}).get("Code") or type(error).__name__,
        "message": str(error),
        "status": response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
    }


def _around(kind: type, name: str, hook: Callable) -> None:
    original = getattr(kind, name)

    def hooked(self, *args, **options):
        return hook(original, self, *args, **options)

    setattr(kind, name, hooked)


def relax(spec: dict, values: dict) -> dict:
    """*spec* with every option whose value in *values* is not known yet made to take anything; nested options alike."""
    relaxed = {}
    for name, option in spec.items():
        given = next((values[key] for key in (name, *option.get("aliases", ())) if key in values), None)
        relaxed[name] = _relaxed(option, given) if has_unknown(given) else option
    return relaxed


def _relaxed(option: dict, given: Any) -> dict:
    """One *option* of a spec, for a *given* value that holds the placeholder."""
    dicts = given if isinstance(given, list) else [given]
    if option.get("options") and all(isinstance(item, dict) for item in dicts):
        nested = option["options"]
        for item in dicts:
            nested = relax(nested, item)
        return {**option, "options": nested}
    kept = {key: value for key, value in option.items() if key not in ("elements", "choices", "options")}
    return kept if isinstance(given, list) and option.get("type") == "list" else {**kept, "type": "raw"}


def readable_raw(value: Any) -> Any:
    """*value* as JSON carries it, documents inside strings left as they are (judges read them as AWS would)."""
    if isinstance(value, dict):
        return {str(key): readable_raw(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [readable_raw(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
