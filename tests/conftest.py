"""Makes the collections importable as Ansible sees them (``ansible_collections.refarch.aws…``), and lets Control-C be what it is."""

from __future__ import annotations

import signal
from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).resolve().parents[1] / "collections")])

# A script that starts the tests in its background has them ignore it, and whatever they start. With a handler nobody inherits that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
