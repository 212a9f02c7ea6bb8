"""What Amazon SQS refuses."""

from __future__ import annotations

import json
from typing import Any

from emulator.strict import Context, rule, tags
from emulator.strict.rules_iam import absent_principal

#: Lowest and highest value of each attribute that is a number.
NUMBERS = {
    "DelaySeconds": (0, 900),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
}
OTHERS = {
    "ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit", "KmsMasterKeyId", "Policy",
    "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled",
}  # fmt: skip
QUEUE = {"QueueName": "shop-dead"}
ARN = "arn:aws:sqs:ap-northeast-2:123456789012:shop-dead"


def _with(**attributes: str) -> dict[str, Any]:
    return {**QUEUE, "Attributes": attributes}


@rule(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    code="InvalidAttributeValue",
    source="Amazon SQS API Reference, SetQueueAttributes",
    good=[QUEUE, _with(MessageRetentionPeriod="1209600", VisibilityTimeout="0"), _with(MaximumMessageSize="1048576")],
    bad=[
        _with(MessageRetentionPeriod="59"),
        _with(VisibilityTimeout="43201"),
        _with(DelaySeconds="soon"),
        _with(KmsDataKeyReusePeriodSeconds="10"),
        _with(ReceiveMessageWaitTimeSeconds="21"),
    ],
)
def attribute_numbers(params: dict[str, Any], context: Context) -> str | None:
    for name, value in (params.get("Attributes") or {}).items():
        if name in NUMBERS:
            lowest, highest = NUMBERS[name]
            if not str(value).isdigit() or not lowest <= int(value) <= highest:
                return f"Invalid value for the parameter {name}."
    return None


@rule(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    code="InvalidAttributeName",
    source="Amazon SQS API Reference, SetQueueAttributes",
    good=[_with(KmsMasterKeyId="alias/shop")],
    bad=[_with(Retention="5"), _with(QueueArn=ARN)],
)
def attribute_names(params: dict[str, Any], context: Context) -> str | None:
    unknown = sorted(set(params.get("Attributes") or {}) - {*NUMBERS, *OTHERS})
    return f"Unknown Attribute {unknown[0]}." if unknown else None


@rule(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    code="InvalidAttributeValue",
    source="Amazon SQS Developer Guide, Encryption at rest in Amazon SQS",
    good=[_with(KmsMasterKeyId="alias/shop", SqsManagedSseEnabled="false"), _with(SqsManagedSseEnabled="true")],
    bad=[_with(KmsMasterKeyId="alias/shop", SqsManagedSseEnabled="true")],
)
def one_encryption(params: dict[str, Any], context: Context) -> str | None:
    attributes = params.get("Attributes") or {}
    if attributes.get("KmsMasterKeyId") and str(attributes.get("SqsManagedSseEnabled", "")).lower() == "true":
        return "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
    return None


@rule(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    code="InvalidAttributeValue",
    source="Amazon SQS API Reference, SetQueueAttributes, RedrivePolicy",
    good=[_with(RedrivePolicy=json.dumps({"deadLetterTargetArn": ARN, "maxReceiveCount": 5})), _with(RedrivePolicy="")],
    bad=[
        _with(RedrivePolicy=json.dumps({"deadLetterTargetArn": ARN})),
        _with(RedrivePolicy=json.dumps({"deadLetterTargetArn": ARN, "maxReceiveCount": 1001})),
        _with(RedrivePolicy=json.dumps({"deadLetterTargetArn": ARN.replace("ap-northeast-2", "us-east-1"), "maxReceiveCount": 5})),
        _with(RedrivePolicy="dead"),
    ],
)
def redrive(params: dict[str, Any], context: Context) -> str | None:
    text = (params.get("Attributes") or {}).get("RedrivePolicy")
    if text in (None, "", "{}"):
        return None
    try:
        policy = json.loads(text)
        count, target = int(policy["maxReceiveCount"]), policy["deadLetterTargetArn"]
    except (ValueError, KeyError, TypeError):
        return f"Value {text} for parameter RedrivePolicy is invalid. Reason: it needs deadLetterTargetArn and maxReceiveCount."
    if not 1 <= count <= 1000:
        return f"Value {text} for parameter RedrivePolicy is invalid. Reason: maxReceiveCount must be 1 to 1000."
    if not target.startswith(f"arn:aws:sqs:{context.region}:{context.account_id}:"):
        return f"Value {text} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be in the same account and region."
    return None


@rule(
    "sqs",
    "CreateQueue",
    "SetQueueAttributes",
    code="InvalidAttributeValue",
    source="Amazon SQS Developer Guide, Basic examples of Amazon SQS policies",
    good=[_with(Policy=json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": ARN}]}))],
    bad=[
        _with(
            Policy=json.dumps(
                {
                    "Statement": [
                        {
                            "Effect": "Allow",
                            "Principal": {"AWS": "arn:aws:iam::123456789012:role/nobody"},
                            "Action": "sqs:SendMessage",
                            "Resource": ARN,
                        }
                    ]
                }
            )
        )
    ],
)
def principal_exists(params: dict[str, Any], context: Context) -> str | None:
    missing = absent_principal((params.get("Attributes") or {}).get("Policy") or "{}", context)
    return "Invalid value for the parameter Policy." if missing else None


@rule(
    "sqs",
    "CreateQueue",
    "TagQueue",
    code="InvalidParameterValue",
    source="AWS General Reference, Tagging your AWS resources",
    good=[{**QUEUE, "tags": {"Project": "shop"}}],
    bad=[{**QUEUE, "tags": {"aws:x": "y"}}, {**QUEUE, "tags": {"": "y"}}],
)
def queue_tags(params: dict[str, Any], context: Context) -> str | None:
    return tags.wrong(tags.pairs(params.get("tags") or params.get("Tags") or {}))
