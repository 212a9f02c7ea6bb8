"""A server for tests of load balancers: runs on an instance as its user data, with the system's Python.

It says who it is and what it was asked. Its health can be changed (/become/500), it can be slow (/slow/3), break off (/break), and run what
it is sent (/run).
"""

import http.server
import json
import socket
import subprocess
import sys
import time

HEALTH = [200]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what, _, value = self.path.lstrip("/").partition("/")
        if what == "break":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if what == "slow":
            time.sleep(float(value))
        if what == "become":
            HEALTH[0] = int(value)
        status = HEALTH[0] if what == "health" else 200
        if what == "run":
            done = subprocess.run(["sh"], input=body, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            body = done.stdout
        told = {"host": socket.gethostname(), "path": self.path, "headers": dict(self.headers.items()), "body": body.decode("latin-1")}
        said = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Keep-Alive", "timeout=5")
        if what == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(f"{len(said):x}\r\n".encode() + said + b"\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
