"""The three inventories are laid out alike, hold only what somebody reads, and can't reach an account by accident."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.refarch.aws.plugins.plugin_utils.rules import stack as stack_rules
from tools import roles

ROOT = Path(__file__).resolve().parents[2]
INVENTORIES = ("local", "staging", "production")
COMPONENTS = set(roles.components())
LOCAL_ONLY = {"aws_connection", "aws_environment"}  # the emulator
#: Files beside those of components, and the settings that they may hold.
OTHERS = {
    "aws": LOCAL_ONLY,
    "stack": set(stack_rules.OPTIONS),
    "verify": set(re.findall(r"\{\{ (verify_\w+) \| default", (ROOT / "playbooks" / "verify.yml").read_text(encoding="utf-8"))),
}


def files(inventory: str) -> dict[str, dict]:
    folder = ROOT / "inventories" / inventory / "group_vars" / "all"
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in folder.glob("*.yml")}


def variables(inventory: str) -> dict:
    return {name: value for content in files(inventory).values() for name, value in content.items()}


def options(component: str) -> set[str]:
    specs = yaml.safe_load((ROOT / "roles" / component / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return set(specs["argument_specs"]["main"]["options"])


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_a_file_for_each_component(inventory):
    assert set(files(inventory)) - {"aws", "verify"} == {"stack", *COMPONENTS}


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_only_known_settings_each_in_its_file(inventory):
    for name, content in files(inventory).items():
        known = OTHERS.get(name) or options(name)
        assert set(content) <= known, f"{inventory}/{name}.yml: {sorted(set(content) - known)}"


def test_all_define_the_same_settings_of_the_stack():
    local, *others = (set(files(inventory)["stack"]) for inventory in INVENTORIES)
    assert all(other == local for other in others)


def test_staging_is_laid_out_as_production():
    assert {name: set(content) for name, content in files("staging").items()} == {
        name: set(content) for name, content in files("production").items()
    }


@pytest.mark.parametrize("inventory", ["staging", "production"])
def test_real_environments_are_strict_and_use_the_usual_credentials(inventory):
    found = variables(inventory)
    assert found["stack_environment"] == inventory
    assert found["stack_protected"] is True
    assert found["stack_removal_needs_confirmation"] is True
    assert not LOCAL_ONLY & set(found)
    assert variables("production")["network_nat_gateways"] == "per_zone"


@pytest.mark.parametrize("inventory", ["staging", "production"])
def test_the_account_must_be_filled_in_and_that_is_all(inventory):
    found = {**variables(inventory), "stack_components": []}
    (sentence,) = stack_rules.offline_findings(found, ["ap-northeast-2"], forks=40)
    assert sentence.startswith("stack_account_id is 'FILL-IN'")
    assert not stack_rules.offline_findings({**found, "stack_account_id": "123456789012"}, ["ap-northeast-2"], forks=40)


def test_local_says_what_it_relaxes():
    """Each value of local that is weaker than its role's default stands under a comment that says so."""
    for component in sorted(COMPONENTS):
        defaults = yaml.safe_load((ROOT / "roles" / component / "defaults" / "main.yml").read_text(encoding="utf-8"))
        text = (ROOT / "inventories" / "local" / "group_vars" / "all" / f"{component}.yml").read_text(encoding="utf-8")
        differs = [name for name, value in files("local")[component].items() if defaults.get(name) != value]
        assert ("Relaxed:" in text) == bool(differs), f"{component}: {differs}"


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_settings_are_made_of_settings_only(inventory):
    """What one component gives another (wiring.yml) is not known yet when settings are judged."""
    found = variables(inventory)
    text = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "inventories" / inventory / "group_vars" / "all").glob("*.yml"))
    names = {name for expression in re.findall(r"\{\{(.*?)\}\}", text) for name in re.findall(r"\b[a-z]+_\w+", expression)}
    wired = set(yaml.safe_load((ROOT / "playbooks" / "engine" / "wiring.yml").read_text(encoding="utf-8")))
    assert names & wired - set(found) == set()
