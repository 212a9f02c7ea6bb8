#!/usr/bin/python
# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_lock
version_added: 0.1.0
short_description: Let one run at a time change a stack
description:
  - Takes or releases the lock of a stack, a parameter of SSM Parameter Store that can be created once only.
  - A lock whose holder is known to be dead (same machine, process gone) is taken over. Any other is refused with who holds it and
    since when, and can be taken over by naming its holder.
options:
  state:
    description: Whether to take the lock or to release it. Only the holder's own lock is released.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The parameter, V(/<project>/<environment>/lock).
    type: str
    required: true
  holder:
    description: Who takes it, in words that another person understands, for example V(ann@build-7, process 4711).
    type: str
    required: true
  run:
    description: An id of this run, by which it knows its own lock.
    type: str
    required: true
  machine:
    description: An id of this machine and boot, with which process numbers are comparable.
    type: str
    default: ""
  process:
    description: The number of the process that holds the lock.
    type: int
    default: 0
  process_started:
    description: When that process started, in the kernel's clock ticks since boot, since numbers are used again.
    type: str
    default: ""
  takeover:
    description: The holder whose stale lock is taken over.
    type: str
  tags:
    description: Tags of the parameter.
    type: dict
    default: {}
notes:
  - A plan takes no lock, since it writes nothing.
author:
  - The refarch maintainers (@refarch)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Nobody else changes the stack meanwhile
  refarch.aws.stack_lock:
    name: /shop/staging/lock
    holder: ann@build-7, process 4711
    run: 3f2a
"""

RETURN = r"""
lock:
  description: The lock as it stands afterwards.
  returned: always
  type: dict
"""

import json
import time
from pathlib import Path

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.refarch.aws.plugins.module_utils.resources import (
    InvalidInput,
    RequestFailed,
    Resources,
    error_code,
    run,
    to_tag_list,
)

SPEC = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "holder": {"type": "str", "required": True},
    "run": {"type": "str", "required": True},
    "machine": {"type": "str", "default": ""},
    "process": {"type": "int", "default": 0},
    "process_started": {"type": "str", "default": ""},
    "takeover": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
}


def process_started(process: int, proc: str = "/proc") -> str:
    """Start of a process in the kernel's clock ticks since boot (proc(5), stat field 22), or an empty string if it is gone."""
    try:
        stat = Path(proc, str(process), "stat").read_text(encoding="utf-8")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def is_dead(lock: dict, machine: str, started=process_started) -> bool:
    """Whether the holder of *lock* provably runs no more: it ran on this *machine*, and its process is gone or another's now."""
    if not machine or lock.get("machine") != machine or not lock.get("process"):
        return False
    return started(lock["process"]) != lock.get("process_started")


class Lock(Resources):
    def held(self) -> dict | None:
        value = self.read("ssm", "get_parameter", "Parameter.Value", missing=("ParameterNotFound",), Name=self.params["name"])
        try:
            lock = json.loads(value) if value else None
        except ValueError:
            lock = None
        if value and not isinstance(lock, dict):
            return {"holder": f"an unreadable entry ({value[:40]})", "since": "an unknown time"}
        return lock

    def present(self) -> dict:
        mine = {key: self.params[key] for key in ("holder", "run", "machine", "process", "process_started")}
        mine["since"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        value = json.dumps(mine)
        try:
            self.write("ssm", "put_parameter", "create", "lock", self.params["name"],
                       Name=self.params["name"], Value=value, Type="String", Tags=to_tag_list(self.params["tags"]))  # fmt: skip
        except RequestFailed as error:
            if error_code(error.cause) != "ParameterAlreadyExists":
                raise
            self.take_over(self.held(), value)
        return {"lock": mine}

    def take_over(self, held: dict | None, value: str) -> None:
        if held and held.get("run") == self.params["run"]:
            return  # the answer to our own first attempt was lost
        if held:
            named = self.params["takeover"] and self.params["takeover"] == held.get("holder")
            if not named and not is_dead(held, self.params["machine"]):
                raise InvalidInput(
                    f"The stack is held by {held.get('holder')} since {held.get('since')}. Wait until that run has ended; if it is dead, "
                    f"take its lock over by name: -e 'stack_lock_takeover=\"{held.get('holder')}\"'"
                )
            self.module.warn(f"The lock of {held.get('holder')} since {held.get('since')} was stale and is taken over")
        self.write("ssm", "put_parameter", "update", "lock", self.params["name"], Name=self.params["name"], Value=value, Overwrite=True)
        now = self.held()
        if now is None or now.get("run") != self.params["run"]:
            raise InvalidInput(f"The stack was taken by {(now or {}).get('holder')} at the same moment. Run again when that has ended.")

    def absent(self) -> dict:
        held = self.held()
        if held and held.get("run") == self.params["run"]:
            self.write("ssm", "delete_parameter", "delete", "lock", self.params["name"],
                       missing=("ParameterNotFound",), Name=self.params["name"])  # fmt: skip
        return {"lock": {}}

    def run(self) -> dict:
        # A lock comes and goes with every run: it is no change of the stack.
        return {**super().run(), "changed": False, "changes": []}


def main() -> None:
    run(AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True), Lock)


if __name__ == "__main__":
    main()
