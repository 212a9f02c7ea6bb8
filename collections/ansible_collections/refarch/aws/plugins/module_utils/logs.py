# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the CloudWatch Logs modules share."""

from __future__ import annotations

import os.path
from itertools import groupby

GONE = ("ResourceNotFoundException",)


def _family(name: str) -> str:
    """The first two parts of a path-like name with its last slash: C(/aws/lambda/shop-x) is of C(/aws/lambda/)."""
    parts = name.split("/")
    return "/".join(parts[:3]) + "/" if len(parts) > 3 else ""


def prefixes(names: list[str]) -> list[str]:
    """Prefixes that together find all *names*, few, but none so short that it lists an account's foreign log groups."""
    found: list[str] = []
    for family, members in groupby(sorted(set(names), key=lambda name: (_family(name), name)), key=_family):
        alike = list(members)
        shared = os.path.commonprefix(alike)
        own = family and not family.startswith("/aws/")
        found += [shared] if own or len(shared) > len(family) + 2 else alike
    return found
