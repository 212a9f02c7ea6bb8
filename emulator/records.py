"""Named records with tags, for services of which the emulator answers everything itself: plain data in the service's store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.errors import AwsError
from emulator.operations import operation, store
from emulator.strict import Context

Record = dict[str, Any]


class Records:
    """Records of one *kind* of *service*, by name. *exists*, *missing*: AWS's error codes for a name that is taken, or is not there."""

    def __init__(self, service: str, kind: str, exists: str, missing: str):
        self._service, self._kind, self._exists, self._missing = service, kind, exists, missing

    def all(self, context: Context) -> dict[str, Record]:
        """By name, in the order in which they were made."""
        return store(self._service, context).setdefault(self._kind, {})

    def add(self, context: Context, name: str, record: Record) -> Record:
        if name in self.all(context):
            raise AwsError(self._exists, f"{self._kind} {name} already exists", 400)
        self.all(context)[name] = record
        return record

    def get(self, context: Context, name: str) -> Record:
        if name not in self.all(context):
            raise AwsError(self._missing, f"{self._kind} {name} does not exist", 400)
        return self.all(context)[name]

    def remove(self, context: Context, name: str) -> Record | None:
        return self.all(context).pop(name, None)


def tag_operations(service: str, *, arn: str, tags: str, keys: str, missing: str, as_list: tuple[str, str] | None = None) -> None:
    """Register TagResource, UntagResource and ListTagsForResource of *service* over the tags in its store, by ARN.

    *arn*, *tags*, *keys*: the parameters' names; *as_list*: names of key and value where tags are a list and not a map.
    """
    lists = {"codedeploy": "Tags", "codeconnections": "Tags"}

    def known(params: dict[str, Any], context: Context) -> dict[str, str]:
        found = tags_by_arn(service, context)
        if params[arn] not in found:
            raise AwsError(missing, f"{params[arn]} does not exist", 400)
        return found[params[arn]]

    def listed(params: dict[str, Any], context: Context) -> dict[str, Any]:
        found = known(params, context)
        name = lists.get(service, "tags")
        return {name: [dict(zip(as_list, item, strict=True)) for item in found.items()] if as_list else dict(found)}

    def tag(params: dict[str, Any], context: Context) -> dict[str, Any]:
        known(params, context).update(as_map(params[tags], as_list))
        return {}

    def untag(params: dict[str, Any], context: Context) -> dict[str, Any]:
        found = known(params, context)
        for key in params[keys]:
            found.pop(key, None)
        return {}

    answers: dict[str, Callable[[dict[str, Any], Context], dict[str, Any]]] = {
        "ListTagsForResource": listed,
        "TagResource": tag,
        "UntagResource": untag,
    }
    for name, answer in answers.items():
        operation(service, name)(answer)


def tags_by_arn(service: str, context: Context) -> dict[str, dict[str, str]]:
    return store(service, context).setdefault("tags", {})


def as_map(tags: Any, as_list: tuple[str, str] | None) -> dict[str, str]:
    """Tags as a map, whichever form the service takes."""
    return {tag[as_list[0]]: tag[as_list[1]] for tag in tags or []} if as_list else dict(tags or {})
