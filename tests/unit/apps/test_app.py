"""The sample service against a real PostgreSQL, over HTTP and TLS."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pg8000.dbapi
import pytest

from tests.postgres import PASSWORD, USER, postgres

ROOT = Path(__file__).resolve().parents[3]
APP = ROOT / "files" / "apps" / "app"
sys.path.insert(0, str(APP / "src"))

from shop_app import settings  # noqa: E402 - the service is no part of this project's own packages
from shop_app.items import Items, Unavailable  # noqa: E402
from shop_app.server import Server  # noqa: E402

#: What the migrations put into the table, newest first.
SAMPLES = ["A spoon", "A plate", "A cup"]


@pytest.fixture(scope="module")
def database():
    with postgres() as running:
        yield running


@pytest.fixture
def empty(database):
    """A database of its own for the test."""
    with_server = pg8000.dbapi.connect(user=USER, password=PASSWORD, host="localhost", port=database.port, database="postgres")
    with_server.autocommit = True
    with_server.cursor().execute("DROP DATABASE IF EXISTS shop WITH (FORCE)")
    with_server.cursor().execute("CREATE DATABASE shop")
    with_server.close()
    return database


class Secrets:
    """Stands in for Secrets Manager, where a password changes under the service."""

    def __init__(self):
        self.password, self.asked = PASSWORD, 0

    def __call__(self, _arn: str) -> settings.Credentials:
        self.asked += 1
        return settings.Credentials(USER, self.password)


@pytest.fixture
def secrets():
    return Secrets()


@pytest.fixture
def items(empty, secrets):
    where = settings.Database("localhost", empty.port, "shop", "arn")
    made = Items(lambda: where, secrets, str(empty.certificate))
    made.migrate(APP / "migrations")
    return made


@pytest.fixture
def service(items):
    server = Server(("127.0.0.1", 0), items)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(url: str, body: object = None, data: bytes | None = None) -> tuple[int, dict]:
    data = json.dumps(body).encode() if body is not None else data
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_first_request_returns_the_sample_items(service):
    status, content = ask(f"{service}/api/items")
    assert status == 200
    assert [item["name"] for item in content["items"]] == SAMPLES


def test_items_come_back_newest_first(service):
    status, made = ask(f"{service}/api/items", {"name": "a '; DROP TABLE items; --"})
    assert (status, made["name"]) == (201, "a '; DROP TABLE items; --")
    ask(f"{service}/api/items", {"name": "second"})
    found = ask(f"{service}/api/items")[1]["items"]
    assert [item["name"] for item in found] == ["second", "a '; DROP TABLE items; --", *SAMPLES]
    assert re.match(r"\d{4}-\d\d-\d\dT", found[0]["created_at"])


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 7}, {"name": "x" * 201}, ["name"], {"name": "nul\0"}])
def test_a_bad_item_is_refused(service, body):
    status, content = ask(f"{service}/api/items", body)
    assert status == 400
    assert "name" in content["error"]
    assert len(ask(f"{service}/api/items")[1]["items"]) == len(SAMPLES)


def test_too_large_a_body_is_refused_unread(service):
    assert ask(f"{service}/api/items", data=b"x" * 10_001)[0] == 400


def test_unknown_paths(service):
    assert ask(f"{service}/")[0] == 404
    assert ask(f"{service}/x", {"name": "y"})[0] == 404


def test_healthy_without_the_database_but_not_ready(secrets):
    where = settings.Database("localhost", 1, "shop", "arn")
    server = Server(("127.0.0.1", 0), Items(lambda: where, secrets))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        assert ask(f"{url}/health") == (200, {"status": "ok"})
        assert ask(f"{url}/ready") == (503, {"error": "the database is unavailable"})
        assert ask(f"{url}/api/items")[0] == 503
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_connection_that_died_is_made_anew_with_the_password_of_now(items, secrets, empty):
    items.add("before")
    asked = secrets.asked
    other = pg8000.dbapi.connect(user=USER, password=PASSWORD, host="localhost", port=empty.port, database="postgres")
    other.cursor().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop'")
    other.close()
    assert [item["name"] for item in items.all()] == ["before", *SAMPLES]
    assert secrets.asked == asked + 1


def test_a_wrong_password_is_unavailable_and_not_told(empty):
    where = settings.Database("localhost", empty.port, "shop", "arn")
    refused = Items(lambda: where, lambda _arn: settings.Credentials(USER, "wrong-password"), str(empty.certificate))
    with pytest.raises(Unavailable) as error:
        refused.all()
    assert "wrong-password" not in str(error.value)
    assert "wrong-password" not in repr(settings.Credentials(USER, "wrong-password"))


def test_a_server_that_nobody_vouches_for_is_refused(empty, secrets):
    where = settings.Database("localhost", empty.port, "shop", "arn")
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        Items(lambda: where, secrets, "/etc/ssl/certs/ca-certificates.crt").all()


def test_migrations_run_once_also_side_by_side(empty, secrets):
    where = settings.Database("localhost", empty.port, "shop", "arn")
    applied = []
    threads = [
        threading.Thread(target=lambda: applied.append(Items(lambda: where, secrets).migrate(APP / "migrations"))) for _number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], ["001_items.sql", "002_sample_items.sql"]]


def test_a_migration_that_fails_leaves_nothing_behind(items, tmp_path):
    (tmp_path / "003_bad.sql").write_text("CREATE TABLE half (id int); SELECT no_such_function();", encoding="utf-8")
    with pytest.raises(pg8000.dbapi.DatabaseError):
        items.migrate(tmp_path)
    (tmp_path / "003_bad.sql").write_text("CREATE TABLE half (id int);", encoding="utf-8")
    assert items.migrate(tmp_path) == ["003_bad.sql"]


class Clients:
    """boto3.client for the two services that the settings come from."""

    def __init__(self, parameter: str):
        self.parameter = parameter

    def __call__(self, _service: str):
        return self

    def get_parameter(self, Name: str) -> dict:
        return {"Parameter": {"Name": Name, "Value": self.parameter}}

    def get_secret_value(self, SecretId: str) -> dict:
        return {"SecretString": json.dumps({"username": "u", "password": SecretId})}


OUTPUTS = {"endpoint_address": "h", "endpoint_port": 5432, "database_name": "shop", "master_user_secret_arn": "arn"}


def test_the_database_is_what_the_stack_published():
    assert settings.database("/shop/staging/database", Clients(json.dumps(OUTPUTS))) == settings.Database("h", 5432, "shop", "arn")
    assert settings.credentials("arn", Clients("")) == settings.Credentials("u", "arn")


def test_what_the_parameter_lacks_is_named():
    lacking = json.dumps({key: value for key, value in OUTPUTS.items() if key != "database_name"})
    with pytest.raises(settings.SettingsError, match="database_name"):
        settings.database("/shop/staging/database", Clients(lacking))


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("PORT", "http"), ("DATABASE_PARAMETER", "database")])
def test_a_wrong_setting_is_named(name, value):
    good = {"PORT": "8080", "DATABASE_PARAMETER": "/shop/staging/database"}
    assert settings.from_environment(good).port == 8080
    with pytest.raises(settings.SettingsError, match=f"^{name} is '{value}'"):
        settings.from_environment({**good, name: value})


class Slow:
    """Items that take their time, from the moment that somebody waits for them."""

    def __init__(self):
        self.asked, self.go_on = threading.Event(), threading.Event()

    def all(self) -> list:
        self.asked.set()
        assert self.go_on.wait(10)
        return []


@pytest.fixture
def slow():
    """(address, items, server) of a service whose loop has not ended yet."""
    items = Slow()
    server = Server(("127.0.0.1", 0), items, "r1")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield ("127.0.0.1", server.server_port), items, server
    items.go_on.set()
    server.server_close()


def test_health_names_the_release(slow):
    (host, port), _items, server = slow
    with urllib.request.urlopen(f"http://{host}:{port}/health", timeout=10) as answer:
        assert answer.headers["X-Release"] == "r1"
    server.shutdown()


def test_the_end_waits_for_requests_under_way(slow):
    address, items, server = slow
    with socket.create_connection(address, 10) as connection:
        connection.sendall(b"GET /api/items HTTP/1.1\r\nHost: x\r\n\r\n")
        assert items.asked.wait(10)
        server.shutdown()
        assert not server.finish(0.1)
        items.go_on.set()
        assert server.finish(10)
        answer = connection.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"Connection: close" in answer


def test_the_end_does_not_wait_for_connections_that_are_only_open(slow):
    address, _items, server = slow
    with socket.create_connection(address, 10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while b'{"status": "ok"}' not in answer:  # head and body may come apart
            answer += connection.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 200 ")
        server.shutdown()
        assert server.finish(5)
        assert connection.recv(10_000) == b""


def test_what_has_come_before_the_end_is_answered(slow):
    """Also where no thread has begun with it."""
    address, _items, server = slow
    server.shutdown()
    with socket.create_connection(address, 10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        server.handle_request()
        assert server.finish(5)
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200 ")


def test_the_process_ends_on_sigterm():
    environment = {**os.environ, "PYTHONPATH": str(APP / "src"), "DATABASE_PARAMETER": "/shop/staging/database"}
    environment |= {"AWS_DEFAULT_REGION": "ap-northeast-2", "PORT": str(free_port())}
    process = subprocess.Popen([sys.executable, "-m", "shop_app", "serve"], env=environment, stderr=subprocess.DEVNULL)
    try:
        for _attempt in range(100):
            try:
                assert ask(f"http://127.0.0.1:{environment['PORT']}/health")[0] == 200
                break
            except urllib.error.URLError:
                threading.Event().wait(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_pins_are_those_of_the_tests():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for line in (APP / "requirements.in").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            assert f'"{line}"' in project
            assert f"{line} \\" in (APP / "requirements.txt").read_text(encoding="utf-8")
