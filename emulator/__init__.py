"""A local stand-in for AWS: moto's server, its gaps filled, and AWS's refusals added."""

import functools
from typing import Any

from botocore.loaders import JSONFileLoader

_read = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))


def _load_file(_loader: JSONFileLoader, path: str) -> Any:
    return _read(path)


# Before moto, which makes a session three times while it is imported: each would read the list of all endpoints anew, at 0.3 s.
JSONFileLoader.load_file = _load_file
