"""Would AWS refuse this call? The judgement of the running emulator, call by call."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable

from emulator import strict
from emulator.catalog import Call
from emulator.errors import AwsError
from emulator.strict import RULES, Context, Rule, codes, constraints, policies, regions, schedules

# Judgements that aren't hand rules, by the names that --lenient takes.
GENERAL = ("model", "policy", "region", "schedule")


class UnknownRule(Exception):
    """--lenient named a rule that doesn't exist."""


class Judge:
    """Raises AwsError where AWS would refuse; leaves out the rules named in *lenient*."""

    def __init__(self, lenient: Iterable[str] = ()):
        load_rules()
        self._lenient = frozenset(lenient)
        known = sorted({*GENERAL, *RULES})
        if unknown := sorted(self._lenient - set(known)):
            raise UnknownRule(f"There is no rule {', '.join(unknown)}. Rules: {', '.join(known)}")
        self._rules: dict[tuple[str, str], list[Rule]] = {}
        for rule in RULES.values():
            if rule.name not in self._lenient:
                for operation in rule.operations:
                    self._rules.setdefault((rule.service, operation), []).append(rule)

    def form(self, call: Call) -> None:
        """Judge what can be judged without looking at anything else."""
        if "model" not in self._lenient and (found := list(constraints.findings(call.model.input_shape, call.parameters))):
            raise AwsError(_code(call, found), constraints.message(found))
        if "policy" not in self._lenient:
            for code, sentence in policies.findings(call.service, call.operation, call.parameters):
                raise AwsError(code or codes.policy(call.service), sentence)
        if "schedule" not in self._lenient:
            for sentence in schedules.findings(call.service, call.operation, call.parameters):
                raise AwsError(codes.invalid(call.service), sentence)

    def region(self, call: Call) -> None:
        """Judge the region of the signature."""
        if "region" not in self._lenient:
            regions.refuse_unknown(call.service, call.region, call.protocol)

    def rules(self, call: Call, context: Context) -> None:
        """Judge by the hand rules, which may look at what exists."""
        for rule in self._rules.get((call.service, call.operation), ()):
            if sentence := rule.judge(call.parameters, context):
                raise AwsError(rule.code, sentence)


def load_rules() -> None:
    """Import every ``rules_<service>.py`` of this package."""
    for found in pkgutil.iter_modules(strict.__path__):
        if found.name.startswith("rules_"):
            importlib.import_module(f"{strict.__name__}.{found.name}")


def _code(call: Call, found: list[constraints.Finding]) -> str:
    if call.service == "s3":
        return _s3_code(call, found[0])
    if all(finding.kind == "required" for finding in found):
        return codes.missing(call.service)
    return codes.invalid(call.service)


def _s3_code(call: Call, first: constraints.Finding) -> str:
    """S3 tells a bad body from a bad argument (Amazon S3 API Reference, "Error responses")."""
    shape = call.model.input_shape
    payload = shape.serialization.get("payload") if shape is not None else None
    return "MalformedXML" if payload and first.path.split(".")[0].split("[")[0] == payload else "InvalidArgument"
