# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: warm
type: aggregate
version_added: 0.1.0
short_description: Load the AWS SDK once, so that workers inherit it
description:
  - Imports boto3, the module base, each task's module and each play's connection plugin in the controller, before workers are forked.
  - Says once when the runner steps aside.
requirements:
  - enable in configuration
options:
  services:
    description: Service models to load before the first task.
    type: list
    elements: str
    default: [sts, ssm]
    env: [{name: REFARCH_WARM_SERVICES}]
    ini: [{section: refarch, key: warm_services}]
"""

from ansible import __version__
from ansible.plugins.callback import CallbackBase

from ansible_collections.refarch.aws.plugins.plugin_utils.runner import warm
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import in_process, known_core


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "refarch.aws.warm"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook):
        if in_process():
            warm.filters()
            warm.sdk(self.get_option("services"))
        elif not known_core():
            self._display.warning(
                f"refarch's runner does not know ansible-core {__version__} and steps aside: "
                "same results, slower, and plans are only as good as the modules' check mode"
            )

    def v2_playbook_on_play_start(self, play):
        if in_process():
            warm.files_of(play)
            warm.connection_of(play)

    def v2_playbook_on_task_start(self, task, is_conditional):
        if in_process():
            warm.module(getattr(task, "resolved_action", None) or task.action)
