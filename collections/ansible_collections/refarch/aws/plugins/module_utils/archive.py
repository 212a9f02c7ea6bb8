# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archives that are the same, byte for byte, wherever and whenever they are made of the same files."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

#: The first moment that the format knows.
EPOCH = (1980, 1, 1, 0, 0, 0)

#: What tools leave in a folder, and never belongs into what is shipped.
LEFT_OUT_FOLDERS = {"__pycache__", ".git", ".mypy_cache", ".pytest_cache", ".ruff_cache", "node_modules"}
LEFT_OUT_ENDINGS = (".pyc", ".pyo", ".swp", ".DS_Store")


def files_of(folder: str) -> list[tuple[str, Path]]:
    """(name in the archive, path) of each file below *folder*, by name. Raises ValueError if there is none, or a link that leads out."""
    root = Path(folder)
    if not root.is_dir():
        raise ValueError(f"{folder} is not a folder")
    found = []
    for path in root.rglob("*"):
        name = path.relative_to(root)
        if LEFT_OUT_FOLDERS.intersection(name.parts) or path.name.endswith(LEFT_OUT_ENDINGS) or path.is_dir():
            continue
        if not path.resolve().is_relative_to(root.resolve()):
            raise ValueError(f"{path} leads out of {folder}")
        found.append((name.as_posix(), path))
    if not found:
        raise ValueError(f"{folder} holds no files")
    return sorted(found)


def zipped(entries: Iterable[tuple[str, bytes, bool]]) -> bytes:
    """A ZIP file of (name, content, whether it can be run), in their order, with fixed times and the same rights for all.

    Stored, not deflated: zlib's output differs from version to version.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content, executable in entries:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, on every system
            entry.external_attr = (0o100755 if executable else 0o100644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def archive_of(folder: str) -> bytes:
    """A ZIP file of what lies below *folder*, by name. All can read all of it, as Lambda needs."""
    return zipped((name, path.read_bytes(), os.access(path, os.X_OK)) for name, path in files_of(folder))


def sha256_of(content: bytes) -> str:
    """The hash as Lambda tells it (CodeSha256)."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class Archive(bytes):
    """Content that a plan and a report tell in a word: the plan does not make it."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return "(archive)"
