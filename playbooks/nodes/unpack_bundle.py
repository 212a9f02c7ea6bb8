"""Unpack a bundle of refarch.aws.node_bundles, whole or not at all: unpack_bundle.py ARCHIVE VERSION LIBRARY.

As files/ssm_documents/apply-bundle.sh does on a node, and under the same lock. Runs with Python 3.9, on nodes and on the machine that
pushes. Prints a line where it did something.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path


def main(archive: str, version: str, library: str) -> int:
    place = Path(library)
    place.mkdir(parents=True, exist_ok=True)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / version).is_dir():
            return 0
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=place))
        try:
            zipfile.ZipFile(archive).extractall(part)
            if problem := problem_of(part, version):
                print(f"{archive}: {problem}", file=sys.stderr)
                return 1
            part.chmod(0o755)
            part.rename(place / version)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    print(f"unpacked {version}")
    return 0


def problem_of(folder: Path, version: str) -> str:
    """What is wrong with the bundle in *folder*; empty where it is *version*, and whole."""
    sums = (folder / "SHA256SUMS").read_bytes()
    if hashlib.sha256(sums).hexdigest() != version:
        return f"the bundle is not version {version}"
    for line in sums.decode().splitlines():
        sum_of_file, _blank, name = line.partition("  ")
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sum_of_file:
            return f"{name} is not what its sum says"
    return ""


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
