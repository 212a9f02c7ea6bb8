# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the settings of monitoring must obey beyond their types."""

from __future__ import annotations

from typing import Any

from ansible_collections.refarch.aws.plugins.filter.alarm_plan import THRESHOLDS

#: A metric of one minute is looked at over a day at most (PutMetricAlarm, Amazon CloudWatch API Reference).
MOST_PERIODS = 1440

#: The highest where there is one.
HIGHEST = {"cpu_percent": 100}


def findings(variables: dict, facts: dict) -> list[str]:
    """Sentences on what is wrong, each beginning with the variable's name."""
    found = []
    for part, limits in (variables.get("monitoring_thresholds") or {}).items():
        if part not in THRESHOLDS:
            found.append(f"monitoring_thresholds: {part!r} is not one of {', '.join(THRESHOLDS)}.")
        elif not isinstance(limits, dict):
            found.append(f"monitoring_thresholds: {part} must be thresholds by name ({', '.join(THRESHOLDS[part])}).")
        else:
            found += [sentence for name, value in limits.items() for sentence in _limit(part, name, value)]
    identifier = variables.get("monitoring_database_identifier", "x")
    if identifier and len(identifier) > 63:
        found.append("monitoring_database_identifier: must be at most 63 characters.")
    return found


def _limit(part: str, name: str, value: Any) -> list[str]:
    if name not in THRESHOLDS[part]:
        return [f"monitoring_thresholds: {part} has {name!r}, which is not one of {', '.join(THRESHOLDS[part])}."]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        return [f"monitoring_thresholds: {part}.{name} must be a number of 0 or more, and is {value!r}."]
    if name == "periods" and not (1 <= value <= MOST_PERIODS and int(value) == value):
        return [f"monitoring_thresholds: {part}.periods must be 1 to {MOST_PERIODS}, and is {value!r}."]
    if value > HIGHEST.get(name, value):
        return [f"monitoring_thresholds: {part}.{name} must be at most {HIGHEST[name]}, and is {value!r}."]
    return []
