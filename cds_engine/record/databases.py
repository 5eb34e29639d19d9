"""Where a store may be, a file of SQLite or a database of PostgreSQL, and what is particular to each.

Both put a transaction on the disk before they say that it is done, and let one writer in at a time.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from cds_engine.diagnostics import StoreError

PATIENCE_SECONDS = 30
"""So long a writer waits for its turn."""
TURN = 0x6364735F656E6769
"""The advisory lock that the writers of one PostgreSQL database take in turn."""


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """A store in a file."""

    url: URL

    @property
    def shown(self) -> str:
        """The path, as people may see it."""
        return str(self.url.database)

    def connected(self, *, create: bool) -> Engine:
        """Return the way into the file; with *create* an absent one is made, readable by its owner alone.

        Raises:
            StoreError: If there is none, or it may not be made.
        """
        path = Path(self.shown)
        try:
            if create:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            elif not path.is_file():
                raise StoreError(f"there is no store `{path}`")
        except OSError as error:
            raise StoreError(f"the store `{path}` cannot be opened: {(error.strerror or str(error)).lower()}") from None
        engine = create_engine(self.url, hide_parameters=True, connect_args={"timeout": PATIENCE_SECONDS})
        event.listen(engine, "connect", _durable)
        return engine

    def take_turn(self, connection: Connection) -> None:
        """Begin a transaction that no other writer can begin beside."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _durable(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite wait for the disk, and leave beginning a transaction to us.

    The write-ahead log needs one wait where a rollback journal needs three, and lets readers read on.
    """
    connection.isolation_level = None
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")


@dataclass(frozen=True, slots=True)
class PostgresDatabase:
    """A store in a database of a PostgreSQL server."""

    url: URL

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def connected(self, *, create: bool) -> Engine:
        """Return the way into the database, which must be there.

        Raises:
            StoreError: If the driver is not installed.
        """
        del create
        try:
            return create_engine(
                self.url.set(drivername="postgresql+psycopg"), hide_parameters=True, isolation_level="READ COMMITTED"
            )
        except ModuleNotFoundError:
            raise StoreError("PostgreSQL needs its driver; `pip install 'cds_engine[postgres]'` brings it") from None

    def take_turn(self, connection: Connection) -> None:
        """Wait in the transaction for its turn; it is on the disk when it is done, whatever the server's default."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({TURN})")


Database = SqliteFile | PostgresDatabase


def database_at(place: str) -> Database:
    """Return the database of a store: a text without `://` is a file.

    Raises:
        StoreError: If it is neither a file nor a database of PostgreSQL.
    """
    try:
        url = make_url(place) if "://" in place else URL.create("sqlite", database=place)
    except ArgumentError:
        raise StoreError(f"`{place}` is no store; name a file, or a database as `postgresql://...`") from None
    match url.drivername.partition("+")[0]:
        case "sqlite" if url.database and url.database != ":memory:":
            return SqliteFile(url)
        case "sqlite":
            raise StoreError("a store in memory would be lost; name a file")
        case "postgresql" | "postgres":
            return PostgresDatabase(url)
        case kind:
            raise StoreError(f"a store is a file or a PostgreSQL database, not `{kind}`")
