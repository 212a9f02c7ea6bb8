"""A PostgreSQL server of Debian's for tests, in a folder of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.packages import needed

USER, PASSWORD = "refarch", "not-a-secret"


@dataclass(frozen=True)
class Postgres:
    """Where it listens; superuser and password are C(USER) and C(PASSWORD). certificate: PEM file that vouches for the server."""

    port: int
    certificate: Path


def installed() -> Path:
    """The folder of Debian's newest PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return needed(found[-1].parent if found else None, "postgresql")


@contextmanager
def postgres(*names: str) -> Iterator[Postgres]:
    """A server with TLS for the time of the context. *names*: for which its certificate is good besides localhost."""
    folder = Path(tempfile.mkdtemp(prefix="refarch-postgres-"))
    as_root = os.geteuid() == 0
    user = {"user": "postgres"} if as_root else {}  # the server refuses to be root
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        certificate = folder / "server.crt"
        alternatives = ",".join(f"DNS:{name}" for name in ("localhost", *names))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", f"subjectAltName={alternatives}", "-keyout", str(folder / "server.key"), "-out", str(certificate)],
            check=True, capture_output=True,
        )  # fmt: skip
        if as_root:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, "postgres", "postgres")
        (folder / "server.key").chmod(0o600)
        data = folder / "data"

        def run(*command: object) -> None:
            # No pipe: the server would keep it open for as long as it runs.
            subprocess.run(list(map(str, command)), check=True, cwd=folder, stdout=subprocess.DEVNULL, **user)

        binaries = installed()
        run(binaries / "initdb", "-D", data, "-U", USER, f"--pwfile={secret}", "-A", "scram-sha-256", "--no-sync")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c ssl=on "
            f"-c ssl_cert_file={certificate} -c ssl_key_file={folder / 'server.key'}"
        )
        control = (binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w")
        run(*control, "-o", options, "start")
        try:
            yield Postgres(port, certificate)
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)
