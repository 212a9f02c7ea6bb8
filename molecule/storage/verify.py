"""Checks the settings of the buckets through boto3; ``--absent`` that nothing is left. Sentences on failure, exit code 1."""

from __future__ import annotations

import json
import os
import sys

import boto3
from botocore.exceptions import ClientError

PREFIX = os.environ.get("STACK_PREFIX", "shop-staging")
REGION = os.environ.get("AWS_REGION", "ap-northeast-2")
ACCOUNT_ID = os.environ.get("STACK_ACCOUNT_ID", "123456789012")
PURPOSES = ("log", "data", "artifact", "transfer")
ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}

failures: list[str] = []
s3 = boto3.client("s3", region_name=REGION)
control = boto3.client("s3control", region_name=REGION)


def without_account(params: dict, **_kwargs: object) -> None:
    params["url"] = params["url"].replace(f"//{ACCOUNT_ID}.127", "//127", 1)


# An emulator at an IP address has no host name to put the account before.
control.meta.events.register("before-call.s3-control", without_account)


def check(what: str, ok: bool, found: object = "") -> None:
    print(f"{'ok    ' if ok else 'FAILED'} {what}")
    if not ok:
        failures.append(f"{what}: found {found!r}.")


def account_block() -> dict:
    try:
        return control.get_public_access_block(AccountId=ACCOUNT_ID)["PublicAccessBlockConfiguration"]
    except ClientError:
        return {}


def bucket(purpose: str) -> None:
    name = f"{PREFIX}-{purpose}-{ACCOUNT_ID}"
    check(
        f"{purpose}: all public access blocked [S3.8]",
        s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"] == ALL_BLOCKED,
    )
    rules = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    check(f"{purpose}: no ACLs [S3.12]", rules == [{"ObjectOwnership": "BucketOwnerEnforced"}], rules)
    statements = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    denies = [s for s in statements if s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}]
    check(f"{purpose}: TLS only [S3.5]", len(denies) == 1 and denies[0]["Action"] == "s3:*" and denies[0]["Principal"] == "*", statements)
    public = [s for s in statements if s["Effect"] == "Allow" and s["Principal"] in ("*", {"AWS": "*"})]
    check(f"{purpose}: nothing allowed to everyone", public == [], public)
    versions = s3.get_bucket_versioning(Bucket=name).get("Status")
    check(f"{purpose}: versioning [S3.14]", versions == (None if purpose == "transfer" else "Enabled"), versions)
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
    if purpose == "log":
        check("log: SSE-S3, which log delivery needs", algorithm == "AES256", rule)
    else:
        check(f"{purpose}: SSE-KMS with a bucket key [S3.17]", (algorithm, rule["BucketKeyEnabled"]) == ("aws:kms", True), rule)
        target = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled", {})
        check(f"{purpose}: access logs [S3.9]", target.get("TargetBucket") == f"{PREFIX}-log-{ACCOUNT_ID}", target)
    lifecycle = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    aborts = [rule for rule in lifecycle if rule.get("AbortIncompleteMultipartUpload") and rule["Status"] == "Enabled"]
    check(f"{purpose}: unfinished uploads are aborted [S3.13]", len(aborts) == 1, lifecycle)
    days = {"log": 365, "transfer": 1}.get(purpose)
    check(
        f"{purpose}: expires after {days} days",
        [r["Expiration"]["Days"] for r in lifecycle if "Days" in r.get("Expiration", {})] == [days] * bool(days),
    )
    if purpose != "transfer":
        old = [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in lifecycle if "NoncurrentVersionExpiration" in rule]
        check(f"{purpose}: old versions expire", old == [90], lifecycle)
    tags = {tag["Key"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    check(f"{purpose}: tags", {"Project", "Environment", "Component", "ManagedBy"} <= tags, tags)


def log_delivery() -> None:
    statements = json.loads(s3.get_bucket_policy(Bucket=f"{PREFIX}-log-{ACCOUNT_ID}")["Policy"])["Statement"]
    services = {s["Principal"]["Service"] for s in statements if isinstance(s["Principal"], dict) and "Service" in s["Principal"]}
    wanted = {
        "logging.s3.amazonaws.com",
        "delivery.logs.amazonaws.com",
        "cloudtrail.amazonaws.com",
        "logdelivery.elasticloadbalancing.amazonaws.com",
    }
    check("log: AWS's services deliver", services == wanted, services)
    open_ones = [
        s["Sid"]
        for s in statements
        if isinstance(s["Principal"], dict) and "Service" in s["Principal"] and ACCOUNT_ID not in json.dumps(s.get("Condition"))
    ]
    check("log: each for this account only", open_ones == [], open_ones)


def present() -> None:
    check("the account blocks public access [S3.1]", account_block() == ALL_BLOCKED, account_block())
    for purpose in PURPOSES:
        bucket(purpose)
    log_delivery()


def absent() -> None:
    left = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if bucket["Name"].startswith(PREFIX)]
    check("no buckets left", left == [], left)
    check("the account's public access block is gone", account_block() == {}, account_block())


absent() if "--absent" in sys.argv else present()
if failures:
    sys.exit("\n".join(failures))
