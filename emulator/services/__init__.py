"""What moto lacks or gets wrong, a module per service. Each patch names the AWS behaviour it restores.

A module has a function ``apply()``, which is called once before the server starts and may import moto's backends.
"""

from __future__ import annotations

import importlib
import pkgutil


def apply_all() -> None:
    """Apply the patches of every module of this package, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        importlib.import_module(f"{__name__}.{found.name}").apply()
