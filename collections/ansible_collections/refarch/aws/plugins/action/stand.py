# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import CONVERGE, LOOK, Room
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import run as stack_run
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.verdict import Act


class ActionModule(ActionBase):
    """See the module documentation of refarch.aws.stand."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self.room = Room.of(task_vars, self._templar.template)
        self.opened = stack_run.Opened.of(self.room)
        return {**result, "changed": False, **getattr(self, self._task.args["step"])()}

    def begin(self) -> dict:
        self.room.keep(f"begun/{self.room.component}", time.time())
        looks = self.opened.can_look(self.room.component)
        return {"looks": looks, "outputs": self.opened.inputs_registered(self.room.component)}

    def look_failed(self) -> dict:
        self.room.keep(f"{LOOK}/{self.room.component}.error", self._task.args["error"])
        return {}

    def decide(self) -> dict:
        act, outputs, reason = stack_run.decide(self.room, self.opened, self._task.args["timeout_seconds"])
        if act is Act.FAIL:
            raise AnsibleActionFail(reason)
        return {"act": act.value, "outputs": outputs}

    def up(self) -> dict:
        outputs = stack_run.outputs_of(self.room, CONVERGE)
        if outputs is None and not self.opened.removing:
            raise AnsibleActionFail(f"{self.room.component} published nothing: its role must end with refarch.aws.publish")
        self.room.announce(state=stack_run.UP, changed=True, outputs=outputs or {}, seconds=self.seconds())
        return {}

    def broken(self) -> dict:
        self.room.announce(state=stack_run.BROKEN, changed=True, outputs={}, seconds=self.seconds(), error=self._task.args["error"])
        return {}

    def seconds(self) -> float:
        return round(time.time() - (self.room.kept(f"begun/{self.room.component}") or time.time()), 2)
