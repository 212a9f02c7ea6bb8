# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import getpass
import os
import socket
import tempfile
import uuid
from pathlib import Path

from ansible import constants as C
from ansible.errors import AnsibleActionFail

from ansible_collections.refarch.aws.plugins.modules.stack_lock import process_started
from ansible_collections.refarch.aws.plugins.plugin_utils.rules import stack as stack_rules
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import connection_of, in_process
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import CONVERGE, Room
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.warm import neutral_session
from ansible_collections.refarch.aws.plugins.plugin_utils.stack import settings
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.inputs import StackInputs
from ansible_collections.refarch.aws.plugins.plugin_utils.stack.run import OPENED

ALL_TAGS = ("all", "always", "tagged", "untagged", "never")


class ActionModule(StackInputs):
    """See the module documentation of refarch.aws.stack_open."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        self.task_vars = task_vars or {}
        self.warnings: list[str] = []
        needs = self.graph(self._task.args["components"])
        selected = self.selection(needs)
        roles = self.roles(list(needs))
        values = self.values(roles, self._task.args["components"])
        found = stack_rules.offline_findings(values, self.regions(), self.task_vars.get("ansible_forks", C.DEFAULT_FORKS))
        found += self.role_findings(roles, values, selected)
        self.refuse(found)

        path = f"/{values['stack_project']}/{values['stack_environment']}"
        removing = values["stack_state"] == "absent"
        facts = self.facts(path, others=removing)
        if facts.get("failed"):
            return {**result, **facts}
        facts.update(region=values["stack_region"], regions=self.regions())
        values = self.values(roles, self._task.args["components"], facts["zones"])  # again, since defaults may choose among the zones
        found = stack_rules.findings(values, facts)
        for role in roles:
            inputs, _refused = settings.typed(role, values, self.wired)
            found += settings.rule_findings(role.component, {**values, **inputs}, facts)
        found += self.registry_findings(needs, selected, facts["registry"], values["stack_state"])
        self.refuse(found)

        run = uuid.uuid4().hex
        tags = {"Project": values["stack_project"], "Environment": values["stack_environment"], "ManagedBy": "refarch"}
        if not self._task.check_mode:
            lock = self._execute_module(
                "refarch.aws.stack_lock",
                {**connection_of(self._task.args), **self.holder(run), "name": f"{path}/lock", "tags": tags},
                task_vars=task_vars,
            )
            if lock.get("failed"):
                return {**result, **lock}
            self.warnings += lock.get("warnings") or []
            facts = self.facts(path, others=removing)  # again: whoever held the stack a moment ago may have published since
            if facts.get("failed"):
                return {**result, **facts}
        left_out = sorted(set(facts["registry"]) - set(needs))
        if left_out:
            self.warnings.append(
                f"stack_components: {', '.join(left_out)} is not in the list, but was built and still stands; "
                "to remove it, list it once more and run with --tags and -e stack_state=absent"
            )
        room = Room(tempfile.mkdtemp(prefix="refarch-"), "stack", CONVERGE)
        opened = {
            "needs": needs,
            "selected": selected,
            "registry": facts["registry"],
            "zones": facts["zones"],
            "state": values["stack_state"],
            "planning": self._task.check_mode,
            "looks": in_process(),
            "path": path,
            "run": run,
            "tags": tags,
        }
        room.keep(OPENED, opened)
        if self.warnings:
            result["warnings"] = [*result.get("warnings", []), *self.warnings]
        known = {"components": selected, "zones": facts["zones"], "others": facts["others"]}
        return {**result, "changed": False, "room": str(room.folder), **known}

    # -- what is asked for --------------------------------------------------------------------------------------------
    def selection(self, needs: dict[str, list[str]]) -> list[str]:
        """The components that C(--tags) and C(--skip-tags) leave."""
        run_tags = [str(tag) for tag in self.task_vars.get("ansible_run_tags", ["all"])]
        skip_tags = [str(tag) for tag in self.task_vars.get("ansible_skip_tags", [])]
        unknown = [tag for tag in (*run_tags, *skip_tags) if tag not in needs and tag not in ALL_TAGS]
        if unknown:
            raise AnsibleActionFail(f"--tags: {', '.join(unknown)} is no component of this stack; it has {', '.join(needs)}")
        everything = not any(tag in needs for tag in run_tags)
        return [component for component in needs if (everything or component in run_tags) and component not in skip_tags]

    # -- findings -----------------------------------------------------------------------------------------------------
    def role_findings(self, roles: list[settings.RoleSettings], values: dict, selected: list[str]) -> list[str]:
        found = list(self.broken)
        for role in roles:
            if role.component in selected:
                found += settings.typed(role, values, self.wired)[1]
        inputs = {name for role in roles for name in (*role.options, *role.defaults)} | set(stack_rules.OPTIONS)
        inputs |= {
            "stack_components",
            "stack_scenario",
            "stack_prefix",
            "stack_tags",
            "stack_zones",
            "stack_others",
            "stack_aws_connection",
            "stack_aws_environment",
        }
        names = [name for name, value in self.task_vars.items() if not settings.is_wired(value)]
        self.warnings += settings.typing_errors(names, [*(role.component for role in roles), "stack"], inputs)
        return found

    def registry_findings(self, needs: dict, selected: list[str], registry: dict, state: str) -> list[str]:
        found = []
        for component in selected:
            if state == "present":
                lacking = [need for need in needs[component] if need not in selected and need not in registry]
                if lacking:
                    found.append(f"--tags: {component} needs {', '.join(lacking)}, which the registry does not have; select it too")
            else:
                used_by = [other for other in needs if component in needs[other] and other not in selected and other in registry]
                if used_by:
                    found.append(f"--tags: {component} can't be removed, since {', '.join(used_by)} stands on it; select it too")
        return found

    def refuse(self, findings: list[str]) -> None:
        if findings:
            lines = list(dict.fromkeys(findings))
            raise AnsibleActionFail(
                lines[0]
                if len(lines) == 1
                else "\n".join(["The settings are refused; nothing was written:", *(f"- {line}" for line in lines)])
            )

    # -- surroundings -------------------------------------------------------------------------------------------------
    def regions(self) -> list[str]:
        session = neutral_session()
        return sorted(
            region for partition in session.get_available_partitions() for region in session.get_available_regions("ec2", partition)
        )

    def holder(self, run: str) -> dict:
        """Who this run is: for people, and for telling whether its process still lives."""
        process = os.getppid()
        try:
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
            machine = f"{boot} {Path('/proc/self/ns/pid').readlink()}"
        except OSError:
            machine = ""  # no such kernel: the lock can be taken over by name only
        return {
            "holder": f"{getpass.getuser()}@{socket.gethostname()}, process {process}",
            "run": run,
            "machine": machine,
            "process": process,
            "process_started": process_started(process),
            **({"takeover": self.task_vars["stack_lock_takeover"]} if self.task_vars.get("stack_lock_takeover") else {}),
        }
