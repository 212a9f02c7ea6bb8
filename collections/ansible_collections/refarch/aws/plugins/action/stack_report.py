# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import datetime
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.refarch.aws.plugins.plugin_utils.picture import layout, svg
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.files import picture_files
from ansible_collections.refarch.aws.plugins.plugin_utils.picture.scene import PictureError, scene
from ansible_collections.refarch.aws.plugins.plugin_utils.report.page import page
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import connection_of
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import graph, settings
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.inputs import StackInputs


class ActionModule(StackInputs):
    """See the module documentation of refarch.aws.stack_report."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        arguments = self._task.args
        needs = self.graph(arguments["components"])
        roles = self.roles(list(needs))
        values = self.values(roles, arguments["components"])
        path = f"/{values['stack_project']}/{values['stack_environment']}"
        facts = self.facts(path, others=False)
        if facts.get("failed"):
            return {**result, **facts}
        values = self.values(roles, arguments["components"], facts["zones"])
        registry = facts["registry"]
        if "network" not in registry:
            raise AnsibleActionFail(f"stack_scenario: {arguments['scenario']} does not stand in {path}; build it before it is reported")
        kept = self._execute_module(
            "refarch.aws.stack_leftovers",
            {**connection_of(arguments), "project": values["stack_project"], "environment": values["stack_environment"]},
            task_vars=task_vars,
        )
        if kept.get("failed"):
            return {**result, **kept}
        report = {
            "scenario": arguments["scenario"],
            "prefix": values["stack_prefix"],
            "region": values["stack_region"],
            "account_id": facts["account_id"],
            "read_at": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "components": {
                name: {"stands": name in registry, "needs": needs[name], "outputs": registry.get(name, {})} for name in graph.order(needs)
            },
            "next_steps": [step for name in graph.order(needs) for step in registry.get(name, {}).get("next_steps", [])],
            "deviations": self.deviations(roles, values),
            "resources": kept["resources"],
        }
        title, subtitle = arguments["title"], f"{values['stack_prefix']} in {values['stack_region']}"
        try:
            pictures = {role.component: role.picture for role in roles if role.component in registry}
            picture = scene(title, subtitle, values["stack_region"], pictures, registry)
            drawn = svg.drawn(layout.layout(picture), title, subtitle)
            written = picture_files(drawn, Path(arguments["picture"])) if arguments.get("picture") else {}
        except PictureError as error:
            raise AnsibleActionFail(str(error)) from error
        written[Path(arguments["page"])] = page(report, drawn.partition("?>")[2] if drawn.startswith("<?xml") else drawn).encode()
        changed = False
        for file, content in written.items():
            if not file.exists() or file.read_bytes() != content:
                changed = True
                if not self._task.check_mode:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(content)
        return {**result, "changed": changed, "files": [str(file) for file in written], "next_steps": report["next_steps"]}

    def deviations(self, roles: list[settings.RoleSettings], values: dict) -> list[dict]:
        """Inputs whose value is not the role's default: [{name, value, default}]."""
        found = []
        defaults = {name: value for role in roles for name, value in role.defaults.items()}
        templar = self._templar.copy_with_new_env(available_variables={**self.task_vars, **defaults})
        for name in sorted(set(defaults) & set(values)):
            if name not in self.task_vars:
                continue
            try:
                default = templar.template(defaults[name])
            except AnsibleError:
                continue  # it stands on what another component publishes
            if default != values[name]:
                found.append({"name": name, "value": values[name], "default": default})
        return found
