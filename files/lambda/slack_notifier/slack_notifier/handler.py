"""The Lambda handler: SNS records in, Slack messages out."""

from __future__ import annotations

import logging
import os
import re
from typing import Any

import boto3

from slack_notifier.delivery import NotDelivered, Webhook
from slack_notifier.messages import message_of
from slack_notifier.slack import blocks_of

log = logging.getLogger(__name__)

#: Seconds before the function's own end at which the last attempt must be over, so that the failure is told and not cut off.
RESERVE_SECONDS = 2.0

#: A word by which the line of a message is found again: playbooks/verify.yml puts it into the reason of an alarm.
REFERENCE = re.compile(r"\bverify-[0-9a-f]{16}\b")

_webhook: Webhook | None = None


def webhook() -> Webhook:
    """Made with the first event and kept, with the address it has read, for the next ones in this execution environment."""
    global _webhook
    if _webhook is None:
        secret_id = os.environ["SLACK_WEBHOOK_SECRET_ID"]
        client = boto3.client("secretsmanager")
        _webhook = Webhook(lambda: client.get_secret_value(SecretId=secret_id)["SecretString"])
    return _webhook


def handle(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Deliver each record. Raises if one could not be delivered, so that Lambda tries again and at last keeps it as a dead letter."""
    records = event.get("Records", [])
    for record in records:
        notification = record["Sns"]
        message = message_of(notification, os.environ.get("STACK_PREFIX", ""))
        seconds = context.get_remaining_time_in_millis() / 1000 - RESERVE_SECONDS
        about = " ".join([notification.get("MessageId") or "", *REFERENCE.findall(notification.get("Message") or "")[:1]])
        try:
            attempts = webhook().post(blocks_of(message), seconds)
        except NotDelivered as failure:
            log.error("Slack was not told of %s (%s): %s", message.title, about, failure)
            raise
        log.info("Told Slack of %s (%s) in %d attempt(s)", message.title, about, attempts)
    return {"delivered": len(records)}
