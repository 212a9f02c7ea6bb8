"""Delivery to an incoming webhook of Slack: which answers are worth another attempt, and when.

Slack's documents: "Sending messages using incoming webhooks" (errors), "Rate limits" (429 with Retry-After).
"""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

ATTEMPTS = 4
PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
TIMEOUT_SECONDS = 10.0

#: Answers of a webhook that was removed or replaced: the secret may hold a new address by now.
ANOTHER_ADDRESS = (403, 404, 410)


class NotDelivered(Exception):
    """Slack did not take the message. The text never holds the address, which is a secret."""


class Webhook:
    """An address that is read when it is first needed and again when Slack no longer knows it.

    *read* answers with what the secret holds now. *sleep* and *clock* are for tests.
    """

    def __init__(
        self,
        read: Callable[[], str],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._read, self._sleep, self._clock = read, sleep, clock
        self._address: str | None = None

    def post(self, body: dict[str, Any], seconds: float) -> int:
        """Post *body* within *seconds*. Returns the number of attempts; raises NotDelivered."""
        ends = self._clock() + seconds
        renewed = False
        reason = ""
        for attempt in range(1, ATTEMPTS + 1):
            left = ends - self._clock()
            if left <= 0:
                raise NotDelivered(f"There was no time for attempt {attempt}; before: {reason or 'nothing'}.")
            status, reason, wait = send(self._current(), body, min(TIMEOUT_SECONDS, left))
            if status is not None and 200 <= status < 300:
                return attempt
            if status in ANOTHER_ADDRESS and not renewed:
                renewed, known = True, self._address
                self._address = None
                if self._current() != known:
                    continue
            if status is not None and status != 429 and status < 500:
                raise NotDelivered(f"Slack refuses the message: {reason}.")
            if attempt == ATTEMPTS:
                break
            pause = wait if wait is not None else random.uniform(0.5, 1) * PAUSE_SECONDS * 2 ** (attempt - 1)
            if pause > min(LONGEST_PAUSE_SECONDS, ends - self._clock()):
                raise NotDelivered(f"Slack asks to wait {pause:.0f} seconds, longer than there is time: {reason}.")
            self._sleep(pause)
        raise NotDelivered(f"Slack could not be reached in {ATTEMPTS} attempts, at last: {reason}.")

    def _current(self) -> str:
        if self._address is None:
            address = self._read().strip()
            if not address.startswith(("https://", "http://")):
                raise NotDelivered("The secret holds no address of a webhook yet: store the one that Slack gives.")
            self._address = address
        return self._address


def send(address: str, body: dict[str, Any], timeout: float) -> tuple[int | None, str, float | None]:
    """One attempt: (status or None without an answer, what happened, seconds that Slack asks to wait or None)."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        request = urllib.request.Request(address, data=json.dumps(body).encode(), headers=headers, method="POST")
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, f"HTTP {answer.status}", None
    except urllib.error.HTTPError as error:
        with error:
            text = error.read(200).decode("utf-8", "replace").strip()
        return error.code, f"HTTP {error.code} {text}".strip().replace(address, "(address)"), seconds_of(error.headers.get("Retry-After"))
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        # The reason may quote the address; its kind is enough.
        cause = getattr(error, "reason", None)
        return None, type(cause if isinstance(cause, Exception) else error).__name__, None


def seconds_of(header: str | None) -> float | None:
    """Retry-After in seconds; Slack gives a number, never a date."""
    try:
        return max(0.0, float(header)) if header is not None else None
    except ValueError:
        return None
