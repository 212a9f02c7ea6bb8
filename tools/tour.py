"""A scenario from nothing to nothing, on an emulator of its own: built, changed, changed back, removed, as its file in tours/ says."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.processes import start

ROOT = Path(__file__).resolve().parent.parent
TOURS = ROOT / "tools" / "tours"


class TourFailed(Exception):
    """A step that failed, with the end of what it said."""


def tour(scenario: str, record: Path, policies: Path | None = None) -> None:
    """Go through *scenario* and write every API call to *record*.

    *policies*: folder of identity policies that the emulator holds callers to. Raises TourFailed.
    """
    emulator = start("emulator", "--port", "0", *(["--policy", str(policies)] if policies else []))
    try:
        with tempfile.TemporaryDirectory() as build:
            for settings in plan_of(scenario)["runs"]:
                play(scenario, emulator.url, {"stack_build_folder": build, **settings}, record)
    finally:
        emulator.stop()


def plan_of(scenario: str) -> dict[str, Any]:
    """C(runs), the settings of each, and C(besides), the operations that no run shows, by component."""
    return yaml.safe_load((TOURS / f"{scenario}.yml").read_text(encoding="utf-8"))


def components_of(scenario: str) -> list[str]:
    """Names of the components that *scenario* is made of."""
    listed = yaml.safe_load((ROOT / "playbooks" / "engine" / "components.yml").read_text(encoding="utf-8"))
    return [component["name"] for component in listed[f"{scenario}_components"]]


def holder_of(scenario: str) -> str:
    """The scenario whose tour goes through all components of *scenario*. Raises TourFailed if none does."""
    wanted = set(components_of(scenario))
    for file in sorted(TOURS.glob("*.yml")):
        if wanted <= set(components_of(file.stem)):
            return file.stem
    raise TourFailed(f"{scenario}: no file in tools/tours goes through all of its components")


def play(playbook: str, url: str, settings: dict, record: Path | None = None) -> None:
    """Run a playbook of inventories/local against *url*. Raises TourFailed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "REFARCH_"))}
    command = [ROOT / ".venv/bin/ansible-playbook", "-i", "inventories/local", f"playbooks/{playbook}.yml", "-e", json.dumps(settings)]
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False,
        env={**kept, "AWS_ENDPOINT_URL": url, **({"REFARCH_RECORD": str(record)} if record else {})},
    )  # fmt: skip
    if done.returncode:
        raise TourFailed(f"{playbook} with {settings}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
