# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bucket policy that lets AWS deliver logs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: log_delivery_statements
version_added: 0.1.0
short_description: Let the AWS services deliver logs into a bucket
description:
  - Gives the statements for S3 access logs (under C(s3/)), CloudWatch's log delivery, CloudTrail and load balancers (both under
    C(AWSLogs/<account>/), with or without a prefix), each for the account only.
positional: account_id, region, trail_name, bucket_prefix
options:
  _input:
    description: The name of the bucket.
    type: str
    required: true
  account_id:
    description: The account whose logs they are.
    type: str
    required: true
  region:
    description: The region.
    type: str
    required: true
  trail_name:
    description: The CloudTrail trail that may deliver.
    type: str
    required: true
  bucket_prefix:
    description: What the names of the buckets begin with whose access logs are delivered.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The log bucket
  refarch.aws.s3_buckets:
    buckets:
      - name: shop-staging-log-123456789012
        policy_statements: >-
          {{ 'shop-staging-log-123456789012' | refarch.aws.log_delivery_statements('123456789012', 'ap-northeast-2', 'shop-staging-trail',
             'shop-staging') }}
"""

RETURN = r"""
_value:
  description: Statements of a bucket policy.
  type: list
  elements: dict
"""

from ansible_collections.refarch.aws.plugins.module_utils.s3 import bucket_arn

#: Accounts from which load balancers deliver in regions that were there before August 2022, beside the service principal
#: (Elastic Load Balancing User Guide, "Enable access logs for your Application Load Balancer").
LOAD_BALANCER_ACCOUNTS = {
    "us-east-1": "127311923021",
    "us-east-2": "033677994240",
    "us-west-1": "027434742980",
    "us-west-2": "797873946194",
    "af-south-1": "098369216593",
    "ap-east-1": "754344448648",
    "ap-southeast-3": "589379963580",
    "ap-south-1": "718504428378",
    "ap-northeast-3": "383597477331",
    "ap-northeast-2": "600734575887",
    "ap-southeast-1": "114774131450",
    "ap-southeast-2": "783225319266",
    "ap-northeast-1": "582318560864",
    "ca-central-1": "985666609251",
    "eu-central-1": "054676820928",
    "eu-west-1": "156460612806",
    "eu-west-2": "652711504416",
    "eu-south-1": "635631232127",
    "eu-west-3": "009996457667",
    "eu-north-1": "897822967062",
    "me-south-1": "076674570225",
    "sa-east-1": "507241528517",
}


def log_delivery_statements(bucket: str, account_id: str, region: str, trail_name: str, bucket_prefix: str) -> list[dict]:
    """The statements, each with the account or one of its resources as condition, against the confused deputy."""
    arn = bucket_arn(bucket, region)
    partition = arn.split(":")[1]
    account_id = str(account_id)
    logs = [f"{arn}/AWSLogs/{account_id}/*", f"{arn}/*/AWSLogs/{account_id}/*"]
    account = {"aws:SourceAccount": account_id}
    full_control = {"s3:x-amz-acl": "bucket-owner-full-control"}
    delivery_source = {"aws:SourceArn": f"arn:{partition}:logs:*:{account_id}:*"}
    # The trail's ARN carries the account: CloudTrail is not documented to send aws:SourceAccount.
    trail = {"aws:SourceArn": f"arn:{partition}:cloudtrail:{region}:{account_id}:trail/{trail_name}"}

    def allow(sid: str, principal: dict, action: str, resource: object, condition: dict | None) -> dict:
        statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
        return {**statement, "Condition": condition} if condition else statement

    def service(name: str) -> dict:
        return {"Service": name}

    statements = [
        allow(
            "S3AccessLogs",
            service("logging.s3.amazonaws.com"),
            "s3:PutObject",
            f"{arn}/s3/*",
            {"StringEquals": account, "ArnLike": {"aws:SourceArn": bucket_arn(f"{bucket_prefix}-*", region)}},
        ),
        allow(
            "LogDelivery",
            service("delivery.logs.amazonaws.com"),
            "s3:PutObject",
            logs,
            {"StringEquals": {**account, **full_control}, "ArnLike": delivery_source},
        ),
        allow(
            "LogDeliveryAclCheck",
            service("delivery.logs.amazonaws.com"),
            "s3:GetBucketAcl",
            arn,
            {"StringEquals": account, "ArnLike": delivery_source},
        ),
        allow("CloudTrail", service("cloudtrail.amazonaws.com"), "s3:PutObject", logs, {"StringEquals": {**trail, **full_control}}),
        allow("CloudTrailAclCheck", service("cloudtrail.amazonaws.com"), "s3:GetBucketAcl", arn, {"StringEquals": trail}),
        allow(
            "LoadBalancers",
            service("logdelivery.elasticloadbalancing.amazonaws.com"),
            "s3:PutObject",
            logs,
            {"ArnLike": {"aws:SourceArn": f"arn:{partition}:elasticloadbalancing:{region}:{account_id}:loadbalancer/*"}},
        ),
    ]
    if region in LOAD_BALANCER_ACCOUNTS:
        principal = {"AWS": f"arn:{partition}:iam::{LOAD_BALANCER_ACCOUNTS[region]}:root"}
        statements.append(allow("LoadBalancersOfTheRegion", principal, "s3:PutObject", logs, None))
    return statements


class FilterModule:
    def filters(self):
        return {"log_delivery_statements": log_delivery_statements}
