# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Look first, then act in order: what a component does once it has been looked at and its needs have ended.

Pure, and the whole of what makes looking sound (tests/unit/stack/test_verdict.py proves it on random stacks):

* A component is dirty if a write was blocked while looking, or if what it would publish differs from the registry.
* Everything that stands on a dirty component is converged, since its inputs were looked at in an older world.
* An error while looking is an error if the inputs were the true ones; if they were not, the component is converged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Act(Enum):
    """What to do with a component."""

    DONE = "done"
    CONVERGE = "converge"
    FAIL = "fail"


@dataclass(frozen=True)
class Look:
    """What looking at one component showed. *taken*: it was looked at; *error*: the sentence of a failed task."""

    taken: bool = False
    writes: bool = False
    same_outputs: bool = False
    error: str | None = None

    @property
    def dirty(self) -> bool:
        return self.writes or not self.same_outputs


def verdict(look: Look, needs_changed: Mapping[str, bool]) -> Act:
    """What to do. *needs_changed*: for each need that ended well, whether it was converged in this run."""
    if not look.taken or any(needs_changed.values()):
        return Act.CONVERGE
    if look.error is not None:
        return Act.FAIL
    return Act.CONVERGE if look.dirty else Act.DONE
