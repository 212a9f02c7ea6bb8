"""An emulator in the tests' own process, where they can look at what it holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from emulator.pipeline import Emulator
from emulator.server import Server


@contextmanager
def serving(emulator: Emulator) -> Iterator[str]:
    """The address at which *emulator* answers meanwhile."""
    server = Server("127.0.0.1", 0, emulator.handle)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
