# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ansible-core's C(normal) action, which runs any module without an action of its own, with our runner under it.

Plugin routing can't attach an action to the modules of another collection; a C(normal) on C(action_plugins) can. It takes
the very Python name of the stock one, which can therefore not be imported here: C(run) says again what that one does.
"""

from __future__ import annotations

from ansible import constants as C
from ansible.utils.vars import merge_hash

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import RunnerAction


class ActionModule(RunnerAction):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        wrap_async = self._task.async_val
        result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        if self._task.action in C._ACTION_SETUP:
            result["_ansible_verbose_override"] = True
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
