# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of Amazon S3 share."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlparse

#: S3 Block Public Access, all of it (Security Hub controls S3.1 and S3.8).
ALL_BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def is_local(endpoint: str) -> bool:
    """Whether the host of *endpoint* is an IP address or this machine, before which no account can be put."""
    host = urlparse(endpoint).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def leave_out_account(client, account_id: str):
    """*client* of S3 Control, which puts the account before the host name, for an endpoint that has no such name.

    botocore has a setting against host prefixes, but here the prefix comes from the rules of the endpoint, which know none.
    """

    def strip(params: dict, **_kwargs) -> None:
        params["url"] = params["url"].replace(f"//{account_id}.", "//", 1)

    if is_local(client.meta.endpoint_url):
        client.meta.events.register("before-call.s3-control", strip, unique_id="refarch-leave-out-account")
    return client


def bucket_arn(name: str, region: str) -> str:
    """The ARN of the bucket *name* in the partition of *region*."""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:s3:::{name}"


def tls_only(arn: str) -> dict:
    """The statement that refuses requests without TLS (Security Hub control S3.5)."""
    return {
        "Sid": "RefuseRequestsWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
