"""Amazon S3, who pays for requests (GetBucketRequestPayment, PutBucketRequestPayment): what Terraform reads of every bucket."""

from __future__ import annotations

from typing import Any

from emulator.errors import AwsError
from emulator.operations import operation, store
from emulator.strict import Context


def apply() -> None:
    """Nothing to patch: the operations below are the emulator's own."""


@operation("s3", "GetBucketRequestPayment")
def get_bucket_request_payment(params: dict[str, Any], context: Context) -> dict[str, Any]:
    _must_exist(params["Bucket"], context)
    return {"Payer": store("s3", context, everywhere=True).get(f"payer of {params['Bucket']}", "BucketOwner")}


@operation("s3", "PutBucketRequestPayment")
def put_bucket_request_payment(params: dict[str, Any], context: Context) -> None:
    _must_exist(params["Bucket"], context)
    payer = params["RequestPaymentConfiguration"]["Payer"]
    store("s3", context, everywhere=True)[f"payer of {params['Bucket']}"] = payer


def _must_exist(bucket: str, context: Context) -> None:
    if bucket not in context.backend("s3").buckets:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
