"""Terraform and its provider are found where they are, or their absence is said."""

from __future__ import annotations

import pytest

from tests.bench import provider


def a_mirror(folder, version: str):
    place = folder / "registry.terraform.io" / "hashicorp" / "aws" / version / "linux_amd64"
    place.mkdir(parents=True)
    (place / f"terraform-provider-aws_v{version}_x5").touch()


@pytest.fixture
def path(tmp_path):
    """A PATH with a terraform on it."""
    terraform = tmp_path / "bin" / "terraform"
    terraform.parent.mkdir()
    terraform.touch(mode=0o755)
    return str(terraform.parent)


def test_the_newest_of_a_mirror(tmp_path, path):
    for version in ("5.9.0", "5.100.0"):
        a_mirror(tmp_path / "deep" / "plugins", version)
    found = provider.find({"PATH": path, provider.VARIABLE: str(tmp_path)})
    assert (found.version, found.mirror) == ("5.100.0", tmp_path / "deep" / "plugins")


def test_the_named_mirror_wins(tmp_path, path):
    a_mirror(tmp_path / "cache", "6.0.0")
    a_mirror(tmp_path / "named", "5.0.0")
    found = provider.find({"PATH": path, "TF_PLUGIN_CACHE_DIR": str(tmp_path / "cache"), provider.VARIABLE: str(tmp_path / "named")})
    assert found.version == "5.0.0"


def test_no_terraform(tmp_path):
    with pytest.raises(provider.Missing, match="not on PATH"):
        provider.find({"PATH": str(tmp_path)})


def test_no_provider(tmp_path, path):
    with pytest.raises(provider.Missing, match=provider.VARIABLE):
        provider.find({"PATH": path, provider.VARIABLE: str(tmp_path / "nowhere")})


def test_the_search_is_bounded(tmp_path):
    a_mirror(tmp_path.joinpath(*"abcdefghij"), "5.0.0")
    assert list(provider.providers(tmp_path)) == []
