# Copyright: refarch contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The placeholder of a plan: a value that only the apply will know."""

from __future__ import annotations

UNKNOWN = "(known after apply)"


def has_unknown(value: object) -> bool:
    """Whether *value*, or anything nested in it, is or contains the placeholder."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(has_unknown(key) or has_unknown(item) for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return any(has_unknown(item) for item in value)
    return False
