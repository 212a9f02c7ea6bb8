"""What IAM Access Analyzer refuses. Its quotas of analyzers are kept by the service itself (emulator/services/accessanalyzer.py)."""

from __future__ import annotations

from typing import Any

from emulator.strict import Context, rule, tags

_API = "IAM Access Analyzer API Reference"
ANALYZER = {"analyzerName": "shop-analyzer", "type": "ACCOUNT"}
UNUSED = {**ANALYZER, "type": "ACCOUNT_UNUSED_ACCESS"}


def _age(days: int) -> dict[str, Any]:
    return {"unusedAccess": {"unusedAccessAge": days}}


@rule(
    "accessanalyzer", "CreateAnalyzer", "TagResource", code="ValidationException",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**ANALYZER, "tags": {"Project": "shop"}}, ANALYZER],
    bad=[{**ANALYZER, "tags": {"aws:mine": "x"}}, {**ANALYZER, "tags": {f"k{number}": "v" for number in range(51)}}],
)  # fmt: skip
def analyzer_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("tags") or {}))


@rule(
    "accessanalyzer", "CreateAnalyzer", code="ValidationException", source=f"{_API}, UnusedAccessConfiguration",
    good=[{**UNUSED, "configuration": _age(days)} for days in (1, 365)],
    bad=[{**UNUSED, "configuration": _age(days)} for days in (0, 366)],
)  # fmt: skip
def unused_access_age(params: dict[str, Any], context: Context) -> str | None:
    days = ((params.get("configuration") or {}).get("unusedAccess") or {}).get("unusedAccessAge")
    return f"unusedAccessAge {days} must be between 1 and 365 days." if days is not None and not 1 <= days <= 365 else None


@rule(
    "accessanalyzer", "CreateAnalyzer", code="ValidationException", source=f"{_API}, AnalyzerConfiguration",
    good=[{**UNUSED, "configuration": _age(90)}, {**ANALYZER, "type": "ORGANIZATION_UNUSED_ACCESS", "configuration": _age(90)}],
    bad=[{**ANALYZER, "configuration": _age(90)}, {**UNUSED, "configuration": {"internalAccess": {}}}],
)  # fmt: skip
def configuration_fits_the_type(params: dict[str, Any], context: Context) -> str | None:
    for member, suffix in (("unusedAccess", "_UNUSED_ACCESS"), ("internalAccess", "_INTERNAL_ACCESS")):
        if member in (params.get("configuration") or {}) and not params["type"].endswith(suffix):
            return f"The configuration {member} is not for analyzers of type {params['type']}."
    return None
