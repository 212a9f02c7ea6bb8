# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A check and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"
MARKS = {PASSED: "ok  ", FAILED: "FAIL", NOT_APPLICABLE: "n/a "}


@dataclass(frozen=True)
class Check:
    """*found*: what was seen, or for what is not applicable the reason."""

    component: str
    check: str
    status: str
    found: str

    def line(self) -> str:
        return f"{MARKS[self.status]} {self.component}: {self.check}: {self.found}"

    def told(self) -> dict[str, str]:
        return asdict(self)


def judged(component: str, check: str, faults: list[str], found: str) -> Check:
    """Failed with *faults*, where there are any, else passed with what was *found*."""
    return Check(component, check, FAILED if faults else PASSED, "; ".join(faults) if faults else found)


def not_applicable(component: str, check: str, reason: str) -> Check:
    return Check(component, check, NOT_APPLICABLE, reason)


def failed(component: str, check: str, found: str) -> Check:
    return Check(component, check, FAILED, found)
