"""What Amazon S3 Control refuses: the public access block of an account."""

from __future__ import annotations

from typing import Any

from emulator.strict import Context, rule

_GUIDE = "Amazon S3 User Guide"
OWN = {"AccountId": "123456789012"}
BLOCK = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


@rule(
    "s3control", "PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock", code="AccessDenied",
    source=f'{_GUIDE}, "Configuring block public access settings for your account"',
    good=[{**OWN, "PublicAccessBlockConfiguration": BLOCK}, OWN],
    bad=[{"AccountId": "210987654321", "PublicAccessBlockConfiguration": BLOCK}, {"AccountId": "210987654321"}],
)  # fmt: skip
def own_account(params: dict[str, Any], context: Context) -> str | None:
    return None if params["AccountId"] == context.account_id else "Access Denied"


@rule(
    "s3control", "PutPublicAccessBlock", code="InvalidRequest", source="Amazon S3 API Reference, PutPublicAccessBlock",
    good=[{**OWN, "PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}],
    bad=[{**OWN, "PublicAccessBlockConfiguration": {}}],
)  # fmt: skip
def something_is_set(params: dict[str, Any], context: Context) -> str | None:
    return None if params.get("PublicAccessBlockConfiguration") else "Must specify at least one configuration."
