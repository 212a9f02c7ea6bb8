# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a failed module run is worth another: pure judgements over its journal.

A module finds before it creates, so running it again is the one retry that is always right: after throttling that the SDK
gave up on, after a lost answer, and while AWS is not yet consistent with itself.
"""

from __future__ import annotations

import random
import re
from enum import Enum

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.operations import CREATING_VERB

#: Seconds to go on after trouble on the way to AWS, and after a thing that was just made is not seen everywhere yet
#: ("Changes that I make are not always immediately visible", IAM User Guide; "Eventual consistency", EC2 Developer Guide).
TRANSPORT_SECONDS = 300
CONSISTENCY_SECONDS = 120

#: Refused before anything was done. Source: "Retry behavior", AWS SDKs and Tools Reference Guide.
THROTTLING_CODES = frozenset(
    (
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    )
)

BROKEN_CONNECTION = {
    "AnswerUnknown",
    "ConnectionClosedError",
    "ConnectTimeoutError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ReadTimeoutError",
    "ResponseParserError",
}

NOT_FOUND = re.compile(r"NotFound|NoSuch|DoesNotExist|InvalidGroupId|NotFoundException|WAFNonexistentItem|WAFUnavailableEntity")

#: Sentences with which services say that a role, key or policy that exists is not visible to them yet, or a name not free again.
NOT_YET_VISIBLE = re.compile(
    r"cannot be assumed|unable to assume|not authorized to perform: sts:AssumeRole|invalid principal|principal in (?:the )?policy"
    r"|role .*(?:is invalid|does not have permission)|Invalid IAM Instance Profile"
    r"|You must wait 60 seconds after deleting a queue"
    r"|InsufficientEncryptionPolicy|insufficient permissions to access|check the trust relationships"
    r"|doesn't grant Route 53 sufficient permission",
    re.IGNORECASE,
)


def in_transport(call: dict) -> bool:
    """Whether a failed *call* of a journal never got through, or nobody can tell: throttled, cut off, or an error of the server."""
    status = call.get("status") or 0
    return call["code"] in THROTTLING_CODES or call["code"] in BROKEN_CONNECTION or (status >= 500 and status != 501)


class Trouble(Enum):
    """Why a run may be repeated, or NONE."""

    NONE = "none"
    TRANSPORT = "transport"
    CONSISTENCY = "consistency"


def trouble_of(journal: dict, created_lately: bool) -> Trouble:
    """Judge a failed run by its *journal* (C(watch.Journal.as_dict)): the last call that failed is what ended it.

    *created_lately*: whether this run of Ansible created something within CONSISTENCY_SECONDS; a NotFound of an older world
    is simply true.
    """
    failures = [call for call in journal.get("calls", ()) if call["code"]]
    if not failures:
        return Trouble.NONE
    last = failures[-1]
    if in_transport(last):
        return Trouble.TRANSPORT
    if any(call["ambiguous"] and not call["reads"] for call in failures):
        # An earlier attempt of this call was done after all: "already exists", "already attached", "not found" are its echo.
        return Trouble.TRANSPORT
    if NOT_YET_VISIBLE.search(last.get("message", "")):
        return Trouble.CONSISTENCY
    made_here = any(CREATING_VERB.match(call["operation"]) and not call["code"] for call in journal["calls"])
    if NOT_FOUND.search(last["code"]) and (made_here or created_lately):
        return Trouble.CONSISTENCY
    return Trouble.NONE


def patience(trouble: Trouble) -> int:
    """Seconds since the first failure after which no further run is tried."""
    return {Trouble.TRANSPORT: TRANSPORT_SECONDS, Trouble.CONSISTENCY: CONSISTENCY_SECONDS}.get(trouble, 0)


def pause(attempt: int) -> float:
    """Seconds before repetition *attempt* (1 is the first): exponential with full jitter, at most 1.5.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
    """
    return random.uniform(0.05, min(1.5, 0.1 * 2**attempt))
