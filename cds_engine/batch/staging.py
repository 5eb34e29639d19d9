"""Tables that cannot be read in parts as they are, written as Parquet once: rows have numbers then.

Lines that are no rows are put aside, each with its place and the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from cds_engine.batch import database, spark_session
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ALONE, check_columns, literal, path_literal, quoted
from cds_engine.batch.frames import frame_of
from cds_engine.diagnostics import InputError

LONGEST = 400
"""Characters that are shown of a line that is no row."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no row: where it stands (from 1, the first line included), what it says, why it was not read."""

    file: str
    line: int
    value: str
    reason: str


RECORD = "__record"
"""The column of a record that is no row, among columns that may have any other name."""


class Told(NamedTuple):
    """The record of one patient."""

    patient: str
    record: str | None
    """As text, where it is no row."""
    cells: Mapping[str, object] = MappingProxyType({})
    """As a row: by column, what it says."""


def write_table(relation: str, into: Path, duck: Duck) -> None:
    """Write a relation as Parquet."""
    duck.run(f"COPY (SELECT * FROM {relation}) TO {literal(str(into))} (FORMAT PARQUET, COMPRESSION snappy)")


def write_database(address: str, into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write a table or query of a database, batch by batch.

    Raises:
        InputError: If it cannot be read.
    """
    with database.reading(database.Address.of(address)) as rows:
        check_columns(rows.schema.names, "the query")
        duck.register("rows_of_database", rows)
        write_table("rows_of_database", into, duck)
    return ()


def write_frame(table: object, into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write a table in memory.

    Raises:
        InputError: If it is no table.
    """
    duck.register("frame", frame_of(table, duck))
    write_table("frame", into, duck)
    return ()


def write_dataframe(table: object, into: Path) -> tuple[Bad, ...]:
    """Write a DataFrame of Spark, by its own session: a folder of files. From then on a row has one place for good."""
    spark_session.write_parquet(table, into)
    return ()


def write_records(records: Iterable[Told | Bad], columns: Mapping[str, str], into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write records, one a patient: as rows of *columns* (name to type), or in a column of their own."""
    bad: list[Bad] = []
    every = {"patient": "VARCHAR", RECORD: "VARCHAR", **columns}
    keep_rows(duck, "records", every, _rows_of(records, bad), into.parent)
    write_table("records", into, duck)
    return tuple(bad)


def compare(columns: Mapping[str, str], found: Mapping[str, str], file: Path) -> None:
    """Refuse a file whose columns are not those of the files before it; their order does not matter."""
    if columns and found != columns:
        raise InputError(f"the columns of `{file}` are not those of the files before it")


def _rows_of(records: Iterable[Told | Bad], bad: list[Bad]) -> Iterator[Mapping[str, object]]:
    """Yield records as rows, and put aside what is none."""
    for found in records:
        if isinstance(found, Bad):
            bad.append(found)
        else:
            yield {"patient": found.patient, RECORD: found.record, **found.cells}


def keep_rows(
    duck: Duck, table: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, object]], scratch: Path
) -> None:
    """Keep *rows* as a table of these *columns* (name to type), by way of a file: one by one takes far longer."""
    file = scratch / f"{table}.ndjson"
    with file.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    listed = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in columns.items())
    size = max(1 << 24, file.stat().st_size)
    duck.keep(
        table,
        f"SELECT * FROM read_ndjson({path_literal(file)}, columns={{{listed}}}, maximum_object_size={size}{ALONE})",
    )
    file.unlink()
