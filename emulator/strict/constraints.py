"""Every constraint that botocore's models hold. The SDK itself checks types, required members and minima; AWS checks all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import regex
from botocore.model import Shape

Kind = Literal["required", "min", "max", "pattern", "enum", "union", "unknown"]

# Patterns that AWS publishes and doesn't hold to, with what it takes in truth.
_NOT_HELD = frozenset({
    # Meant as "anything": AWS takes line breaks in these, and "." doesn't.
    ".*",
    ".+",
    "^.*$",
    "^.+$",
})  # fmt: skip

_LENGTH_TYPES = ("string", "list", "map")
_NUMBER_TYPES = ("integer", "long", "float", "double")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a call. *path*: the member, for example ``Tags[0].Key``; *text*: AWS's words."""

    path: str
    kind: Kind
    text: str


def findings(shape: Shape | None, value: Any, *, unknown: bool = False) -> Iterator[Finding]:
    """All that is wrong with the parameters *value* of an input *shape*; *unknown*: also members that the model lacks."""
    if shape is not None:
        yield from _walk(shape, value, "", unknown)


def message(found: list[Finding]) -> str:
    """The sentence that AWS's front end makes of *found*."""
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return f"{count}: {'; '.join(finding.text for finding in found)}"


def _walk(shape: Shape, value: Any, path: str, unknown: bool) -> Iterator[Finding]:
    if value is None or getattr(shape, "is_document_type", False):
        return
    yield from _bounds(shape, value, path)
    if shape.type_name == "string" and isinstance(value, str):
        yield from _text(shape, value, path)
    elif shape.type_name == "structure" and isinstance(value, dict):
        yield from _members(shape, value, path, unknown)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(shape.member, item, f"{path}[{index}]", unknown)
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(shape.key, key, f"{path}.key", unknown)
            yield from _walk(shape.value, item, f"{path}.{key}", unknown)


def _members(shape: Any, value: dict[str, Any], path: str, unknown: bool) -> Iterator[Finding]:
    members = shape.members
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield Finding(path, "union", f"Value at '{path}' must have exactly one of its members set, not {sorted(value)}")
    for name in shape.required_members:
        if value.get(name) is None:
            place = f"{path}.{name}".lstrip(".")
            yield Finding(place, "required", f"Value null at '{place}' failed to satisfy constraint: Member must not be null")
    for name, item in value.items():
        place = f"{path}.{name}".lstrip(".")
        if name in members:
            yield from _walk(members[name], item, place, unknown)
        elif unknown:
            yield Finding(place, "unknown", f"Unknown parameter '{place}'")


def _bounds(shape: Shape, value: Any, path: str) -> Iterator[Finding]:
    limits = shape.metadata
    if "max" not in limits and "min" not in limits:
        return
    if shape.type_name in _LENGTH_TYPES and hasattr(value, "__len__"):
        size, what = len(value), "length"
    elif shape.type_name in _NUMBER_TYPES and isinstance(value, (int, float)):
        size, what = value, "value"
    else:
        return
    for kind, wrong, word in (
        ("max", "max" in limits and size > limits["max"], "less"),
        ("min", "min" in limits and size < limits["min"], "greater"),
    ):
        if wrong:
            yield Finding(path, kind, _failed(value, path, f"Member must have {what} {word} than or equal to {limits[kind]}"))


def _text(shape: Any, value: str, path: str) -> Iterator[Finding]:
    if shape.enum and value not in shape.enum:
        yield Finding(path, "enum", _failed(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"))
    pattern = shape.metadata.get("pattern")
    if pattern and pattern not in _NOT_HELD:
        compiled = _compiled(pattern)
        if compiled is not None and not compiled.fullmatch(value):
            yield Finding(path, "pattern", _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}"))


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = str(value) if len(str(value)) <= 100 else f"{str(value)[:100]}…"
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> regex.Pattern[str] | None:
    """Java's dialect, read by the package ``regex``; surrogate pairs stand for what Python has as one character. None: unreadable."""
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF").replace(r"\uD83C\uDF00-\uD83D\uDEFF", "")
    try:
        return regex.compile(pattern)
    except regex.error:
        return None
