"""``python -m shop_app serve`` serves; ``python -m shop_app migrate FOLDER`` brings the database up to date."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from shop_app import settings
from shop_app.items import Items, Unavailable
from shop_app.server import Server

#: What is under way at SIGTERM has this long. Whoever starts the service waits longer (systemd/, sysvinit/).
FINISH_SECONDS = 30


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        found = settings.from_environment()
    except settings.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    items = Items(lambda: settings.database(found.database_parameter), settings.credentials, found.certificate_authorities)
    if arguments == ["serve"]:
        return serve(found.port, items, found.release)
    if len(arguments) == 2 and arguments[0] == "migrate":
        return migrate(items, Path(arguments[1]))
    print(__doc__, file=sys.stderr)
    return 2


def serve(port: int, items: Items, release: str = "") -> int:
    """Serve until SIGTERM; requests under way are finished."""
    server = Server(("0.0.0.0", port), items, release)
    # shutdown() waits for the loop that this thread runs, so another one calls it.
    signal.signal(signal.SIGTERM, lambda *_args: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    return 0 if server.finish(FINISH_SECONDS) else 1


def migrate(items: Items, folder: Path) -> int:
    try:
        applied = items.migrate(folder)
    except Unavailable as error:
        print(f"The database is unavailable: {error}", file=sys.stderr)
        return 1
    print("applied: " + (", ".join(applied) or "nothing, the database is up to date"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
