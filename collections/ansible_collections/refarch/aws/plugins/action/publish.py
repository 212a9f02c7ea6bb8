# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import RunnerAction, connection_of
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import Room
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import run as stack_run


class ActionModule(RunnerAction):
    """See the module documentation of refarch.aws.publish."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        outputs = arguments.pop("outputs", {})
        state = arguments.pop("state", "present")
        if not isinstance(outputs, dict):
            raise AnsibleActionFail(f"outputs: a component publishes a dict, not {type(outputs).__name__}")
        room = Room.of(task_vars or {}, self._templar.template)
        if room is None:
            return {**result, "changed": False, "outputs": outputs}
        stack_run.keep_outputs(room, outputs)
        if room.silent:
            return {**result, "changed": False, "outputs": outputs}
        opened = stack_run.Opened.of(room)
        registered = self._execute_module(
            "refarch.aws.stack_registry",
            {
                **connection_of(arguments),
                "state": state,
                "name": f"{opened.content['path']}/{room.component}",
                "outputs": outputs,
                "known": opened.registry.get(room.component),
                "tags": {**opened.content["tags"], "Component": room.component},
            },
            task_vars=task_vars,
        )
        return {**result, **registered}
