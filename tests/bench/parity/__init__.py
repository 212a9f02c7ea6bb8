"""Does the same stand on both emulators? Read through boto3, with names in the place of ids.

A module for each topic: its ``READERS`` yield what they find. ``alike`` says when two things are equal, ``exceptions`` which differences
no configuration can avoid.
"""

from __future__ import annotations

from typing import Any

from tests.bench.parity import alike, compute, delivery, exceptions, foundation, guards, messages
from tests.processes import Running

TOPICS = (foundation, compute, messages, guards, delivery)


def differences(ours: Running, theirs: Running) -> list[str]:
    """A line for each resource that one side lacks, or that differs, besides the exceptions."""
    left, right = standing(ours), standing(theirs)
    lines = [f"- {name}: only on the first side" for name in sorted(left.keys() - right.keys())]
    lines += [f"- {name}: only on the second side" for name in sorted(right.keys() - left.keys())]
    for name in sorted(left.keys() & right.keys()):
        for place, one, other in alike.unequal(left[name], right[name]):
            if not exceptions.covers(name, place, one, other):
                lines.append(f"- {name}: {place}: {one!r} and {other!r}")
    return lines


def standing(emulator: Running) -> dict[str, Any]:
    """What stands, by kind and name, in a form in which equal resources are equal."""
    names: alike.Names = {}
    found: dict[str, Any] = {}
    for topic in TOPICS:
        for reader in topic.READERS:
            found |= dict(reader(emulator.client, names))
    naming = alike.Naming(names)
    return {name: alike.normal(settings, naming) for name, settings in found.items()}
