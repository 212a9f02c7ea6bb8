"""Runs a module of the collection in this process, against a strict emulator of its own on a free port."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import pytest

# Before moto is imported: it reads this once. Roles attach AWS's own policies.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
from moto.moto_api._internal.models import moto_api_backend

from emulator import services
from emulator.pipeline import Emulator
from emulator.strict.judge import Judge
from tests import modules
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


@pytest.fixture(scope="session")
def emulator() -> Iterator[tuple[Emulator, str]]:
    """(the emulator, its address)."""
    services.apply_all()
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


@cache
def client_of(endpoint: str, service: str, region_name: str = REGION) -> Any:
    """One for all tests: to make it takes as long as ten of its calls."""
    return boto3.client(service, endpoint_url=endpoint, region_name=region_name)


@pytest.fixture
def aws(endpoint) -> Callable[..., Any]:
    """``aws("ec2")`` is a boto3 client of the emulator."""
    return partial(client_of, endpoint)


@pytest.fixture
def run_module(endpoint) -> Callable[..., dict[str, Any]]:
    """tests/modules.py's, against the emulator."""
    return modules.run_module


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
        except modules.ModuleFailed as failed:
            return failed.result["msg"]
        raise AssertionError(f"{name} did not fail: {result}")

    return run
