"""What AWS CodeConnections refuses."""

from __future__ import annotations

from typing import Any

from emulator.strict import Context, rule


@rule(
    "codeconnections", "CreateConnection", code="InvalidInputException",
    source="AWS CodeConnections API Reference, CreateConnection",
    good=[{"ConnectionName": "shop", "ProviderType": "GitHub"}, {"ConnectionName": "shop", "HostArn": "arn:aws:codeconnections:x"}],
    bad=[{"ConnectionName": "shop"}, {"ConnectionName": "shop", "ProviderType": "GitHub", "HostArn": "arn:aws:codeconnections:x"}],
)  # fmt: skip
def provider_or_host(params: dict[str, Any], context: Context) -> str | None:
    if bool(params.get("ProviderType")) != bool(params.get("HostArn")):
        return None
    return "Either the provider type or the ARN of a host must be given, not both"
