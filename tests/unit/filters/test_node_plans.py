"""What nodes get: bundles, associations, and the document that applies a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.refarch.aws.plugins.filter.node_association_plan import node_association_plan
from ansible_collections.refarch.aws.plugins.filter.node_bundle_plan import node_bundle_plan
from ansible_collections.refarch.aws.plugins.filter.node_document import node_document

ROOT = Path(__file__).resolve().parents[3]
VARIABLES = {"web": {"node_web_port": 8080}, "app": {"node_app_port": 8081}}


@pytest.fixture
def settings(tmp_path):
    for tier in ("web", "app"):
        (tmp_path / tier).mkdir()
        (tmp_path / tier / "start.sh").write_text("true\n", encoding="utf-8")
    (tmp_path / "app" / "requirements.txt").write_text("pg8000==1.31.6\n", encoding="utf-8")
    return {
        "project_folder": str(ROOT),
        "apps_folder": str(tmp_path),
        "python": "3.11",
        "architecture": "aarch64",
        "key_prefixes": {"web": "nodes/web", "app": "nodes/app"},
    }


def variables_of(bundle):
    return json.loads(bundle["texts"]["vars.json"])


def test_each_tier_gets_its_own_roles_and_application(settings, tmp_path):
    web, app = node_bundle_plan(VARIABLES, settings)
    places = {part["into"]: part["source"] for part in web["parts"]}
    assert {"site.yml", "requirements.txt", "roles/node_base", "roles/node_web"} <= set(places) and "roles/node_app" not in places
    assert places["release"] == str(tmp_path / "web")
    assert all(Path(source).exists() for source in places.values()), places
    assert web["requirements"] == [str(ROOT / "files" / "nodes" / "python-3.11.txt")]
    assert app["requirements"][1:] == [str(tmp_path / "app" / "requirements.txt")]


def test_the_modules_that_the_roles_use_come_with_them(settings):
    """Each community.aws or amazon.aws module that a node role names is in the bundle."""
    (web, _app) = node_bundle_plan(VARIABLES, settings)
    shipped = {Path(part["into"]).stem for part in web["parts"] if "/plugins/modules/" in part["into"]}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "roles").glob("node_[!c]*/tasks/*.yml")]
    texts.append((ROOT / "files" / "nodes" / "site.yml").read_text(encoding="utf-8"))
    used = set()
    for text in texts:
        for line in text.splitlines():
            word = line.strip().removeprefix("- ").partition(":")[0]
            if word.startswith(("community.aws.", "amazon.aws.")):
                used.add(word.rpartition(".")[2])
    assert used and used <= shipped


def test_another_application_is_another_release(settings, tmp_path):
    before = variables_of(node_bundle_plan(VARIABLES, settings)[0])
    assert before["node_tier"] == "web" and before["node_web_port"] == 8080
    (tmp_path / "web" / "start.sh").write_text("false\n", encoding="utf-8")
    after = variables_of(node_bundle_plan(VARIABLES, settings)[0])
    assert after["node_web_release_id"] != before["node_web_release_id"]
    assert variables_of(node_bundle_plan(VARIABLES, settings)[1])["node_app_release_id"]


def test_an_application_that_is_not_there_is_named(settings):
    with pytest.raises(AnsibleFilterError, match=r"node_configuration_apps_folder: .*/absent/web is not a folder"):
        node_bundle_plan(VARIABLES, {**settings, "apps_folder": "/absent"})


SETTINGS = {
    "names": {"web": "shop-staging-configure-web"},
    "document": "shop-staging-apply-bundle",
    "project": "shop",
    "environment": "staging",
    "region": "ap-northeast-2",
    "bucket_name": "shop-artifact",
    "schedule": "rate(30 minutes)",
    "compliance_severity": "HIGH",
    "max_concurrency": "50%",
    "max_errors": 0,
    "output_bucket_name": "shop-log",
    "output_key_prefix": "associations",
    "timeout_seconds": 3600,
}
BUNDLE = {"name": "web", "key": "nodes/web/ab12.zip", "version": "ab12"}


def test_an_association_applies_one_bundle_to_one_tier():
    (one,) = node_association_plan([BUNDLE], SETTINGS)
    assert {target["key"]: target["values"] for target in one["targets"]} == {
        "tag:Project": ["shop"],
        "tag:Environment": ["staging"],
        "tag:Tier": ["web"],
    }
    path = json.loads(one["parameters"]["SourceInfo"][0])["path"]
    assert path == "https://s3.ap-northeast-2.amazonaws.com/shop-artifact/nodes/web/ab12.zip"
    assert one["parameters"]["BundleVersion"] == ["ab12"]
    assert (one["max_errors"], one["output_key_prefix"]) == ("0", "associations/web")


def test_the_document_of_aws_gets_its_own_parameters_only():
    (one,) = node_association_plan([BUNDLE], {**SETTINGS, "document": "AWS-ApplyAnsiblePlaybooks"})
    assert set(one["parameters"]) == {"SourceType", "SourceInfo", "PlaybookFile", "TimeoutSeconds"}


def test_a_script_is_the_end_of_the_last_step():
    document = {"mainSteps": [{"inputs": {}}, {"inputs": {"runCommand": ["A='{{ A }}'"]}}]}
    made = node_document(document, "#!/bin/sh\n# why\nset -eu\n\necho $A\n")
    assert made["mainSteps"][1]["inputs"]["runCommand"] == ["A='{{ A }}'", "set -eu", "echo $A"]
    assert document["mainSteps"][1]["inputs"]["runCommand"] == ["A='{{ A }}'"]
    with pytest.raises(AnsibleFilterError, match="Systems Manager would take for a parameter"):
        node_document(document, "echo {{ b }}")


def test_the_document_hands_every_parameter_to_the_script():
    folder = ROOT / "files" / "ssm_documents"
    script = (folder / "apply-bundle.sh").read_text(encoding="utf-8")
    document = node_document(yaml.safe_load((folder / "apply-bundle.yml").read_text(encoding="utf-8")), script)
    assert len(json.dumps(document)) < 64 * 1024  # "Systems Manager endpoints and quotas" (AWS General Reference)
    text = json.dumps(document["mainSteps"])
    for name in document["parameters"]:
        assert "{{ " + name + " }}" in text, name
    given = {word.partition("=")[0] for line in document["mainSteps"][1]["inputs"]["runCommand"][:2] for word in line.split("' ")}
    assert all(f"${name}" in script for name in given), given
