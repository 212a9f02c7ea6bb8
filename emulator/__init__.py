"""A local stand-in for AWS: moto's server, its gaps filled, and AWS's refusals added."""

import functools
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader

_load_file = JSONFileLoader.load_file
_endpoints = functools.cache(functools.partial(_load_file, JSONFileLoader()))


def _load(loader: JSONFileLoader, path: str) -> Any:
    """Models are read anew for each session, which changes them (S3's paths lose their bucket); the list of endpoints is not changed."""
    return _endpoints(path) if Path(path).name == "endpoints" else _load_file(loader, path)


# Before moto, which makes a session three times while it is imported: each would read the list of all endpoints anew, at 0.3 s.
JSONFileLoader.load_file = _load
