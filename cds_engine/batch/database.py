"""The only door to PostgreSQL: a table or query in, answers out as a new table, all of it or nothing.

An address is a connection of libpq with the table after `#`: `postgresql://host/clinic#patients`. A query stands in its
place: `postgresql://host/clinic#select * from patients where ward = 7`. Passwords come from where libpq looks for them
(`PGPASSWORD`, `~/.pgpass`), or stand in the address; no message repeats them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

from cds_engine.diagnostics import BackendFault, CdsError, InputError

if TYPE_CHECKING:
    import pyarrow as pa

NEEDS = "a database needs its driver; install `cds_engine[postgres]`"
SCHEMES = ("postgresql://", "postgres://")
QUERIES = ("select ", "with ", "table ", "values ")
PASSWORD = re.compile(r"(://[^:/?@]*):(?:(?!\d*(?:[/?,]|$)).*|[^?]*)@")
"""From the colon behind the user to the last `@`, whatever the password holds; a host with its port has none."""
PARAMETER = re.compile(r"((?:ssl)?password=).*", re.IGNORECASE)
"""All that follows: a password may hold whatever ends a parameter."""
UNSPOKEN = (
    "its own words may repeat the password of the address and are left out;"
    " give the password in `PGPASSWORD` or `~/.pgpass` to see them"
)
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9$]*(\.[A-Za-z_][A-Za-z_0-9$]*)?")
ROWS_AT_ONCE = 1 << 24
"""Bytes of rows that the driver hands over at once."""


def is_address(text: object) -> bool:
    """Say whether a text is meant as the address of a table in a database."""
    return str(text).startswith(SCHEMES)


@dataclass(frozen=True, slots=True)
class Address:
    """A table, or a query, of a database; as text without its password."""

    connection: str
    table: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Read an address.

        Raises:
            InputError: If it names no table, or none can be told from a password.
        """
        connection, _, table = text.partition("#")
        if not table.strip():
            raise InputError(f"`{masked(connection)}` names no table; say which after `#`, such as `#patients`")
        found = cls(connection, table.strip())
        if not found.is_query and set("@#") & set(table):
            raise InputError(
                "the table of a database has a `@` or `#` in its name; a password has them as `%40` and `%23`,"
                " and such a table is read by a query"
            )
        return found

    def __str__(self) -> str:
        return f"{masked(self.connection)}#{self.table}"

    @property
    def is_query(self) -> bool:
        """Whether it is a query and no table."""
        return self.table.lower().startswith(QUERIES)

    @property
    def name(self) -> str:
        """The name of the table, without its schema."""
        return self.table.rpartition(".")[2]

    def beside(self, suffix: str) -> Address:
        """Return the table beside this one."""
        return Address(self.connection, f"{self.table}_{suffix}")


def masked(text: str) -> str:
    """Return the address of a database without the password in it.

    >>> masked("postgresql://ann:secret@host/clinic")
    'postgresql://ann:***@host/clinic'
    """
    return PASSWORD.sub(r"\1:***@", PARAMETER.sub(r"\1***", text))


@contextmanager
def reading(address: Address) -> Iterator[pa.RecordBatchReader]:
    """Lend the rows of a table or query, batch by batch.

    Raises:
        InputError: If the database cannot be reached, or there is no such table.
    """
    query = address.table if address.is_query else f"SELECT * FROM {_quoted(address.table)}"
    with _connected(address) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(ROWS_AT_ONCE)})
        cursor.execute(query)
        with cursor.fetch_record_batch() as reader:
            yield reader


def check_is_new(address: Address) -> None:
    """See to it that a table can be written and is not there yet.

    Raises:
        InputError: If it is there, its name is none, or the database cannot be reached.
    """
    if address.is_query or not NAME.fullmatch(address.table):
        raise InputError(f"`{address.table}` is no name of a new table; use letters, digits and `_`")
    with _connected(address) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass($1) IS NOT NULL", (_quoted(address.table),))
        found = cursor.fetchone()
        if found is not None and found[0]:
            raise InputError(f"there is a table `{address.table}` already; drop it, or name another")


@contextmanager
def writing(address: Address) -> Iterator[Writer]:
    """Lend a writer of new tables; they are there when all is written, and none of them after an error.

    Raises:
        BackendFault: If the database cannot be reached any more, or refuses.
    """
    with _connected(address, BackendFault) as connection:
        yield Writer(connection)
        connection.commit()


class Writer:
    """Writes new tables in one transaction."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def write(self, address: Address, rows: pa.RecordBatchReader, metadata: Mapping[str, str]) -> int:
        """Write *rows* as a table, with *metadata* as its comment in JSON, and return how many the database took."""
        schema, _, table = address.table.rpartition(".")
        comment = json.dumps(dict(metadata), ensure_ascii=False).replace("'", "''")
        with self._connection.cursor() as cursor:
            taken = cursor.adbc_ingest(table, rows, mode="create", **({"db_schema_name": schema} if schema else {}))
            cursor.execute(f"COMMENT ON TABLE {_quoted(address.table)} IS E'{comment.replace(chr(92), chr(92) * 2)}'")
        return int(taken)


def _quoted(table: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


@contextmanager
def _connected(address: Address, refusal: type[CdsError] = InputError) -> Iterator[Any]:
    driver, is_reached = _driver(), False
    try:
        with driver.connect(address.connection) as connection:
            is_reached = True
            yield connection
    except driver.Error as error:
        said = re.sub(r"^\w+: (\[libpq\] )?", "", str(error).splitlines()[0])
        if not is_reached and masked(address.connection) != address.connection:
            said = UNSPOKEN
        raise refusal(f"the database `{address}` refuses: {said}") from None


def _driver() -> ModuleType:
    try:
        import adbc_driver_postgresql.dbapi as driver  # noqa: PLC0415 - an extra, loaded when a database comes
    except ImportError:
        raise InputError(NEEDS) from None
    found: ModuleType = driver
    return found
