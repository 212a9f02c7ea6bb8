"""What is shipped comes from the product's own files."""

from __future__ import annotations

import json

from tests.bench.shipped import ship


def test_the_same_is_shipped_each_time(tmp_path):
    contents = []
    for place in ("one", "two"):
        ship(tmp_path / place)
        contents.append({file.name: file.read_bytes() for file in (tmp_path / place).iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == [
        "apply-bundle.json", "build.yml", "bundle-app.zip", "bundle-web.zip", "bundles.json", "slack_notifier.zip",
    ]  # fmt: skip


def test_each_environment_has_bundles_of_its_own(tmp_path):
    versions = []
    for environment in ("local", "local2"):
        ship(tmp_path / environment, environment)
        versions.append(json.loads((tmp_path / environment / "bundles.json").read_text(encoding="utf-8")))
    assert set(versions[0]) == {"web", "app"} and versions[0] != versions[1]
