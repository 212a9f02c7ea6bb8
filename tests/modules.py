"""Runs a module of the collection in this process."""

from __future__ import annotations

import importlib
import json
from functools import cache
from typing import Any
from unittest.mock import patch

import botocore.client
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import warm

#: Operations that read, by their first word. All others count as writing.
READING = ("Describe", "List", "Get", "Head", "Lookup", "Search", "BatchGet", "Validate", "Simulate", "CheckCapacity")


class ModuleFailed(AssertionError):
    """The module ended with fail_json. C(result) is its result."""

    def __init__(self, result: dict[str, Any]):
        super().__init__(result.get("msg", ""))
        self.result = result


class _Ended(Exception):
    def __init__(self, result: dict[str, Any]):
        super().__init__(result.get("msg", ""))
        self.result = result


@cache
def _sdk() -> None:
    """Each run makes a session, which would read the models of its services anew."""
    warm.sdk([])


def run_module(name: str, /, check: bool = False, **params: Any) -> dict[str, Any]:
    """``run_module("vpc_subnets", vpc_id=…)`` is the module's result, with all API calls it made under ``_calls``.

    It finds its endpoint and credentials in the environment. ``check=True`` runs in check mode and asserts that nothing was written.
    ModuleFailed carries the result of a failure.
    """
    _sdk()
    module = importlib.import_module(f"ansible_collections.refarch.aws.plugins.modules.{name}")
    calls: list[str] = []
    send = botocore.client.BaseClient._make_api_call

    def recorded(client, operation, parameters):
        calls.append(operation)
        return send(client, operation, parameters)

    def end(_module, **result):
        raise _Ended(result)

    def fail(_module, msg="", **result):
        raise _Ended({"failed": True, "msg": msg, **result})

    arguments = {"ANSIBLE_MODULE_ARGS": {**params, "_ansible_check_mode": check, "_ansible_diff": True}}
    with (
        patch.object(basic, "_ANSIBLE_ARGS", to_bytes(json.dumps(arguments))),
        patch.object(basic, "_ANSIBLE_PROFILE", "legacy"),
        patch.object(basic.AnsibleModule, "exit_json", end),
        patch.object(basic.AnsibleModule, "fail_json", fail),
        patch.object(botocore.client.BaseClient, "_make_api_call", recorded),
    ):
        try:
            module.main()
        except _Ended as ended:
            result = ended.result
        else:
            raise AssertionError(f"{name} ended without a result")
    result["_calls"] = calls
    if check:
        writing = [call for call in calls if not call.startswith(READING)]
        assert writing == [], f"{name} wrote in check mode: {writing}"
    if result.get("failed"):
        raise ModuleFailed(result)
    json.dumps(result, default=repr)  # what a module returns must be JSON
    return result
