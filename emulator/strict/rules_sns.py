"""What Amazon SNS refuses."""

from __future__ import annotations

import json
import re
from typing import Any

from emulator.strict import Context, policies, rule, tags
from emulator.strict.access import many
from emulator.strict.rules_iam import absent_principal

ARN = "arn:aws:sns:ap-northeast-2:123456789012:shop-critical"
QUEUE = "arn:aws:sqs:ap-northeast-2:123456789012:dead"
STATEMENT = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": ARN}
ACTIONS = {
    "gettopicattributes", "settopicattributes", "addpermission", "removepermission", "deletetopic", "subscribe",
    "listsubscriptionsbytopic", "publish", "receive",
}  # fmt: skip
ATTRIBUTES = {
    "ApplicationFailureFeedbackRoleArn", "ApplicationSuccessFeedbackRoleArn", "ApplicationSuccessFeedbackSampleRate", "ArchivePolicy",
    "ContentBasedDeduplication", "DataProtectionPolicy", "DeliveryPolicy", "DisplayName", "FifoThroughputScope", "FifoTopic",
    "FirehoseFailureFeedbackRoleArn", "FirehoseSuccessFeedbackRoleArn", "FirehoseSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn", "HTTPSuccessFeedbackRoleArn", "HTTPSuccessFeedbackSampleRate", "KmsMasterKeyId",
    "LambdaFailureFeedbackRoleArn", "LambdaSuccessFeedbackRoleArn", "LambdaSuccessFeedbackSampleRate", "Policy",
    "SQSFailureFeedbackRoleArn", "SQSSuccessFeedbackRoleArn", "SQSSuccessFeedbackSampleRate", "SignatureVersion", "TracingConfig",
}  # fmt: skip


def _policy(**change: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, **change}]})


def _given(params: dict[str, Any]) -> dict[str, str]:
    """The attributes of CreateTopic or SetTopicAttributes."""
    if "AttributeName" in params:
        return {params["AttributeName"]: params.get("AttributeValue", "")}
    return params.get("Attributes") or {}


def _set(name: str, value: str) -> dict[str, Any]:
    return {"TopicArn": ARN, "AttributeName": name, "AttributeValue": value}


@rule(
    "sns",
    "CreateTopic",
    code="InvalidParameter",
    source="Amazon SNS API Reference, CreateTopic",
    good=[{"Name": "shop-critical"}, {"Name": "shop_1.fifo", "Attributes": {"FifoTopic": "true"}}],
    bad=[{"Name": "shop critical"}, {"Name": "shop.critical"}, {"Name": "x" * 257}, {"Name": "shop.fifo"}],
)
def topic_name(params: dict[str, Any], context: Context) -> str | None:
    fifo = (params.get("Attributes") or {}).get("FifoTopic") == "true"
    pattern = r"[A-Za-z0-9_-]{1,251}\.fifo" if fifo else r"[A-Za-z0-9_-]{1,256}"
    return None if re.fullmatch(pattern, params["Name"]) else "Invalid parameter: Topic Name"


@rule(
    "sns",
    "CreateTopic",
    "SetTopicAttributes",
    code="InvalidParameter",
    source="Amazon SNS API Reference, SetTopicAttributes",
    good=[_set("DisplayName", "x" * 100), _set("SignatureVersion", "2"), _set("TracingConfig", "Active"), _set("Policy", _policy())],
    bad=[
        _set("DisplayName", "x" * 101),
        _set("SignatureVersion", "3"),
        _set("TracingConfig", "on"),
        _set("Color", "blue"),
        {"Name": "shop", "Attributes": {"Encryption": "yes"}},
    ],
)
def topic_attributes(params: dict[str, Any], context: Context) -> str | None:
    for name, value in _given(params).items():
        if name not in ATTRIBUTES:
            return "Invalid parameter: AttributeName"
        if name == "DisplayName" and len(value) > 100:
            return "Invalid parameter: DisplayName Reason: must be at most 100 characters"
        if name == "SignatureVersion" and value not in ("1", "2"):
            return "Invalid parameter: SignatureVersion Reason: must be 1 or 2"
        if name == "TracingConfig" and value not in ("Active", "PassThrough"):
            return "Invalid parameter: TracingConfig Reason: must be Active or PassThrough"
    return None


@rule(
    "sns",
    "CreateTopic",
    "SetTopicAttributes",
    code="InvalidParameter",
    source="Amazon SNS Developer Guide, Example cases for Amazon SNS access control",
    good=[_set("Policy", _policy()), {"Name": "shop-critical", "Attributes": {"Policy": _policy()}}],
    bad=[
        _set("Policy", "{"),
        _set("Policy", _policy(Action="s3:GetObject")),
        _set("Policy", _policy(Action="sns:*")),
        _set("Policy", _policy(Resource="*")),
        _set("Policy", _policy(Resource=ARN + "-other")),
        _set("Policy", _policy(Principal={"AWS": "arn:aws:iam::123456789012:role/nobody"})),
        {"Name": "shop-info", "Attributes": {"Policy": _policy()}},
    ],
)
def topic_policy(params: dict[str, Any], context: Context) -> str | None:
    text = _given(params).get("Policy")
    if not text:
        return None
    for sentence in policies.wrong(text, "resource"):
        return f"Invalid parameter: Policy Error: {sentence}"
    if absent_principal(text, context):
        return "Invalid parameter: Policy Error: PrincipalNotFound"
    arn = params.get("TopicArn") or f"arn:aws:sns:{context.region}:{context.account_id}:{params['Name']}"
    for statement in many(json.loads(text)["Statement"]):
        for action in many(statement.get("Action")):
            if action.lower().removeprefix("sns:") not in ACTIONS:
                return "Invalid parameter: Policy statement action out of service scope!"
        if many(statement.get("Resource")) != [arn]:
            return "Invalid parameter: Policy Error: the resource of each statement must be the topic"
    return None


@rule(
    "sns",
    "Subscribe",
    code="InvalidParameter",
    source="Amazon SNS API Reference, Subscribe",
    good=[
        {"TopicArn": ARN, "Protocol": "email", "Endpoint": "ops@example.com"},
        {"TopicArn": ARN, "Protocol": "lambda", "Endpoint": "arn:aws:lambda:ap-northeast-2:123456789012:function:f"},
        {"TopicArn": ARN, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": {"RawMessageDelivery": "true"}},
        {"TopicArn": ARN, "Protocol": "https", "Endpoint": "https://example.com/hook"},
    ],
    bad=[
        {"TopicArn": ARN, "Protocol": "email", "Endpoint": "ops"},
        {"TopicArn": ARN, "Protocol": "lambda", "Endpoint": "f"},
        {"TopicArn": ARN, "Protocol": "sqs", "Endpoint": "dead"},
        {"TopicArn": ARN, "Protocol": "https", "Endpoint": "http://example.com"},
        {"TopicArn": ARN, "Protocol": "pigeon", "Endpoint": "x"},
        {"TopicArn": ARN, "Protocol": "email", "Endpoint": "ops@example.com", "Attributes": {"RawMessageDelivery": "true"}},
        {"TopicArn": ARN, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": {"RedrivePolicy": "dead"}},
        {"TopicArn": ARN, "Protocol": "sqs", "Endpoint": QUEUE, "Attributes": {"Redrive": "x"}},
    ],
)
def subscription(params: dict[str, Any], context: Context) -> str | None:
    patterns = {
        "application": r"arn:.+:sns:.+:endpoint/.+",
        "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "email-json": r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "firehose": r"arn:[^:]+:firehose:[^:]+:\d{12}:deliverystream/.+",
        "http": r"http://.+",
        "https": r"https://.+",
        "lambda": r"arn:[^:]+:lambda:[^:]+:\d{12}:function:.+",
        "sms": r"\+?[0-9 ()-]{3,}",
        "sqs": r"arn:[^:]+:sqs:[^:]+:\d{12}:.+",
    }
    protocol, attributes = params["Protocol"], params.get("Attributes") or {}
    if protocol not in patterns:
        return f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
    if not re.fullmatch(patterns[protocol], params.get("Endpoint", "")):
        return f"Invalid parameter: Endpoint Reason: not an endpoint of {protocol}"
    known = {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    }
    if set(attributes) - known:
        return "Invalid parameter: AttributeName"
    if attributes.get("RawMessageDelivery") == "true" and protocol not in ("sqs", "firehose", "http", "https"):
        return f"Invalid parameter: Attributes Reason: RawMessageDelivery: not supported for {protocol}"
    return _redrive(attributes.get("RedrivePolicy"), context)


@rule(
    "sns",
    "SetSubscriptionAttributes",
    code="InvalidParameter",
    source="Amazon SNS Developer Guide, Amazon SNS dead-letter queues",
    good=[
        {"SubscriptionArn": ARN + ":1", "AttributeName": "RedrivePolicy", "AttributeValue": json.dumps({"deadLetterTargetArn": QUEUE})},
        {"SubscriptionArn": ARN + ":1", "AttributeName": "RedrivePolicy", "AttributeValue": "{}"},
    ],
    bad=[
        {"SubscriptionArn": ARN + ":1", "AttributeName": "RedrivePolicy", "AttributeValue": json.dumps({"deadLetterTargetArn": ARN})},
        {
            "SubscriptionArn": ARN + ":1",
            "AttributeName": "RedrivePolicy",
            "AttributeValue": json.dumps({"deadLetterTargetArn": QUEUE.replace("ap-northeast-2", "us-east-1")}),
        },
        {"SubscriptionArn": "PendingConfirmation", "AttributeName": "RedrivePolicy", "AttributeValue": "{}"},
    ],
)
def subscription_attribute(params: dict[str, Any], context: Context) -> str | None:
    if not params["SubscriptionArn"].startswith("arn:"):
        return "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements"
    return _redrive(params.get("AttributeValue"), context) if params["AttributeName"] == "RedrivePolicy" else None


def _redrive(text: str | None, context: Context) -> str | None:
    """The queue must be of the region and account of the subscription."""
    if text in (None, "", "{}"):
        return None
    try:
        target = json.loads(text)["deadLetterTargetArn"]
    except (ValueError, KeyError, TypeError):
        return "Invalid parameter: RedrivePolicy: failed to parse JSON."
    if not target.startswith(f"arn:aws:sqs:{context.region}:"):
        return "Invalid parameter: RedrivePolicy: deadLetterTargetArn must be an Amazon SQS queue of the same region"
    return None


@rule(
    "sns",
    "CreateTopic",
    "TagResource",
    code="InvalidParameter",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{"Name": "shop", "Tags": [{"Key": "Project", "Value": "shop"}]}],
    bad=[{"Name": "shop", "Tags": [{"Key": "aws:x", "Value": "y"}]}, {"Name": "shop", "Tags": [{"Key": "a", "Value": "x" * 257}]}],
)
def topic_tags(params: dict[str, Any], context: Context) -> str | None:
    sentence = tags.wrong(tags.pairs(params.get("Tags")))
    return f"Invalid parameter: {sentence}" if sentence else None
