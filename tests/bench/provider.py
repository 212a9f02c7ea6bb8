"""Where Terraform and its AWS provider are on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

#: Names the mirror and wins over the search. A mirror has <host>/<namespace>/aws/<version>/<platform>/terraform-provider-aws_v….
VARIABLE = "TERRAFORM_PROVIDER_MIRROR"
NAME = "terraform-provider-aws_v*"
PLACES = ("~/.terraform.d/plugins", "~/.terraform.d/plugin-cache", "~/.terraform.d", "/opt", "/usr/local", "/usr/share", "/usr/lib")
DEEPEST = 9
MOST_FOLDERS = 50_000
_PASSED_OVER = frozenset({"node_modules", "site-packages", ".git", "__pycache__", "man", "doc", "locale", "zoneinfo"})


class Missing(Exception):
    """Terraform or its provider isn't here. The text is for people."""


@dataclass(frozen=True, slots=True)
class Tool:
    """*mirror*: for ``terraform init -plugin-dir``; *version*: the provider's."""

    terraform: str
    mirror: Path
    version: str


def find(environment: Mapping[str, str] = os.environ) -> Tool:
    """Terraform with the newest provider found. Raises Missing."""
    terraform = shutil.which("terraform", path=environment.get("PATH"))
    if terraform is None:
        raise Missing("Terraform is not on PATH: only refarch is measured.")
    places = [environment[VARIABLE]] if environment.get(VARIABLE) else [environment.get("TF_PLUGIN_CACHE_DIR", ""), *PLACES]
    for place in filter(None, places):
        found = sorted(providers(Path(place).expanduser()), key=lambda file: _version(file.parents[1].name))
        if found:
            return Tool(terraform, found[-1].parents[5], found[-1].parents[1].name)
    searched = ", ".join(filter(None, places))
    raise Missing(f"Terraform's AWS provider is not in {searched} ({VARIABLE} may name a mirror): only refarch is measured.")


def providers(place: Path) -> Iterator[Path]:
    """The provider's files under *place*, in the layout of a mirror. Bounded in depth and number of folders."""
    for number, folder in enumerate(_folders(place)):
        if number > MOST_FOLDERS:
            return
        if folder.parent.parent.name == "aws":
            yield from folder.glob(NAME)


def _folders(place: Path) -> Iterator[Path]:
    for name, folders, _files in os.walk(place):
        folder = Path(name)
        depth = len(folder.relative_to(place).parts)
        folders[:] = sorted(set(folders) - _PASSED_OVER) if depth < DEEPEST else []
        yield folder


def _version(text: str) -> list[int]:
    return [int(part) if part.isdigit() else 0 for part in _dotted(text)]


def _dotted(text: str) -> Iterable[str]:
    return text.partition("-")[0].split(".")
