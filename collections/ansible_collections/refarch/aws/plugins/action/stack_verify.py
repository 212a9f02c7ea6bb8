# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
import json
from pathlib import Path

from ansible.errors import AnsibleActionFail

from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import connection_of
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.inputs import StackInputs
from ansible_collections.refarch.aws.plugins.plugin_utils.verify.checks import checks, sentence


class ActionModule(StackInputs):
    """See the module documentation of refarch.aws.stack_verify."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        arguments = self._task.args
        components = list(self.graph(arguments["components"]))
        values = self.values([], arguments["components"])
        path = f"/{values['stack_project']}/{values['stack_environment']}"
        facts = self.facts(path, others=False)
        if facts.get("failed"):
            return {**result, **facts}
        if str(values.get("stack_account_id")) != facts["account_id"]:
            raise AnsibleActionFail(
                f"stack_account_id is {values.get('stack_account_id')}, but the credentials are of {facts['account_id']}"
            )
        registry = {name: outputs for name, outputs in facts["registry"].items() if name in components}
        if not registry:
            raise AnsibleActionFail(f"stack_scenario: {arguments['scenario']} does not stand in {path}; build it before it is verified")
        options = ("alarm", "alarm_name", "requests", "servers", "connect_to", "wait_timeout_seconds")
        given = {name: arguments[name] for name in options if arguments.get(name) not in (None, "")}
        told = {"project": values["stack_project"], "environment": values["stack_environment"], "registry": registry, **given}
        looked = self._execute_module("refarch.aws.stack_evidence", {**connection_of(arguments), **told}, task_vars=task_vars)
        if looked.get("failed"):
            return {**result, **looked}
        found = checks(looked["evidence"], components)
        verdict = {
            "scenario": arguments["scenario"],
            "prefix": values["stack_prefix"],
            "region": values["stack_region"],
            "account_id": facts["account_id"],
            "read_at": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "failed": sentence(found),
            "checks": [check.told() for check in found],
        }
        file = Path(arguments["file"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(verdict, indent=2) + "\n", encoding="utf-8")
        return {
            **result,
            "changed": looked.get("changed", False),
            "checks": verdict["checks"],
            "lines": [check.line() for check in found],
            "sentence": verdict["failed"],
        }
