# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a stack is made of and what it is given: its graph, its roles, their inputs, and the facts of its account."""

from __future__ import annotations

import re
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.refarch.aws.plugins.plugin_utils.rules import stack as stack_rules
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import RunnerAction, connection_of
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import graph, settings


class StackInputs(RunnerAction):
    """Base of the actions that read a stack's settings. C(task_vars) must be set before its methods are called."""

    def graph(self, components: list) -> dict[str, list[str]]:
        """Needs by component, in an order that can be built. Raises for a list that is none."""
        needs = {}
        for entry in components:
            if not isinstance(entry, dict) or not entry.get("name"):
                raise AnsibleActionFail(f"stack_components: {entry!r} is no component; each is {{name: network, needs: [keys]}}")
            if entry["name"] in needs:
                raise AnsibleActionFail(f"stack_components: {entry['name']} is listed twice")
            needs[entry["name"]] = list(entry.get("needs") or [])
        try:
            return {component: needs[component] for component in graph.order(needs)}
        except graph.GraphError as error:
            raise AnsibleActionFail(str(error)) from error

    def roles(self, components: list[str]) -> list[settings.RoleSettings]:
        folders = [*C.DEFAULT_ROLES_PATH, str(Path(self._loader.get_basedir(), "roles"))]
        found, missing = [], []
        for component in components:
            role = settings.role_settings(component, folders, lambda path: self._loader.load_from_file(path, trusted_as_template=True))
            found.append(role) if role else missing.append(component)
        if missing:
            raise AnsibleActionFail(f"stack_components: there is no role for {', '.join(missing)}")
        return found

    def values(self, roles: list[settings.RoleSettings], components: list, zones: list[str] | None = None) -> dict:
        """Every input that is known now, templated; what another component will publish is left out."""
        defaults = {name: value for role in roles for name, value in role.defaults.items()}
        variables = {**defaults, **self.task_vars, **({"stack_zones": zones} if zones else {})}
        templar = self._templar.copy_with_new_env(available_variables=variables)
        wanted = {*stack_rules.OPTIONS, "stack_prefix", "stack_tags", *(name for role in roles for name in role.options)}
        values, self.wired, self.broken = {"stack_components": components}, set(), []
        for name in sorted(wanted & set(variables)):
            try:
                values[name] = templar.template(variables[name])
            except AnsibleError as error:
                if settings.is_wired(variables[name]) or self.stands_on_later(variables[name], variables):
                    self.wired.add(name)
                else:
                    self.broken.append(f"{name}: {str(error).splitlines()[0]}")
        return values

    def stands_on_later(self, raw, variables: dict) -> bool:
        """Whether *raw* names the zones, or a variable that is an arrow of the wiring."""
        text = str(raw)
        later = [name for name, value in variables.items() if isinstance(value, str) and settings.is_wired(value)]
        return any(re.search(rf"\b{re.escape(name)}\b", text) for name in (*later, "stack_zones"))

    def facts(self, path: str, others: bool) -> dict:
        """Result of refarch.aws.stack_facts for the stack at *path*; with *others*, it looks for other stacks too."""
        arguments = {**connection_of(self._task.args), "path": path, "others": others}
        return self._execute_module("refarch.aws.stack_facts", arguments, task_vars=self.task_vars)
