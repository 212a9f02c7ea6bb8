"""Schedule expressions: cron, rate and at (Amazon EventBridge Scheduler User Guide, "Schedule types")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

# Where the expression stands: (service, operation) -> paths of members, "[]" for each of a list; and what it may be.
_PLACES: dict[tuple[str, str], tuple[tuple[str, ...], frozenset[str]]] = {
    ("application-autoscaling", "PutScheduledAction"): (("Schedule",), frozenset({"cron", "rate", "at"})),
    ("backup", "CreateBackupPlan"): (("BackupPlan.Rules[].ScheduleExpression",), frozenset({"cron", "rate"})),
    ("backup", "UpdateBackupPlan"): (("BackupPlan.Rules[].ScheduleExpression",), frozenset({"cron", "rate"})),
    ("events", "PutRule"): (("ScheduleExpression",), frozenset({"cron", "rate"})),
    ("glue", "CreateTrigger"): (("Schedule",), frozenset({"cron"})),
    ("scheduler", "CreateSchedule"): (("ScheduleExpression",), frozenset({"cron", "rate", "at"})),
    ("scheduler", "UpdateSchedule"): (("ScheduleExpression",), frozenset({"cron", "rate", "at"})),
    ("ssm", "CreateAssociation"): (("ScheduleExpression",), frozenset({"cron", "rate", "at"})),
    ("ssm", "CreateMaintenanceWindow"): (("Schedule",), frozenset({"cron", "rate", "at"})),
    ("ssm", "UpdateAssociation"): (("ScheduleExpression",), frozenset({"cron", "rate", "at"})),
    ("ssm", "UpdateMaintenanceWindow"): (("Schedule",), frozenset({"cron", "rate", "at"})),
}

_FIELDS = (
    ("minutes", 0, 59, {}, ""),
    ("hours", 0, 23, {}, ""),
    ("day-of-month", 1, 31, {}, "?LW"),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}, ""),
    ("day-of-week", 1, 7, {name: number for number, name in enumerate(_DAYS, 1)}, "?L#"),
    ("year", 1970, 2199, {}, ""),
)


def findings(service: str, operation: str, parameters: dict[str, Any]) -> Iterator[str]:
    """A sentence for each schedule of the call that AWS would not take."""
    paths, allowed = _PLACES.get((service, operation), ((), frozenset()))
    for path in paths:
        for expression in _values(parameters, path):
            if expression and (reason := wrong(expression, allowed)):
                yield f"Parameter {path.rpartition('.')[2]} is not valid: {expression} ({reason})"


def wrong(expression: str, allowed: frozenset[str] = frozenset({"cron", "rate", "at"})) -> str | None:
    """What is wrong with *expression*, or None."""
    found = re.fullmatch(r"(cron|rate|at)\((.*)\)", expression.strip())
    if not found or found[1] not in allowed:
        return f"it must be one of {', '.join(f'{kind}(…)' for kind in sorted(allowed))}"
    return {"cron": _cron, "rate": _rate, "at": _at}[found[1]](found[2])


def _rate(text: str) -> str | None:
    found = re.fullmatch(r"(\d+) (minute|hour|day)(s?)", text)
    if not found:
        return "a rate is a number and minute(s), hour(s) or day(s)"
    if int(found[1]) < 1:
        return "a rate is positive"
    if (int(found[1]) == 1) == bool(found[3]):
        return "the unit is singular for 1 and plural for more"
    return None


def _at(text: str) -> str | None:
    try:
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007 - the zone stands in another member
    except ValueError:
        return "at takes yyyy-mm-ddThh:mm:ss"
    return None


def _cron(text: str) -> str | None:
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f"a cron expression has six fields, not {len(fields)}"
    for field, (name, low, high, names, letters) in zip(fields, _FIELDS, strict=True):
        if reason := _field(field.upper(), low, high, names, letters):
            return f"{name}: {reason}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of day-of-month and day-of-week is ?"
    return None


def _field(field: str, low: int, high: int, names: dict[str, int], letters: str) -> str | None:
    if field == "?":
        return None if "?" in letters else "? isn't allowed"
    for part in field.split(","):
        span, _, step = part.partition("/")
        if "/" in part and not (step.isdigit() and int(step) > 0):
            return f"{part!r} has no step"
        if _special(span, letters, names, low, high):
            continue
        ends = [names.get(end, int(end) if end.isdigit() else None) for end in span.split("-")]
        if span == "*":
            continue
        if not 1 <= len(ends) <= 2 or any(end is None or not low <= end <= high for end in ends):
            return f"{part!r} isn't between {low} and {high}"
    return None


def _special(span: str, letters: str, names: dict[str, int], low: int, high: int) -> bool:
    """The letters L, W and # of days."""
    if "W" in letters and re.fullmatch(r"(\d+|L)W", span):
        return True
    if "L" in letters and (span == "L" or re.fullmatch(r"L-\d+", span)):
        return True
    if "#" in letters and (found := re.fullmatch(r"(\w+)[#](\d)|(\w+)L", span)):
        day = found[1] or found[3]
        in_range = day in names or (day.isdigit() and low <= int(day) <= high)
        return in_range and (found[2] is None or 1 <= int(found[2]) <= 5)
    return False


def _values(value: Any, path: str) -> Iterator[str]:
    head, _, rest = path.partition(".")
    each = head.endswith("[]")
    item = value.get(head.removesuffix("[]")) if isinstance(value, dict) else None
    if item is None:
        return
    for one in item if each else [item]:
        if rest:
            yield from _values(one, rest)
        else:
            yield str(one)
