"""What AWS refuses in tags, whatever the service (AWS General Reference, "Tagging your AWS resources")."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 50
_ALLOWED = re.compile(r"[\w\s.:/=+\-@]*", re.UNICODE)


def wrong(tags: Iterable[tuple[str, str]], standing: Iterable[str] = ()) -> str | None:
    """What is wrong with *tags* (key, value), on a thing that has tags with the keys *standing*; or None."""
    keys = []
    for key, value in tags:
        keys.append(key)
        if key.lower().startswith("aws:"):
            return "aws: prefixed tag key names are not allowed for external use."
        if not 1 <= len(key) <= 128 or not _ALLOWED.fullmatch(key):
            return f"The tag key {key!r} must be 1 to 128 letters, digits, spaces and _.:/=+-@."
        if len(value or "") > 256 or not _ALLOWED.fullmatch(value or ""):
            return f"The tag value {value!r} must be at most 256 letters, digits, spaces and _.:/=+-@."
    if len(set(keys)) < len(keys):
        return "Duplicate tag keys found."
    if len({*keys, *standing}) > MOST:
        return f"A resource can have at most {MOST} tags."
    return None


def pairs(tags: object) -> list[tuple[str, str]]:
    """The pairs of a tag list or of a map."""
    if isinstance(tags, dict):
        return list(tags.items())
    return [(tag.get("Key", ""), tag.get("Value", "")) for tag in tags or []]  # type: ignore[attr-defined]
