"""Refuse what AWS would refuse. Hand rules stand in ``emulator/strict/rules_<service>.py``, one function a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Context:
    """Where a call was made and by whom: 12-digit account, region of the request, access key; moto's backends for looking at state."""

    account_id: str
    region: str
    access_key: str = ""

    def backend(self, service: str, region: str | None = None) -> Any:
        """moto's backend of *service* (moto's name), of this account; *region* defaults to the call's."""
        from moto.backends import get_backend

        backends = get_backend(service)[self.account_id]
        return backends[region or self.region] if (region or self.region) in backends else backends["aws"]


@dataclass(frozen=True)
class Rule:
    """One thing that AWS refuses. *judge* answers with the sentence of the refusal, or None."""

    name: str
    service: str
    operations: tuple[str, ...]
    code: str
    source: str
    good: tuple[dict[str, Any], ...]
    bad: tuple[dict[str, Any], ...]
    judge: Callable[[dict[str, Any], Context], str | None] = field(compare=False)


RULES: dict[str, Rule] = {}


def rule(service: str, *operations: str, code: str, source: str, good: list[dict[str, Any]], bad: list[dict[str, Any]]):
    """Register a rule, named ``<service>.<function name>`` (the name that ``--lenient`` takes).

    *service*: botocore's service id, for example ``s3``; *operations*: API names, for example ``CreateBucket``;
    *code*: AWS's error code; *source*: title of the AWS document; *good*, *bad*: parameters that pass and that do not,
    tried by tests/unit/emulator/test_rules.py on an empty account.
    """

    def register(judge: Callable[[dict[str, Any], Context], str | None]):
        name = f"{service}.{judge.__name__}"
        RULES[name] = Rule(name, service, operations, code, source, tuple(good), tuple(bad), judge)
        return judge

    return register
