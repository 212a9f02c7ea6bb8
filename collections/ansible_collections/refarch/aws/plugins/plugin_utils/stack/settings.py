# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judge a stack's settings before anything is written: types by the roles' argument specs, typing errors, rules."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

#: A value that another component publishes: C(stack) is known only once that one is up.
WIRED = re.compile(r"\bstack\s*(\.|\[)")


@dataclass
class RoleSettings:
    """A role's inputs: its argument spec, and its defaults, not templated; what the picture of a stack shows of it."""

    component: str
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)
    picture: dict[str, Any] = field(default_factory=dict)


def role_settings(component: str, folders: Iterable[str], load: Callable[[str], Any] | None = None) -> RoleSettings | None:
    """Inputs of the role *component* in the first of *folders* that has it, or None. *load* reads a YAML file of trusted templates."""
    load = load or (lambda path: yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    places = [Path(folder, component) for folder in folders]
    role = next((place for place in places if (place / "meta" / "argument_specs.yml").exists()), None)
    if role is None:
        return None

    def content(name: str) -> dict[str, Any]:
        return (load(str(role / name)) or {}) if (role / name).exists() else {}

    options = content("meta/argument_specs.yml").get("argument_specs", {}).get("main", {}).get("options", {})
    return RoleSettings(component, options, content("defaults/main.yml"), content("meta/picture.yml"))


def typed(settings: RoleSettings, values: Mapping[str, Any], wired: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """(the role's inputs in the types of its argument spec, sentences on those that it refuses).

    Inputs in *wired* are not known yet and are left out. C(-e network_app_port=8081) gives text: here it becomes a number.
    """
    unknown = set(wired)
    options = {name: option for name, option in settings.options.items() if name not in unknown}
    given = {name: value for name, value in values.items() if name in options}
    outcome = ArgumentSpecValidator(options).validate(given)
    return outcome.validated_parameters, [f"{settings.component}: {message}" for message in outcome.error_messages]


def typing_errors(names: Iterable[str], components: Iterable[str], known: Iterable[str]) -> list[str]:
    """Sentences on variables that carry a component's prefix but are nobody's input, with the nearest that is."""
    known = set(known)
    prefixes = sorted({f"{component}_" for component in components}, key=len, reverse=True)
    sentences = []
    for name in sorted(set(names) - known):
        prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
        if prefix is None:
            continue
        near = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        sentences.append(f"{name} is no input of {prefix[:-1]} and is not used{hint}")
    return sentences


def rule_findings(component: str, variables: Mapping[str, Any], facts: Mapping[str, Any]) -> list[str]:
    """Sentences of the component's cross-field rules (plugin_utils/rules/<component>.py), if it has any."""
    try:
        rules = importlib.import_module(f"ansible_collections.refarch.aws.plugins.plugin_utils.rules.{component}")
    except ModuleNotFoundError:
        return []
    return rules.findings(dict(variables), dict(facts))


def is_wired(value: Any) -> bool:
    """Whether a raw *value* is an arrow of the wiring, or holds one."""
    if isinstance(value, str):
        return "{{" in value and bool(WIRED.search(value))
    if isinstance(value, Mapping):
        return any(is_wired(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(is_wired(item) for item in value)
    return False
