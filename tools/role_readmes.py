"""Write the generated parts of the READMEs, between C(<!-- name -->) and C(<!-- /name -->). Everything else in them is prose.

python -m tools.role_readmes           write them
python -m tools.role_readmes --check   only say which are out of step; exit code 1 if any is

A role's README has C(settings) (from meta/argument_specs.yml and defaults), C(publishes) (the task that publishes, described in
meta/outputs.yml) and C(permissions) (the IAM actions of its modules, tools/role_permissions.py); that of a role for servers has C(settings)
alone. The main README has C(components), C(stack) (the variables of a stack as a whole) and C(permissions) of the engine.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.plugins.loader import init_plugin_loader

from tools import role_permissions
from tools.roles import ROLES, components, node_roles

ROOT = Path(__file__).resolve().parent.parent

#: The sections of a component's README, in their order, and those of a role for servers.
SECTIONS = ("Holds", "Needs", "Publishes", "Settings", "IAM permissions", "Removal", "Example")
NODE_SECTIONS = ("Holds", "Needs", "Settings", "Removal", "Example")

#: Defaults longer than this are told by their number of entries.
DEFAULT_LENGTH = 110


class OutOfStep(Exception):
    """A README, a role's outputs or a description does not fit the rest, in one sentence."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.role_readmes", description="Write the generated parts of the READMEs.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a README is out of step")
    options = parser.parse_args(arguments)
    init_plugin_loader([str(ROOT / "collections")])
    try:
        stale = {path: text for path, text in wanted().items() if path.read_text(encoding="utf-8") != text}
    except OutOfStep as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in stale.items():
        if options.check:
            print(f"{path.relative_to(ROOT)} is out of step: run 'make docs'", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written")
    return 1 if options.check and stale else 0


def wanted() -> dict[Path, str]:
    """Each README as it should be."""
    texts = {}
    for role in node_roles():
        readme, text = _readme(role, NODE_SECTIONS)
        texts[readme] = filled(readme, text, {"settings": settings_table(role)})
    for role in components():
        readme, text = _readme(role, SECTIONS)
        parts = {"settings": settings_table(role), "publishes": outputs_table(role)}
        parts["permissions"] = actions_table(role_permissions.actions_of_role(role))
        texts[readme] = filled(readme, text, parts)
    front = ROOT / "README.md"
    parts = {
        "components": components_table(),
        "stack": stack_table(),
        "permissions": actions_table(role_permissions.actions_of_engine()),
    }
    texts[front] = filled(front, front.read_text(encoding="utf-8"), parts)
    return texts


def filled(path: Path, text: str, parts: Mapping[str, str]) -> str:
    """*text* with each of *parts* between its markers."""
    for name, body in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise OutOfStep(f"{path.relative_to(ROOT)}: give it '<!-- {name} -->' and '<!-- /{name} -->', once")
        text = pattern.sub(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)
    return text


def _readme(role: str, sections: tuple[str, ...]) -> tuple[Path, str]:
    """The README of *role* and its text. Raises OutOfStep unless it has these *sections*, in this order."""
    path = ROLES / role / "README.md"
    if not path.exists():
        raise OutOfStep(f"{path.relative_to(ROOT)} is missing")
    text = path.read_text(encoding="utf-8")
    found = tuple(re.findall(r"^## (.+)$", text, re.MULTILINE))
    if found != sections:
        raise OutOfStep(f"{path.relative_to(ROOT)}: its sections are {', '.join(found)}; they must be {', '.join(sections)}")
    return path, text


# -- roles ------------------------------------------------------------------------------------------------------------
def settings_table(role: str) -> str:
    specs = _yaml(ROLES / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = _yaml(ROLES / role / "defaults" / "main.yml") or {}
    rows = []
    for name, option in specs.items():
        default = "required" if option.get("required") else shown(defaults.get(name, option.get("default")))
        rows.append((f"`{name}`", kind_of(option), default, described(option)))
        rows += nested_rows(name, option)
    return table(("variable", "type", "default", "is"), rows)


def nested_rows(parent: str, option: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    prefix = f"{parent}[]" if option.get("type") == "list" else parent
    for name, inner in (option.get("options") or {}).items():
        default = "required" if inner.get("required") else shown(inner.get("default"))
        yield f"`{prefix}.{name}`", kind_of(inner), default, described(inner)
        yield from nested_rows(f"{prefix}.{name}", inner)


def kind_of(option: Mapping[str, Any]) -> str:
    kind = option.get("type", "str")
    return f"{kind} of {option['elements']}" if kind == "list" and "elements" in option else kind


def described(option: Mapping[str, Any]) -> str:
    """An option's description as Markdown, with its choices."""
    sentences = option["description"]
    text = " ".join(sentences) if isinstance(sentences, list) else sentences
    text = re.sub(r"\b[CVOP]\(([^)]*)\)", r"`\1`", text)
    choices = option.get("choices") or ()
    mentioned = all(f"`{choice}`" in text for choice in choices)
    return text if not choices or mentioned else f"{text} One of {', '.join(f'`{choice}`' for choice in choices)}."


def outputs_table(role: str) -> str:
    """What the role's last task publishes, as meta/outputs.yml describes it."""
    published = list(published_by(role))
    descriptions = _yaml(ROLES / role / "meta" / "outputs.yml")
    for name in {*published} ^ {*descriptions}:
        where = "is published, but not described" if name in published else "is described, but not published"
        raise OutOfStep(f"roles/{role}/meta/outputs.yml: {name} {where}")
    return table(("output", "is"), ((f"`{name}`", described({"description": descriptions[name]})) for name in published))


def published_by(role: str) -> dict[str, Any]:
    last = _yaml(ROLES / role / "tasks" / "present.yml")[-1]
    if "refarch.aws.publish" not in last:
        raise OutOfStep(f"roles/{role}/tasks/present.yml: its last task must be refarch.aws.publish")
    return last["refarch.aws.publish"]["outputs"]


# -- the stack --------------------------------------------------------------------------------------------------------
def components_table() -> str:
    """A row for each component, in the order of the largest scenario that has it."""
    scenarios = _yaml(ROOT / "playbooks" / "engine" / "components.yml")
    found: dict[str, dict[str, Any]] = {}
    for scenario, members in sorted(scenarios.items(), key=lambda item: -len(item[1])):
        for component in members:
            row = found.setdefault(component["name"], {"needs": component.get("needs", ()), "scenarios": []})
            row["scenarios"].append(scenario.removesuffix("_components"))
    rows = []
    for name, row in found.items():
        specs = _yaml(ROLES / name / "meta" / "argument_specs.yml")["argument_specs"]["main"]
        where = ", ".join(sorted(row["scenarios"]))
        rows.append((f"[{name}](roles/{name}/README.md)", specs["short_description"], ", ".join(row["needs"]) or "nothing", where))
    return table(("component", "holds", "needs", "scenarios"), rows)


def stack_table() -> str:
    from ansible_collections.refarch.aws.plugins.plugin_utils.rules.stack import OPTIONS

    return table(("variable", "type", "is"), ((f"`{name}`", kind_of(option), described(option)) for name, option in OPTIONS.items()))


# -- tables -----------------------------------------------------------------------------------------------------------
def actions_table(actions: Mapping[str, Iterable[str]]) -> str:
    """IAM prefix -> actions, as a table with the prefix told once a row."""
    rows = ((f"`{prefix}:`", ", ".join(f"`{action.partition(':')[2]}`" for action in found)) for prefix, found in actions.items())
    return table(("service", "actions"), rows)


def shown(value: Any) -> str:
    """A default in few words: templates by what they compute, long lists and dicts by their keys or their number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        values = [shown(item) if isinstance(item, str) else "" for item in value.values()]
        text = ", ".join(f"{key}: {item}" if item and len(value) < 2 else str(key) for key, item in zip(value, values, strict=True))
    elif isinstance(value, list):
        text = ", ".join(str(item.get("name", "…")) if isinstance(item, Mapping) else shown(item) for item in value)
    else:
        return str(value)
    return text if text and len(text) <= DEFAULT_LENGTH else f"{len(value)} entries" if text else "none"


def readable(text: str) -> str:
    """A template as a person writes it: C(`<prefix>-trail`) for what resource_name computes."""
    named = re.fullmatch(r"\{\{ stack_prefix \| refarch\.aws\.resource_name\('([^']+)'.*\) \}\}", text)
    if named:
        return f"`<prefix>-{named[1]}`"
    zones = re.fullmatch(r"\{\{ stack_zones\[.*\] \}\}", text)
    if zones:
        return "the region's first"
    alone = re.fullmatch(r"\{\{ (\w+) \}\}", text)
    if alone:
        return f"`{alone[1]}`"
    if "{{" in text:
        return "`" + re.sub(r"\{\{ stack_(\w+) \}\}", r"<\1>", text) + "`"
    return f"`{text}`" if text else "empty"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    body = ("| " + " | ".join(cell.replace("|", "\\|") or "none" for cell in row) + " |" for row in rows)
    return "\n".join(["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *body])


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
