"""``python -m tools.architecture SCENARIO``: docs/architecture/<scenario>.{svg,png,pdf}, drawn from a stack that stands.

The scenario is built on an emulator of its own, with a domain, so that the picture has what a stack in use has.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.processes import start
from tools.tour import ROOT, play

DOCS = ROOT / "docs" / "architecture"
SETTINGS = {"stack_project": "shop", "stack_environment": "production", "stack_domain": "shop.example.com"}


def draw(scenario: str, folder: Path = DOCS) -> list[Path]:
    """Draw *scenario* into *folder*; gives the files. Raises tools.tour.TourFailed."""
    emulator = start("emulator", "--port", "0")
    try:
        with tempfile.TemporaryDirectory() as build:
            settings = {**SETTINGS, "stack_build_folder": build}
            play(scenario, emulator.url, settings)
            play("report", emulator.url, {**settings, "stack_scenario": scenario, "report_picture": str(folder / scenario)})
    finally:
        emulator.stop()
    return sorted(folder.glob(f"{scenario}.*"))


if __name__ == "__main__":
    for file in draw(sys.argv[1]):
        print(file.relative_to(ROOT))
