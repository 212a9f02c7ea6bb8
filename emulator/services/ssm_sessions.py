"""AWS Systems Manager's sessions, which moto lacks: on instances whose agent is connected (emulator/machines.py)."""

from __future__ import annotations

import functools
import secrets
import threading
import time
from datetime import datetime
from typing import Any

from moto.ssm.models import ssm_backends
from moto.sts.models import sts_backends

from emulator import machines
from emulator.errors import AwsError
from emulator.operations import operation, store
from emulator.services.ssm_management import document_content
from emulator.sessions.agent import Agent, Preferences
from emulator.sessions.server import DataChannels
from emulator.strict import Context

#: Preferences of sessions that name no document.
ACCOUNT_DOCUMENT = "SSM-SessionManagerRunShell"
ENDED = ("Terminated", "Failed")

#: What is under way, by session.
_agents: dict[str, Agent] = {}


def apply() -> None:
    """Its operations go before moto's, which are none."""


@functools.cache
def channels() -> DataChannels:
    """The endpoint of data channels, from the first session on."""
    return DataChannels("127.0.0.1")


def _sessions(context: Context) -> dict[str, dict[str, Any]]:
    return store("ssm", context).setdefault("sessions", {})


def _session(params: dict[str, Any], context: Context) -> dict[str, Any]:
    if (found := _sessions(context).get(params["SessionId"])) is None:
        raise AwsError("DoesNotExistException", f"Session {params['SessionId']} does not exist", 400)
    return found


def _inputs(name: str, context: Context) -> dict[str, Any]:
    """The inputs of session document *name*; the account's has none where nobody made it. Raises AwsError."""
    if name == ACCOUNT_DOCUMENT and name not in ssm_backends[context.account_id][context.region]._documents:
        return {}
    return document_content(name, "Session", context).get("inputs") or {}


@operation("ssm", "StartSession")
def start_session(params: dict[str, Any], context: Context) -> dict[str, Any]:
    target, name = params["Target"], params.get("DocumentName") or ACCOUNT_DOCUMENT
    inputs = _inputs(name, context)
    if (node := machines.nodes(context.account_id, context.region).get(target)) is None:
        raise AwsError("TargetNotConnected", f"{target} is not connected.", 400)
    _user, owner, _account = sts_backends[context.account_id]["aws"].get_caller_identity(context.access_key, context.region)
    session_id = f"{owner.rpartition('/')[2]}-{secrets.token_hex(9)[:17]}"
    session = {
        "SessionId": session_id,
        "Target": target,
        "Status": "Connected",
        "StartDate": time.time(),
        "DocumentName": name,
        "Owner": owner,
        **({"Reason": params["Reason"]} if params.get("Reason") else {}),
        **({"MaxSessionDuration": inputs["maxSessionDuration"]} if inputs.get("maxSessionDuration") else {}),
    }
    _sessions(context)[session_id] = session

    def ended(output: str) -> None:
        session.update(Status="Terminated", EndDate=time.time(), **({"Details": output} if output else {}))
        _agents.pop(session_id, None)
        channels().forget(session_id)

    _agents[session_id] = Agent(session_id, target, node.machine, Preferences.of(inputs), ended, owner)
    return {"SessionId": session_id, **channels().open(session_id, _agents[session_id])}


@operation("ssm", "ResumeSession")
def resume_session(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """Without a token where the session has ended: the plugin says then that it timed out."""
    session = _session(params, context)
    if session["Status"] in ENDED:
        return {"SessionId": session["SessionId"]}
    return {"SessionId": session["SessionId"], **channels().token(session["SessionId"])}


@operation("ssm", "TerminateSession")
def terminate_session(params: dict[str, Any], context: Context) -> dict[str, Any]:
    session = _session(params, context)
    if session["Status"] not in ENDED:
        agent = _agents.get(session["SessionId"])
        if agent is not None:
            session.update(Status="Terminating")
            # It waits for the shell, and nobody else can write until this operation is over.
            threading.Thread(target=agent.end, daemon=True).start()
    return {"SessionId": session["SessionId"]}


def _fits(session: dict[str, Any], key: str, value: str) -> bool:
    """Whether *session* is one that a filter of DescribeSessions wants. Times are ISO 8601."""
    if key in ("InvokedAfter", "InvokedBefore"):
        asked = datetime.fromisoformat(value).timestamp()
        return session["StartDate"] >= asked if key == "InvokedAfter" else session["StartDate"] <= asked
    return session.get(key) == value


@operation("ssm", "DescribeSessions")
def describe_sessions(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """The newest first. *State*: Active or History."""
    history = params["State"] == "History"
    found = [
        session
        for session in reversed(_sessions(context).values())
        if (session["Status"] in ENDED) == history and all(_fits(session, one["key"], one["value"]) for one in params.get("Filters") or [])
    ]
    first = int(params.get("NextToken") or 0)
    last = first + int(params.get("MaxResults") or 200)
    return {"Sessions": found[first:last], **({"NextToken": str(last)} if last < len(found) else {})}


@operation("ssm", "GetConnectionStatus")
def get_connection_status(params: dict[str, Any], context: Context) -> dict[str, Any]:
    there = params["Target"] in machines.nodes(context.account_id, context.region)
    return {"Target": params["Target"], "Status": "connected" if there else "notconnected"}
