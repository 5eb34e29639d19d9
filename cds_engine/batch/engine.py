"""What an engine must do to answer a table: read Parquet, run the text, keep and return its rows, write them."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from cds_engine.diagnostics import InputError

ROW = "__row"
"""The number of a row, among columns that may have any other name."""
ROW_OF_FILE = "file_row_number"
"""The same, as DuckDB tells it of one file."""
Metadata = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table: the relation that has them, with their number in `__row`, and how many they are."""

    relation: str
    rows: int


class Engine(Protocol):
    """Runs the queries of one run; names of tables and views are its own.

    The text is the same for every engine: SQL that they have in common, and the functions of `numbers.PRELUDE_DUCKDB`,
    to which each brings the meaning.
    """

    looks_up: bool
    """Whether a text is looked up in a table of all that there are sooner than it is made up for every row."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What the library behind it raises."""

    def view(self, name: str, query: str) -> None:
        """Give a query a name, in place of what had it; tables and views that the query names stay what they are."""

    def keep(self, table: str, query: str) -> None:
        """Keep the rows of a query as a table, in place of one of that name."""

    def add(self, table: str, query: str) -> None:
        """Put the rows of a query into a table that was kept, whose columns it has in the same order."""

    def stage(self, name: str, query: str, never_null: Mapping[str, str] | None = None) -> None:
        """Give a query that is read as a whole a name: as a view or a table, whichever is answered sooner.

        Of its columns those in *never_null*, each with its SQL type, hold no NULL.
        """

    def counted(self, row: str) -> str:
        """Return the expression for the number of a row that is read now, for who watches how many are."""

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
        """Make a table of a few rows, with *columns* as name to SQL type."""

    def has(self, table: str) -> bool:
        """Say whether there is a table or view of this name."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    def records(self, query: str) -> list[dict[str, Any]]:
        """Return the rows of a query by column."""

    def one(self, query: str) -> Any:
        """Return the only value of a query."""

    def columns(self, relation: str) -> dict[str, str]:
        """Return the columns of a table or query with their types, as DuckDB calls them."""

    def parts(
        self, files: Sequence[Path], part_rows: int, name: str, *, in_folders: bool = False
    ) -> tuple[dict[str, str], tuple[Part, ...]]:
        """Return the columns of a table of Parquet files, and its rows in parts, numbered through all files.

        Where they lie *in folders* of somebody else, one called `name=value` says a column of all rows in it.

        Raises:
            InputError: If the files have columns that differ, or one that is called as the number of a row.
        """

    def write(self, query: str, path: Path, kind: str, metadata: Metadata) -> int:
        """Write the rows of a query and return how many; they have the name *path* when they are whole."""

    def about(self, rows: int) -> AbstractContextManager[None]:
        """Say for how many rows queries are meanwhile: what is only worth its while for many may be left out."""

    def close(self) -> None:
        """End the run."""


def check_columns(columns: Sequence[str], table: str) -> None:
    """Refuse names of columns that no query can tell apart: those of engines do not by their capitals.

    Raises:
        InputError: If two are the same, or one is that of the number of a row.
    """
    found: dict[str, str] = {}
    for name in columns:
        if name.lower() in {ROW, ROW_OF_FILE}:
            raise InputError(f"a column may not be called `{name}`; rename it in the table")
        if name.lower() in found:
            before = found[name.lower()]
            how = (
                "two columns `{0}`" if name == before else "the columns `{1}` and `{0}`, which differ in capitals only"
            )
            raise InputError(
                f"{table} has {how.format(name, before)}; rename one of them in the table, or leave it out"
            )
        found[name.lower()] = name


def quoted(name: str) -> str:
    """Return the name of a column as it is."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """Return a text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """Return the path of a file as a literal that is no pattern, whatever signs are in it."""
    return literal(glob.escape(str(path)))


ALONE = ", hive_partitioning=false"
"""An option of DuckDB: a file says its columns itself, whatever the folders around it are called."""
