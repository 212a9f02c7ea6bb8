"""What a component needs is what its arrows come from, and its arrows give all that its role asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
ENGINE = ROOT / "playbooks" / "engine"
SCENARIOS = yaml.safe_load((ENGINE / "components.yml").read_text(encoding="utf-8"))
WIRING = yaml.safe_load((ENGINE / "wiring.yml").read_text(encoding="utf-8"))
COMPONENTS = [(scenario, component) for scenario, components in SCENARIOS.items() for component in components]


def arrows(component: str) -> dict[str, set[str]]:
    """Input -> components that it comes from."""
    prefix = f"{component}_"
    return {
        name: set(
            re.findall(r"\bstack(?:\.(\w+)|\['(\w+)'\])", value)
            and [a or b for a, b in re.findall(r"\bstack(?:\.(\w+)|\['(\w+)'\])", value)]
        )
        for name, value in WIRING.items()
        if name.startswith(prefix)
    }


def options(component: str) -> dict:
    spec = yaml.safe_load((ROOT / "roles" / component / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return spec["argument_specs"]["main"]["options"]


@pytest.mark.parametrize(("scenario", "component"), COMPONENTS, ids=lambda value: value if isinstance(value, str) else value["name"])
def test_needs_are_the_arrows(scenario, component):
    sources = set().union(*arrows(component["name"]).values()) if arrows(component["name"]) else set()
    assert sources == set(component.get("needs", []))


@pytest.mark.parametrize(("scenario", "component"), COMPONENTS, ids=lambda value: value if isinstance(value, str) else value["name"])
def test_required_inputs_without_default_are_wired(scenario, component):
    defaults = yaml.safe_load((ROOT / "roles" / component["name"] / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}
    required = {name for name, option in options(component["name"]).items() if option.get("required") and name not in defaults}
    assert required == set(arrows(component["name"]))


@pytest.mark.parametrize(("scenario", "component"), COMPONENTS, ids=lambda value: value if isinstance(value, str) else value["name"])
def test_defaults_and_specs_agree(scenario, component):
    defaults = yaml.safe_load((ROOT / "roles" / component["name"] / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}
    spec = options(component["name"])
    assert set(defaults) <= set(spec), f"not in the spec: {sorted(set(defaults) - set(spec))}"
    lacking = {name for name, option in spec.items() if not option.get("required") and name not in defaults}
    assert not lacking, f"optional inputs without a default: {sorted(lacking)}"


def test_an_arrow_has_no_logic():
    for name, value in WIRING.items():
        assert re.fullmatch(r"\{\{ stack(?:\.\w+|\['\w+'\])(?:\.\w+)+ \}\}", value), name
