"""What moto lacks or gets wrong, a module per service. Each patch names the AWS behaviour it restores.

A module has a function ``apply()``, which is called once before the server starts and may import moto's backends.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
import sys
from types import ModuleType
from typing import Any


@functools.cache
def apply_all() -> None:
    """Apply the patches of every module of this package, in the order of their names; once, however often it is called."""
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        importlib.import_module(f"{__name__}.{found.name}").apply()


def add_service(name: str, backends: Any, url_base: str) -> None:
    """Make *backends*, a BackendDict, moto's service *name*, which moto lacks as a whole.

    *url_base*: pattern of the service's host, for example ``https?://access-analyzer\\.(.+)\\.amazonaws\\.com``. The class of the
    backend has an attribute ``_url_module`` with ``url_bases`` and ``url_paths``, as in moto's urls.py.
    """
    from moto.backend_index import backend_url_patterns

    module = ModuleType(f"moto.{name}")
    setattr(module, f"{name}_backends", backends)
    sys.modules[module.__name__] = module
    backend_url_patterns.append((name, re.compile(url_base)))
