"""What a scenario ships to AWS, in the form in which the Terraform configuration takes it: made of the product's own files."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
from pathlib import Path

import yaml
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

from tests.processes import ROOT, ran

FILES = ROOT / "files"
PROJECT, REGION = "refarch", "ap-northeast-2"
#: Where the wheels of bundles are kept, as the role node_configuration keeps them.
WHEELS = ROOT / "build" / "wheels"


def ship(folder: Path, environment: str = "local") -> None:
    """Write the archive of the function, the bundles of the nodes with their names, the document and the buildspec to *folder*."""
    if AnsibleCollectionConfig.collection_finder is None:
        init_plugin_loader([str(ROOT / "collections")])
    from ansible_collections.refarch.aws.plugins.module_utils.archive import archive_of

    folder.mkdir(parents=True)
    (folder / "slack_notifier.zip").write_bytes(archive_of(str(FILES / "lambda" / "slack_notifier")))
    shutil.copy(FILES / "buildspecs" / "build.yml", folder)
    _ship_bundles(folder, environment)
    _ship_document(folder)


def _ship_bundles(folder: Path, environment: str) -> None:
    """Each bundle as C(bundle-<tier>.zip), and the versions in C(bundles.json)."""
    from ansible_collections.refarch.aws.plugins.filter.node_bundle_plan import node_bundle_plan
    from ansible_collections.refarch.aws.plugins.module_utils.wheels import wheels_of
    from ansible_collections.refarch.aws.plugins.modules.node_bundles import contents, packed, sums

    versions = {}
    for bundle in node_bundle_plan(variables(environment), settings()):
        files, tier = contents(bundle), bundle["name"]
        locks = [Path(lock) for lock in bundle["requirements"]]
        for_nodes = (bundle["python"], bundle["architecture"], WHEELS, ran)
        wheels = {path.name: path for lock in locks for path in wheels_of(lock, *for_nodes)}
        versions[tier] = hashlib.sha256(sums(files)).hexdigest()
        (folder / f"bundle-{tier}.zip").write_bytes(packed(files, list(wheels.values())))
    (folder / "bundles.json").write_text(json.dumps(versions), encoding="utf-8")


def _ship_document(folder: Path) -> None:
    from ansible_collections.refarch.aws.plugins.filter.node_document import node_document

    documents = FILES / "ssm_documents"
    content = yaml.safe_load((documents / "apply-bundle.yml").read_text(encoding="utf-8"))
    made = node_document(content, (documents / "apply-bundle.sh").read_text(encoding="utf-8"))
    (folder / "apply-bundle.json").write_text(json.dumps(made), encoding="utf-8")


def settings() -> dict[str, object]:
    """Of this machine's nodes, as inventories/local has them."""
    python = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    return {
        "project_folder": str(ROOT),
        "apps_folder": str(FILES / "apps"),
        "python": ".".join(python.split(".")[:2]),
        "architecture": platform.machine(),
        "key_prefixes": {"web": "nodes/web", "app": "nodes/app"},
    }


def variables(environment: str) -> dict[str, dict[str, object]]:
    """Of the node roles, as the role node_configuration gives them with inventories/local."""
    prefix, path = f"{PROJECT}-{environment}", f"/{PROJECT}/{environment}"
    local = yaml.safe_load((ROOT / "inventories" / "local" / "group_vars" / "all" / "node_configuration.yml").read_text(encoding="utf-8"))
    surroundings = {"AWS_ENDPOINT_URL": "http://169.254.169.253"}
    found = {}
    for tier in ("web", "app"):
        found[tier] = {
            "node_auto_scaling_group_name": f"{prefix}-{tier}",
            "node_launch_hook_name": "first-start",
            "node_base_region": REGION,
            "node_base_log_group_name": f"{path}/servers/{tier}",
            "node_base_metric_namespace": f"{prefix}/nodes",
            "node_base_cloudwatch_agent": False,
            "node_base_codedeploy_agent": False,
            "node_base_environment": surroundings,
            **local["node_configuration_variables"][tier],
            f"node_{tier}_region": REGION,
            f"node_{tier}_port": 8080,
            f"node_{tier}_target_group_name": f"{prefix}-{tier}",
            f"node_{tier}_environment": surroundings,
        }
    found["web"]["node_web_app_url"] = f"http://app.{environment}.internal"
    found["app"] |= {
        "node_app_database_parameter": f"{path}/database",
        "node_app_certificate_authorities_url": "http://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
        "node_app_python": settings()["python"],
    }
    return found
