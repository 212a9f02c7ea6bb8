"""Compliance of nodes with their associations, which State Manager reports by itself, and which moto lacks.

"About association compliance" (AWS Systems Manager User Guide). Patches and custom types have no items here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from moto.core.utils import utcnow
from moto.ssm.models import ssm_backends

from emulator.operations import operation
from emulator.services.ssm_management import associations_of
from emulator.strict import Context

TYPE = "Association"


def apply() -> None:
    """Its operations go before moto's, which are none."""


def _items(context: Context) -> Iterator[dict[str, Any]]:
    """An item for each node that an association was applied to."""
    for association in associations_of(ssm_backends[context.account_id][context.region]).values():
        given = association["given"]
        for node, applied in association.get("applied", {}).items():
            yield {
                "ComplianceType": TYPE,
                "ResourceType": "ManagedInstance",
                "ResourceId": node,
                "Id": association["AssociationId"],
                "Title": given.get("AssociationName", ""),
                "Status": "COMPLIANT" if applied["status"] == "Success" else "NON_COMPLIANT",
                "Severity": given.get("ComplianceSeverity") or "UNSPECIFIED",
                "ExecutionSummary": {"ExecutionTime": association.get("LastExecutionDate") or utcnow()},
                "Details": {"DocumentName": given["Name"], "DocumentVersion": given.get("DocumentVersion", "$DEFAULT")},
            }


def _wanted(items: Iterator[dict[str, Any]], params: dict[str, Any]) -> list[dict[str, Any]]:
    filters = {one["Key"]: one["Values"] for one in params.get("Filters") or []}
    return [item for item in items if all(item.get(key) in values for key, values in filters.items())]


@operation("ssm", "ListComplianceItems")
def list_compliance_items(params: dict[str, Any], context: Context) -> dict[str, Any]:
    ids = params.get("ResourceIds") or []
    return {"ComplianceItems": [item for item in _wanted(_items(context), params) if not ids or item["ResourceId"] in ids]}


@operation("ssm", "ListResourceComplianceSummaries")
def list_resource_compliance_summaries(params: dict[str, Any], context: Context) -> dict[str, Any]:
    by_node: dict[str, list[dict[str, Any]]] = {}
    for item in _items(context):
        by_node.setdefault(item["ResourceId"], []).append(item)
    found = (_summary(items) for items in by_node.values())
    return {"ResourceComplianceSummaryItems": _wanted(found, params)}


def _summary(items: list[dict[str, Any]]) -> dict[str, Any]:
    bad = [item for item in items if item["Status"] == "NON_COMPLIANT"]
    return {
        **{key: items[0][key] for key in ("ComplianceType", "ResourceType", "ResourceId")},
        "Status": "NON_COMPLIANT" if bad else "COMPLIANT",
        "OverallSeverity": (bad or items)[0]["Severity"],
        "ExecutionSummary": items[0]["ExecutionSummary"],
        **_counted(items),
    }


def _counted(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The compliant and the other ones, each with their number and how grave they are."""
    found = {}
    for name, status in (("Compliant", "COMPLIANT"), ("NonCompliant", "NON_COMPLIANT")):
        grave = Counter(item["Severity"].title() for item in items if item["Status"] == status)
        found[f"{name}Summary"] = {
            f"{name}Count": grave.total(),
            "SeveritySummary": {f"{severity}Count": count for severity, count in grave.items()},
        }
    return found


@operation("ssm", "ListComplianceSummaries")
def list_compliance_summaries(params: dict[str, Any], context: Context) -> dict[str, Any]:
    items = list(_items(context))
    summaries = [{"ComplianceType": TYPE, **_counted(items)}] if items else []
    return {"ComplianceSummaryItems": _wanted(iter(summaries), params)}
