# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A true plan for upstream modules: run them behind the write guard, and complete what is not known yet.

The modules' own check mode is not trusted (some write, some say "changed" or "unchanged" wrongly). With check mode off a
module reads and compares as in an apply; its first write ends it, and that call, with its parameters, is the plan.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.refarch.aws.plugins.module_utils.unknown import UNKNOWN
from ansible_collections.refarch.aws.plugins.plugin_utils.runner import watch
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.operations import action_of
from ansible_collections.refarch.aws.plugins.plugin_utils.runner.retry import NOT_FOUND

if TYPE_CHECKING:
    from ansible_collections.refarch.aws.plugins.plugin_utils.runner.action import _Run

#: Modules that also write files on this machine: they only ever run in their own check mode, still guarded.
LOCAL_EFFECTS = {"ec2_key", "s3_object", "s3_sync"}

NAMING_OPTIONS = re.compile(r"(^|_)(name|identifier|alias|bucket|id|arn|zone|family)$")

CONNECTION_OPTIONS = {
    "access_key", "aws_ca_bundle", "aws_config", "debug_botocore_endpoint_logs", "endpoint_url",
    "profile", "region", "secret_key", "session_token", "validate_certs",
}  # fmt: skip


def upstream(run: _Run) -> tuple[dict, dict]:
    """Plan one task of an upstream module: (its result, its journal)."""
    reads_only = run.module.short_name.endswith(("_info", "_facts"))
    local = run.module.short_name in LOCAL_EFFECTS
    result, journal = run.once(watch.STOP, check_mode=local)
    if not result.get("stopped"):
        if result.get("failed"):
            return _dependent(run, result, journal, reads_only) or result, journal
        if not local:
            result["changed"] = False  # whatever the module says: nothing was to be written
        return result, journal
    if journal["unknown_inputs"]:
        return _unknown_inputs(run, reads_only), journal
    call = journal["planned"][0]
    imagined, _journal = run.once(watch.STOP, check_mode=True)
    known = {} if imagined.get("failed") or imagined.get("stopped") or imagined.get("skipped") else imagined
    change = {**call, "kind": run.module.short_name, "name": _name(run.arguments), "before": None, "after": None, "inputs_known": True}
    return _planned(run, change, known), journal


def made(run: _Run, calls: list[dict]) -> list[dict]:
    """The changes that an upstream module made, by its writing *calls*, in the shape in which a plan tells them."""
    return [
        {
            "action": action_of(call["operation"]),
            "service": call["service"],
            "operation": call["operation"],
            "kind": run.module.short_name,
            "name": _name(run.arguments),
            "parameters": call["parameters"],
            "before": None,
            "after": None,
            "inputs_known": True,
        }
        for call in calls
        if not call["reads"] and not call["code"]
    ]


def silenced(result: dict) -> dict:
    """A result of the look phase: nothing is shown as changed yet."""
    return {key: value for key, value in result.items() if key != "diff"} | {"changed": False}


def _unknown_inputs(run: _Run, reads_only: bool) -> dict:
    if reads_only:
        return {"changed": False, **skeleton(run.module.path, run.arguments)}
    change = {
        "action": "create",
        "service": None,
        "operation": None,
        "kind": run.module.short_name,
        "name": _name(run.arguments),
        "parameters": masked_arguments(run.module.path, run.arguments),
        "before": None,
        "after": None,
        "inputs_known": False,
    }
    return _planned(run, change, {})


def _dependent(run: _Run, result: dict, journal: dict, reads_only: bool) -> dict | None:
    """A failure that is none: the module looked for a thing that an earlier task of this plan creates."""
    failures = [call for call in journal["calls"] if call["code"]]
    if not run.room or not failures or not NOT_FOUND.search(failures[-1]["code"]):
        return None
    own = {value for value in run.arguments.values() if isinstance(value, str)}
    planned = run.room.planned_names()
    if not any(name == value or len(name) > 5 and name in value for name in planned for value in own):
        return None
    return _unknown_inputs(run, reads_only)


def _planned(run: _Run, change: dict, known: dict) -> dict:
    result = {
        **skeleton(run.module.path, run.arguments),
        **{key: value for key, value in known.items() if key not in ("diff", "invocation", "msg")},
    }
    call = f"{change['service']}:{change['operation']}" if change["operation"] else f"{run.module.fqcn}, inputs known after apply"
    result.update(changed=True, changes=[change])
    if run.arguments.get("_ansible_diff"):
        result["diff"] = [
            {
                "before_header": f"{change['kind']} {change['name']} (now)",
                "after_header": f"{change['kind']} {change['name']} ({call})",
                "before": {},
                "after": {"call": change["parameters"]},
            }
        ]
    return result


def _name(arguments: dict) -> str:
    """The argument that names the thing: C(name), or else the first that looks like a name."""
    named = [key for key, value in arguments.items() if isinstance(value, str) and not key.startswith("_") and NAMING_OPTIONS.search(key)]
    named = [key for key in named if key not in CONNECTION_OPTIONS]
    return str(arguments[sorted(named, key=lambda key: (key != "name", named.index(key)))[0]]) if named else ""


@functools.cache
def _returns(path: str) -> dict:
    """The return values that a module's file documents."""
    import yaml

    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "RETURN":
            return yaml.load(node.value.value, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    return {}


@functools.cache
def _secret_options(path: str) -> frozenset[str]:
    """Options that the module's argument spec marks C(no_log=True), at any depth, by the text of its file."""
    secrets = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        pairs: list[tuple[Any, Any]] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "dict":
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(getattr(key, "value", None), value) for key, value in zip(node.keys, node.values, strict=True)]
        for key, value in pairs:
            options = {}
            if isinstance(value, ast.Call) and getattr(value.func, "id", "") == "dict":
                options = {keyword.arg: getattr(keyword.value, "value", None) for keyword in value.keywords}
            elif isinstance(value, ast.Dict):
                entries = zip(value.keys, value.values, strict=True)
                options = {getattr(name, "value", None): getattr(item, "value", None) for name, item in entries}
            if key and options.get("no_log") is True:
                secrets.add(str(key))
    return frozenset(secrets)


def masked_arguments(path: str, arguments: Any) -> Any:
    """A task's *arguments* without connection options, with every option that its module calls secret masked."""
    secrets = _secret_options(path)
    if isinstance(arguments, dict):
        return {
            str(key): "(sensitive)"
            if key in secrets or re.search(r"passw|secret|token|private_key", str(key), re.I)
            else masked_arguments(path, value)
            for key, value in arguments.items()
            if not str(key).startswith("_ansible") and key not in CONNECTION_OPTIONS
        }
    if isinstance(arguments, (list, tuple)):
        return [masked_arguments(path, item) for item in arguments]
    return arguments


def skeleton(path: str, arguments: dict) -> dict:
    """What the module would return, as its RETURN documents it: given arguments where they echo, else the placeholder."""
    given = {_plain(key): value for key, value in arguments.items() if value is not None and not str(key).startswith("_")}

    def build(key: str, spec: Any, depth: int) -> Any:
        spec = spec if isinstance(spec, dict) else {}
        kind, inner = str(spec.get("type") or "str"), spec.get("contains")
        argument = given.get(_plain(key))
        if inner:
            body = {name: build(name, item, depth + 1) for name, item in inner.items()}
            return [body] if kind == "list" else body
        if (
            argument is not None
            and depth < 3
            and isinstance(argument, dict) == (kind == "dict")
            and isinstance(argument, list) == (kind == "list")
        ):
            return argument
        sample = spec.get("sample")
        if isinstance(sample, list) and sample and isinstance(sample[0], dict):
            return [dict.fromkeys(sample[0], UNKNOWN)]
        if isinstance(sample, dict) and key != "tags":
            return dict.fromkeys(sample, UNKNOWN)
        return {"list": [UNKNOWN], "dict": {}}.get(kind, UNKNOWN)

    return {key: build(key, spec, 0) for key, spec in _returns(path).items()}


def _plain(key: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(key).lower())
