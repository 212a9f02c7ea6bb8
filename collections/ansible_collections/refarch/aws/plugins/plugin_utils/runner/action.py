# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one place where AWS is talked to: run the modules of the AWS collections inside the worker.

Base of the action plugins that do so. Whatever it does not take (other modules, remote hosts, become, async, another
interpreter, an ansible-core it does not know, REFARCH_RUNNER=stock) goes the stock way, with the same results.
"""

from __future__ import annotations

import json
import os
import sys
import time

import ansible
from ansible import constants as C
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase

from ansible_collections.refarch.aws.plugins.module_utils.unknown import has_unknown
from ansible_collections.refarch.aws.plugins.plugin_utils.runner import child, plan, retry, watch
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.room import Room

COLLECTIONS = ("amazon.aws", "community.aws", "refarch.aws")

#: Releases of ansible-core whose module protocol this runner was tested with (tests/integration/test_parity.py).
KNOWN_CORES = ("2.21",)

PROFILE = "legacy"  # ansible-core's name for the serialization of module arguments and results


def in_process() -> bool:
    """Whether this Ansible run executes AWS modules inside its workers."""
    return os.environ.get("REFARCH_RUNNER") != "stock" and known_core()


def known_core() -> bool:
    return ".".join(ansible.__version__.split(".")[:2]) in KNOWN_CORES


def connection_of(arguments: dict) -> dict:
    """The connection options among a task's *arguments*: an action hands them on to the modules that it runs."""
    return {key: value for key, value in arguments.items() if key in plan.CONNECTION_OPTIONS}


class RunnerAction(ActionBase):
    """An action whose C(_execute_module) takes the modules of COLLECTIONS."""

    _supports_check_mode = True

    def _execute_module(
        self,
        module_name=None,
        module_args=None,
        tmp=None,
        task_vars=None,
        persist_files=False,
        delete_remote_tmp=None,
        wrap_async=False,
        ignore_unknown_opts=False,
    ):
        name = module_name or self._task.action
        found = self._aws_module(name)
        if found is None:
            return super()._execute_module(
                module_name, module_args, tmp, task_vars, persist_files, delete_remote_tmp, wrap_async, ignore_unknown_opts
            )
        task_vars = task_vars or {}
        room = Room.of(task_vars, self._templar.template)
        begun = time.monotonic()
        if self._may_run_inside(task_vars, wrap_async):
            arguments = self._task.args if module_args is None else module_args
            self._update_module_args(name, arguments, task_vars, ignore_unknown_opts=ignore_unknown_opts)
            run = _Run(self, found, arguments, room)
            result, calls = run.result()
            changes = result.get("changes") or run.made
        else:
            result = super()._execute_module(
                module_name, module_args, tmp, task_vars, persist_files, delete_remote_tmp, wrap_async, ignore_unknown_opts
            )
            calls, changes = [], result.get("changes")
        if room:
            room.note(self._task, found.fqcn, result, changes or [], calls, time.monotonic() - begun)
            if room.silent:
                result = plan.silenced(result)
        return result

    def _aws_module(self, name: str):
        """The module behind *name* if it is one of COLLECTIONS, else None."""
        context = self._shared_loader_obj.module_loader.find_plugin_with_context(name, collection_list=self._task.collections)
        if (
            not context.resolved
            or context.plugin_resolved_collection not in COLLECTIONS
            or not context.plugin_resolved_path.endswith(".py")
        ):
            return None
        return Module(context.plugin_resolved_collection, context.plugin_resolved_name.split(".")[-1], context.plugin_resolved_path)

    def _may_run_inside(self, task_vars: dict, wrap_async: bool) -> bool:
        interpreter = self._templar.template(task_vars.get("ansible_python_interpreter"))
        return (
            in_process()
            and not wrap_async
            and not self._task.async_val
            and self._connection.transport in ("local", "ansible.builtin.local")
            and not self._connection.become
            and not C.DEFAULT_KEEP_REMOTE_FILES
            and self._task.delegate_to in (None, "localhost", "127.0.0.1")
            and (interpreter in (None, sys.executable) or str(interpreter).startswith("auto"))
        )

    # The three steps that belong to ansible-core's ActionBase, for _Run.
    def serialized(self, arguments: dict) -> bytes:
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        return json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()

    def parsed(self, outcome: child.Outcome) -> dict:
        answer = {
            "rc": outcome.rc,
            "stdout": outcome.stdout,
            "stdout_lines": outcome.stdout.splitlines(),
            "stderr": outcome.stderr,
            "stderr_lines": outcome.stderr.splitlines(),
        }
        unified = self._parse_returned_data(answer, PROFILE)
        unified.remove_internal_keys()
        return unified.as_result_dict(for_round_trip=True)

    def environment_of_task(self) -> dict[str, str]:
        environment: dict = {}
        self._compute_environment_string(environment)
        return {key: str(value) for key, value in environment.items()}


class Module:
    """A module found by Ansible's loader: its collection, short name and file."""

    def __init__(self, collection: str, short_name: str, path: str):
        self.collection, self.short_name, self.path = collection, short_name, path

    @property
    def fqcn(self) -> str:
        return f"{self.collection}.{self.short_name}"

    @property
    def python_name(self) -> str:
        return f"ansible_collections.{self.collection}.plugins.modules.{self.short_name}"


class _Run:
    """One module's task: as many runs of the module as its troubles ask for."""

    def __init__(self, action: RunnerAction, module: Module, arguments: dict, room: Room | None):
        self.action, self.module, self.arguments, self.room = action, module, arguments, room
        self.environment = action.environment_of_task()
        self.check_mode = action._task.check_mode
        self.calls: list[dict] = []
        self.made: list[dict] = []

    def result(self) -> tuple[dict, list[dict]]:
        """(the task's result, all calls that were made for it)."""
        done: list[dict] = []
        wrote, attempt, first_failure = False, 0, None
        while True:
            result, journal = self.planned_or_done()
            self.calls += journal.get("calls", [])
            wrote = wrote or any(not call["reads"] and (call["ambiguous"] or not call["code"]) for call in journal.get("calls", ()))
            trouble = retry.Trouble.NONE
            if result.get("failed"):
                trouble = retry.trouble_of(journal, self.created_lately())
                first_failure = first_failure or time.monotonic()
            if trouble is retry.Trouble.NONE or time.monotonic() - first_failure > retry.patience(trouble):
                break
            done += result.get("changes") or []
            attempt += 1
            time.sleep(retry.pause(attempt))
        if attempt and not self.check_mode:
            result["changed"] = bool(result.get("changed") or wrote)
            if "changes" in result:
                result["changes"] = done + result["changes"]
        if not self.check_mode and self.module.collection != "refarch.aws":
            self.made = plan.made(self, self.calls)
        return result, self.calls

    def created_lately(self) -> bool:
        return bool(self.room and self.room.created_within(retry.CONSISTENCY_SECONDS))

    def planned_or_done(self) -> tuple[dict, dict]:
        if not self.check_mode:
            return self.once(watch.ALLOW)
        if self.module.collection == "refarch.aws":
            # Our own modules plan by themselves, call by call; the guard only makes sure that they do.
            result, journal = self.once(watch.REFUSE)
            if journal.get("refused"):
                return {
                    "failed": True,
                    "msg": f"{self.module.fqcn} tried {', '.join(journal['refused'])} in check mode, which is a defect",
                }, journal
            return result, journal
        return plan.upstream(self)

    def once(self, guard: str, check_mode: bool | None = None) -> tuple[dict, dict]:
        """Run the module in a child: (its result, its journal)."""
        arguments = self.arguments if check_mode is None else {**self.arguments, "_ansible_check_mode": check_mode}
        unknown = dict(arguments) if has_unknown(arguments) else None
        record = self.recording()
        outcome = child.run(
            self.module.python_name,
            self.action.serialized(arguments),
            PROFILE,
            self.environment,
            lambda: watch.install(guard, unknown, record),
        )
        if outcome.rc == child.STOPPED:
            return {"stopped": True}, outcome.journal
        return self.action.parsed(outcome), outcome.journal

    def recording(self) -> dict | None:
        path = os.environ.get("REFARCH_RECORD")
        if not path:
            return None
        component = self.room.component if self.room else None
        return {"path": path, "context": {"component": component, "task": self.action._task.get_name(), "module": self.module.fqcn}}
