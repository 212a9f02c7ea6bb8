"""What is said in a session, as the agent writes it down: to a bucket when the session ends, to a log group while it is said.

"Logging session data using Amazon S3", "Streaming session data using Amazon CloudWatch Logs", "Logging session data using Amazon
CloudWatch Logs" and "Session document schema" (AWS Systems Manager User Guide); what the guide leaves open is as amazon-ssm-agent does it
("agent/session/plugins/shell"). All calls are made with the credentials of the instance.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("emulator.sessions")

#: Seconds between two writings of what is streamed.
LOOK = 1.0
#: The agent's own user, where the document gives no other.
RUN_AS = "ssm-user"
#: Bytes of an event, with room for what it holds beside ("PutLogEvents", Amazon CloudWatch Logs API Reference: 256 KB).
EVENT_SIZE = 200_000

NOT_ENCRYPTED = (
    "We couldn't start the session because encryption is not set up on the selected {}. "
    "Either encrypt the {} or choose an option to enable logging without encryption."
)
NOT_KNOWN = "Couldn't start the session because we are unable to validate encryption on {}. Error: {}"


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where a session's document wants its transcript. Empty names: nowhere."""

    bucket: str = ""
    prefix: str = ""
    bucket_encrypted: bool = True
    group: str = ""
    group_encrypted: bool = True
    streaming: bool = True

    @classmethod
    def of(cls, inputs: dict[str, Any]) -> Destinations:
        """From a document's inputs; what it does not say is as Session Manager has it."""
        return cls(
            inputs.get("s3BucketName") or "",
            (inputs.get("s3KeyPrefix") or "").strip("/"),
            _true(inputs.get("s3EncryptionEnabled", True)),
            inputs.get("cloudWatchLogGroupName") or "",
            _true(inputs.get("cloudWatchEncryptionEnabled", True)),
            _true(inputs.get("cloudWatchStreamingEnabled", True)),
        )


class Transcript:
    """Of one session. *client* gives a client of the instance's for a service; *who* is the ARN of the session's owner."""

    def __init__(self, session_id: str, target: str, who: str, to: Destinations, client: Callable[[str], Any]):
        self.session_id, self.target, self.who, self.to = session_id, target, who, to
        self._client = client
        self._said, self._streamed = bytearray(), 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._logs: Any = None

    def refusal(self) -> str:
        """Why the session can't begin: what it is written to must be encrypted, where the document says so. Empty, where it can."""
        to, named = self.to, "CloudWatch Logs log group"
        if to.group and to.group_encrypted:
            try:
                groups = self._client("logs").describe_log_groups(logGroupNamePrefix=to.group)["logGroups"]
            except Exception as error:  # whatever it is, the user is told
                return NOT_KNOWN.format(named, error)
            if not any(group["logGroupName"] == to.group and group.get("kmsKeyId") for group in groups):
                return NOT_ENCRYPTED.format(named, "log group")
        if to.bucket and to.bucket_encrypted:
            try:
                found = self._client("s3").get_bucket_encryption(Bucket=to.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
            except Exception as error:
                if "ServerSideEncryptionConfigurationNotFoundError" not in str(error):
                    return NOT_KNOWN.format("Amazon S3 bucket", error)
                found = []
            if not found:
                return NOT_ENCRYPTED.format("Amazon S3 bucket", "bucket")
        return ""

    def begin(self) -> None:
        """The shell is there."""
        if self.to.group and self.to.streaming:
            threading.Thread(target=self._stream, name=f"{self.session_id} log", daemon=True).start()

    def write(self, said: bytes) -> None:
        if self.to.bucket or self.to.group:
            with self._lock:
                self._said += said

    def end(self) -> None:
        """The session is over. What is left is written by and by; what can't be is in the emulator's log, as it is in the agent's."""
        if self._over.is_set():
            return
        self._over.set()
        if self.to.bucket or (self.to.group and not self.to.streaming):
            threading.Thread(target=self._keep, name=f"{self.session_id} log", daemon=True).start()

    def _keep(self) -> None:
        if self.to.bucket:
            key = "/".join(part for part in (self.to.prefix, f"{self.session_id}.log") if part)
            try:
                self._client("s3").put_object(Bucket=self.to.bucket, Key=key, Body=bytes(self._said))
            except Exception as error:
                log.warning("%s: failed to upload session logs to S3: %s", self.session_id, error)
        if self.to.group and not self.to.streaming:
            self._put([_text(bytes(self._said[first : first + EVENT_SIZE])) for first in range(0, len(self._said), EVENT_SIZE)])

    def _stream(self) -> None:
        """An event of lines, as JSON, for what was said since the last."""
        over = False
        while not over:
            over = self._over.wait(LOOK)
            with self._lock:
                said = bytes(self._said[self._streamed :])
            # Whole lines; at the end, all that is left.
            said = said if over else said[: said.rfind(b"\n") + 1]
            for first in range(0, len(said), EVENT_SIZE):
                if not self._put([json.dumps(self._event(said[first : first + EVENT_SIZE]))]):
                    return
            self._streamed += len(said)

    def _event(self, said: bytes) -> dict[str, Any]:
        return {
            "eventVersion": "1.0",
            "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "awsRegion": self._client_of_logs().meta.region_name,
            "target": {"id": self.target},
            "userIdentity": {"arn": self.who},
            "runAsUser": RUN_AS,
            "sessionId": self.session_id,
            "sessionData": _text(said).splitlines(),
        }

    def _client_of_logs(self) -> Any:
        if self._logs is None:
            self._logs = self._client("logs")
            self._logs.create_log_stream(logGroupName=self.to.group, logStreamName=self.session_id)
        return self._logs

    def _put(self, texts: list[str]) -> bool:
        """Whether *texts* were written as events of the session's stream."""
        try:
            events = [{"timestamp": int(time.time() * 1000), "message": text} for text in texts if text]
            if events:
                self._client_of_logs().put_log_events(logGroupName=self.to.group, logStreamName=self.session_id, logEvents=events)
        except Exception as error:
            log.warning("%s: failed to write session logs to CloudWatch Logs: %s", self.session_id, error)
            return False
        return True


def _true(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() == "true"


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")
