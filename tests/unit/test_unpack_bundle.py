"""A bundle is unpacked whole or not at all, as the document of the pull does it (files/ssm_documents/apply-bundle.sh)."""

from __future__ import annotations

import hashlib
import runpy
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
main = runpy.run_path(str(ROOT / "playbooks" / "nodes" / "unpack_bundle.py"))["main"]
FILES = {"site.yml": b"- hosts: all\n", "roles/node_web/tasks/main.yml": b"[]\n"}


@pytest.fixture
def bundle(tmp_path):
    """Makes an archive of *files* whose sums are those of FILES: (its path, the version)."""

    def made(files=FILES):
        sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in FILES.items()).encode()
        archive = tmp_path / "bundle.zip"
        with zipfile.ZipFile(archive, "w") as packed:
            for name, content in {**files, "SHA256SUMS": sums, "wheels/a.whl": b"no sum"}.items():
                packed.writestr(name, content)
        return str(archive), hashlib.sha256(sums).hexdigest()

    return made


def left(library):
    return sorted(path.name for path in library.iterdir())


def test_a_whole_bundle_is_there_and_once_only(bundle, tmp_path, capsys):
    library = tmp_path / "library"
    archive, version = bundle()
    assert main(archive, version, str(library)) == 0
    assert capsys.readouterr().out == f"unpacked {version}\n"
    assert (library / version / "roles/node_web/tasks/main.yml").read_bytes() == b"[]\n"
    assert (library / version).stat().st_mode & 0o777 == 0o755
    (library / version / "site.yml").write_text("ours")
    assert main(archive, version, str(library)) == 0
    assert capsys.readouterr().out == ""
    assert (library / version / "site.yml").read_text() == "ours"
    assert left(library) == [".lock", version]


@pytest.mark.parametrize(
    ("files", "version", "said"),
    [
        ({**FILES, "site.yml": b"changed"}, None, "site.yml is not what its sum says"),
        ({"site.yml": FILES["site.yml"]}, None, "main.yml is not what its sum says"),
        (FILES, "0" * 64, "the bundle is not version 000"),
    ],
    ids=["changed", "missing", "another"],
)
def test_of_a_bundle_that_is_not_whole_nothing_is_there(bundle, tmp_path, capsys, files, version, said):
    library = tmp_path / "library"
    archive, found = bundle(files)
    assert main(archive, version or found, str(library)) == 1
    assert said in capsys.readouterr().err
    assert left(library) == [".lock"]


def test_what_an_interrupted_run_left_is_in_nobodys_way(bundle, tmp_path):
    library = tmp_path / "library"
    (library / ".part-left").mkdir(parents=True)
    archive, version = bundle()
    assert main(archive, version, str(library)) == 0
    assert version in left(library)
