# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import RunnerAction, connection_of
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import CONVERGE, Room
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import report, run


class ActionModule(RunnerAction):
    """See the module documentation of refarch.aws.stack_close."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        room = Room(self._task.args["room"], "stack", CONVERGE)
        opened = run.Opened.of(room)
        markers = {component: room.marker(component) for component in opened.selected}
        broken = {
            name: (marker or {}).get("error") or "did not end"
            for name, marker in markers.items()
            if not marker or marker["state"] != run.UP
        }
        begun = Path(room.folder, run.OPENED).stat().st_mtime
        whole = report.report_of(opened.content, self._task.args["scenario"], markers, room.notes(CONVERGE), time.time() - begun)

        left = {}
        if opened.removing and not self._task.check_mode and not broken and set(opened.selected) == set(opened.needs):
            left = self._execute_module(
                "refarch.aws.stack_leftovers",
                {
                    **connection_of(self._task.args),
                    "project": opened.content["tags"]["Project"],
                    "environment": opened.content["tags"]["Environment"],
                },
                task_vars=task_vars,
            )
            whole["kept"] = left.get("resources") or []
        if not self._task.check_mode:
            released = self._execute_module(
                "refarch.aws.stack_lock",
                {
                    **connection_of(self._task.args),
                    "state": "absent",
                    "name": f"{opened.content['path']}/lock",
                    "holder": "this run",
                    "run": opened.content["run"],
                },
                task_vars=task_vars,
            )
            if released.get("failed"):
                broken["lock"] = released.get("msg")
        self.write(Path(self._task.args["build_folder"]), "plan.json" if self._task.check_mode else "report.json", whole)
        shutil.rmtree(room.folder)

        lines = report.words_of(whole)
        if not opened.removing and not self._task.check_mode and not broken:
            lines += report.outputs_lines(whole)
        if whole.get("kept"):
            lines += ["Kept:", *(f"  {resource}" for resource in whole["kept"])]
        self._display.display("\n" + "\n".join(lines))
        result.update(changed=False, summary=whole["summary"], lines=lines)
        if left.get("failed"):
            broken["leftovers"] = left.get("msg")
        if broken:
            result.update(failed=True, msg="; ".join(f"{name}: {error}" for name, error in broken.items()))
        return result

    def write(self, folder: Path, name: str, content: dict) -> None:
        """Write the report whole or not at all. A folder that can't be written costs the file, not the run."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{name}"
            part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            part.rename(folder / name)
        except OSError as error:
            self._display.warning(f"stack_build_folder: {folder / name} could not be written: {error}")
