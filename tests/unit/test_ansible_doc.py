"""C(ansible-doc) shows every plugin of the collection, without a warning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "collections" / "ansible_collections" / "refarch" / "aws" / "plugins"
FOLDERS = {"module": "modules", "filter": "filter", "callback": "callback"}


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_plugin_is_documented(kind):
    names = [f"refarch.aws.{file.stem}" for file in sorted((PLUGINS / FOLDERS[kind]).glob("*.py"))]
    assert names
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-doc"), "--type", kind, "--json", *names],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    shown = json.loads(done.stdout)
    assert sorted(shown) == sorted(names)
    for name, entry in shown.items():
        assert entry["doc"]["short_description"] and entry["doc"]["version_added"], name
        assert kind == "callback" or entry["examples"], name
        assert kind == "callback" or entry["return"], name


def test_every_module_is_in_the_action_group():
    runtime = yaml.safe_load((PLUGINS.parent / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    engine_only = {"stand"}  # talks to no service
    modules = {file.stem for file in (PLUGINS / "modules").glob("*.py")}
    assert set(runtime["action_groups"]["aws"]) == modules - engine_only
