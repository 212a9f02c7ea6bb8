"""The web tier's configuration in a real nginx, in front of something that answers as the app tier."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.packages import needed

MARKS = ("HOME", "RELEASE", "PORT", "APP_URL", "RESOLVER", "AUTHORITIES")
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


def filled(folder: Path, port: int, app_url: str, authorities: str = "/etc/ssl/certs/ca-certificates.crt") -> str:
    """The site as scripts/install.sh fills it in, for nginx at *port* of 127.0.0.1."""
    site = (WEB / "nginx" / "web.conf.template").read_text(encoding="utf-8")
    marks = {"HOME": folder, "RELEASE": "r1", "PORT": f"127.0.0.1:{port}", "APP_URL": app_url, "RESOLVER": "127.0.0.1"}
    for mark, value in {**marks, "AUTHORITIES": authorities}.items():
        site = site.replace(f"@{mark}@", str(value))
    return site


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def nginx(app_url: str, **more: str):
    """The address at which nginx serves the site meanwhile."""
    binary = needed(shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin"), "nginx-light")
    folder = Path(tempfile.mkdtemp(prefix="refarch-nginx-"))
    folder.chmod(0o755)  # nginx reads as another user where it was started by root
    shutil.copytree(WEB / "static", folder / "static")
    port = free_port()
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off; {temporary}\n{filled(folder, port, app_url, **more)} }}",
        encoding="utf-8",
    )
    process = subprocess.Popen([binary, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(100):
            try:
                ask(f"{url}/health")
                break
            except urllib.error.URLError:
                assert process.poll() is None, process.stderr.read().decode()
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder)


@contextmanager
def app_tier(certificate: Path | None = None):
    """The address of something that answers as the app tier, over TLS where it has a *certificate* (with its key)."""
    app = ThreadingHTTPServer(("127.0.0.1", 0), App)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        app.socket = context.wrap_socket(app.socket, server_side=True)
    threading.Thread(target=app.serve_forever, daemon=True).start()
    yield f"{'https' if certificate else 'http'}://127.0.0.1:{app.server_port}"
    app.shutdown()
    app.server_close()


@pytest.fixture(scope="module")
def web():
    with app_tier() as app, nginx(app) as url:
        yield url


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """Certificates with their keys that vouch for themselves, by the name that they are good for."""
    folder = tmp_path_factory.mktemp("certificates")
    for name, kind in (("127.0.0.1", "IP"), ("other.example", "DNS")):
        file = folder / f"{name}.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        command += ["-addext", f"subjectAltName={kind}:{name}", "-keyout", str(file), "-out", str(folder / "certificate")]
        subprocess.run(command, check=True, capture_output=True)
        file.write_text(file.read_text() + (folder / "certificate").read_text())
    return folder


def ask(url: str, **headers: str):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_healthy_by_itself(web):
    status, headers, body = ask(f"{web}/health")
    assert (status, json.loads(body), headers["Content-Type"]) == (200, {"status": "ok"}, "application/json")
    assert headers["X-Release"] == "r1"


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


@pytest.mark.parametrize(
    ("name", "authority", "status"),
    [
        ("localhost", "127.0.0.1", 502),
        ("127.0.0.1", "127.0.0.1", 200),
        ("127.0.0.1", "other.example", 502),
        ("other.example", "other.example", 502),
    ],
)
def test_an_app_tier_with_a_certificate_must_be_who_it_says(certificates, name, authority, status):
    if name == "localhost":  # a good certificate, but the system's authorities do not know it
        own, authorities = certificates / "127.0.0.1.pem", "/etc/ssl/certs/ca-certificates.crt"
    else:
        own, authorities = certificates / f"{name}.pem", str(certificates / f"{authority}.pem")
    with app_tier(own) as app, nginx(app, authorities=authorities) as url:
        assert ask(f"{url}/api/items")[0] == status


def test_every_mark_of_the_template_is_filled_in_by_the_installation():
    marks = set(re.findall(r"@[A-Z_]+@", (WEB / "nginx" / "web.conf.template").read_text(encoding="utf-8").partition("server {")[2]))
    install = (WEB / "scripts" / "install.sh").read_text(encoding="utf-8")
    assert marks == set(re.findall(r"@[A-Z_]+@", install)) == {f"@{mark}@" for mark in MARKS}
