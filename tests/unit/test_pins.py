"""One set of versions: pyproject.toml, requirements.yml and galaxy.yml agree with what is installed."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import ansible_collections

ROOT = Path(__file__).resolve().parents[2]
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
PINS = [entry for group in GROUPS.values() for entry in group if isinstance(entry, str)]
REQUIRED = {
    entry["name"]: str(entry["version"]) for entry in yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))["collections"]
}
GALAXY = yaml.safe_load((ROOT / "collections/ansible_collections/refarch/aws/galaxy.yml").read_text(encoding="utf-8"))


def installed(collection: str) -> str:
    """Version of *collection* as the PyPI package C(ansible) brought it."""
    for folder in ansible_collections.__path__:
        manifest = Path(folder, *collection.split("."), "MANIFEST.json")
        if manifest.exists():
            return json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    raise AssertionError(f"{collection} is not installed")


@pytest.mark.parametrize("pin", PINS)
def test_every_dependency_is_pinned_and_installed_so(pin):
    requirement = Requirement(pin)
    assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), f"{pin}: give one exact version"
    assert requirement.specifier.contains(version(requirement.name), prereleases=True), f"{pin}: {version(requirement.name)} is installed"


def test_requirements_are_exact_and_those_of_the_ansible_package():
    assert {name: installed(name) for name in REQUIRED} == REQUIRED


def test_the_collection_asks_for_what_is_required():
    assert set(GALAXY["dependencies"]) == set(REQUIRED)
    for name, wanted in GALAXY["dependencies"].items():
        assert SpecifierSet(wanted).contains(installed(name)), f"{name}: {wanted}"


def test_collection_and_project_have_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert GALAXY["version"] == project["version"]
