"""Which IAM actions a role's modules need, read from their code: for the roles' READMEs.

A module of refarch.aws names its calls as boto3 does, C(self.read("ec2", "describe_vpcs"…)). Every text in a module (and in the
helpers that it imports) which is the name of an operation of a service that the module talks to counts as a call. So the list holds
whatever the module may ever call, also what no recorded run happened to show.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import yaml
from botocore import xform_name

from emulator import authorization

ROOT = Path(__file__).resolve().parent.parent
PLUGINS = ROOT / "collections" / "ansible_collections" / "refarch" / "aws" / "plugins"
UTILS = "ansible_collections.refarch.aws.plugins.module_utils."
OWN = "refarch.aws."

#: The engine's own action. What it calls is listed once, in the main README.
ENGINE = {"publish"}
ENGINE_MODULES = ("stack_facts", "stack_lock", "stack_registry", "stack_leftovers")

#: Calls of the upstream modules that roles use.
UPSTREAM = {"amazon.aws.ec2_vpc_net_info": {("ec2", "DescribeVpcs"), ("ec2", "DescribeVpcAttribute")}}


def actions_of_role(role: str) -> dict[str, list[str]]:
    """IAM prefix -> actions of the tasks of *role*."""
    return _by_prefix(operation for module in modules_of_role(role) for operation in operations_of_module(module))


def actions_of_engine() -> dict[str, list[str]]:
    """IAM prefix -> actions of opening, registering and closing a stack."""
    return _by_prefix(operation for module in ENGINE_MODULES for operation in operations_of_module(f"{OWN}{module}"))


def modules_of_role(role: str) -> set[str]:
    """Full names of the AWS modules in the tasks of *role*."""
    tasks = [task for file in sorted((ROOT / "roles" / role / "tasks").glob("*.yml")) for task in _tasks(_yaml(file))]
    found = {key for task in tasks for key in task if re.fullmatch(r"(?:refarch|amazon|community)\.aws\.\w+", key)}
    return {name for name in found if name.removeprefix(OWN) not in ENGINE}


@functools.cache
def operations_of_module(name: str) -> frozenset[tuple[str, str]]:
    """(service, API operation) for everything that module *name* may call."""
    if not name.startswith(OWN):
        if name not in UPSTREAM:
            raise ValueError(f"{name}: list its calls in UPSTREAM of tools/role_permissions.py")
        return frozenset(UPSTREAM[name])
    trees = list(_with_helpers(_parsed(PLUGINS / "modules" / f"{name.removeprefix(OWN)}.py")))
    words = {word for tree in trees for word in _words(tree)}
    services = {word for tree in trees for word in _first_arguments(tree) if word in _session().get_available_services()}
    found = set()
    for service in services:
        operations = _operations(service)
        pieces = [word for word in words if re.fullmatch(r"[A-Za-z_]+", word)]
        for word in words | {piece.lower() for piece in pieces}:
            for candidate in _filled(word, pieces):
                if candidate in operations:
                    found.add((service, operations[candidate]))
    return frozenset(found)


# -- reading code -----------------------------------------------------------------------------------------------------
HOLE = "\0"


def _words(tree: ast.AST) -> Iterator[str]:
    """Every text of *tree*; an f-string with HOLE where a value goes; the names of called methods."""
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_client(node.func.value):
            yield node.func.attr


def _is_client(node: ast.AST) -> bool:
    """Whether *node* is a client: C(self.client("s3")), C(client), C(self.s3_client)."""
    node = node.func if isinstance(node, ast.Call) else node
    return getattr(node, "attr", getattr(node, "id", "")).endswith("client")


def _filled(word: str, pieces: list[str]) -> Iterator[str]:
    """*word*, its one hole filled with each of the module's own words."""
    if word.count(HOLE) == 1 and "_" in word:
        yield from (word.replace(HOLE, piece.lower()) for piece in pieces)
    elif HOLE not in word:
        yield word


def _first_arguments(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("read", "write", "wait", "client") and node.args:
            for text in ast.walk(node.args[0]):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield text.value


def _with_helpers(tree: ast.Module) -> Iterator[ast.AST]:
    """*tree* and the helpers of module_utils that it imports; of a base class only the methods that *tree* calls."""
    yield tree
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(UTILS) or node.module.endswith(".resources"):
            continue
        helpers = _parsed(PLUGINS / "module_utils" / f"{node.module.removeprefix(UTILS)}.py")
        imported = {alias.name for alias in node.names}
        for found in helpers.body:
            if isinstance(found, ast.FunctionDef) and found.name in imported:
                yield found
            elif isinstance(found, ast.ClassDef) and found.name in imported:
                yield from (method for method in found.body if isinstance(method, ast.FunctionDef) and method.name in called)


@functools.cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _tasks(tasks: Iterable[dict]) -> Iterator[dict]:
    for task in tasks or ():
        yield task
        for section in ("block", "rescue", "always"):
            yield from _tasks(task.get(section) or ())


# -- botocore ---------------------------------------------------------------------------------------------------------
@functools.cache
def _session() -> botocore.session.Session:
    return botocore.session.Session(session_vars={"profile": (None, None, None, None)})


@functools.cache
def _operations(service: str) -> dict[str, str]:
    """boto3's method names, API names and names of waiters -> API name of the operation."""
    names = _session().get_service_model(service).operation_names
    waiters = {}
    try:
        model = _session().get_waiter_model(service)
        waiters = {xform_name(name): model.get_waiter(name).operation for name in model.waiter_names}
    except Exception as error:  # a service without waiters has no such file
        if type(error).__name__ != "UnknownServiceError" and type(error).__name__ != "DataNotFoundError":
            raise
    return waiters | {xform_name(name): name for name in names} | {name: name for name in names}


def _by_prefix(operations: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    actions = sorted({action for service, operation in operations for action in authorization.possible_actions(service, operation)})
    grouped: dict[str, list[str]] = {}
    for action in actions:
        grouped.setdefault(action.split(":")[0], []).append(action)
    return grouped
