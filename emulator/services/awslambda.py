"""Lambda: settings as AWS keeps them, and code that really runs (see emulator/functions.py)."""

from __future__ import annotations

import base64
import copy
import json
import weakref
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction, LambdaStorage, LayerStorage
from moto.awslambda.policy import Policy
from moto.awslambda.responses import LambdaResponse
from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends
from moto.moto_api._internal import mock_random

from emulator import functions

#: moto's attribute for what UpdateFunctionConfiguration changes and moto leaves as it was.
UPDATED = {"KMSKeyArn": "kms_key_arn", "TracingConfig": "tracing_config", "DeadLetterConfig": "dead_letter_config"}

BEING_MADE = "The operation cannot be performed at this time. The function is currently in the following state: Pending"


class Conflict(JsonRESTError):
    code = 409

    def __init__(self, message: str):
        super().__init__("ResourceConflictException", message)


def apply() -> None:
    settings_are_kept()
    code_is_updated_with_its_architecture()
    asynchronous_settings_are_replaced()
    a_statement_id_is_unique()
    functions_run()
    functions_outlive_a_restart()


def settings_are_kept() -> None:
    """LoggingConfig, DeadLetterConfig, the revision, the VPC of the subnets and the runtime's version are part of a function."""
    init, describe, update = LambdaFunction.__init__, LambdaFunction.get_configuration, LambdaFunction.update_configuration
    get_code = LambdaFunction.get_code

    def logging_of(name: str, given: dict[str, Any]) -> dict[str, Any]:
        config = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **given}
        if config["LogFormat"] == "JSON":
            return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **config}
        return {key: value for key, value in config.items() if not key.endswith("LogLevel")}

    def keep(self: LambdaFunction, spec: dict[str, Any]) -> None:
        if "LoggingConfig" in spec or not hasattr(self, "logging_config"):
            self.logging_config = logging_of(self.function_name, spec.get("LoggingConfig") or {})
            self.logs_group_name = self.logging_config["LogGroup"]
        for name, attribute in UPDATED.items():
            if name in spec:
                setattr(self, attribute, spec[name])
        if "EphemeralStorage" in spec:
            self.ephemeral_storage = spec["EphemeralStorage"]["Size"]
        self.revision_id = str(mock_random.uuid4())

    def made(self: LambdaFunction, account_id: str, spec: dict[str, Any], region: str, version: Any = 1) -> None:
        init(self, account_id, spec, region, version)
        self.state = "Active"  # again: the latency profile counts from here
        self.dead_letter_config = None
        keep(self, spec)

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
        config = describe(self, on_create)
        vpc = self._vpc_config or {}
        subnets = vpc.get("SubnetIds") or []
        if subnets:
            found = [subnet for subnet in ec2_backends[self.account_id][self.region].describe_subnets() if subnet.id in subnets]
            config["VpcConfig"] = {"Ipv6AllowedForDualStack": False, **vpc, "VpcId": found[0].vpc_id if found else ""}
        else:
            config.pop("VpcConfig", None)
        if config["State"] == "Pending":
            config |= {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
            config.pop("LastUpdateStatus", None)
        config["LoggingConfig"] = self.logging_config
        config["RevisionId"] = self.revision_id
        runtime = f"arn:{self.partition}:lambda:{self.region}::runtime:"
        config["RuntimeVersionConfig"] = {"RuntimeVersionArn": runtime + "0" * 64}
        if (self.dead_letter_config or {}).get("TargetArn"):
            config["DeadLetterConfig"] = self.dead_letter_config
        return {key: value for key, value in config.items() if value not in (None, "")}

    def update_configuration(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
        if self.state == "Pending":
            raise Conflict(BEING_MADE)
        update(self, config_updates)
        keep(self, config_updates)
        return self.get_configuration()

    def get_function(self: LambdaFunction) -> dict[str, Any]:
        found = get_code(self)
        if self.reserved_concurrency is not None:  # 0 is a reservation too: nothing may run
            found["Concurrency"] = {"ReservedConcurrentExecutions": self.reserved_concurrency}
        return found

    LambdaFunction.__init__ = made
    LambdaFunction.get_configuration = get_configuration
    LambdaFunction.update_configuration = update_configuration
    LambdaFunction.get_code = get_function


def code_is_updated_with_its_architecture() -> None:
    """UpdateFunctionCode takes Architectures, answers a dry run without changing anything, and is refused while the function is made."""
    update = LambdaFunction.update_function_code

    def update_function_code(self: LambdaFunction, updated_spec: dict[str, Any]) -> dict[str, Any]:
        if self.state == "Pending":
            raise Conflict(BEING_MADE)
        if updated_spec.get("DryRun"):
            trial = copy.copy(self)
            trial.code = dict(self.code)
            return update(trial, {key: value for key, value in updated_spec.items() if key != "DryRun"})
        if updated_spec.get("Architectures"):
            self.architectures = updated_spec["Architectures"]
        self.revision_id = str(mock_random.uuid4())
        return update(self, updated_spec)

    LambdaFunction.update_function_code = update_function_code


def asynchronous_settings_are_replaced() -> None:
    """PutFunctionEventInvokeConfig replaces what stands, UpdateFunctionEventInvokeConfig changes what is given; moto appends."""

    def put(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        function = self.get_function(function_name)
        given = {key: value for key, value in config.items() if key not in ("FunctionName", "Qualifier")}
        ends = {"OnSuccess": {}, "OnFailure": {}, **(given.get("DestinationConfig") or {})}
        settings = EventInvokeConfig(f"{function.function_arn}:$LATEST", function.last_modified, {**given, "DestinationConfig": ends})
        function.event_invoke_config = [settings]
        return settings.response()

    def update(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        function = self.get_function(function_name)
        now = function.event_invoke_config[-1].config if function.event_invoke_config else {}
        return put(self, function_name, {**now, **config})

    LambdaBackend.put_function_event_invoke_config = put
    LambdaBackend.update_function_event_invoke_config = update


def a_statement_id_is_unique() -> None:
    """AddPermission of a statement id that stands is ResourceConflictException; a statement names the function it is of."""
    add = Policy.add_statement

    def add_statement(self: Policy, raw: str, qualifier: str | None = None) -> tuple[Any, str]:
        sid = json.loads(raw).get("StatementId")
        if any(statement.get("Sid") == sid for statement in self.statements):
            raise Conflict(f"The statement id ({sid}) provided already exists. Please provide a new statement id.")
        statement, revision = add(self, raw, qualifier)
        if not qualifier and statement.get("Resource", "").endswith(":"):
            statement["Resource"] = statement["Resource"].rstrip(":")
        return statement, revision

    Policy.add_statement = add_statement


def functions_run() -> None:
    """Invoke runs the function's code: at once and waiting, or in the background (Event). moto asks Docker for it."""

    def invoke(self: LambdaFunction, body: str | bytes, request_headers: Any, response_headers: Any) -> str | bytes:
        try:
            event = json.loads(body or "{}")
        except ValueError as error:
            raise InvalidParameterValueException(f"Could not parse request body into json: {error}") from error
        kind = request_headers.get("X-Amz-Invocation-Type", "RequestResponse")
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        if kind == "DryRun":
            return ""
        if self.reserved_concurrency == 0:
            raise TooManyRequests()
        if kind == "Event":
            response_headers["x-amzn-RequestId"] = functions.send(self, event)
            return ""
        outcome = functions.run(self, event)
        response_headers["x-amzn-RequestId"] = outcome.request_id
        if outcome.error:
            response_headers["x-amz-function-error"] = outcome.error
        response_headers["x-amz-log-result"] = base64.b64encode(outcome.tail.encode()).decode()
        return outcome.payload.encode()

    LambdaFunction.invoke = invoke
    if not hasattr(LambdaResponse, "invoke"):
        raise AttributeError("moto's LambdaResponse has no invoke any more")


def functions_outlive_a_restart() -> None:
    """Functions are found by ARN after the state was loaded: moto's index holds weak references, which no pickle keeps."""

    def getstate(self: Any) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_arns"}

    def setstate(self: LambdaStorage, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._arns = weakref.WeakValueDictionary()
        for versions in self._functions.values():
            for function in (versions["latest"], *versions["versions"]):
                self._arns[function.function_arn] = function

    def set_layers(self: LayerStorage, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._arns = weakref.WeakValueDictionary()  # moto makes it, and never asks it

    LayerStorage.__getstate__ = getstate
    LayerStorage.__setstate__ = set_layers
    LambdaStorage.__getstate__ = getstate
    LambdaStorage.__setstate__ = setstate


class TooManyRequests(JsonRESTError):
    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")
