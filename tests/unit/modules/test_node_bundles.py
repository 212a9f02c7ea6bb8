"""Bundles: the same for the same content, put once, whole, and known to a plan before anything is downloaded."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from ansible_collections.refarch.aws.plugins.module_utils import wheels
from tests.processes import ran

UNKNOWN = "(known after apply)"
BUCKET = "shop-artifact"


@pytest.fixture
def place(aws, tmp_path):
    aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    role = tmp_path / "role"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text("---\n", encoding="utf-8")
    (role / "tasks" / "__pycache__").mkdir()
    (role / "tasks" / "__pycache__" / "x.pyc").write_text("x", encoding="utf-8")
    lock = tmp_path / "lock.txt"
    lock.write_text("six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n", encoding="utf-8")
    return {
        "bucket_name": BUCKET,
        "wheels_folder": str(tmp_path / "wheels"),
        "bundles": [
            {
                "name": "web",
                "key_prefix": "nodes/web",
                "python": "3.11",
                "architecture": "aarch64",
                "parts": [{"source": str(role), "into": "roles/web"}, {"source": str(lock), "into": "requirements.txt"}],
                "texts": {"vars.json": "{}"},
                "requirements": [str(lock)],
            }
        ],
    }


@pytest.fixture
def downloads(monkeypatch):
    """What pip would have been asked for; a wheel lies there afterwards."""
    asked = []

    def download(requirements, python, architecture, into, _run):
        asked.append((requirements.name, python, architecture))
        (into / "six-1.17.0-py2.py3-none-any.whl").write_bytes(b"wheel")

    monkeypatch.setattr(wheels, "_download", download)
    return asked


def operations(result):
    return [change["operation"] for change in result["changes"]]


def test_a_bundle_is_put_once_and_whole(run_module, aws, place, downloads):
    planned = run_module("node_bundles", check=True, **place)
    assert operations(planned) == ["PutObject"] and downloads == []
    made = run_module("node_bundles", **place)
    assert made["bundles"] == planned["bundles"] and downloads == [("lock.txt", "3.11", "aarch64")]
    (bundle,) = made["bundles"]
    body = aws("s3").get_object(Bucket=BUCKET, Key=bundle["key"])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        names = set(archive.namelist())
        sums = archive.read("SHA256SUMS")
        assert archive.read("python") == b"3.11"
    assert names == {
        "SHA256SUMS", "architecture", "python", "requirements.txt", "roles/web/tasks/main.yml", "vars.json",
        "wheels/six-1.17.0-py2.py3-none-any.whl",
    }  # fmt: skip
    assert bundle["version"] == hashlib.sha256(sums).hexdigest() and bundle["key"] == f"nodes/web/{bundle['version']}.zip"
    again = run_module("node_bundles", **place)
    assert not again["changed"] and len(downloads) == 1
    assert again["_calls"] == ["HeadObject"]


def test_whatever_is_in_it_makes_another_version(run_module, place, downloads):
    versions = {run_module("node_bundles", check=True, **place)["bundles"][0]["version"]}
    (one,) = place["bundles"]
    for change in ({"texts": {"vars.json": '{"a": 1}'}}, {"python": "3.12"}, {"architecture": "x86_64"}):
        versions.add(run_module("node_bundles", check=True, **{**place, "bundles": [{**one, **change}]})["bundles"][0]["version"])
    Path(one["parts"][0]["source"], "tasks", "main.yml").write_text("--- # changed\n", encoding="utf-8")
    versions.add(run_module("node_bundles", check=True, **place)["bundles"][0]["version"])
    assert len(versions) == 5


def test_what_is_not_known_yet_has_no_version_yet(run_module, place):
    (one,) = place["bundles"]
    planned = run_module("node_bundles", check=True, **{**place, "bundles": [{**one, "texts": {"vars.json": f'{{"arn": "{UNKNOWN}"}}'}}]})
    assert planned["changed"] and planned["bundles"][0]["key"] == f"nodes/web/{UNKNOWN}.zip"


def test_a_lost_bundle_is_put_again(run_module, aws, place, downloads):
    (bundle,) = run_module("node_bundles", **place)["bundles"]
    aws("s3").delete_object(Bucket=BUCKET, Key=bundle["key"])
    assert operations(run_module("node_bundles", **place)) == ["PutObject"]
    assert len(downloads) == 1


def test_what_can_not_be_had_is_named(run_module, refusal, place, monkeypatch):
    def refused(requirements, python, architecture, into, _run):
        (into / "half.whl").write_bytes(b"")
        raise wheels.NoWheels(f"pip could not download the wheels of {requirements.name}, and said: no matching distribution")

    monkeypatch.setattr(wheels, "_download", refused)
    assert "bundles: web: pip could not download the wheels of lock.txt" in refusal("node_bundles", **place)
    assert list(Path(place["wheels_folder"]).iterdir()) == []
    (one,) = place["bundles"]
    absent = {**place, "bundles": [{**one, "parts": [{"source": "/absent", "into": "x"}]}]}
    assert "bundles: web: /absent is not a folder" in refusal("node_bundles", **absent)


def test_pip_downloads_for_another_machine(tmp_path, place):
    """Really: a pure wheel, for a Python and an architecture that this machine does not have."""
    lock = Path(place["bundles"][0]["requirements"][0])
    lock.write_text(
        "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274 "
        "--hash=sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81\n",
        encoding="utf-8",
    )
    (found,) = wheels.wheels_of(lock, "3.12", "aarch64", tmp_path / "kept", ran)
    assert found.name == "six-1.17.0-py2.py3-none-any.whl"
    lock.write_text("six==1.17.0 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    with pytest.raises(wheels.NoWheels, match="could not download the wheels of"):
        wheels.wheels_of(lock, "3.12", "aarch64", tmp_path / "kept", ran)
