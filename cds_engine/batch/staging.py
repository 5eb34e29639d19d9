"""Tables that cannot be read in parts as they are, written as Parquet once: rows have numbers then.

Lines that are no rows are put aside, each with its place and the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from cds_engine.batch import database, spark_session
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import literal, quoted
from cds_engine.diagnostics import InputError

LONGEST = 400
"""Characters that are shown of a line that is no row."""


GUESSED = re.compile(r"\b(?:DATE|TIME(?:STAMP(?:_\w+)?)?(?: WITH TIME ZONE)?|UUID)(?=[\[,)]|$)")
"""Types that JSON does not have: where a column gets one, texts would be rewritten (`03-04-10` as a day of 2003)."""


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


def write_csv(files: list[Path], into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write every cell as text, so that nothing is taken for a number before its unit is known."""
    options = "header=true, all_varchar=true, store_rejects=true, strict_mode=true"
    columns: dict[str, str] = {}
    for file in files:
        found = duck.columns(f"read_csv({literal(str(file))}, {options})")
        compare(columns, found, file)
        columns = found
    listed = ", ".join(map(quoted, columns))
    each = [f"SELECT {listed} FROM read_csv({literal(str(file))}, {options})" for file in files]
    write_table(f"({' UNION ALL '.join(each)})", into, duck)
    return _rejected(duck)


def write_ndjson(files: list[Path], into: Path, duck: Duck) -> tuple[Bad, ...]:
    """Write the lines that are JSON objects; a column of which the lines disagree on the type is one of texts.

    A text stays the text that it is, also where it looks like a day or like an id of another kind.
    """
    options = "header=false, delim='\\x01', quote='', escape='', auto_detect=false, store_rejects=true"
    clean, bad = into.with_suffix(".ndjson"), list[Bad]()
    parts: list[Path] = []
    for file in files:
        lines = f"read_csv({literal(str(file))}, columns={{'line': 'VARCHAR'}}, {options})"
        duck.keep("lines", f"SELECT row_number() OVER () AS number, line FROM {lines}")
        is_object = "coalesce(json_type(try_cast(line AS JSON)), '') = 'OBJECT'"
        found = duck.rows(f"SELECT number, line FROM lines WHERE trim(line) <> '' AND NOT ({is_object})")
        bad += [Bad(str(file), int(n), str(line)[:LONGEST], "the line is no JSON object") for n, line in found]
        part = clean.with_suffix(f".{len(parts)}.ndjson")
        duck.run(
            f"COPY (SELECT line FROM lines WHERE {is_object} ORDER BY number) TO {literal(str(part))}"
            " (FORMAT CSV, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\x01')"
        )
        parts.append(part)
    bad += _rejected(duck)
    listed = ", ".join(literal(str(part)) for part in parts)
    read = f"read_ndjson([{listed}], sample_size=-1, map_inference_threshold=-1, union_by_name=true)"
    columns = {
        # texts in one line and objects in another: each stays as it was sent
        name: "JSON" if "JSON" in kind else GUESSED.sub("VARCHAR", kind)
        for name, kind in duck.columns(read).items()
    }
    if columns:
        typed = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in columns.items())
        read = f"read_ndjson([{listed}], columns={{{typed}}})"
    as_text = ", ".join(f"{quoted(c)} ->> '$' AS {quoted(c)}" for c, kind in columns.items() if kind == "JSON")
    write_table(f"(SELECT *{f' REPLACE ({as_text})' if as_text else ''} FROM {read})", into, duck)
    for part in parts:
        part.unlink()
    return tuple(sorted(bad, key=lambda found: (found.file, found.line)))


def _rejected(duck: Duck) -> tuple[Bad, ...]:
    """Return the lines that the reader of CSV could not read since it was asked last, each once."""
    found = duck.rows(
        "SELECT DISTINCT ON (file_path, line) file_path, line, csv_line, error_message"
        " FROM reject_errors JOIN reject_scans USING (scan_id, file_id) ORDER BY file_path, line"
    )
    for table in ("reject_errors", "reject_scans"):
        duck.run(f"DROP TABLE {table}")
    return tuple(
        Bad(str(file), int(line), str(text).strip("\r\n")[:LONGEST], str(reason).splitlines()[0])
        for file, line, text, reason in found
    )


def compare(columns: Mapping[str, str], found: Mapping[str, str], file: Path) -> None:
    """Refuse a file whose columns are not those of the files before it; their order does not matter."""
    if columns and found != columns:
        raise InputError(f"the columns of `{file}` are not those of the files before it")


def frame_of(table: object, duck: Duck) -> object:
    """Return a table in memory as the engine takes it; a lazy one is collected.

    Raises:
        InputError: If it is no table.
    """
    collect = getattr(table, "collect", None)
    frame = collect() if callable(collect) else table
    to_arrow = getattr(frame, "to_arrow", None)
    frame = to_arrow() if callable(to_arrow) else frame
    try:
        duck.register("frame_tried", frame)
    except duck.errors:
        raise InputError(
            f"a `{type(table).__name__}` is no table; give a path, or a table of Arrow, pandas or Polars"
        ) from None
    return frame


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
        table, f"SELECT * FROM read_ndjson({literal(str(file))}, columns={{{listed}}}, maximum_object_size={size})"
    )
    file.unlink()
