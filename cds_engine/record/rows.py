"""The rows of a store in SQLite or PostgreSQL: the only door to SQLAlchemy.

A row is written in a transaction of its own that is on the disk before it is acknowledged, and by one writer at a
time, whatever number of threads and processes write.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from cds_engine.diagnostics import StoreError
from cds_engine.record.chain import Receipt, Row

PATIENCE_SECONDS = 30
"""So long a writer waits for its turn."""
AT_ONCE = 50
"""Rows read in one go; an entry is about 100 kB."""
TURN = 0x6364735F656E6769
"""The advisory lock that writers of one PostgreSQL database take in turn."""

TABLES = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")
ENTRIES = Table(
    "cds_entries",
    TABLES,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("about", NUMBER, ForeignKey("cds_entries.number"), index=True),
    Column("body", Text, nullable=False),
    Column("previous", String(71), nullable=False, unique=True),  # so the chain cannot fork, whoever writes
    Column("hash", String(71), nullable=False),
)
NAMES = Table(
    "cds_names",
    TABLES,
    Column("name", Text, primary_key=True),
    Column("number", NUMBER, ForeignKey("cds_entries.number"), nullable=False, index=True),
)


class Rows:
    """The rows of one store; safe to share between threads."""

    def __init__(self, place: str, *, create: bool) -> None:
        """Open the store at *place*, a file or the address of a database.

        Raises:
            StoreError: If that is no store, or cannot be reached; with *create* an absent one is made.
        """
        self._url = _url(place)
        is_file = self._is_sqlite
        self.shown = str(self._url.database) if is_file else self._url.render_as_string(hide_password=True)
        if self._is_sqlite:
            self._prepare_file(create=create)
        self._engine = self._connected()
        with self._faults("opened"), self._engine.begin() as connection:
            if inspect(connection).has_table(ENTRIES.name):
                return
            if not create:
                raise StoreError(f"`{self.shown}` holds no decisions")
            self._take_turn(connection)
            TABLES.create_all(connection)

    @property
    def _is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    def _prepare_file(self, *, create: bool) -> None:
        """Make an absent file readable by its owner alone: it will hold patients."""
        path = Path(str(self._url.database))
        try:
            if create:
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            elif not path.is_file():
                raise StoreError(f"there is no store `{path}`")
        except OSError as error:
            raise StoreError(f"the store `{path}` cannot be opened: {(error.strerror or str(error)).lower()}") from None

    def _connected(self) -> Engine:
        try:
            if self._is_sqlite:
                engine = create_engine(self._url, hide_parameters=True, connect_args={"timeout": PATIENCE_SECONDS})
                event.listen(engine, "connect", _durable)
                return engine
            return create_engine(self._url, hide_parameters=True, isolation_level="READ COMMITTED")
        except ModuleNotFoundError:
            raise StoreError("PostgreSQL needs its driver; `pip install 'cds_engine[postgres]'` brings it") from None

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    # Writing

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Wait for the turn to write; what is added is on the disk when the block ends, and nowhere if it raises.

        Raises:
            StoreError: If the database does not take it, or the turn does not come.
        """
        with self._faults("written"), self._engine.begin() as connection:
            self._take_turn(connection)
            yield Turn(connection)

    def _take_turn(self, connection: Connection) -> None:
        if self._is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_SECONDS}s'")
            connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
            connection.execute(select(func.pg_advisory_xact_lock(TURN)))

    # Reading

    def read(self, first: int, about: int | None = None) -> Iterator[Row]:
        """Return the rows from number *first* on, in order; only those *about* one decision, if it is given."""
        wanted = select(ENTRIES).order_by(ENTRIES.c.number).limit(AT_ONCE)
        if about is not None:
            wanted = wanted.where(ENTRIES.c.about == about)
        while True:
            with self._faults("read"), self._engine.connect() as connection:
                found = [Row(*row) for row in connection.execute(wanted.where(ENTRIES.c.number >= first))]
            yield from found
            if len(found) < AT_ONCE:
                return
            first = found[-1].number + 1

    def number_of(self, name: str) -> int | None:
        """Return the number of the decision that goes by *name*."""
        with self._faults("read"), self._engine.connect() as connection:
            return connection.scalar(select(NAMES.c.number).where(NAMES.c.name == name))

    def names(self) -> Mapping[int, list[str]]:
        """Return all names, by the decision that goes by them."""
        found: dict[int, list[str]] = {}
        with self._faults("read"), self._engine.connect() as connection:
            for name, number in connection.execute(select(NAMES)):
                found.setdefault(number, []).append(name)
        return found

    @contextmanager
    def _faults(self, done: str) -> Iterator[None]:
        """Turn what the database complains of into one sentence, without the values it was given."""
        try:
            yield
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise StoreError(f"the store `{self.shown}` cannot be {done}: {said}") from None


class Turn:
    """The turn of one writer, inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> Receipt | None:
        """Return the receipt of the last entry, None in an empty store."""
        wanted = select(ENTRIES.c.number, ENTRIES.c.hash).order_by(ENTRIES.c.number.desc()).limit(1)
        found = self._connection.execute(wanted).first()
        return None if found is None else Receipt(found.number, found.hash)

    def is_taken(self, name: str) -> bool:
        """Say whether a decision goes by *name*."""
        return self._connection.scalar(select(NAMES.c.number).where(NAMES.c.name == name)) is not None

    def add(self, row: Row, names: Iterable[str]) -> None:
        """Add a row."""
        self._connection.execute(insert(ENTRIES).values(row._asdict()))
        for name in names:
            self._connection.execute(insert(NAMES).values(name=name, number=row.number))


def _durable(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite put every transaction on the disk before it says so, and leave beginning one to us.

    The write-ahead log needs one wait for the disk where a rollback journal needs three, and lets readers read on.
    """
    connection.isolation_level = None
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {setting}")


def _url(place: str) -> URL:
    """Return the address of a store; a text without `://` is a file."""
    try:
        url = make_url(place) if "://" in place else URL.create("sqlite", database=place)
        kind = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError):
        raise StoreError(f"`{place}` is no store; name a file, or a database as `postgresql://...`") from None
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("a store in memory would be lost; name a file")
        return url.set(drivername="sqlite")
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"a store is a file or a PostgreSQL database, not `{kind}`")
