"""The only door to DuckDB: tables in, queries run in memory, answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cds_engine.backends.sql.numbers import PRELUDE_DUCKDB
from cds_engine.diagnostics import InputError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

NEEDS = "tables need DuckDB; install `cds_engine[batch]`"


def library() -> ModuleType:
    """Return DuckDB.

    Raises:
        InputError: If it is not installed.
    """
    try:
        import duckdb  # noqa: PLC0415 - an extra, loaded when a table comes
    except ImportError:
        raise InputError(NEEDS) from None
    return duckdb


WORTHWHILE = frozenset(
    {"unused_columns", "column_lifetime", "filter_pushdown", "build_side_probe_side", "late_materialization"}
)
"""The optimizers that are left on. The text is layered so that nothing is computed twice; the others rearrange its
thousands of expressions for most of a second, or undo the layers."""


class Duck:
    """One connection, with the functions that the compiled text needs."""

    def __init__(self, *, threads: int | None = None, memory: str | None = None, folder: Path | None = None) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {}
        if threads is not None:
            settings["threads"] = threads
        if memory is not None:
            settings["memory_limit"] = memory
        if folder is not None:
            settings["temp_directory"] = str(folder)
        self._connection: duckdb.DuckDBPyConnection = library().connect(config=settings)
        self._connection.execute("SET enable_progress_bar = false")  # it would stand among the answers
        known = {row[0] for row in self._connection.execute("SELECT * FROM duckdb_optimizers()").fetchall()}
        self._connection.execute(f"SET disabled_optimizers = '{','.join(sorted(known - WORTHWHILE))}'")
        for statement in PRELUDE_DUCKDB:
            self._connection.execute(statement)

    @property
    def errors(self) -> type[Exception]:
        """What DuckDB raises."""
        found: type[Exception] = library().Error
        return found

    def run(self, query: str) -> None:
        """Run a statement."""
        self._connection.execute(query)

    def keep(self, table: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(query).fetchall()

    def records(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query by column."""
        found = self._connection.execute(query)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def one(self, query: str) -> Any:
        """Return the only value of a query."""
        return self.rows(query)[0][0]

    def columns(self, relation: str) -> dict[str, str]:
        """Return the columns of a table or query with their types."""
        return {str(row[0]): str(row[1]) for row in self.rows(f"DESCRIBE SELECT * FROM {relation}")}

    def batches(self, query: str) -> pa.RecordBatchReader:
        """Return the rows of a query in Arrow, batch by batch, as somebody takes them."""
        return self._connection.sql(query).to_arrow_reader()

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """Make a table of *rows*."""
        listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({listed})")
        if rows:
            holes = ", ".join("?" for _ in columns)
            self._connection.executemany(f"INSERT INTO {table} VALUES ({holes})", list(rows))

    def register(self, name: str, frame: object) -> None:
        """Let queries read a table that is in memory: Arrow, pandas or Polars."""
        self._connection.register(name, frame)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def quoted(name: str) -> str:
    """Return the name of a column as it is."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def names(columns: Iterable[str]) -> str:
    """Return columns, listed."""
    return ", ".join(columns)
