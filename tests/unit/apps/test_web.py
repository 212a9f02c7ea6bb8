"""The web tier's configuration in a real nginx, in front of something that answers as the app tier."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.packages import needed

WEB = Path(__file__).resolve().parents[3] / "files" / "apps" / "web"


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"path": self.path, "for": self.headers.get("X-Forwarded-For"), "proto": self.headers.get("X-Forwarded-Proto")})
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_args):
        pass


@pytest.fixture(scope="module")
def web():
    binary = needed(shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"), "nginx-light")
    folder = Path(tempfile.mkdtemp(prefix="refarch-nginx-"))
    folder.chmod(0o755)  # nginx reads as another user where it was started by root
    shutil.copytree(WEB / "static", folder / "static")
    app = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = (WEB / "nginx" / "web.conf.template").read_text(encoding="utf-8").replace("/opt/refarch/web", str(folder))
    filled = {"@PORT@": f"127.0.0.1:{port}", "@APP_URL@": f"http://127.0.0.1:{app.server_port}", "@RESOLVER@": "127.0.0.1"}
    for mark, value in filled.items():
        site = site.replace(mark, value)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off; {temporary}\n{site} }}",
        encoding="utf-8",
    )
    process = subprocess.Popen([binary, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    for _attempt in range(100):
        try:
            ask(f"{url}/health")
            break
        except urllib.error.URLError:
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(10)
    app.shutdown()
    shutil.rmtree(folder)


def ask(url: str, **headers: str):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_healthy_by_itself(web):
    status, headers, body = ask(f"{web}/health")
    assert (status, json.loads(body), headers["Content-Type"]) == (200, {"status": "ok"}, "application/json")


def test_the_page_and_what_it_needs_come_with_the_headers(web):
    for path, kind in (("/", "text/html"), ("/style.css", "text/css"), ("/items.js", "application/javascript")):
        status, headers, _body = ask(web + path)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, kind)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "/" not in headers["Server"]  # no version


def test_the_app_tier_hears_who_asked(web):
    _status, _headers, body = ask(f"{web}/api/items?x=1", **{"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"})
    assert json.loads(body) == {"path": "/api/items?x=1", "for": "203.0.113.7", "proto": "https"}


def test_what_is_not_there(web):
    assert ask(f"{web}/no-such-page")[0] == 404


def test_every_mark_of_the_template_is_filled_in_by_the_installation():
    marks = set(re.findall(r"@[A-Z_]+@", (WEB / "nginx" / "web.conf.template").read_text(encoding="utf-8").partition("server {")[2]))
    install = (WEB / "scripts" / "install.sh").read_text(encoding="utf-8")
    assert marks == set(re.findall(r"@[A-Z_]+@", install)) == {"@PORT@", "@APP_URL@", "@RESOLVER@"}
