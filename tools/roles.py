"""The two kinds of roles: components of a stack, and what is applied to servers."""

from __future__ import annotations

from pathlib import Path

ROLES = Path(__file__).resolve().parent.parent / "roles"


def components() -> list[str]:
    """Roles that are part of a stack: they are present or absent, publish outputs, and are in the picture."""
    return [name for name in _roles() if (ROLES / name / "tasks" / "present.yml").exists()]


def node_roles() -> list[str]:
    """Roles that configure a server. They have none of these."""
    return sorted(set(_roles()) - set(components()))


def _roles() -> list[str]:
    return sorted(path.parents[1].name for path in ROLES.glob("*/tasks/main.yml"))
