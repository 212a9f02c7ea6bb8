"""What was asked of the emulator: counts for ever, the last calls in full. For tests, at ``/emulator/requests``."""

from __future__ import annotations

import time
from collections import Counter, deque
from dataclasses import dataclass
from threading import Lock
from typing import Any

from botocore.model import Shape

from emulator.catalog import Call
from emulator.verbs import kind

KEPT = 5000
MASK = "***"
MAX_BYTES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """An answered call. *at*: seconds since the epoch; *milliseconds*: time in the emulator; *caller*: the role of an instance, if it was
    one that called."""

    number: int
    at: float
    call: Call
    status: int
    code: str | None
    milliseconds: float
    caller: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at,
            "service": self.call.service,
            "operation": self.call.operation,
            "kind": kind(self.call.service, self.call.operation),
            "region": self.call.region,
            "status": self.status,
            "code": self.code,
            "milliseconds": round(self.milliseconds, 2),
            "caller": self.caller,
            "parameters": masked(self.call.model.input_shape, self.call.parameters),
        }


class Journal:
    """Counts by (service, operation, status) and the last `KEPT` calls."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.since = time.time()
            self._number = 0
            self._counts: Counter[tuple[str, str, int]] = Counter()
            self._entries: deque[Entry] = deque(maxlen=KEPT)

    def add(self, call: Call, status: int, code: str | None, milliseconds: float, caller: str = "") -> None:
        for name, value in call.parameters.items():
            if isinstance(value, (bytes, str)) and len(value) > MAX_BYTES_KEPT * 64:
                # An uploaded object need not stay in memory.
                call.parameters = call.parameters | {name: f"<{len(value)} bytes>"}
        with self._lock:
            self._number += 1
            self._counts[call.service, call.operation, status] += 1
            self._entries.append(Entry(self._number, time.time(), call, status, code, milliseconds, caller))

    def report(self, wanted: dict[str, str]) -> dict[str, Any]:
        """Counts and calls; *wanted*: service, operation, kind, status to look for, ``limit`` of calls (0: counts only)."""
        with self._lock:
            counts = sorted(self._counts.items())
            entries = list(self._entries)
        rows = [
            {"service": service, "operation": operation, "kind": kind(service, operation), "status": status, "count": count}
            for (service, operation, status), count in counts
        ]
        rows = [row for row in rows if _fits(row, wanted)]
        calls = [entry for entry in entries if _fits_entry(entry, wanted)]
        limit = int(wanted.get("limit", KEPT))
        return {
            "since": self.since,
            "total": sum(row["count"] for row in rows),
            "writes": sum(row["count"] for row in rows if row["kind"] == "write"),
            "counts": rows,
            "requests": [entry.as_json() for entry in (calls[-limit:] if limit else [])],
        }


def masked(shape: Shape | None, value: Any) -> Any:
    """*value* fit for JSON, with what botocore's model calls sensitive replaced by `MASK`."""
    if shape is not None and shape.metadata.get("sensitive"):
        return MASK
    if isinstance(value, dict):
        members = getattr(shape, "members", {}) if shape is not None and shape.type_name == "structure" else {}
        each = shape.value if shape is not None and shape.type_name == "map" else None
        return {str(key): masked(members.get(key, each), item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        return [masked(member, item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _fits(row: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(str(row[name]) == wanted[name] for name in ("service", "operation", "kind", "status") if name in wanted)


def _fits_entry(entry: Entry, wanted: dict[str, str]) -> bool:
    call = entry.call
    return _fits(
        {"service": call.service, "operation": call.operation, "kind": kind(call.service, call.operation), "status": entry.status}, wanted
    )
