"""Checks the settings of the keys through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
PURPOSES = ("storage", "logs", "audit", "volumes")
SERVICES = {
    "storage": {f"{name}.amazonaws.com" for name in ("backup", "budgets", "cloudwatch", "events", "s3", "sns")},
    "logs": {f"logs.{REGION}.amazonaws.com", "delivery.logs.amazonaws.com"},
    "audit": {"cloudtrail.amazonaws.com"},
    "volumes": set(),
}

failures: list[str] = []
kms = boto3.client("kms", region_name=REGION)
ec2 = boto3.client("ec2", region_name=REGION)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def key_of(purpose: str) -> dict | None:
    try:
        return kms.describe_key(KeyId=f"alias/{PREFIX}-{purpose}")["KeyMetadata"]
    except ClientError:
        return None


def stands(purpose: str) -> str | None:
    key = key_of(purpose)
    check(f"{purpose}: the alias has a key", key is not None)
    if key is None:
        return None
    check(
        f"{purpose}: customer managed, symmetric, one region",
        (key["KeyManager"], key["KeySpec"], key["MultiRegion"]) == ("CUSTOMER", "SYMMETRIC_DEFAULT", False),
        key,
    )
    check(f"{purpose}: enabled", key["KeyState"] == "Enabled", key["KeyState"])
    rotation = kms.get_key_rotation_status(KeyId=key["KeyId"])
    check(
        f"{purpose}: rotation each year [KMS.4]",
        (rotation["KeyRotationEnabled"], rotation.get("RotationPeriodInDays")) == (True, 365),
        rotation,
    )
    statements = json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])["Statement"]
    roots = [s for s in statements if str(s["Principal"].get("AWS", "")).endswith(":root") and s["Action"] == "kms:*"]
    check(f"{purpose}: the policy keeps the account in", len(roots) == 1, statements)
    services = {s["Principal"]["Service"] for s in statements if "Service" in s["Principal"]}
    check(f"{purpose}: the policy names the services", SERVICES[purpose] <= services, services)
    public = [s["Sid"] for s in statements if s["Principal"] == {"AWS": "*"} and "kms:CallerAccount" not in s["Condition"]["StringEquals"]]
    check(f"{purpose}: no statement is open to other accounts", public == [], public)
    tags = {tag["TagKey"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
    check(f"{purpose}: tags", {"Project", "Environment", "Component", "ManagedBy", "Name"} <= tags, tags)
    return key["Arn"]


def present() -> None:
    arns = {purpose: stands(purpose) for purpose in PURPOSES}
    check("EBS encrypts by default [EC2.7]", ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])
    default = ec2.get_ebs_default_kms_key_id()["KmsKeyId"]
    check("EBS leaves the default key to the account", default not in arns.values(), default)


def absent() -> None:
    for purpose in PURPOSES:
        check(f"{purpose}: no alias", key_of(purpose) is None)
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    mine = [
        key for key in keys if {"TagKey": "Name", "TagValue": f"{PREFIX}-storage"} in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]
    ]
    check("the key awaits its deletion", [key["KeyState"] for key in mine] == ["PendingDeletion"], mine)
    check("in 30 days", all(29 <= (key["DeletionDate"] - key["CreationDate"]).days <= 30 for key in mine), mine)
    check("EBS encryption by default is restored", not ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
