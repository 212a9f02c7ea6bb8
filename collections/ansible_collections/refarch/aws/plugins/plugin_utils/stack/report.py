# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a run, and the plan: pure functions over notes and markers, and their words for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

#: The strongest action names what happens to a resource that takes several calls.
STRENGTH = {"create": 2, "delete": 2, "update": 1}
WORDS = {"create": "to create", "update": "to change", "delete": "to remove"}
DONE_WORDS = {"create": "created", "update": "changed", "delete": "removed"}


def changes_of(notes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every change of *notes* with the component, task and module that makes it, and whether its inputs are known."""
    return [
        {"component": note["component"], "task": note["task"], "module": note["module"], "inputs_known": True, **change}
        for note in notes
        for change in note["changes"]
    ]


def summary_of(changes: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Resources by what happens to them: {"create": n, "update": n, "delete": n, "unknown_inputs": n}.

    A resource is counted once, whatever number of calls it takes. *unknown_inputs* counts, apart from the others, tasks of
    upstream modules whose inputs only the apply knows.
    """
    actions: dict[tuple, str] = {}
    unknown: set[tuple] = set()
    for change in changes:
        resource = (change["component"], change["kind"], change["name"])
        if not change["inputs_known"]:
            unknown.add(resource)
        elif STRENGTH[change["action"]] > STRENGTH.get(actions.get(resource, ""), 0):
            actions[resource] = change["action"]
    counted = {action: sum(found == action for found in actions.values()) for action in ("create", "update", "delete")}
    return {**counted, "unknown_inputs": len(unknown)}


def report_of(opened: Mapping[str, Any], scenario: str, markers: Mapping[str, Any], notes: list[dict], seconds: float) -> dict[str, Any]:
    """The whole run as a dict, for build/<environment>/report.json and plan.json."""
    changes = changes_of(notes)
    components = {}
    for component in opened["selected"]:
        marker = markers.get(component) or {"state": "not ended", "changed": False, "outputs": {}, "seconds": None}
        own = [change for change in changes if change["component"] == component]
        components[component] = {
            "state": marker["state"],
            "converged": marker["changed"],
            "seconds": marker["seconds"],
            "error": marker.get("error"),
            "summary": summary_of(own),
            "outputs": marker["outputs"],
        }
    return {
        "scenario": scenario,
        "stack": opened["path"],
        "state": opened["state"],
        "planned": opened["planning"],
        "seconds": round(seconds, 2),
        "summary": summary_of(changes),
        "components": components,
        "changes": changes,
        "calls": calls_of(notes),
    }


def calls_of(notes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """API calls by component and operation: how many, how many failed, seconds in all and of the longest."""
    table: dict[tuple, dict[str, Any]] = {}
    for note in notes:
        for call in note["calls"]:
            key = (note["component"], call["service"], call["operation"])
            row = table.setdefault(
                key,
                {
                    "component": key[0],
                    "service": key[1],
                    "operation": key[2],
                    "calls": 0,
                    "failed": 0,
                    "seconds": 0.0,
                    "longest_seconds": 0.0,
                },
            )
            row["calls"] += 1
            row["failed"] += call["code"] is not None
            row["seconds"] = round(row["seconds"] + call["seconds"], 3)
            row["longest_seconds"] = max(row["longest_seconds"], call["seconds"])
    return sorted(table.values(), key=lambda row: -row["seconds"])


def words_of(report: Mapping[str, Any]) -> list[str]:
    """The end of a run in lines for people."""
    planned = report["planned"]
    words = WORDS if planned else DONE_WORDS
    kind = "Plan" if planned else "Stack"
    lines = [f"{kind} {report['stack']} ({report['scenario']}, {report['state']}): {sentence(report['summary'], words)}"]
    for name, component in report["components"].items():
        if component["error"]:
            lines.append(f"  {name}: FAILED: {component['error']}")
        elif component["state"] == "not ended":
            lines.append(f"  {name}: did not end")
        else:
            lines.append(f"  {name}: {sentence(component['summary'], words)}")
    return lines


def sentence(summary: Mapping[str, int], words: Mapping[str, str]) -> str:
    """{"create": 2, ...} as "2 created", or "no change"."""
    parts = [f"{summary[action]} {word}" for action, word in words.items() if summary[action]]
    if summary["unknown_inputs"]:
        parts.append(f"{summary['unknown_inputs']} more whose inputs are known after apply")
    return ", ".join(parts) or "no change"


def outputs_lines(report: Mapping[str, Any]) -> list[str]:
    """The components' outputs, a line each, lists and dicts short."""
    lines = []
    for name, component in report["components"].items():
        lines += [f"  {name}.{key} = {_short(value)}" for key, value in sorted(component["outputs"].items())]
    return ["Outputs:", *lines] if lines else []


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_short, value)) + "]"
    return str(value)
