"""Makes the collections importable as Ansible sees them (``ansible_collections.refarch.aws…``), for all tests."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).resolve().parents[1] / "collections")])
