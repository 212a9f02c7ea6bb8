"""What the runbooks name exists: variables, targets, playbooks, components, files; and each has its parts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.refarch.aws.plugins.plugin_utils.rules import stack as stack_rules
from tools import roles

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "runbooks"
RUNBOOKS = sorted(FOLDER.glob("*.md"))
PARTS = ("**When.**", "**Before you begin.**", "**Steps.**", "**Verify.**", "**Going back.**", "**Not proven without AWS.**")
COMPONENTS = roles.components()

every = pytest.mark.parametrize("text", [file.read_text(encoding="utf-8") for file in RUNBOOKS], ids=[file.stem for file in RUNBOOKS])


def options(component: str) -> set[str]:
    specs = yaml.safe_load((ROOT / "roles" / component / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return set(specs["argument_specs"]["main"]["options"])


def known_variables() -> set[str]:
    verify = re.findall(r"\b(verify_\w+) \| default", (ROOT / "playbooks" / "verify.yml").read_text(encoding="utf-8"))
    return {"stack_scenario", *stack_rules.OPTIONS, *verify, *(name for component in COMPONENTS for name in options(component))}


def test_there_are_runbooks():
    assert {file.stem for file in RUNBOOKS} == {
        "README",
        "configure-servers",
        "failover-drill",
        "restore",
        "rotate",
        "promote-waf-rules",
        "remove",
    }
    assert len(COMPONENTS) > 15


@every
def test_variables_are_inputs_of_their_roles(text):
    prefixes = "|".join((*COMPONENTS, "stack", "verify"))
    named = set(re.findall(rf"(?<![\w./-])((?:{prefixes})_\w+)", text))
    assert named <= known_variables(), sorted(named - known_variables())


@every
def test_targets_and_playbooks_and_files_exist(text):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    for path in re.findall(r"\b((?:playbooks|inventories|docs|files|roles|tools)/[\w./-]*\w)", text):
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (FOLDER / link).exists(), link


@every
def test_tags_are_components(text):
    for tags in re.findall(r"--tags ([\w,]+)", text):
        assert set(tags.split(",")) <= set(COMPONENTS), tags


@pytest.mark.parametrize("file", [file for file in RUNBOOKS if file.stem != "README"], ids=lambda file: file.stem)
def test_each_has_its_parts_in_order(file):
    text = file.read_text(encoding="utf-8")
    places = [text.find(part) for part in PARTS]
    assert -1 not in places, PARTS[places.index(-1)]
    assert places == sorted(places)
    assert f"[{file.stem}]({file.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_what_a_protected_stack_keeps_is_named():
    """Each input by which kept data go is in the runbook that removes."""
    text = (FOLDER / "remove.md").read_text(encoding="utf-8")
    given = {name for component in COMPONENTS for name in options(component) if re.search(r"_delete(_|$)|_restore_account_settings$", name)}
    assert given and {name for name in given if name not in text} == set()
