"""What Amazon S3 refuses."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from emulator.strict import Context, rule

_GUIDE = "Amazon S3 User Guide"
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
#: Days before an object may move there (Amazon S3 User Guide, "Transitioning objects using Amazon S3 Lifecycle").
INFREQUENT = ("STANDARD_IA", "ONEZONE_IA")
INFREQUENT_DAYS = 30


@rule(
    "s3", "CreateBucket", code="InvalidBucketName", source=f'{_GUIDE}, "General purpose bucket naming rules"',
    good=[{"Bucket": "shop-staging-log-123456789012"}, {"Bucket": "a.b"}],
    bad=[
        {"Bucket": name}
        for name in ("ab", "a" * 64, "Shop", "shop_data", "-shop", "shop-", "a..b", "192.168.5.4", "xn--shop", "shop-s3alias")
    ],
)  # fmt: skip
def bucket_name(params: dict[str, Any], context: Context) -> str | None:
    name = params["Bucket"]
    refused = "The specified bucket is not valid."
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) or ".." in name:
        return refused
    if name.startswith(RESERVED_PREFIXES) or name.endswith(RESERVED_SUFFIXES):
        return refused
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return None
    return refused


@rule(
    "s3", "CreateBucket", code="IllegalLocationConstraintException", source="Amazon S3 API Reference, CreateBucket",
    good=[{"Bucket": "shop", "CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-2"}}],
    bad=[{"Bucket": "shop"}, {"Bucket": "shop", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}],
)  # fmt: skip
def location_constraint(params: dict[str, Any], context: Context) -> str | None:
    place = (params.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    if context.region in ("us-east-1", "aws", "global"):
        return None  # an endpoint that makes buckets anywhere
    if place == context.region:
        return None
    return f"The {place or 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to."


def _lifecycle(**rule_settings: Any) -> dict[str, Any]:
    settings = {"ID": "one", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule_settings}
    return {"Bucket": "shop", "LifecycleConfiguration": {"Rules": [settings]}}


def _move(days: int, storage_class: str = "STANDARD_IA") -> list[dict[str, Any]]:
    return [{"Days": days, "StorageClass": storage_class}]


@rule(
    "s3", "PutBucketLifecycleConfiguration", code="InvalidArgument", source=f'{_GUIDE}, "Lifecycle configuration elements"',
    good=[_lifecycle(Expiration={"Days": 60}, Transitions=_move(30)), _lifecycle(Transitions=_move(0, "GLACIER"))],
    bad=[
        _lifecycle(),
        _lifecycle(Expiration={"Days": 0}),
        _lifecycle(Transitions=_move(29)),
        _lifecycle(Expiration={"Days": 30}, Transitions=_move(30)),
        _lifecycle(Expiration={"Days": 1, "ExpiredObjectDeleteMarker": True}),
        _lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 0}),
        _lifecycle(ID="x" * 256, Expiration={"Days": 1}),
    ],
)  # fmt: skip
def lifecycle_rule(params: dict[str, Any], context: Context) -> str | None:
    rules = params.get("LifecycleConfiguration", {}).get("Rules") or []
    ids = [settings["ID"] for settings in rules if settings.get("ID")]
    if len(set(ids)) < len(ids):
        return "Rule ID must be unique. Found same ID for more than one rule."
    for settings in rules:
        expiration, transitions = settings.get("Expiration") or {}, settings.get("Transitions") or []
        actions = (
            "Expiration",
            "Transitions",
            "NoncurrentVersionExpiration",
            "NoncurrentVersionTransitions",
            "AbortIncompleteMultipartUpload",
        )
        if not any(settings.get(action) for action in actions):
            return "At least one action needs to be specified in a rule."
        if len(settings.get("ID") or "") > 255:
            return "ID length should not exceed allowed limit of 255."
        if expiration.get("ExpiredObjectDeleteMarker") and (expiration.get("Days") is not None or expiration.get("Date")):
            return "ExpiredObjectDeleteMarker can't be specified with Days or Date in the Lifecycle Expiration Policy."
        days = expiration.get("Days")
        noncurrent = (settings.get("NoncurrentVersionExpiration") or {}).get("NoncurrentDays")
        if any(number is not None and int(number) < 1 for number in (days, noncurrent)):
            return "'Days' for Expiration action must be a positive integer."
        for transition in transitions:
            after = transition.get("Days")
            if after is not None and transition.get("StorageClass") in INFREQUENT and int(after) < INFREQUENT_DAYS:
                return f"'Days' in Transition action must be greater than or equal to 30 for storageClass '{transition['StorageClass']}'."
            if after is not None and days is not None and int(days) <= int(after):
                return "'Days' in the Expiration action must be greater than 'Days' in the Transition action."
    return None


@rule(
    "s3", "PutBucketTagging", code="InvalidTag", source=f'{_GUIDE}, "Using cost allocation S3 bucket tags"',
    good=[{"Bucket": "shop", "Tagging": {"TagSet": [{"Key": "Project", "Value": "shop"}]}}],
    bad=[
        {"Bucket": "shop", "Tagging": {"TagSet": [{"Key": "aws:mine", "Value": "x"}]}},
        {"Bucket": "shop", "Tagging": {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}},
        {"Bucket": "shop", "Tagging": {"TagSet": [{"Key": f"k{number}", "Value": "v"} for number in range(51)]}},
        {"Bucket": "shop", "Tagging": {"TagSet": [{"Key": "a", "Value": "what?"}]}},
    ],
)  # fmt: skip
def bucket_tags(params: dict[str, Any], context: Context) -> str | None:
    tags = params.get("Tagging", {}).get("TagSet") or []
    keys = [tag["Key"] for tag in tags]
    if len(tags) > 50:
        return "Object tags cannot be greater than 50."
    if len(set(keys)) < len(keys):
        return "Cannot provide multiple Tags with the same key."
    for tag in tags:
        if tag["Key"].lower().startswith("aws:"):
            return "System tags cannot be added/updated by requester."
        texts = (tag["Key"], tag.get("Value", ""))
        if len(texts[0]) > 128 or len(texts[1]) > 256 or not all(re.fullmatch(r"[\w\s.:/=+@-]*", text) for text in texts):
            return "The TagKey or TagValue you have provided is invalid."
    return None


def _default(**settings: Any) -> dict[str, Any]:
    return {"Bucket": "shop", "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": settings}]}}


@rule(
    "s3", "PutBucketEncryption", code="InvalidArgument", source="Amazon S3 API Reference, ServerSideEncryptionByDefault",
    good=[_default(SSEAlgorithm="aws:kms", KMSMasterKeyID="alias/shop"), _default(SSEAlgorithm="AES256")],
    bad=[_default(SSEAlgorithm="AES256", KMSMasterKeyID="alias/shop")],
)  # fmt: skip
def key_with_kms_only(params: dict[str, Any], context: Context) -> str | None:
    for settings in params["ServerSideEncryptionConfiguration"].get("Rules") or []:
        default = settings.get("ApplyServerSideEncryptionByDefault") or {}
        if default.get("KMSMasterKeyID") and not default["SSEAlgorithm"].startswith("aws:kms"):
            return "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
    return None


@rule(
    "s3", "PutPublicAccessBlock", code="InvalidRequest", source="Amazon S3 API Reference, PutPublicAccessBlock",
    good=[{"Bucket": "shop", "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}],
    bad=[{"Bucket": "shop", "PublicAccessBlockConfiguration": {}}],
)  # fmt: skip
def something_is_blocked(params: dict[str, Any], context: Context) -> str | None:
    return None if params.get("PublicAccessBlockConfiguration") else "Must specify at least one configuration."
