"""When two resources are equal: what may differ between two accounts in which the same was made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

ACCOUNT = "123456789012"

#: Makes a client of a service, and the names of ids found so far: what a reader gets. It yields (kind and name, settings).
Client = Callable[..., Any]
Names = dict[str, str]
Found = Iterator[tuple[str, Any]]

#: Keys of moments and of ids that stand for nothing but themselves.
_VOLATILE = re.compile(
    r"(Date|CreationTime|creationTime|createdAt|LastUsed|LastModified\w*|RoleId|PolicyId|GroupId|UserId|OwnerId|"
    r"DnsEntries|NetworkInterfaceIds|NetworkInterfaceId|PublicIp|PrivateIp|PrivateIpAddress|AvailabilityZoneId|SubnetArn|SecurityGroupArn|"
    r"NetworkAclAssociationId|RouteTableAssociationId|AssociationId|SecurityGroupRuleId|SecurityGroupRuleArn|CreationTimestamp|CreateTime|"
    r"storedBytes|NextRotationDate|ResponseMetadata|TimeLoggingStarted|LatestDeliveryTime|StartLoggingTime|LatestDigestDeliveryTime|"
    r"LatestDeliveryAttemptTime|LatestNotificationAttemptTime|LatestNotificationAttemptSucceeded|LatestDeliveryAttemptSucceeded|"
    r"[Cc]reatedTime|\w+Timestamp|RevisionId|SubscriptionCreationTime|LatestRestorableTime|SecretVersionsToStages|CallerReference|"
    r"CreatorRequestId|repositoryId|applicationId|deploymentGroupId|UpdateTime|created|updated|LockToken|InstanceProfileId|"
    r"createTime|lastModified)$"
)
_SHAPES = r"vpc|subnet|igw|nat|rtb|acl|sg|vpce|eipalloc|fl|dopt|pl|lt|i|pb"
_UUID = "-".join(f"[0-9a-f]{{{length}}}" for length in (8, 4, 4, 4, 12))
_ID = re.compile(rf"\b(?:(?:\d{{1,3}}\.){{3}}\d{{1,3}}|(?:{_SHAPES})-[0-9a-f]{{8,}}|{_UUID})\b")


class Naming:
    """Puts *names* in the place of ids, by their shape, and of what has none (a host name of a load balancer) wherever it stands."""

    def __init__(self, names: Names):
        self._names = names
        shapeless = sorted((name for name in names if not _ID.fullmatch(name)), key=len, reverse=True)
        self._shapeless = re.compile("|".join(map(re.escape, shapeless)) or r"(?!)")

    def __call__(self, text: str) -> str:
        text = self._shapeless.sub(lambda match: self._names[match[0]], text)
        return _ID.sub(lambda match: self._names.get(match[0], match[0]), text)


def normal(value: Any, naming: Naming) -> Any:
    """*value* without what is never equal, with names in the place of ids, JSON in texts read, lists without order."""
    if isinstance(value, dict):
        kept = {str(key): item for key, item in value.items() if not _VOLATILE.search(str(key)) and item not in (None, [], "", {})}
        return {naming(key): normal(item, naming) for key, item in kept.items()}
    if isinstance(value, (list, tuple)):
        return sorted((normal(item, naming) for item in value), key=lambda item: json.dumps(item, sort_keys=True, default=str))
    if isinstance(value, str):
        document = _document(value)
        return naming(value) if document is None else normal(document, naming)
    return value


def _document(text: str) -> Any:
    """The JSON document in *text*, or None: the pattern of a metric filter begins as one too."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def unequal(one: Any, other: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(place, one, other) for each place where the two differ; of two lists what only one of them has."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from unequal(one.get(key), other.get(key), f"{place}.{key}".lstrip("."))
    elif isinstance(one, list) and isinstance(other, list) and one != other:
        only = [item for item in one if item not in other], [item for item in other if item not in one]
        yield place, *(only if any(only) else (one, other))
    elif one != other:
        yield place, one, other


def answer(client: Any, operation: str, **parameters: Any) -> Any:
    """The answer, or the code of the error."""
    try:
        if client.can_paginate(operation):
            return client.get_paginator(operation).paginate(**parameters).build_full_result()
        return getattr(client, operation)(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
