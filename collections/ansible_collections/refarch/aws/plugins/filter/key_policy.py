# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy of a KMS key from the names of the services that may use it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: key_policy
version_added: 0.1.0
short_description: Build the policy of a KMS key for the services that may use it
description:
  - The account's root may do everything, as in AWS's default key policy, so that IAM policies decide on people and roles and nobody
    is ever locked out ("Default key policy" in the AWS KMS Developer Guide).
  - A service that acts by itself (its own principal) gets what its documentation asks for, with the condition that guards against
    the confused deputy.
  - A service that acts for its caller (S3, RDS, EBS) may be used by the account's principals through that service only, as AWS's own
    keys do.
positional: account_id, region
options:
  _input:
    description:
      - The services, of C(autoscaling), C(backup), C(budgets), C(cloudtrail), C(cloudwatch), C(codestar-notifications),
        C(delivery.logs), C(dynamodb), C(ec2), C(ecr), C(elasticfilesystem), C(es), C(events), C(events.rds), C(firehose), C(glue),
        C(kinesis), C(lambda), C(logs), C(rds), C(s3), C(secretsmanager), C(sns), C(sqs), C(ssm).
    type: list
    elements: str
    required: true
  account_id:
    description: The account of the key.
    type: str
    required: true
  region:
    description: The region of the key.
    type: str
    required: true
  trail_name:
    description: The trail that may encrypt with the key. Required with C(cloudtrail).
    type: str
"""

EXAMPLES = r"""
- name: The policy of the key for logs
  ansible.builtin.debug:
    msg: "{{ ['logs'] | refarch.aws.key_policy('123456789012', 'ap-northeast-2') }}"
"""

RETURN = r"""
_value:
  description: The policy.
  type: dict
"""

from ansible.errors import AnsibleFilterError

USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
PASS_ON = ["kms:Decrypt", "kms:GenerateDataKey*"]

#: Services that use a key with the rights of their caller (condition key kms:ViaService of the AWS KMS Developer Guide).
VIA = {
    "backup", "dynamodb", "ec2", "ecr", "elasticfilesystem", "es", "firehose", "glue", "kinesis", "lambda", "rds", "s3",
    "secretsmanager", "sns", "sqs", "ssm",
}  # fmt: skip

#: Services that use a key by themselves, to write to an encrypted topic, queue or bucket; they say for which account they act.
#: delivery.logs: "Enable logging from AWS services" (CloudWatch Logs User Guide); the others: "Enable compatibility between event
#: sources from AWS services and encrypted topics" (Amazon SNS Developer Guide) and its like for queues; budgets: "Creating an Amazon
#: SNS topic for budget notifications" (AWS Cost Management User Guide).
OWN = {
    "budgets": PASS_ON,
    "cloudwatch": PASS_ON,
    "delivery.logs": USE,
    "events.rds": PASS_ON,
    "s3": PASS_ON,
    "sns": PASS_ON,
}

#: Services that do not say for whom they write to a topic; who may write there is decided by the topic's own policy. events: "Why isn't
#: my SNS topic receiving EventBridge notifications" (AWS re:Post); backup: "Notification options with AWS Backup" (AWS Backup Developer
#: Guide), whose policies have no such condition.
UNCONDITIONED = ("backup", "events")

SPECIAL = ("autoscaling", "cloudtrail", "codestar-notifications", "logs", *UNCONDITIONED)
SERVICES = tuple(sorted({*VIA, *OWN, *SPECIAL}))


def _statement(sid: str, principal: dict, actions: str | list[str], condition: dict | None = None) -> dict:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return {**statement, "Condition": condition} if condition else statement


def _camel(service: str) -> str:
    return "".join(part.capitalize() for part in service.replace(".", "-").split("-"))


def _autoscaling(account_id: str) -> list[dict]:
    """ "Required AWS KMS key policy for use with encrypted volumes" (Amazon EC2 Auto Scaling User Guide).

    The service-linked role is named by a condition, not as the principal: KMS refuses a principal that does not exist, and AWS
    makes this role with the account's first Auto Scaling group.
    """
    role = f"arn:aws:iam::{account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    whose = {"StringEquals": {"kms:CallerAccount": account_id}, "ArnEquals": {"aws:PrincipalArn": role}}
    return [
        _statement("UseByAutoscaling", {"AWS": "*"}, USE, whose),
        _statement("GrantsByAutoscaling", {"AWS": "*"}, "kms:CreateGrant", {**whose, "Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ]


def _cloudtrail(account_id: str, region: str, trail_name: str | None) -> list[dict]:
    """ "Configure AWS KMS key policies for CloudTrail" (AWS CloudTrail User Guide). Decrypt is for buckets with a bucket key."""
    if not trail_name:
        raise AnsibleFilterError("key_policy: cloudtrail needs trail_name, since its statements name the trail")
    principal = {"Service": "cloudtrail.amazonaws.com"}
    trail = {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:{region}:{account_id}:trail/{trail_name}"}}
    context = {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{account_id}:trail/*"}}
    return [
        _statement("EncryptByCloudtrail", principal, "kms:GenerateDataKey*", {**trail, **context}),
        _statement("UseByCloudtrail", principal, ["kms:Decrypt", "kms:DescribeKey"], trail),
    ]


def _special(service: str, account_id: str, region: str, trail_name: str | None) -> list[dict]:
    if service == "autoscaling":
        return _autoscaling(account_id)
    if service == "cloudtrail":
        return _cloudtrail(account_id, region, trail_name)
    if service == "logs":
        # "Encrypt log data in CloudWatch Logs using AWS KMS" (CloudWatch Logs User Guide).
        context = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account_id}:log-group:*"}}
        return [_statement("UseByLogs", {"Service": f"logs.{region}.amazonaws.com"}, USE, context)]
    if service == "codestar-notifications":
        # "Configure Amazon SNS topics for notifications" (Developer Tools console User Guide).
        condition = {"StringEquals": {"kms:ViaService": f"sns.{region}.amazonaws.com"}}
        return [_statement("UseByCodestarNotifications", {"Service": "codestar-notifications.amazonaws.com"}, PASS_ON, condition)]
    return [_statement(f"UseBy{_camel(service)}", {"Service": f"{service}.amazonaws.com"}, PASS_ON)]


def key_policy(services: list[str], account_id: str, region: str, trail_name: str | None = None) -> dict:
    """The policy of a key that *services* may use. Raises AnsibleFilterError for a service it does not know."""
    unknown = sorted(set(services) - set(SERVICES))
    if unknown:
        raise AnsibleFilterError(f"key_policy: {', '.join(unknown)} is not one of {', '.join(SERVICES)}")
    root = {"AWS": f"arn:aws:iam::{account_id}:root"}
    statements = [_statement("EnableIamPolicies", root, "kms:*")]
    via = [f"{service}.{region}.amazonaws.com" for service in sorted(set(services) & VIA)]
    if via:
        whose = {"StringEquals": {"kms:CallerAccount": account_id, "kms:ViaService": via}}
        statements.append(_statement("UseThroughServices", {"AWS": "*"}, USE, whose))
        granted = {**whose, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        statements.append(_statement("GrantsThroughServices", {"AWS": "*"}, "kms:CreateGrant", granted))
    for service in sorted(set(services)):
        if service in OWN:
            condition = {"StringEquals": {"aws:SourceAccount": account_id}}
            statements.append(_statement(f"UseBy{_camel(service)}", {"Service": f"{service}.amazonaws.com"}, OWN[service], condition))
        elif service in SPECIAL:
            statements += _special(service, account_id, region, trail_name)
    return {"Version": "2012-10-17", "Statement": statements}


class FilterModule:
    def filters(self):
        return {"key_policy": key_policy}
