"""Runs a module of the collection in this process, against a strict emulator of its own on a free port."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

# Before moto is imported: it reads this once. Roles attach AWS's own policies.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
import botocore.client
from ansible.module_utils import basic
from ansible.module_utils.common.text.converters import to_bytes
from moto.moto_api._internal.models import moto_api_backend

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import warm
from emulator import services
from emulator.pipeline import Emulator
from emulator.strict.judge import Judge
from tests.in_process import serving

REGION = "ap-northeast-2"
ACCOUNT_ID = "123456789012"
UNKNOWN = "(known after apply)"

#: Rules on what stands around a resource. A test of one module makes its surroundings up; whole roles run under all rules (molecule/).
SURROUNDINGS = (
    "backup.role_trusts_backup",
    "backup.target_vault_exists",
    "cloudtrail.bucket_lets_the_trail_write",
    "cloudtrail.key_lets_the_trail_encrypt",
    "cloudtrail.log_group",
    "cloudtrail.log_group_role",
    "elbv2.certificate_is_issued",
    "elbv2.vpc_has_an_internet_gateway",
    "lambda.environment",
    "lambda.role_may_use_the_destination",
    "rds.enhanced_monitoring",
    "rds.sources_exist",
    "route53.policy_lets_route53_write",
    "secretsmanager.key_exists",
    "shield.health_check_stands",
    "shield.protected_load_balancer_stands",
    "ssm.association_output",
    "wafv2.log_group_exists",
)

#: Operations that read, by their first word. All others count as writing.
READING = ("Describe", "List", "Get", "Head", "Lookup", "Search", "BatchGet", "Validate", "Simulate", "CheckCapacity")


class ModuleEnded(Exception):
    def __init__(self, result: dict[str, Any]):
        super().__init__(result.get("msg", ""))
        self.result = result


class ModuleFailed(AssertionError):
    """The module ended with fail_json. C(result) is its result."""

    def __init__(self, result: dict[str, Any]):
        super().__init__(result.get("msg", ""))
        self.result = result


@pytest.fixture(scope="session")
def emulator() -> Iterator[tuple[Emulator, str]]:
    """(the emulator, its address)."""
    services.apply_all()
    warm.sdk([])  # each run of a module makes a session, which would read the models of its services anew
    running = Emulator(Judge(SURROUNDINGS))
    with serving(running) as address:
        os.environ["MOTO_PORT"] = address.rpartition(":")[2]  # as the emulator does for the functions that run in it
        yield running, address


@pytest.fixture
def endpoint(emulator, monkeypatch):
    """The address of an account with nothing in it."""
    running, address = emulator
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": address,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    moto_api_backend.reset()
    running.reset()
    return address


@pytest.fixture
def aws(endpoint) -> Callable[..., Any]:
    """``aws("ec2")`` is a boto3 client of the emulator."""
    return lambda service, **options: boto3.client(
        service, endpoint_url=endpoint, region_name=options.pop("region_name", REGION), **options
    )


@pytest.fixture
def run_module(endpoint) -> Callable[..., dict[str, Any]]:
    """``run_module("vpc_subnets", vpc_id=…)`` is the module's result, with all API calls it made under ``_calls``.

    ``check=True`` runs in check mode and asserts that nothing was written. ModuleFailed carries the result of a failure.
    """

    def run(name: str, /, check: bool = False, **params: Any) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.refarch.aws.plugins.modules.{name}")
        calls: list[str] = []
        send = botocore.client.BaseClient._make_api_call

        def recorded(client, operation, parameters):
            calls.append(operation)
            return send(client, operation, parameters)

        def end(_module, **result):
            raise ModuleEnded(result)

        def fail(_module, msg="", **result):
            raise ModuleEnded({"failed": True, "msg": msg, **result})

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
            except ModuleEnded as ended:
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

    return run


def matches_plan(planned: Any, applied: Any) -> bool:
    """Whether *applied* is what was *planned*, where the placeholder of a plan stands for anything."""
    if isinstance(planned, str) and UNKNOWN in planned:
        return True
    if isinstance(planned, dict) and isinstance(applied, dict):
        return planned.keys() == applied.keys() and all(matches_plan(planned[key], applied[key]) for key in planned)
    if isinstance(planned, list) and isinstance(applied, list):
        return len(planned) == len(applied) and all(map(matches_plan, planned, applied))
    return planned == applied


@pytest.fixture
def converge(run_module) -> Callable[..., dict[str, Any]]:
    """Plan, apply, plan and apply again: the plan writes nothing and lists the apply's calls; afterwards nothing is left to do.

    Returns the result of the first apply.
    """

    def run(name: str, /, **params: Any) -> dict[str, Any]:
        planned = run_module(name, check=True, **params)
        applied = run_module(name, **params)
        assert [(c["operation"], c["name"]) for c in planned["changes"]] == [(c["operation"], c["name"]) for c in applied["changes"]]
        for plan, change in zip(planned["changes"], applied["changes"], strict=True):
            assert matches_plan(plan["parameters"], change["parameters"]), f"planned {plan}, applied {change}"
        assert planned["changed"] == applied["changed"]
        for again in (run_module(name, check=True, **params), run_module(name, **params)):
            assert again["changes"] == [] and again["changed"] is False, f"not idempotent: {again['changes']}"
        return applied

    return run


@pytest.fixture
def refusal(run_module) -> Callable[..., str]:
    """The message with which a module fails; a module that does not fail is the test's failure."""

    def run(name: str, /, check: bool = False, **params: Any) -> str:
        try:
            result = run_module(name, check=check, **params)
        except ModuleFailed as failed:
            return failed.result["msg"]
        raise AssertionError(f"{name} did not fail: {result}")

    return run
