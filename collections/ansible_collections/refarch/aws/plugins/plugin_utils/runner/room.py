# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The folder of one run of a stack: what its components' workers tell one another and the report.

    <room>/markers/<component>.json       how a component ended, and its outputs
    <room>/<phase>/<component>.jsonl      a line per AWS task: changes, calls, seconds

Only the user may read it, it holds no secrets, and the engine removes it at the end of the run.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Phases of a run: components are looked at all at once, then converged (or planned, or removed) in order.
LOOK, CONVERGE = "look", "converge"


class Room:
    """A component's place in the room. *phase*: LOOK or CONVERGE."""

    def __init__(self, folder: str, component: str, phase: str):
        self.folder, self.component, self.phase = Path(folder), component, phase

    @classmethod
    def of(cls, task_vars: dict, template: Callable[[Any], Any]) -> Room | None:
        """The room of the host that *task_vars* belong to; None outside of a stack's run. *template*: the action's templar."""
        if not task_vars.get("stack_room"):
            return None
        given = {name: template(task_vars[name]) for name in ("stack_room", "stack_component", "stack_phase") if name in task_vars}
        return cls(given["stack_room"], given.get("stack_component", "stack"), given.get("stack_phase", CONVERGE))

    @property
    def silent(self) -> bool:
        """While looking nothing is reported: what differs is shown once, by the phase that acts on it."""
        return self.phase == LOOK

    # -- notes of AWS tasks --------------------------------------------------------------------------------------------
    def note(self, task: Any, module: str, result: dict, changes: list[dict], calls: list[dict], seconds: float) -> None:
        """Append what an AWS task did (no parameters of no_log tasks; secrets are masked before they come here)."""
        hidden = bool(task.no_log)
        line = {
            "component": self.component,
            "task": task.get_name(),
            "module": module,
            "changed": bool(result.get("changed")),
            "failed": bool(result.get("failed")),
            "changes": [_hidden(change) if hidden else change for change in changes],
            "calls": [{key: call[key] for key in ("service", "operation", "reads", "code", "seconds")} for call in calls],
            "seconds": round(seconds, 3),
            "at": round(time.time(), 3),
        }
        self._append(self.folder / self.phase / f"{self.component}.jsonl", line)
        if any(
            not call["reads"] and not call["code"] and call["operation"].startswith(("Create", "Allocate", "Put", "Run")) for call in calls
        ):
            (self.folder / "created").touch()

    def notes(self, phase: str, component: str | None = None) -> list[dict]:
        """The notes of *phase*, of one component or of all, in the order in which they were made."""
        files = sorted((self.folder / phase).glob(f"{component or '*'}.jsonl"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]

    def created_within(self, seconds: float) -> bool:
        """Whether any component of this run created something in the last *seconds*."""
        marker = self.folder / "created"
        return marker.exists() and time.time() - marker.stat().st_mtime < seconds

    # -- names that this run plans to create --------------------------------------------------------------------------
    def planned_names(self) -> set[str]:
        """Names and values of everything that this plan creates, so far."""
        names: set[str] = set()
        for note in self.notes(self.phase):
            for change in note["changes"]:
                if change["action"] == "create":
                    names.add(change.get("name") or "")
                    names |= _texts(change["parameters"])
        return {name for name in names if len(name) > 2}

    # -- markers -------------------------------------------------------------------------------------------------------
    def marker(self, component: str) -> dict | None:
        """How *component* ended, or None while it is at work."""
        return self.kept(f"markers/{component}.json")

    def announce(self, **content: Any) -> None:
        """Write this component's marker whole or not at all, so that no waiter reads half a word."""
        self.keep(f"markers/{self.component}.json", content)

    def keep(self, name: str, content: Any) -> None:
        """Write *content* as JSON into *name* of the room, in one step."""
        path = self.folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        part.write_text(json.dumps(content), encoding="utf-8")
        part.rename(path)

    def kept(self, name: str) -> Any:
        """What C(keep) wrote under *name*, or None."""
        path = self.folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def _append(self, path: Path, line: dict) -> None:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")


def _hidden(change: dict) -> dict:
    return {**change, "parameters": "(no_log)", "before": None, "after": None}


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_texts, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_texts, value)) if value else set()
    return {value} if isinstance(value, str) else set()
