"""Programs of Debian packages that tests run for real."""

from __future__ import annotations

import os

import pytest


def needed[Found](found: Found | None, package: str) -> Found:
    """*found*, or the test is skipped with what to install. With REFARCH_PACKAGES=required, as .ci/run sets it, it fails instead."""
    if not found:
        sentence = f"{package} is not installed: apt-get install {package}"
        if os.environ.get("REFARCH_PACKAGES") == "required":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found
