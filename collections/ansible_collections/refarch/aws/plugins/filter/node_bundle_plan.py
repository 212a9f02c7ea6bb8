# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a bundle for the nodes of a tier is made of."""

from __future__ import annotations

DOCUMENTATION = r"""
name: node_bundle_plan
version_added: 0.1.0
short_description: List what the bundle of each tier is made of
description:
  - Gives the bundles as M(refarch.aws.node_bundles) takes them, with the roles of the tier, its application, the few files of amazon.aws
    and community.aws that the roles use, and the requirements for the nodes' Python.
positional: settings
options:
  _input:
    description: The variables of the roles, by tier.
    type: dict
    required: true
  settings:
    description:
      - C(project_folder), C(apps_folder), C(python), C(architecture), and C(key_prefixes) by tier.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: The bundles
  refarch.aws.node_bundles:
    bundles: "{{ {'web': {'node_web_port': 8080}} | refarch.aws.node_bundle_plan(settings) }}"
"""

RETURN = r"""
_value:
  description: The bundles, in the order of the tiers.
  type: list
  elements: dict
"""

import hashlib
import json
from importlib import import_module
from pathlib import Path

from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of

#: What nodes need of collections: the modules that their roles use, and what those import.
COLLECTIONS = {
    "amazon.aws": ("meta/runtime.yml", "plugins/module_utils"),
    "community.aws": (
        "meta/runtime.yml",
        "plugins/module_utils",
        "plugins/modules/autoscaling_complete_lifecycle_action.py",
        "plugins/modules/elb_target.py",
        "plugins/modules/elb_target_info.py",
    ),
}
#: By tier: the roles, and the lock file of the application's own packages.
ROLES = {"web": ("node_base", "node_release", "node_web"), "app": ("node_base", "node_release", "node_app")}
APP_REQUIREMENTS = {"app": "requirements.txt"}


def folder_of(collection: str) -> Path:
    """Where *collection* is installed. Raises AnsibleFilterError where it is not."""
    try:
        return Path(next(iter(import_module(f"ansible_collections.{collection}").__path__)))
    except ImportError as error:
        raise AnsibleFilterError(f"The collection {collection} is not installed, of which nodes need a part.") from error


def release_of(folder: str) -> str:
    """The id of the application in *folder*: the same for the same content."""
    try:
        return hashlib.sha256(archive_of(folder)).hexdigest()[:16]
    except ValueError as error:
        raise AnsibleFilterError(f"node_configuration_apps_folder: {error}.") from error


def parts_of(tier: str, project: Path, apps: Path, lock: Path) -> list[dict[str, str]]:
    """Files and folders of a tier's bundle, with their places in it."""
    parts = [(project / "files" / "nodes" / "site.yml", "site.yml"), (lock, "requirements.txt"), (apps / tier, "release")]
    parts += [(project / "roles" / role, f"roles/{role}") for role in ROLES[tier]]
    for name, paths in COLLECTIONS.items():
        place = f"collections/ansible_collections/{name.replace('.', '/')}"
        parts += [(folder_of(name) / path, f"{place}/{path}") for path in paths]
    return [{"source": str(source), "into": into} for source, into in parts]


def node_bundle_plan(variables: dict[str, dict], settings: dict) -> list[dict]:
    """A bundle for each tier of *variables*."""
    project, apps = Path(settings["project_folder"]), Path(settings["apps_folder"])
    lock = project / "files" / "nodes" / f"python-{settings['python']}.txt"
    return [
        {
            "name": tier,
            "key_prefix": settings["key_prefixes"][tier],
            "parts": parts_of(tier, project, apps, lock),
            "texts": {
                "vars.json": json.dumps(
                    {**own, "node_tier": tier, f"node_{tier}_release_id": release_of(str(apps / tier))}, indent=2, sort_keys=True
                )
            },
            "requirements": [str(lock), *([str(apps / tier / APP_REQUIREMENTS[tier])] if tier in APP_REQUIREMENTS else [])],
            "python": settings["python"],
            "architecture": settings["architecture"],
        }
        for tier, own in variables.items()
    ]


class FilterModule:
    def filters(self):
        return {"node_bundle_plan": node_bundle_plan}
