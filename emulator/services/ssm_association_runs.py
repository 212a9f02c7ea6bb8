"""What became of associations on instances (emulator/instances/associations.py applies them)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from moto.ssm.models import ssm_backends

from emulator.errors import AwsError
from emulator.operations import operation
from emulator.services.ssm_management import associations_of
from emulator.strict import Context


def apply() -> None:
    """Its operations go before moto's, which are none."""


def _association(identity: str, context: Context) -> dict[str, Any]:
    found = associations_of(ssm_backends[context.account_id][context.region]).get(identity)
    if found is None:
        raise AwsError("AssociationDoesNotExist", f"Association {identity} does not exist.", 400)
    return found


@operation("ssm", "StartAssociationsOnce")
def start_associations_once(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """The overview tells of the execution before, until the next one has begun."""
    for association in [_association(identity, context) for identity in params["AssociationIds"]]:
        association["asked"] = association.get("asked", 0) + 1
    return {}


@operation("ssm", "DescribeAssociationExecutions")
def describe_association_executions(params: dict[str, Any], context: Context) -> dict[str, Any]:
    """The newest first."""
    association = _association(params["AssociationId"], context)
    return {
        "AssociationExecutions": [
            {
                "AssociationId": params["AssociationId"],
                "AssociationVersion": execution["AssociationVersion"],
                "ExecutionId": execution["ExecutionId"],
                "Status": execution["Status"],
                "DetailedStatus": execution["Status"],
                "CreatedTime": execution["CreatedTime"],
                "ResourceCountByStatus": _counted(execution),
            }
            for execution in reversed(association.get("executions", []))
            if all(_passes(execution, wanted) for wanted in params.get("Filters", []))
        ]
    }


#: "DescribeAssociationExecutions" (AWS Systems Manager API Reference): which comparisons each key has.
_COMPARISONS = {"ExecutionId": ("EQUAL",), "Status": ("EQUAL",), "CreatedTime": ("EQUAL", "GREATER_THAN", "LESS_THAN")}


def _passes(execution: dict[str, Any], wanted: dict[str, str]) -> bool:
    key, comparison, value = wanted["Key"], wanted["Type"], wanted["Value"]
    if comparison not in _COMPARISONS[key]:
        raise AwsError("ValidationException", f"The filter {key} can't be compared by {comparison}.", 400)
    if key != "CreatedTime":
        return execution[key] == value
    try:
        asked = datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        raise AwsError("ValidationException", f"{value} is no time.", 400) from None
    created = execution["CreatedTime"].replace(tzinfo=UTC)
    return {"EQUAL": created == asked, "GREATER_THAN": created > asked, "LESS_THAN": created < asked}[comparison]


def _counted(execution: dict[str, Any]) -> str:
    counts = Counter(one["Status"] for one in execution["targets"].values())
    return "{" + ", ".join(f"{status}={count}" for status, count in sorted(counts.items())) + "}"


@operation("ssm", "DescribeAssociationExecutionTargets")
def describe_association_execution_targets(params: dict[str, Any], context: Context) -> dict[str, Any]:
    executions = _association(params["AssociationId"], context).get("executions", [])
    execution = next((one for one in executions if one["ExecutionId"] == params["ExecutionId"]), None)
    if execution is None:
        raise AwsError("AssociationExecutionDoesNotExist", f"Execution {params['ExecutionId']} does not exist.", 400)
    return {
        "AssociationExecutionTargets": [
            {
                "AssociationId": params["AssociationId"],
                "AssociationVersion": execution["AssociationVersion"],
                "ExecutionId": execution["ExecutionId"],
                "ResourceId": name,
                "ResourceType": "ManagedInstance",
                "Status": one["Status"],
                "DetailedStatus": one["Status"],
                **({"LastExecutionDate": one["LastExecutionDate"]} if "LastExecutionDate" in one else {}),
            }
            for name, one in execution["targets"].items()
        ]
    }
