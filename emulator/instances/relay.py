"""A way from the network of instances to one address of this machine, for TCP."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from emulator.instances.network import Network

CHUNK = 1 << 16


class Relay:
    """Takes connections at *listen* in *network* and carries them to *target* outside of it."""

    def __init__(self, network: Network, listen: tuple[str, int], target: tuple[str, int]):
        self._target = target
        with network.inside():
            self._socket = socket.create_server(listen, backlog=128)
        threading.Thread(target=self._accept, name=f"relay to {target[1]}", daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._socket.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(self._target, timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    """All of *source* to *sink*; the end of one is the end of what the other gets."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
