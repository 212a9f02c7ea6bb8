"""Run Command, of which moto only says that it succeeded: documents on instances whose agent is connected.

"Run commands at scale" and "Understanding command statuses" (AWS Systems Manager User Guide).
"""

from __future__ import annotations

import math
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

from emulator import machines
from emulator.errors import AwsError
from emulator.instances.documents import run_on
from emulator.instances.output import keep
from emulator.machines import Node
from emulator.operations import operation, store
from emulator.services.ssm_management import document_content
from emulator.sessions import agent
from emulator.strict import Context

ENDED = ("Success", "Failed", "TimedOut", "Cancelled", "Terminated")
#: What AWS-RunShellScript does ("AWS-RunShellScript", Systems Manager Automation runbook reference and the document itself).
RUN_SHELL_SCRIPT = {
    "schemaVersion": "1.2",
    "parameters": {
        "commands": {"type": "StringList"},
        "workingDirectory": {"type": "String", "default": ""},
        "executionTimeout": {"type": "String", "default": "3600"},
    },
    "mainSteps": [
        {
            "action": "aws:runShellScript",
            "name": "runShellScript",
            "inputs": {
                "runCommand": "{{ commands }}",
                "workingDirectory": "{{ workingDirectory }}",
                "timeoutSeconds": "{{ executionTimeout }}",
            },
        }
    ],
}


def apply() -> None:
    """Its operations go before moto's."""


def _commands(context: Context) -> dict[str, dict[str, Any]]:
    return store("ssm", context).setdefault("commands", {})


def content_of(name: str, context: Context) -> dict[str, Any]:
    """The content of command document *name*, in its default version. Raises AwsError where there is none."""
    return RUN_SHELL_SCRIPT if name == "AWS-RunShellScript" else document_content(name, "Command", context)


def matching(targets: list[dict[str, Any]], nodes: dict[str, Node]) -> dict[str, Node]:
    """The *nodes* that all of *targets* name ("Targets", SendCommand)."""

    def named(instance_id: str, node: Node, target: dict[str, Any]) -> bool:
        key, wanted = target["Key"], target["Values"]
        if key == "InstanceIds":
            return instance_id in wanted or "*" in wanted
        if key == "tag-key":
            return any(one in node.tags for one in wanted)
        return key.startswith("tag:") and node.tags.get(key.removeprefix("tag:")) in wanted

    return {name: node for name, node in nodes.items() if targets and all(named(name, node, target) for target in targets)}


def share(text: str | None, whole: int, default: int) -> int:
    """A number or a percentage of *whole*, as MaxConcurrency and MaxErrors have it. A share is rounded down."""
    if text is None:
        return default
    return math.floor(whole * int(text.removesuffix("%")) / 100) if text.endswith("%") else int(text)


def spread(names: list[str], at_once: int, errors_allowed: int, run: Callable[[str], bool], ended: threading.Event) -> list[str]:
    """Run *run* for each of *names*, *at_once* side by side, until more than *errors_allowed* failed; those that it was not run for."""
    left, failed, under_way = list(names), 0, set[Future[bool]]()
    with ThreadPoolExecutor(max(1, at_once)) as pool:
        while left or under_way:
            while left and len(under_way) < max(1, at_once) and failed <= errors_allowed and not ended.is_set():
                under_way.add(pool.submit(run, left.pop(0)))
            if not under_way:
                break
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            failed += sum(not future.result() for future in done)
    return left


@operation("ssm", "DescribeInstanceInformation")
def describe_instance_information(params: dict[str, Any], context: Context) -> dict[str, Any]:
    wanted = {one["Key"]: one["Values"] for one in params.get("Filters") or []}
    wanted |= {one["key"]: one["valueSet"] for one in params.get("InstanceInformationFilterList") or []}
    found = machines.nodes(context.account_id, context.region)
    if "InstanceIds" in wanted:
        found = {name: node for name, node in found.items() if name in wanted["InstanceIds"]}
    for key in (key for key in wanted if key.startswith("tag:")):
        found = matching([{"Key": key, "Values": wanted[key]}], found)
    return {
        "InstanceInformationList": [
            {
                "InstanceId": name,
                "PingStatus": "Online",
                "LastPingDateTime": time.time(),
                "AgentVersion": agent.VERSION,
                "IsLatestVersion": True,
                "PlatformType": "Linux",
                "PlatformName": "Debian GNU/Linux",
                "PlatformVersion": "12",
                "ResourceType": "EC2Instance",
                "IPAddress": node.address,
                "ComputerName": name,
            }
            for name, node in found.items()
        ]
    }


@operation("ssm", "SendCommand")
def send_command(params: dict[str, Any], context: Context) -> dict[str, Any]:
    content = content_of(params["DocumentName"], context)
    nodes = machines.nodes(context.account_id, context.region)
    named = params.get("InstanceIds") or []
    if absent := [name for name in named if name not in nodes]:
        raise AwsError("InvalidInstanceId", f"Instances [[{', '.join(absent)}]] not in a valid state for account {context.account_id}", 400)
    _check_parameters(content, params.get("Parameters") or {})
    chosen = {name: nodes[name] for name in named} | matching(params.get("Targets") or [], nodes)
    now = time.time()
    command = {
        "CommandId": str(uuid.uuid4()),
        "DocumentName": params["DocumentName"],
        "Comment": params.get("Comment", ""),
        "Parameters": params.get("Parameters") or {},
        "InstanceIds": named,
        "Targets": params.get("Targets") or [],
        "RequestedDateTime": now,
        "ExpiresAfter": now + params.get("TimeoutSeconds", 3600),
        "MaxConcurrency": params.get("MaxConcurrency", "50"),
        "MaxErrors": params.get("MaxErrors", "0"),
        "OutputS3BucketName": params.get("OutputS3BucketName", ""),
        "OutputS3KeyPrefix": params.get("OutputS3KeyPrefix", ""),
        "TargetCount": len(chosen),
        "CompletedCount": 0,
        "ErrorCount": 0,
        "Status": "Pending" if chosen else "Success",
        "StatusDetails": "Pending" if chosen else "NoInstancesInTag",
    }
    invocations = {name: _invocation(command, name) for name in chosen}
    _commands(context)[command["CommandId"]] = {"command": command, "invocations": invocations}
    if chosen:
        threading.Thread(target=_carry_out, args=(command, invocations, chosen, content, context), daemon=True).start()
    return {"Command": dict(command)}


def _check_parameters(content: dict[str, Any], given: dict[str, list[str]]) -> None:
    known = content.get("parameters") or {}
    unknown = sorted(set(given) - set(known))
    absent = sorted(name for name, about in known.items() if name not in given and "default" not in about)
    if unknown or absent:
        said = f"{', '.join(unknown)} not in the document" if unknown else f"{', '.join(absent)} missing"
        raise AwsError("InvalidParameters", f"Parameters do not fit the document: {said}", 400)
    for name, values in given.items():
        allowed = known[name].get("allowedValues")
        if allowed and not set(values) <= set(allowed):
            raise AwsError("InvalidParameters", f"{name} may be {', '.join(allowed)}", 400)


def _invocation(command: dict[str, Any], instance_id: str) -> dict[str, Any]:
    return {
        "CommandId": command["CommandId"],
        "InstanceId": instance_id,
        "DocumentName": command["DocumentName"],
        "Comment": command["Comment"],
        "RequestedDateTime": command["RequestedDateTime"],
        "Status": "Pending",
        "StatusDetails": "Pending",
        "ResponseCode": -1,
        "StandardOutputContent": "",
        "StandardErrorContent": "",
    }


def _carry_out(
    command: dict[str, Any], invocations: dict[str, dict[str, Any]], nodes: dict[str, Node], content: dict[str, Any], context: Context
) -> None:
    cancelled = threading.Event()

    def run(name: str) -> bool:
        invocation = invocations[name]
        if command["Status"] == "Cancelling":
            cancelled.set()
            invocation.update(Status="Cancelled", StatusDetails="Cancelled")
            return True
        command.update(Status="InProgress", StatusDetails="InProgress")
        invocation.update(Status="InProgress", StatusDetails="InProgress", ExecutionStartDateTime=_moment())
        outcome = run_on(nodes[name].machine, content, command["Parameters"], command["CommandId"])
        if command["OutputS3BucketName"]:
            folder = f"{command['CommandId']}/{name}"
            keep(nodes[name].machine, command["OutputS3BucketName"], command["OutputS3KeyPrefix"], folder, outcome)
        invocation.update(
            Status=outcome.status,
            StatusDetails=outcome.status,
            ResponseCode=outcome.code,
            StandardOutputContent=outcome.output,
            StandardErrorContent=outcome.error,
            ExecutionEndDateTime=_moment(),
        )
        command["CompletedCount"] += 1
        command["ErrorCount"] += outcome.status != "Success"
        return outcome.status == "Success"

    at_once = share(command["MaxConcurrency"], len(nodes), 50)
    for name in spread(list(nodes), at_once, share(command["MaxErrors"], len(nodes), 0), run, cancelled):
        status = "Cancelled" if cancelled.is_set() else "Terminated"
        invocations[name].update(Status=status, StatusDetails=status)
    found = {invocation["Status"] for invocation in invocations.values()}
    status = next((one for one in ("Cancelled", "TimedOut", "Failed", "Terminated") if one in found), "Success")
    command.update(Status="Failed" if status == "Terminated" else status, StatusDetails=status)


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _found(params: dict[str, Any], context: Context) -> dict[str, Any]:
    if (found := _commands(context).get(params["CommandId"])) is None:
        raise AwsError("InvalidCommandId", f"Command {params['CommandId']} does not exist", 400)
    return found


@operation("ssm", "ListCommands")
def list_commands(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """The newest first."""
    found = [_found(params, context)] if params.get("CommandId") else list(reversed(_commands(context).values()))
    wanted = params.get("InstanceId")
    return {"Commands": [dict(one["command"]) for one in found if not wanted or wanted in one["invocations"]]}


@operation("ssm", "ListCommandInvocations")
def list_command_invocations(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = [_found(params, context)] if params.get("CommandId") else list(reversed(_commands(context).values()))
    wanted = params.get("InstanceId")
    invocations = [one for each in found for name, one in each["invocations"].items() if wanted in (None, name)]
    return {"CommandInvocations": [_listed(one, bool(params.get("Details"))) for one in invocations]}


def _listed(invocation: dict[str, Any], details: bool) -> dict[str, Any]:
    kept = ("CommandId", "InstanceId", "DocumentName", "Comment", "RequestedDateTime", "Status", "StatusDetails")
    plugin = {
        "Name": "aws:runShellScript",
        "Status": invocation["Status"],
        "StatusDetails": invocation["StatusDetails"],
        "ResponseCode": invocation["ResponseCode"],
        "Output": invocation["StandardOutputContent"][:2500],
    }
    return {**{name: invocation[name] for name in kept}, "CommandPlugins": [plugin] if details else []}


@operation("ssm", "GetCommandInvocation")
def get_command_invocation(params: dict[str, Any], context: Context) -> dict[str, Any]:
    found = _commands(context).get(params["CommandId"], {}).get("invocations", {}).get(params["InstanceId"])
    if found is None:
        raise AwsError("InvocationDoesNotExist", "An error occurred: the command or the instance has no such invocation", 400)
    return {name: value for name, value in found.items() if name != "RequestedDateTime"}


@operation("ssm", "CancelCommand")
def cancel_command(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """What runs already runs on to its end; nothing else is begun."""
    command = _found(params, context)["command"]
    if command["Status"] not in ENDED:
        command.update(Status="Cancelling", StatusDetails="Cancelling")
    return {}
