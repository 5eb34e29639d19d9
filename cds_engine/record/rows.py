"""The rows of a store: one written in each transaction, read in their order.

This module and `databases` are the door to SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    insert,
    inspect,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from cds_engine.diagnostics import StoreError
from cds_engine.record.chain import Receipt, Row
from cds_engine.record.databases import Database

AT_ONCE = 50
"""Rows read in one go; an entry is about 100 kB."""

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

    def __init__(self, database: Database, *, create: bool) -> None:
        """Open the store in a database; with *create* an absent one is made.

        Raises:
            StoreError: If that is no store, or cannot be reached.
        """
        self._database = database
        self.shown = database.shown
        self._engine = database.connected(create=create)
        with self._faults("opened"), self._engine.begin() as connection:
            if inspect(connection).has_table(ENTRIES.name):
                return
            if not create:
                raise StoreError(f"`{self.shown}` holds no decisions")
            database.take_turn(connection)
            TABLES.create_all(connection)

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
            self._database.take_turn(connection)
            yield Turn(connection)

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
