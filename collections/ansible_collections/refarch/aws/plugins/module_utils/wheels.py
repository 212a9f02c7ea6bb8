# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wheels of pinned requirements, for another Python and another machine than this one."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

#: Runs a command: (exit code, output, errors), as C(AnsibleModule.run_command).
Run = Callable[[list[str]], tuple[int, str, str]]
#: What pip takes for a machine with a glibc of at least 2.34: Amazon Linux 2023, Debian 12 and newer (PEP 600).
PLATFORMS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "linux")


class NoWheels(Exception):
    """Wheels can't be had. Its text says why, in one sentence."""


def wheels_of(requirements: Path, python: str, architecture: str, folder: Path, run: Run) -> list[Path]:
    """The wheels of the lock file *requirements* (with hashes) for *python* (C(3.11)) and *architecture* (C(aarch64)), by name.

    They lie in *folder*, below a name that tells all three; what is not there yet is downloaded with pip by *run*. Raises NoWheels.
    """
    content = requirements.read_bytes()
    known = hashlib.sha256(content + f"{python} {architecture}".encode()).hexdigest()[:16]
    place = folder / f"{requirements.stem}-{python}-{architecture}-{known}"
    if not place.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=folder, prefix=".part-"))
        try:
            _download(requirements, python, architecture, part, run)
            part.chmod(0o755)
            # Another run may have been quicker: what it has is the same.
            if not place.is_dir():
                part.replace(place)
        except OSError:
            if not place.is_dir():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return sorted(place.glob("*.whl"))


def _download(requirements: Path, python: str, architecture: str, into: Path, run: Run) -> None:
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "--python-version", python, "--implementation", "cp",
        *(word for platform in PLATFORMS for word in ("--platform", f"{platform}_{architecture}")),
        "--requirement", str(requirements), "--dest", str(into),
    ]  # fmt: skip
    code, _output, errors = run(command)
    if code:
        said = errors.strip().splitlines() or ["nothing"]
        raise NoWheels(f"pip could not download the wheels of {requirements} for Python {python} on {architecture}, and said: {said[-1]}")
