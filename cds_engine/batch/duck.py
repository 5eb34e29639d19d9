"""The only door to DuckDB: tables in, queries run in memory, answers out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cds_engine.backends.sql.numbers import PRELUDE_DUCKDB
from cds_engine.batch.cut import check_folders, cut
from cds_engine.batch.engine import ALONE, Metadata, Part, check_columns, literal, path_literal
from cds_engine.batch.faults import in_our_words
from cds_engine.batch.parquet_names import columns_in
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


WRITTEN = "a file"
"""What is running while rows are written."""
AT_ONCE = 100
"""Rows that go into a table by one statement: a statement a row takes several times as long."""


class Duck:
    """One connection, with the functions that the compiled text needs."""

    looks_up = True

    def __init__(self, *, threads: int | None = None, memory: str | None = None, folder: Path | None = None) -> None:
        settings: dict[str, str | bool | int | float | list[str]] = {}
        if threads is not None:
            settings["threads"] = threads
        if memory is not None:
            settings["memory_limit"] = memory
        if folder is not None:
            settings["temp_directory"] = str(folder)
        self._connection: duckdb.DuckDBPyConnection = library().connect(config=settings)
        self._connection.execute("SET pandas_analyze_sample = 1000000000")  # all of it: a text may come last
        self._connection.execute("SET enable_progress_bar = false")  # it would stand among the answers
        self._runs = ""
        """The table that is being kept, or what is `WRITTEN`."""
        self._is_watched = False
        self.rows_read = 0
        """Rows whose answer was begun with since somebody set this to 0, if anybody watches."""
        known = {row[0] for row in self._connection.execute("SELECT * FROM duckdb_optimizers()").fetchall()}
        self._connection.execute(f"SET disabled_optimizers = '{','.join(sorted(known - WORTHWHILE))}'")
        for statement in PRELUDE_DUCKDB:
            self._connection.execute(statement)

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What DuckDB raises."""
        return (library().Error,)

    def watch(self) -> None:
        """Count what is done of a query, for `running`, and the rows that go into an answer, in `rows_read`.

        Of the files that it reads DuckDB tells nothing before it is through with them.
        """
        from duckdb.func import ARROW  # noqa: PLC0415 - an extra, loaded when a table comes

        def count(rows: Any) -> Any:  # of Arrow; DuckDB reads what is written here
            self.rows_read += len(rows)
            return rows

        self._connection.create_function("cds_counted", count, ["BIGINT"], "BIGINT", type=ARROW)
        self._connection.execute("SET enable_progress_bar_print = false")
        self._connection.execute("SET enable_progress_bar = true")
        self._is_watched = True

    def counted(self, row: str) -> str:
        """Return the number of a row, which is counted when it is read where somebody watches."""
        return f"cds_counted({row})" if self._is_watched else row

    def running(self) -> tuple[str, float]:
        """Return which table is being kept (or `WRITTEN`), and about which share of it is done; asked by any thread."""
        runs = self._runs
        try:
            return runs, max(0.0, self._connection.query_progress()) / 100
        except self.errors:  # it was closed since
            return "", 0.0

    def run(self, query: str) -> None:
        """Run a statement."""
        self._connection.execute(query)

    def view(self, name: str, query: str) -> None:
        """Give a query a name, in place of what had it."""
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")

    def stage(self, name: str, query: str, never_null: Mapping[str, str] | None = None) -> None:  # noqa: ARG002 - it sees that itself
        """Give a query a name: what reads it computes no more of it than it needs."""
        self.view(name, query)

    def keep(self, table: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""
        self._runs = table
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
        self._runs = ""

    def add(self, table: str, query: str) -> None:
        """Put the rows of a query into a table that was kept: one table is read by all threads, a union by one."""
        self._connection.execute(f"INSERT INTO {table} {query}")

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
        hole = f"({', '.join('?' for _ in columns)})"
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            cells = [cell for row in some for cell in row]
            self._connection.execute(f"INSERT INTO {table} VALUES {', '.join(hole for _ in some)}", cells)

    def has(self, table: str) -> bool:
        """Say whether there is a table of this name."""
        return bool(self.rows(f"SELECT 1 FROM duckdb_tables() WHERE table_name = {literal(table)}"))

    def parts(
        self,
        files: Sequence[Path],
        part_rows: int,
        name: str,  # noqa: ARG002 - DuckDB reads files where they are
        *,
        in_folders: bool = False,
    ) -> tuple[dict[str, str], tuple[Part, ...]]:
        """Return the columns of a table of Parquet files, and its rows in parts, numbered through all files.

        Where they lie *in folders* of somebody else, one called `name=value` says a column of all rows in it.

        Raises:
            InputError: If the files have columns that differ, or one that is called as the number of a row.
        """
        columns: dict[str, str] = {}
        sizes: list[tuple[Path, int]] = []
        for file in files:
            found, rows = self._parquet_file(file, in_folders=in_folders)
            if columns and found != columns:
                raise InputError(f"the columns of `{file}` are not those of the files before it")
            columns = found
            sizes.append((file.absolute(), rows))  # so that other processes find it, too
        return columns, cut(sizes, [*columns], part_rows, in_folders=in_folders)

    def rows_in(self, files: Iterable[Path]) -> int:
        """Return how many rows files of Parquet have, as these say themselves."""
        listed = ", ".join(map(path_literal, files))
        if not listed:
            return 0
        return int(self.one(f"SELECT coalesce(sum(num_rows), 0) FROM parquet_file_metadata([{listed}])"))

    def _parquet_file(self, file: Path, *, in_folders: bool) -> tuple[dict[str, str], int]:
        """Return the columns of a file with their types, and how many rows it has.

        Raises:
            InputError: If it cannot be read, or has names that no query can tell apart, or that a folder has as well.
        """
        named = path_literal(file)
        try:
            schema = self.rows(f"SELECT name, coalesce(num_children, 0) FROM parquet_schema({named})")
            own = columns_in(schema)
            check_columns(own, f"`{file}`")
            if in_folders:
                check_folders(file, own)
            return self.columns(f"read_parquet({named}{'' if in_folders else ALONE})"), self.rows_in([file])
        except self.errors as error:
            raise InputError(in_our_words(error)) from None

    def write(self, query: str, path: Path, kind: str, metadata: Metadata) -> int:
        """Write the rows of a query under a name that they have when they are whole, and return how many."""
        begun = path.with_suffix(".tmp")
        self._runs = WRITTEN
        rows = int(self.one(f"COPY ({query}) TO {literal(str(begun))} (FORMAT {kind}{_options(kind, metadata)})"))
        self._runs = ""
        begun.replace(path)
        return rows

    @contextmanager
    def in_any_order(self) -> Iterator[None]:
        """Let rows be written in another order than they are read: where memory is short, in a third of the time."""
        self._connection.execute("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            self._connection.execute("RESET preserve_insertion_order")

    @contextmanager
    def about(self, rows: int) -> Iterator[None]:  # noqa: ARG002 - few rows are answered as many are
        """Say for how many rows queries are meanwhile."""
        yield

    def register(self, name: str, frame: object) -> None:
        """Let queries read a table that is in memory: Arrow, pandas or Polars."""
        self._connection.register(name, frame)

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _options(kind: str, metadata: Metadata) -> str:
    listed = ", ".join(f"{key}: {literal(value)}" for key, value in metadata.items())
    parquet = f", COMPRESSION zstd, COMPRESSION_LEVEL 1, KV_METADATA {{{listed}}}"
    return {"PARQUET": parquet, "CSV": ", HEADER", "JSON": ""}[kind]
