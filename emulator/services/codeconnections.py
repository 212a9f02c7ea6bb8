"""CodeConnections, which moto lacks: connections, which stay pending until a person completes the handshake in the console."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.errors import AwsError
from emulator.operations import operation
from emulator.records import Records, as_map, tag_operations, tags_by_arn
from emulator.strict import Context

CONNECTIONS = Records("codeconnections", "connection", "LimitExceededException", "ResourceNotFoundException")
TAG = ("Key", "Value")


def apply() -> None:
    tag_operations("codeconnections", arn="ResourceArn", tags="Tags", keys="TagKeys", missing="ResourceNotFoundException", as_list=TAG)


@operation("codeconnections", "CreateConnection")
def create_connection(params: dict[str, Any], context: Context) -> dict[str, Any]:
    name = params["ConnectionName"]
    if any(found["ConnectionName"] == name for found in CONNECTIONS.all(context).values()):
        raise AwsError("InvalidInputException", f"A connection named {name} exists", 400)
    arn = f"arn:aws:codeconnections:{context.region}:{context.account_id}:connection/{uuid.uuid4()}"
    made = {"ConnectionName": name, "ConnectionArn": arn, "OwnerAccountId": context.account_id, "ConnectionStatus": "PENDING"}
    given = {key: params[key] for key in ("ProviderType", "HostArn") if key in params}
    CONNECTIONS.add(context, arn, {**made, **given})
    tags = as_map(params.get("Tags"), TAG)
    tags_by_arn("codeconnections", context)[arn] = tags
    return {"ConnectionArn": arn, "Tags": [dict(zip(TAG, item, strict=True)) for item in tags.items()]}


@operation("codeconnections", "GetConnection")
def get_connection(params: dict[str, Any], context: Context) -> dict[str, Any]:
    return {"Connection": CONNECTIONS.get(context, params["ConnectionArn"])}


@operation("codeconnections", "ListConnections")
def list_connections(params: dict[str, Any], context: Context) -> dict[str, Any]:
    kind = params.get("ProviderTypeFilter")
    return {"Connections": [found for found in CONNECTIONS.all(context).values() if kind in (None, found.get("ProviderType"))]}


@operation("codeconnections", "DeleteConnection")
def delete_connection(params: dict[str, Any], context: Context) -> dict[str, Any]:
    CONNECTIONS.get(context, params["ConnectionArn"])
    CONNECTIONS.remove(context, params["ConnectionArn"])
    tags_by_arn("codeconnections", context).pop(params["ConnectionArn"], None)
    return {}
