"""Operations that the emulator answers itself, for services or operations that moto lacks.

A module of ``emulator/services`` registers them::

    @operation("accessanalyzer", "CreateAnalyzer")
    def create_analyzer(params: dict[str, Any], context: Context) -> dict[str, Any]:
        analyzers = store("accessanalyzer", context)
        if params["analyzerName"] in analyzers:
            raise AwsError("ConflictException", "An analyzer with that name exists.", 409)
        ...
        return {"arn": arn}

Parameters arrive parsed by botocore's model, and the answer is serialised by it. Writing operations run alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.strict import Context

Operation = Callable[[dict[str, Any], Context], dict[str, Any] | None]

OPERATIONS: dict[tuple[str, str], Operation] = {}

STORES: dict[tuple[str, str, str], dict[str, Any]] = {}
"""By service, account and region. Kept in the state file, so values are plain data."""


def operation(service: str, *names: str) -> Callable[[Operation], Operation]:
    """Register the answer of operations *names* (API names) of *service* (botocore's name). It goes before moto's."""

    def register(answer: Operation) -> Operation:
        for name in names:
            OPERATIONS[service, name] = answer
        return answer

    return register


def store(service: str, context: Context, *, everywhere: bool = False) -> dict[str, Any]:
    """What *service* keeps for the call's account and region; *everywhere*: one store for all regions."""
    return STORES.setdefault((service, context.account_id, "global" if everywhere else context.region), {})
