"""Where a table comes from: files, folders or memory; each cut into parts that are read one after the other."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch.duck import Duck, literal, quoted
from cds_engine.diagnostics import InputError

ROW = "__row"
"""The number of a row, among columns that may have any other name."""
PARQUET, CSV, NDJSON = (".parquet", ".pq"), (".csv", ".tsv", ".csv.gz"), (".ndjson", ".jsonl", ".ndjson.gz")


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table: the relation that has them, with their number in `__row`, and how many they are."""

    relation: str
    rows: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no row: where it stands, what stands there, and why it was not read."""

    line: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """A table, cut into parts."""

    columns: Mapping[str, str]
    parts: tuple[Part, ...]
    bad: tuple[Bad, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows can be read."""
        return sum(part.rows for part in self.parts)


def open_source(table: object, duck: Duck, part_rows: int, name: str = "input") -> Source:
    """Return the table that a path, several paths, or a frame in memory is.

    Raises:
        InputError: If there is no such file, or it is no table.
    """
    if not isinstance(table, str | Path | list | tuple):
        return _in_memory(table, duck, part_rows, name)
    files = [
        file for item in (table if isinstance(table, list | tuple) else [table]) for file in _files(Path(str(item)))
    ]
    kinds = {_kind(file) for file in files}
    if len(kinds) > 1:
        raise InputError("files of one table must be of one kind; these are " + " and ".join(sorted(kinds)))
    try:
        match kinds.pop():
            case "parquet":
                return _parquet(files, duck, part_rows)
            case "csv":
                return _csv(files, duck, part_rows, name)
            case _:
                return _ndjson(files, duck, part_rows, name)
    except duck.errors as error:
        first = str(error).splitlines()[0]
        raise InputError(f"`{files[0]}` cannot be read as a table: {first}") from None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.name.endswith((*PARQUET, *CSV, *NDJSON)))
    elif any(letter in str(path) for letter in "*?["):
        found = [Path(file) for file in sorted(glob.glob(str(path)))]  # noqa: PTH207 - a pattern as the user wrote it
    else:
        found = [path] if path.is_file() else []
    if not found:
        raise InputError(f"there is no table `{path}`; give a CSV, NDJSON or Parquet file, or a folder of them")
    return found


def _kind(file: Path) -> str:
    for kind, endings in (("parquet", PARQUET), ("csv", CSV), ("ndjson", NDJSON)):
        if file.name.endswith(endings):
            return kind
    raise InputError(f"`{file}` is no kind of table that is read; its name should end in .csv, .ndjson or .parquet")


def _parquet(files: Iterable[Path], duck: Duck, part_rows: int) -> Source:
    parts: list[Part] = []
    columns: dict[str, str] = {}
    start, read, listed = 0, "", ""
    for file in files:
        read = f"read_parquet({literal(str(file))}, file_row_number=true)"
        found = {name: kind for name, kind in duck.columns(read).items() if name != "file_row_number"}
        if columns and found != columns:
            raise InputError(f"the columns of `{file}` are not those of the files before it")
        columns = found
        rows = int(duck.one(f"SELECT sum(num_rows) FROM parquet_file_metadata({literal(str(file))})"))
        listed = ", ".join(quoted(name) for name in columns)
        for low in range(0, rows, part_rows):
            high = min(low + part_rows, rows)
            where = "" if high - low == rows else f" WHERE file_row_number >= {low} AND file_row_number < {high}"
            parts.append(Part(f"(SELECT file_row_number + {start} AS {ROW}, {listed} FROM {read}{where})", high - low))
        start += rows
    if not parts:  # an empty table has an empty answer
        parts.append(Part(f"(SELECT CAST(0 AS BIGINT) AS {ROW}, {listed} FROM {read} WHERE FALSE)", 0))
    return Source(columns, tuple(parts))


def _staged(relation: str, duck: Duck, part_rows: int, name: str, bad: tuple[Bad, ...] = ()) -> Source:
    """Keep a table that has no row numbers of its own, and cut it."""
    columns = duck.columns(relation)
    listed = ", ".join(f"{quoted(column)} AS c{index}" for index, column in enumerate(columns))
    duck.keep(f"staged_{name}", f"SELECT row_number() OVER () - 1 AS row_number, {listed} FROM {relation}")
    rows = int(duck.one(f"SELECT count(*) FROM staged_{name}"))
    back = ", ".join(f"c{index} AS {quoted(column)}" for index, column in enumerate(columns))
    return Source(
        columns,
        tuple(
            Part(
                f"(SELECT row_number AS {ROW}, {back} FROM staged_{name}"
                f" WHERE row_number >= {low} AND row_number < {low + part_rows})",
                min(part_rows, rows - low),
            )
            for low in range(0, max(rows, 1), part_rows)
        ),
        bad,
    )


def _csv(files: list[Path], duck: Duck, part_rows: int, name: str) -> Source:
    """Read every cell as text, so that nothing is taken for a number before its unit is known."""
    listed = ", ".join(literal(str(file)) for file in files)
    options = "header=true, all_varchar=true, store_rejects=true, union_by_name=false, strict_mode=true"
    source = _staged(f"read_csv([{listed}], {options})", duck, part_rows, name)
    found = duck.rows("SELECT line, csv_line, error_message FROM reject_errors ORDER BY line")
    bad = {line: Bad(int(line), str(text), str(reason).splitlines()[0]) for line, text, reason in found}
    return Source(source.columns, source.parts, tuple(bad.values()))


def _ndjson(files: list[Path], duck: Duck, part_rows: int, name: str) -> Source:
    listed = ", ".join(literal(str(file)) for file in files)
    options = "header=false, delim='\\x01', quote='', escape='', auto_detect=false"
    lines = f"read_csv([{listed}], columns={{'line': 'VARCHAR'}}, {options})"
    duck.keep("lines", f"SELECT row_number() OVER () AS number, line FROM {lines}")
    found = duck.rows(
        "SELECT number, line FROM lines"
        " WHERE trim(line) <> '' AND coalesce(json_type(try_cast(line AS JSON)), '') <> 'OBJECT'"
    )
    bad = tuple(Bad(int(number), str(line)[:400], "the line is no JSON object") for number, line in found)
    if not bad:
        return _staged(f"read_ndjson([{listed}], sample_size=-1, map_inference_threshold=-1)", duck, part_rows, name)
    raise InputError(
        f"line {bad[0].line} of `{files[0]}` is no JSON object (and {len(bad) - 1} more); mend or remove the line"
    )


def _in_memory(table: object, duck: Duck, part_rows: int, name: str) -> Source:
    """Read an Arrow, pandas or Polars table; a lazy Polars frame is collected first."""
    collect = getattr(table, "collect", None)
    frame = collect() if callable(collect) else table
    to_arrow = getattr(frame, "to_arrow", None)
    try:
        duck.register(f"frame_{name}", to_arrow() if callable(to_arrow) else frame)
    except duck.errors:
        raise InputError(
            f"a `{type(table).__name__}` is no table; give a path, or a table of Arrow, pandas or Polars"
        ) from None
    return _staged(f"frame_{name}", duck, part_rows, name)
