"""What AWS Key Management Service refuses."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.rules_iam import absent_principal

ROOT = {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@rule(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    code="MalformedPolicyDocumentException",
    source="AWS KMS Developer Guide, Key policies in AWS KMS",
    good=[{"Policy": _policy(ROOT)}, {"Policy": _policy(ROOT, {**ROOT, "Principal": {"Service": "logs.amazonaws.com"}})}],
    bad=[{"Policy": _policy(ROOT, {**ROOT, "Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"}})}],
)
def key_policy_principal_exists(params: dict[str, Any], context: Context) -> str | None:
    missing = absent_principal(params.get("Policy") or "{}", context)
    return "Policy contains a statement with one or more invalid principals." if missing else None


@rule(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    code="MalformedPolicyDocumentException",
    source="AWS KMS API Reference, CreateKey, BypassPolicyLockoutSafetyCheck",
    good=[{}, {"Policy": _policy(ROOT)}, {"Policy": _policy({**ROOT, "Action": "kms:Decrypt"}), "BypassPolicyLockoutSafetyCheck": True}],
    bad=[
        {"Policy": _policy({**ROOT, "Action": "kms:Decrypt"})},
        {"Policy": _policy({**ROOT, "Principal": {"Service": "s3.amazonaws.com"}})},
    ],
)
def key_policy_lockout(params: dict[str, Any], context: Context) -> str | None:
    if not params.get("Policy") or params.get("BypassPolicyLockoutSafetyCheck"):
        return None
    try:
        statements = _many(json.loads(params["Policy"])["Statement"])
    except (ValueError, KeyError, TypeError):
        return None  # another rule's matter
    for statement in statements:
        principal = statement.get("Principal")
        people = principal == "*" or (isinstance(principal, dict) and "AWS" in principal)
        changes = any(fnmatchcase("kms:PutKeyPolicy", action) for action in _many(statement.get("Action", [])))
        if statement.get("Effect") == "Allow" and people and changes:
            return None
    return "The new key policy will not allow you to update the key policy in the future."


@rule(
    "kms",
    "CreateAlias",
    "UpdateAlias",
    "DeleteAlias",
    code="NotAuthorizedException",
    source="AWS KMS API Reference, CreateAlias",
    good=[{"AliasName": "alias/shop-staging-logs"}, {"AliasName": "alias/awsome"}],
    bad=[{"AliasName": "alias/aws/shop"}],
)
def alias_of_aws(params: dict[str, Any], context: Context) -> str | None:
    return "Aliases under alias/aws/ belong to AWS." if params["AliasName"].startswith("alias/aws/") else None


@rule(
    "kms",
    "ScheduleKeyDeletion",
    code="ValidationException",
    source="AWS KMS API Reference, ScheduleKeyDeletion",
    good=[{"KeyId": "k"}, {"KeyId": "k", "PendingWindowInDays": 7}, {"KeyId": "k", "PendingWindowInDays": 30}],
    bad=[{"KeyId": "k", "PendingWindowInDays": 6}, {"KeyId": "k", "PendingWindowInDays": 31}],
)
def pending_window(params: dict[str, Any], context: Context) -> str | None:
    days = params.get("PendingWindowInDays", 30)
    return None if 7 <= days <= 30 else f"PendingWindowInDays {days} is not between 7 and 30."


@rule(
    "kms",
    "EnableKeyRotation",
    code="ValidationException",
    source="AWS KMS API Reference, EnableKeyRotation",
    good=[{"KeyId": "k"}, {"KeyId": "k", "RotationPeriodInDays": 90}],
    bad=[{"KeyId": "k", "RotationPeriodInDays": 89}, {"KeyId": "k", "RotationPeriodInDays": 2561}],
)
def rotation_period(params: dict[str, Any], context: Context) -> str | None:
    days = params.get("RotationPeriodInDays", 365)
    return None if 90 <= days <= 2560 else f"RotationPeriodInDays {days} is not between 90 and 2560."


def service_may(context: Context, key_arn: str, service: str, action: str, source_arn: str | None = None) -> bool | None:
    """Whether the policy of the key lets *service* (its principal) do *action*, for *source_arn*. None if there is no such key."""
    parts = key_arn.split(":")
    if len(parts) < 6 or parts[3] != context.region:
        return None
    key = context.backend("kms").keys.get(parts[5].removeprefix("key/"))
    if key is None:
        return None
    for statement in _many(json.loads(key.policy).get("Statement", [])):
        principal = statement.get("Principal")
        principals = _many(principal.get("Service", [])) if isinstance(principal, dict) else []
        wanted = _many(statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn", []))
        if (
            statement.get("Effect") == "Allow"
            and service in principals
            and any(fnmatchcase(action, pattern) for pattern in _many(statement.get("Action", [])))
            and (source_arn is None or not wanted or source_arn in wanted)
        ):
            return True
    return False


@rule(
    "kms",
    "CreateKey",
    "PutKeyPolicy",
    code="LimitExceededException",
    source="AWS KMS Developer Guide, Resource quotas: key policy document size",
    good=[{"Policy": _policy(ROOT)}],
    bad=[{"Policy": _policy({**ROOT, "Sid": "a" * 32768})}],
)
def key_policy_size(params: dict[str, Any], context: Context) -> str | None:
    return "A key policy has 32 KB (32768 bytes) at most." if len((params.get("Policy") or "").encode()) > 32768 else None


@rule(
    "kms",
    "CreateKey",
    "TagResource",
    code="TagException",
    source="AWS KMS API Reference, TagResource",
    good=[{"Tags": [{"TagKey": "Project", "TagValue": "shop"}]}],
    bad=[{"Tags": [{"TagKey": "aws:x", "TagValue": "y"}]}, {"Tags": [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]}],
)
def key_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong((tag["TagKey"], tag["TagValue"]) for tag in params.get("Tags") or [])
