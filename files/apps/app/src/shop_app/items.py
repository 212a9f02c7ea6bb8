"""Items in the database. A connection lives as long as its thread of the server, and is made anew when it broke."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pg8000.dbapi

from shop_app.settings import Credentials, Database

#: One run of the migrations at a time, of however many instances that start together. Any number that no one else uses.
MIGRATION_LOCK = 7_420_114


class Unavailable(Exception):
    """The database can't be reached or has refused the connection."""


class Items:
    """*find*: gives the database; *authenticate*: gives the credentials for a secret's ARN."""

    def __init__(
        self,
        find: Callable[[], Database],
        authenticate: Callable[[str], Credentials],
        certificate_authorities: str = "",
        timeout_seconds: float = 5,
    ):
        self._find, self._authenticate = find, authenticate
        self._certificate_authorities, self._timeout = certificate_authorities, timeout_seconds
        self._local = threading.local()

    def all(self) -> list[dict[str, Any]]:
        """Each item as {id, name, created_at (ISO 8601)}, newest first, at most 100."""
        rows = self._run("SELECT id, name, created_at FROM items ORDER BY id DESC LIMIT 100")
        return [_item(row) for row in rows]

    def add(self, name: str) -> dict[str, Any]:
        """The item that was made."""
        (row,) = self._run("INSERT INTO items (name) VALUES (%s) RETURNING id, name, created_at", (name,))
        return _item(row)

    def ready(self) -> None:
        """Raises Unavailable unless the database answers."""
        self._run("SELECT 1")

    def migrate(self, folder: Path) -> list[str]:
        """Apply the SQL files of *folder* that were not applied yet, in the order of their names, each whole or not at all.

        Gives the names of those applied. Raises Unavailable, and pg8000's errors for SQL that is wrong.
        """
        connection = self._connection()
        cursor = connection.cursor()
        applied = []
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
            cursor.execute("CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())")
            cursor.execute("SELECT name FROM migrations")
            done = {row[0] for row in cursor.fetchall()}
            connection.commit()
            for file in sorted(folder.glob("*.sql")):
                if file.name in done:
                    continue
                cursor.execute(file.read_text(encoding="utf-8"))
                cursor.execute("INSERT INTO migrations (name) VALUES (%s)", (file.name,))
                connection.commit()
                applied.append(file.name)
            return applied
        finally:
            # The lock belongs to the session: closing lets go of it, whatever happened.
            self._close()

    def _run(self, statement: str, values: Iterable[Any] = ()) -> list[tuple]:
        """Rows of *statement*, tried a second time on a new connection where the old one had died."""
        for attempt in (1, 2):
            fresh = getattr(self._local, "connection", None) is None
            connection = self._connection()
            try:
                cursor = connection.cursor()
                cursor.execute(statement, tuple(values))
                rows = list(cursor.fetchall())
                connection.commit()
                return rows
            except (pg8000.dbapi.InterfaceError, OSError) as error:
                self._close()
                # A statement whose connection broke under it may have been carried out: only a connection that had
                # been idle is worth a second try.
                if fresh or attempt == 2:
                    raise Unavailable(str(error)) from error
            except pg8000.dbapi.DatabaseError:
                with suppress(Exception):
                    connection.rollback()
                raise
        raise AssertionError("unreachable")

    def _connection(self) -> pg8000.dbapi.Connection:
        if getattr(self._local, "connection", None) is None:
            self._local.connection = self._connect()
        return self._local.connection

    def _connect(self) -> pg8000.dbapi.Connection:
        try:
            database = self._find()
            who = self._authenticate(database.secret_arn)
            return pg8000.dbapi.connect(
                user=who.user, password=who.password, host=database.host, port=database.port, database=database.name,
                timeout=self._timeout, ssl_context=self._ssl_context(), application_name="shop-app",
            )  # fmt: skip
        except Exception as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error

    def _ssl_context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self._certificate_authorities) if self._certificate_authorities else None

    def _close(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            with suppress(Exception):
                connection.close()


def _item(row: tuple) -> dict[str, Any]:
    return {"id": row[0], "name": row[1], "created_at": row[2].isoformat()}
