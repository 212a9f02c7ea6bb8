"""Which API calls change something. The emulator's own judgement, so that it can contradict the product's."""

from __future__ import annotations

from functools import cache
from typing import Literal

Kind = Literal["read", "write"]

# Names of operations that only look. "Get" and the like are AWS's own convention for the access levels Read and List
# (Service Authorization Reference, "Access levels in policy summaries").
_READ_PREFIXES = (
    "BatchCheck", "BatchDescribe", "BatchGet", "BatchIsAuthorized", "BatchList", "Check", "Count", "Describe", "Detect", "Discover",
    "Download", "Estimate", "Filter", "Get", "Head", "IsAuthorized", "List", "Lookup", "Predict", "Preview", "Query", "Scan", "Search",
    "Select", "Simulate", "Test", "Validate", "Verify", "View",
)  # fmt: skip

# Reviewed one by one: operations whose name says "write", though nothing that a plan speaks of changes
# (CloudTrail records them with readOnly: true).
_READS = frozenset({
    "cloudtrail:StartQuery",
    "iam:GenerateCredentialReport",
    "iam:GenerateServiceLastAccessedDetails",
    "kms:Decrypt",
    "kms:DeriveSharedSecret",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyPair",
    "kms:GenerateDataKeyPairWithoutPlaintext",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GenerateMac",
    "kms:GenerateRandom",
    "kms:ReEncrypt",
    "kms:Sign",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:StopQuery",
    "sqs:ReceiveMessage",
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:AssumeRoot",
    "sts:DecodeAuthorizationMessage",
})  # fmt: skip

# Operations whose name says "read", though they change something.
_WRITES = frozenset({
    "apigateway:TestInvokeMethod",
    "cloudformation:DetectStackDrift",
    "cloudformation:DetectStackResourceDrift",
    "cloudformation:DetectStackSetDrift",
    "codepipeline:TestWebhook",
    "stepfunctions:GetActivityTask",
    "verifiedpermissions:BatchIsAuthorizedWithToken",
})  # fmt: skip


@cache
def kind(service: str, operation: str) -> Kind:
    """Does *operation* (API name) of *service* (botocore's name) change anything?"""
    name = f"{service}:{operation}"
    if name in _READS:
        return "read"
    if name in _WRITES:
        return "write"
    return "read" if operation.startswith(_READ_PREFIXES) else "write"


@cache
def runs_alone(service: str, operation: str) -> bool:
    """Must no other call run beside it? Stricter than `kind`: also calls that only leave traces inside of the emulator."""
    return f"{service}:{operation}" in _READS or kind(service, operation) == "write"


@cache
def calls_back(service: str, operation: str) -> bool:
    """Does it run code that calls the emulator in turn? Such a call holds no lock while the code runs, or both would wait for ever."""
    return f"{service}:{operation}" == "lambda:Invoke"
