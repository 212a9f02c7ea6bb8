"""HTTP in front of the items.

GET /health      200 while the process serves: what the load balancer asks, so that a database that is down does not empty the tier
GET /ready       200 if the database answers, else 503
GET /api/items   200 {"items": [...]}
POST /api/items  {"name": "..."} -> 201 the item; 400 for anything else
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shop_app.items import Items, Unavailable

LONGEST_NAME = 200
LARGEST_BODY = 10_000
log = logging.getLogger("shop_app")


class BadRequest(Exception):
    """A request that can't be understood, in one sentence."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "shop-app"
    sys_version = ""
    timeout = 75  # longer than a load balancer keeps an idle connection, which would otherwise answer 502
    busy = False

    def setup(self) -> None:
        super().setup()
        self.server.connections[self.request] = self

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.busy = False
        if self.server.ending:
            self.close_connection = True

    def parse_request(self) -> bool:
        self.busy = True  # the first line of a request is here
        return super().parse_request()

    def do_GET(self) -> None:
        self._respond(self._get)

    def do_POST(self) -> None:
        self._respond(self._post)

    def _get(self) -> tuple[HTTPStatus, Any]:
        if self.path == "/health":
            return HTTPStatus.OK, {"status": "ok"}
        if self.path == "/ready":
            self.server.items.ready()
            return HTTPStatus.OK, {"status": "ready"}
        if self.path == "/api/items":
            return HTTPStatus.OK, {"items": self.server.items.all()}
        return HTTPStatus.NOT_FOUND, {"error": "no such path"}

    def _post(self) -> tuple[HTTPStatus, Any]:
        body = self._body()
        if self.path != "/api/items":
            return HTTPStatus.NOT_FOUND, {"error": "no such path"}
        try:
            name = json.loads(body)["name"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadRequest("the body must be a JSON object with a name") from error
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME or "\0" in name:
            raise BadRequest(f"name must be a text of 1 to {LONGEST_NAME} characters")
        return HTTPStatus.CREATED, self.server.items.add(name)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True  # what follows on this connection can't be told from a body
            raise BadRequest(f"Content-Length must be given, and be at most {LARGEST_BODY}")
        return self.rfile.read(int(length))

    def _respond(self, work) -> None:
        try:
            status, content = work()
        except BadRequest as error:
            status, content = HTTPStatus.BAD_REQUEST, {"error": str(error)}
        except Unavailable as error:
            log.warning("the database is unavailable: %s", error)
            status, content = HTTPStatus.SERVICE_UNAVAILABLE, {"error": "the database is unavailable"}
        except Exception:
            log.exception("%s %s failed", self.command, self.path)
            status, content = HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "internal error"}
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if self.path == "/health":
            self.send_header("X-Release", self.server.release)
        if self.server.ending:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        log.info("%s %s", self.address_string(), format % args)


class Server(ThreadingHTTPServer):
    """Serves *items* at *address* (host, port) as *release*. C(finish), after C(shutdown), waits for what is under way."""

    daemon_threads = True
    block_on_close = False  # a connection that is kept open would be waited for; finish() knows which are idle
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], items: Items, release: str = ""):
        super().__init__(address, Handler)
        self.items, self.release = items, release
        self.ending = False
        #: Each open connection, and who handles it, if it has come to that.
        self.connections: dict[socket.socket, Handler | None] = {}
        self._one_less = threading.Condition()

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:
        self.connections[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        super().shutdown_request(request)
        with self._one_less:
            self.connections.pop(request, None)
            self._one_less.notify_all()

    def finish(self, seconds: float) -> bool:
        """Close idle connections, and wait for the others at most *seconds*. Whether all were done by then."""
        self.ending = True
        for connection, handler in list(self.connections.items()):
            if handler is None or not handler.busy:
                # What had come by now is read and answered all the same; then the connection ends.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
        with self._one_less:
            return self._one_less.wait_for(lambda: not self.connections, seconds)
