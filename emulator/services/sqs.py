"""SQS: attributes that stay, encryption as it is, and names that are taken for a while."""

from __future__ import annotations

import time
from typing import Any

from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend

from emulator import latency

#: Seconds for which the name of a deleted queue is taken (Amazon SQS API Reference, DeleteQueue).
TAKEN_SECONDS = 60


class DeletedRecently(SQSException):
    def __init__(self) -> None:
        super().__init__(
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )


def apply() -> None:
    attributes_that_are_not_given_stay()
    names_are_taken_for_a_while()


def attributes_that_are_not_given_stay() -> None:
    """SetQueueAttributes changes what it names: moto drops the policy. A key of KMS and SQS's own encryption exclude each other."""
    change = Queue._set_attributes

    def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
        given = dict(attributes)
        if "Policy" not in given and hasattr(self, "_policy_json"):
            given["Policy"] = self.policy
        if given.get("KmsMasterKeyId"):
            given["SqsManagedSseEnabled"] = "false"
        elif str(attributes.get("SqsManagedSseEnabled", "")).lower() == "true" and hasattr(self, "_policy_json"):
            given["KmsMasterKeyId"] = None
        if given.get("RedrivePolicy") in ("", "{}"):
            self.redrive_policy = self.dead_letter_queue = None
            del given["RedrivePolicy"]
        change(self, given, now)

    Queue._set_attributes = set_attributes


def names_are_taken_for_a_while() -> None:
    """CreateQueue within 60 seconds of a DeleteQueue of the same name is QueueDeletedRecently (with the latency profile, scaled)."""
    create, delete = SQSBackend.create_queue, SQSBackend.delete_queue

    def create_queue(self: SQSBackend, name: str, tags: dict[str, str] | None = None, **kwargs: Any) -> Queue:
        deleted = self.__dict__.get("_deleted", {}).get(name, 0.0)
        if name not in self.queues and time.time() - deleted < TAKEN_SECONDS * latency.SCALE:
            raise DeletedRecently()
        return create(self, name, tags, **kwargs)

    def delete_queue(self: SQSBackend, queue_name: str) -> None:
        delete(self, queue_name)
        self.__dict__.setdefault("_deleted", {})[queue_name] = time.time()

    SQSBackend.create_queue = create_queue
    SQSBackend.delete_queue = delete_queue
