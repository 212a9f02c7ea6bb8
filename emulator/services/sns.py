"""SNS: topics and subscriptions as AWS keeps them, and delivery to functions."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.responses import ActionResult
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import DEFAULT_EFFECTIVE_DELIVERY_POLICY, SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse
from moto.sqs.models import sqs_backends

from emulator import functions
from emulator.strict.access import service_allowed

#: Protocols whose owners must confirm ("Subscribe", Amazon SNS API Reference).
CONFIRMED_BY_HAND = ("email", "email-json", "http", "https")

PENDING = "PendingConfirmation"


def apply() -> None:
    topics_have_all_attributes()
    a_topic_is_made_once()
    people_confirm_subscriptions()
    subscriptions_have_their_attributes()
    functions_get_messages()


def topics_have_all_attributes() -> None:
    """GetTopicAttributes answers the signature version and tracing, its counts, and no empty attribute."""

    def get_topic_attributes(self: SNSResponse) -> ActionResult:
        topic = self.backend.get_topic(self._get_param("TopicArn"))
        subscriptions = self.backend._get_topic_subscriptions(topic)
        pending = sum(not confirmed(subscription) for subscription in subscriptions)
        attributes = {
            "Owner": topic.account_id,
            "Policy": topic.policy,
            "TopicArn": topic.arn,
            "DisplayName": topic.display_name,
            "SubscriptionsPending": str(pending),
            "SubscriptionsConfirmed": str(len(subscriptions) - pending),
            "SubscriptionsDeleted": "0",
            "EffectiveDeliveryPolicy": json.dumps({"http": {**DEFAULT_EFFECTIVE_DELIVERY_POLICY, "disableSubscriptionOverrides": False}}),
        }
        for name, attribute in {
            "DeliveryPolicy": "delivery_policy",
            "KmsMasterKeyId": "kms_master_key_id",
            "SignatureVersion": "signature_version",
            "TracingConfig": "tracing_config",
            "FifoTopic": "fifo_topic",
        }.items():
            if getattr(topic, attribute, None):
                attributes[name] = getattr(topic, attribute)
        if topic.fifo_topic:
            attributes["ContentBasedDeduplication"] = topic.content_based_deduplication
        return ActionResult({"Attributes": attributes})

    SNSResponse.get_topic_attributes = get_topic_attributes


def a_topic_is_made_once() -> None:
    """CreateTopic answers with the topic that stands, unless other attributes or tags are asked for: then InvalidParameter."""
    create = SNSBackend.create_topic

    def create_topic(self: SNSBackend, name: str, attributes: dict[str, str] | None = None, tags: dict[str, str] | None = None) -> Topic:
        standing = next((topic for topic in self.topics.values() if topic.name == name), None)
        if standing is not None:
            for attribute, value in (attributes or {}).items():
                snake = re.sub(r"(?<!^)(?=[A-Z])", "_", attribute).lower()
                now = getattr(standing, snake, "")
                if (json.loads(now) if attribute == "Policy" else now) != (json.loads(value) if attribute == "Policy" else value):
                    raise SNSInvalidParameter("Invalid parameter: Attributes Reason: Topic already exists with different attributes")
            if tags and tags != standing._tags:
                raise SNSInvalidParameter("Invalid parameter: Tags Reason: Topic already exists with different tags")
        return create(self, name, attributes, tags)

    SNSBackend.create_topic = create_topic


def confirmed(subscription: Subscription) -> bool:
    return subscription.attributes.get(PENDING) is not True


def people_confirm_subscriptions() -> None:
    """E-mail and HTTP subscriptions wait for their confirmation: Subscribe and the lists tell no ARN until then, and nothing is sent."""
    subscribe, publish = SNSBackend.subscribe, Subscription.publish
    unsubscribe = SNSBackend.unsubscribe

    def subscribed(self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        known = self._find_subscription(topic_arn, endpoint, protocol)
        subscription = subscribe(self, topic_arn, endpoint, protocol)
        if known is None and protocol in CONFIRMED_BY_HAND:
            subscription.attributes |= {PENDING: True, "ConfirmationWasAuthenticated": False}
        return subscription

    answer = SNSResponse.subscribe

    def subscribe_answer(self: SNSResponse) -> ActionResult:
        found = answer(self)
        arn = found.result["SubscriptionArn"]
        if not confirmed(self.backend.subscriptions[arn]) and not self._get_bool_param("ReturnSubscriptionArn"):
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return found

    def told(subscription: Subscription) -> dict[str, Any]:
        return {
            "SubscriptionArn": subscription.arn if confirmed(subscription) else PENDING,
            "Owner": subscription.account_id,
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
            "TopicArn": subscription.topic.arn,
        }

    def list_subscriptions(self: SNSResponse) -> ActionResult:
        found, token = self.backend.list_subscriptions(next_token=self._get_param("NextToken"))
        return ActionResult({"Subscriptions": [told(subscription) for subscription in found], "NextToken": token})

    def list_subscriptions_by_topic(self: SNSResponse) -> ActionResult:
        found, token = self.backend.list_subscriptions_by_topic(self._get_param("TopicArn"), next_token=self._get_param("NextToken"))
        return ActionResult({"Subscriptions": [told(subscription) for subscription in found], "NextToken": token})

    def published(self: Subscription, *arguments: Any, **options: Any) -> None:
        if confirmed(self):
            publish(self, *arguments, **options)

    def unsubscribed(self: SNSBackend, subscription_arn: str) -> None:
        if not subscription_arn.startswith("arn:"):
            raise SNSInvalidParameter("Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements")
        unsubscribe(self, subscription_arn)

    SNSBackend.subscribe = subscribed
    SNSBackend.unsubscribe = unsubscribed
    SNSResponse.subscribe = subscribe_answer
    SNSResponse.list_subscriptions = list_subscriptions
    SNSResponse.list_subscriptions_by_topic = list_subscriptions_by_topic
    Subscription.publish = published


def subscriptions_have_their_attributes() -> None:
    """An attribute that was taken away ('' or '{}') is gone, and GetSubscriptionAttributes names who subscribed."""
    change = SNSBackend.set_subscription_attributes
    get = SNSBackend.get_subscription_attributes

    def set_subscription_attributes(self: SNSBackend, arn: str, name: str, value: Any) -> None:
        if name in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy") and value in ("", "{}", None):
            subscription = self.subscriptions[arn]
            subscription.attributes.pop(name, None)
            if name == "FilterPolicy":
                subscription.attributes.pop("FilterPolicyScope", None)
                subscription._filter_policy = subscription._filter_policy_matcher = None
            return
        change(self, arn, name, value)

    def get_subscription_attributes(self: SNSBackend, arn: str) -> dict[str, Any]:
        found = dict(get(self, arn))
        return {**found, "SubscriptionPrincipal": f"arn:{self.partition}:iam::{self.account_id}:root"}

    SNSBackend.set_subscription_attributes = set_subscription_attributes
    SNSBackend.get_subscription_attributes = get_subscription_attributes


def functions_get_messages() -> None:
    """SNS invokes a subscribed function in the background, if its policy allows that; what can't be delivered goes where the redrive
    policy says ("Amazon SNS dead-letter queues"). moto waits for the function and breaks without Docker."""
    publish = Subscription.publish

    def published(
        self: Subscription,
        message: str,
        message_id: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> None:
        if self.protocol != "lambda":
            publish(self, message, message_id, subject, message_attributes, group_id, deduplication_id, message_structure)
            return
        if self._filter_policy_matcher is not None and not self._filter_policy_matcher.matches(message_attributes, message):
            return
        if message_structure == "json":
            message = self._parse_message_structure(message, self.protocol)
        event = {"Records": [record_of(self, message, message_id, subject, message_attributes)]}
        try:
            function = lambda_backends[self.account_id][self.endpoint.split(":")[3]].get_function(self.endpoint)
        except UnknownFunctionException:
            function = None
        allowed = function is not None and service_allowed(
            {"Statement": function.policy.statements},
            "sns.amazonaws.com",
            "lambda:InvokeFunction",
            function.function_arn,
            {"aws:SourceArn": self.topic.arn, "aws:SourceAccount": self.account_id},
        )
        if allowed:
            functions.send(function, event)
        else:
            self._undelivered(message, message_id, subject)

    def undelivered(self: Subscription, message: str, message_id: str, subject: str | None) -> None:
        target = json.loads(self.attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn")
        if not target:
            return
        _, _, _, region, account, name = target.split(":", 5)
        queue = sqs_backends[account][region].queues.get(name)
        keys = {"aws:SourceArn": self.topic.arn, "aws:SourceAccount": self.account_id}
        if queue is not None and service_allowed(queue.policy, "sns.amazonaws.com", "sqs:SendMessage", target, keys):
            sqs_backends[account][region].send_message(name, json.dumps(self.get_post_data(message, message_id, subject)))

    Subscription.publish = published
    Subscription._undelivered = undelivered


def record_of(
    subscription: Subscription, message: str, message_id: str, subject: str | None, attributes: dict[str, Any] | None
) -> dict[str, Any]:
    """A record of the event ("Invoking Lambda functions with Amazon SNS notifications", AWS Lambda Developer Guide)."""
    region = subscription.topic.sns_backend.region_name
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic.arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": iso_8601_datetime_with_milliseconds(),
            "SignatureVersion": getattr(subscription.topic, "signature_version", "1"),
            "Signature": "EXAMPLE",
            "SigningCertUrl": f"https://sns.{region}.amazonaws.com/SimpleNotificationService-EXAMPLE.pem",
            "UnsubscribeUrl": f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
            "MessageAttributes": attributes or {},
        },
    }
