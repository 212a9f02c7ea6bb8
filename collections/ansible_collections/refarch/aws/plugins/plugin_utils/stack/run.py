# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of one run of a stack, kept in its room: what was opened, and how each component ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import LOOK, Room
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import graph
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.verdict import Act, Look, verdict

OPENED = "stack.json"
UP, BROKEN = "up", "broken"


class Opened:
    """What the opening of a stack decided. Read from the room by every component's worker."""

    def __init__(self, content: dict[str, Any]):
        self.content = content
        self.needs: dict[str, list[str]] = content["needs"]
        self.selected: list[str] = content["selected"]
        self.registry: dict[str, dict] = content["registry"]
        self.removing: bool = content["state"] == "absent"

    @classmethod
    def of(cls, room: Room) -> Opened:
        return cls(room.kept(OPENED))

    def waits_for(self, component: str) -> list[str]:
        """The components of this run that must have ended before *component* acts."""
        arrows = graph.turned(self.needs) if self.removing else self.needs
        return [need for need in arrows[component] if need in self.selected]

    def can_look(self, component: str) -> bool:
        """Whether all inputs of *component*, and what it last published, are in the registry."""
        return self.content["looks"] and not self.removing and all(name in self.registry for name in (component, *self.needs[component]))

    def inputs_registered(self, component: str) -> dict[str, dict]:
        """Outputs of the component's needs as the registry has them."""
        return {need: self.registry[need] for need in self.needs[component] if need in self.registry}


def keep_outputs(room: Room, outputs: dict) -> None:
    """Keep what the room's component publishes, in the order in which the registry has it: what others make of it must not differ from
    one run to the next."""
    room.keep(f"{room.phase}/{room.component}.outputs", json.loads(json.dumps(outputs, sort_keys=True)))


def outputs_of(room: Room, phase: str) -> dict | None:
    return room.kept(f"{phase}/{room.component}.outputs")


def look_of(room: Room, opened: Opened) -> Look:
    """What looking at the room's component showed."""
    if not opened.can_look(room.component):
        return Look()
    writes = any(note["changes"] or note["changed"] for note in room.notes(LOOK, room.component))
    error = room.kept(f"{LOOK}/{room.component}.error")
    same = outputs_of(room, LOOK) == opened.registry[room.component]
    return Look(taken=True, writes=writes, same_outputs=same, error=error)


def await_needs(
    room: Room, opened: Opened, seconds: float, sleep: Callable = time.sleep, clock: Callable = time.monotonic
) -> dict[str, dict]:
    """Markers of the components that the room's one waits for, once all have ended, one is broken, or time is over."""
    waits_for = opened.waits_for(room.component)
    end = clock() + seconds
    while True:
        markers = {name: room.marker(name) for name in waits_for}
        broken = any(marker and marker["state"] == BROKEN for marker in markers.values())
        if broken or all(markers.values()) or clock() > end:
            return markers
        sleep(0.02)


def decide(room: Room, opened: Opened, seconds: float) -> tuple[Act, dict[str, dict], str]:
    """(what the room's component does, the outputs of its needs, why it fails).

    A component that is done announces so here, with the outputs that the registry has.
    """
    markers = await_needs(room, opened, seconds)
    not_up = [name for name, marker in markers.items() if not marker or marker["state"] == BROKEN]
    if not_up:
        names = ", ".join(not_up)
        if opened.removing:
            return Act.FAIL, {}, f"{room.component} stays, since {names} was not removed in this run"
        return Act.FAIL, {}, f"{room.component} stands on {names}, which did not come up in this run"
    look = look_of(room, opened)
    act = verdict(look, {name: marker["changed"] for name, marker in markers.items()})
    outputs = opened.inputs_registered(room.component)
    if not opened.removing:
        outputs = {**outputs, **{name: marker["outputs"] for name, marker in markers.items()}}
    if act is Act.DONE:
        room.announce(state=UP, changed=False, outputs=opened.registry[room.component], seconds=0)
    return act, outputs, look.error or ""
