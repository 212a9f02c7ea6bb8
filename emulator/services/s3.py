"""Amazon S3: bucket policies are read with their conditions."""

from __future__ import annotations

import fnmatch
import json
from typing import Any

from moto.s3.models import LOGGING_SERVICE_PRINCIPAL, FakeBucket


def apply() -> None:
    policy_conditions_hold()
    log_delivery_may_be_allowed_in_any_form()


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _applies(statement: dict[str, Any]) -> bool:
    """Whether the conditions of *statement* hold for a request of the account's own principals over TLS.

    The emulator speaks plain HTTP in place of TLS, so C(aws:SecureTransport) is true. Conditions on other keys are those of
    services and foreign principals, which never are the caller here.
    """
    conditions = statement.get("Condition") or {}
    for operator, keys in conditions.items():
        for key, value in keys.items():
            if key.lower() != "aws:securetransport" or operator.lower() not in ("bool", "boolifexists"):
                return False
            if "true" not in [str(item).lower() for item in _as_list(value)]:
                return False
    return True


def policy_conditions_hold() -> None:
    """A statement of a bucket policy counts only where its conditions hold, so a TLS-only Deny does not refuse all requests."""

    def get_permission(self: FakeBucket, action: str, resource: str) -> Any:
        from moto.iam.access_control import IAMPolicy, PermissionResult

        if self.policy is None:
            return PermissionResult.NEUTRAL
        document = json.loads(self.policy.decode())
        statements = [statement for statement in _as_list(document["Statement"]) if _applies(statement)]
        if not statements:
            return PermissionResult.NEUTRAL
        # The conditions hold: without them moto need not know their operators.
        bare = [{key: value for key, value in statement.items() if key != "Condition"} for statement in statements]
        return IAMPolicy(json.dumps({**document, "Statement": bare})).is_action_permitted(action, resource)

    FakeBucket.get_permission = get_permission


def log_delivery_may_be_allowed_in_any_form() -> None:
    """PutBucketLogging accepts each policy that allows the logging service: lists, wildcards, and other statements for everyone."""

    def allowed(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
        if not target_bucket.policy:
            return False
        # Any key under the prefix: S3 appends date and a hash.
        key = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}2026-01-01-00-00-00-0123456789ABCDEF"
        for statement in _as_list(json.loads(target_bucket.policy.decode())["Statement"]):
            principal = statement.get("Principal", {})
            services = _as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
            if (
                statement.get("Effect") == "Allow"
                and LOGGING_SERVICE_PRINCIPAL in services
                and any(fnmatch.fnmatchcase("s3:PutObject", action) for action in _as_list(statement.get("Action", [])))
                and any(fnmatch.fnmatchcase(key, resource) for resource in _as_list(statement.get("Resource", [])))
            ):
                return True
        return False

    FakeBucket._log_permissions_enabled_policy = staticmethod(allowed)
