# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may publish alerts, who gets them, and what becomes of those that nobody got."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alerting_plan
version_added: 0.1.0
short_description: Compute the topics, policies and permissions of a stack's alerting
description:
  - Builds what refarch.aws.sns_topics, sqs_queues, iam_roles and lambda_functions take, from the names of the things.
  - Each service that publishes may do so for the stack's account only, where it tells for whom it acts.
options:
  _input:
    description:
      - The settings C(prefix), C(account_id), C(region), C(key_arn), C(function_name), C(queue_name), C(secret_name),
        C(log_group_name), C(slack_severities) and C(email_addresses).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The topics of the stack
  refarch.aws.sns_topics:
    topics: "{{ (alerting_settings | refarch.aws.alerting_plan).topics }}"
"""

RETURN = r"""
_value:
  description:
    - C(topics), C(queue_policy), C(role_policy), C(permissions) as the modules take them, and C(topic_arns) by severity.
  type: dict
"""

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.resource_name import resource_name

SEVERITIES = ("critical", "warning", "info")

#: Services that publish alerts, and how they tell for whom: the ARNs that they act for, or the account alone (True), or nothing (None).
#: cloudwatch, budgets, events.rds, codestar-notifications: "Example cases for Amazon SNS access control" (Amazon SNS Developer Guide),
#: "Creating an Amazon SNS topic for budget notifications", "Granting permissions to publish notifications to an Amazon SNS topic"
#: (Amazon RDS User Guide), "Configure Amazon SNS topics for notifications" (Developer Tools console User Guide).
#: events, backup: their documents name the service alone ("Using resource-based policies for Amazon EventBridge", "Notification
#: options with AWS Backup"). EC2 Auto Scaling and CodePipeline publish with a role of this account and need no statement.
PUBLISHERS: dict[str, str | bool | None] = {
    "backup": None,
    "budgets": "arn:aws:budgets::{account_id}:*",
    "cloudwatch": "arn:aws:cloudwatch:{region}:{account_id}:alarm:*",
    "codestar-notifications": True,
    "events": None,
    "events.rds": "arn:aws:rds:{region}:{account_id}:*",
}


def _camel(service: str) -> str:
    return "".join(part.capitalize() for part in service.replace(".", "-").split("-"))


def _document(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _refuse_plain_http(action: str, arn: str) -> dict:
    """SNS and SQS take HTTP too; what is sent is to be encrypted on its way."""
    return {
        "Sid": "RefuseRequestsWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def topic_policy(arn: str, account_id: str, region: str) -> dict:
    """Who may publish to the topic *arn*. Roles and users of the account need no statement: their own policies say so."""
    statements = []
    for service, source in PUBLISHERS.items():
        statement: dict[str, Any] = {
            "Sid": f"PublishBy{_camel(service)}",
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": arn,
        }
        if source is not None:
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
        if isinstance(source, str):
            statement["Condition"]["ArnLike"] = {"aws:SourceArn": source.format(account_id=account_id, region=region)}
        statements.append(statement)
    return _document(*statements, _refuse_plain_http("sns:Publish", arn))


def queue_policy(arn: str, topic_arns: list[str], account_id: str, region: str, prefix: str) -> dict:
    """Topics of the stack and its EventBridge rules may leave here what they could not deliver.

    "Amazon SNS dead-letter queues" (Amazon SNS Developer Guide), "Using dead-letter queues to process undelivered events" (Amazon
    EventBridge User Guide).
    """

    def allow(sid: str, service: str, sources: str | list[str]) -> dict:
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": sources}},
        }

    return _document(
        allow("DeadLettersOfTopics", "sns.amazonaws.com", topic_arns),
        allow("DeadLettersOfRules", "events.amazonaws.com", f"arn:aws:events:{region}:{account_id}:rule/{prefix}-*"),
        _refuse_plain_http("sqs:*", arn),
    )


def role_policy(here: str, settings: dict[str, Any], queue_arn: str) -> dict:
    """What the function may do. *here*: C(<region>:<account>). The ARN of a secret ends with six characters that nobody knows before."""
    region = settings["region"]

    def allow(sid: str, actions: list[str], resource: str, condition: dict | None = None) -> dict:
        statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
        return {**statement, "Condition": condition} if condition else statement

    through = {"StringEquals": {"kms:ViaService": [f"secretsmanager.{region}.amazonaws.com", f"sqs.{region}.amazonaws.com"]}}
    return _document(
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{here}:log-group:{settings['log_group_name']}:*"),
        allow(
            "ReadTheAddress", ["secretsmanager:GetSecretValue"], f"arn:aws:secretsmanager:{here}:secret:{settings['secret_name']}-??????"
        ),
        allow("LeaveDeadLetters", ["sqs:SendMessage"], queue_arn),
        allow("UseTheKey", ["kms:Decrypt", "kms:GenerateDataKey"], settings["key_arn"], through),
    )


def alerting_plan(settings: dict[str, Any]) -> dict[str, Any]:
    """Topics, policies and permissions of the alerting."""
    account_id, region, prefix = str(settings["account_id"]), settings["region"], settings["prefix"]
    here = f"{region}:{account_id}"
    names = {severity: resource_name(prefix, severity, "sns_topic") for severity in SEVERITIES}
    topic_arns = {severity: f"arn:aws:sns:{here}:{name}" for severity, name in names.items()}
    queue_arn = f"arn:aws:sqs:{here}:{settings['queue_name']}"
    function_arn = f"arn:aws:lambda:{here}:function:{settings['function_name']}"
    topics, permissions = [], []
    for severity, arn in topic_arns.items():
        subscriptions: list[dict[str, Any]] = []
        if severity in settings["slack_severities"]:
            subscriptions.append({"protocol": "lambda", "endpoint": function_arn, "redrive_queue_arn": queue_arn})
            source = {"source_arn": arn, "source_account": account_id}
            permissions.append({"sid": f"Topic{severity.capitalize()}", "principal": "sns.amazonaws.com", **source})
        subscriptions += [{"protocol": "email", "endpoint": address} for address in settings["email_addresses"].get(severity, [])]
        topics.append({
            "name": names[severity],
            "display_name": f"{prefix} {severity}"[:100],
            "kms_key_arn": settings["key_arn"],
            "policy": topic_policy(arn, account_id, region),
            "subscriptions": subscriptions,
        })  # fmt: skip
    return {
        "topics": topics,
        "topic_arns": topic_arns,
        "permissions": permissions,
        "queue_arn": queue_arn,
        "queue_policy": queue_policy(queue_arn, list(topic_arns.values()), account_id, region, prefix),
        "role_policy": role_policy(here, settings, queue_arn),
    }


class FilterModule:
    def filters(self):
        return {"alerting_plan": alerting_plan}
