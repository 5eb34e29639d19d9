"""Where a table comes from: files, folders, memory or a database; each cut into parts, read one after the other.

What is no Parquet is first written as Parquet into the scratch folder: its rows have numbers then, and a part is read
without reading what stands before it.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from cds_engine.batch import database
from cds_engine.batch.duck import Duck, literal, quoted
from cds_engine.diagnostics import InputError

ROW = "__row"
"""The number of a row, among columns that may have any other name."""
PARQUET, CSV, NDJSON = (".parquet", ".pq"), (".csv", ".tsv", ".csv.gz"), (".ndjson", ".jsonl", ".ndjson.gz")
LONGEST = 400
"""Characters that are shown of a line that is no row."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a table: the relation that has them, with their number in `__row`, and how many they are."""

    relation: str
    rows: int


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no row: where it stands (from 1, the first line included), what it says, why it was not read."""

    file: str
    line: int
    value: str
    reason: str


class Told(NamedTuple):
    """The record of one patient that is no row, as text."""

    patient: str
    record: str


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


@dataclass(frozen=True, slots=True)
class Scratch:
    """Where tables are written that cannot be read in parts as they are; what was written there once is not again."""

    folder: Path
    duck: Duck

    def open(self, table: object, part_rows: int, name: str = "input") -> Source:
        """Return the table that a path, several paths, the address of a database or a frame in memory is.

        Raises:
            InputError: If there is no such table, or it is none.
        """
        staged, remarks = self.folder / f"{name}.parquet", self.folder / f"{name}.bad.json"
        if staged.exists():
            return _parquet([staged], self.duck, part_rows, _read_bad(remarks))
        if is_files(table):
            files = _files_of(table)
            kind = _kind_of(files)
            try:
                if kind == "parquet":
                    return _parquet(files, self.duck, part_rows)
                bad = _stage_csv(files, staged, self.duck) if kind == "csv" else _stage_ndjson(files, staged, self.duck)
            except self.duck.errors as error:
                first = str(error).splitlines()[0]
                raise InputError(f"`{files[0]}` cannot be read as a table: {first}") from None
        else:
            bad = ()
            self._stage_frame(table, staged, name)
        _write_bad(bad, remarks)
        return _parquet([staged], self.duck, part_rows, bad)

    def open_records(self, records: Iterable[Told | Bad], part_rows: int) -> Source:
        """Return records as the rows of a table, one a patient."""
        staged, remarks = self.folder / "input.parquet", self.folder / "input.bad.json"
        if not staged.exists():
            bad: list[Bad] = []
            columns = {"patient": "VARCHAR", "record": "VARCHAR"}
            keep_rows(self.duck, "records", columns, _rows_of(records, bad), self.folder)
            _write_bad(bad, remarks)
            _stage("records", staged, self.duck)
        return _parquet([staged], self.duck, part_rows, _read_bad(remarks))

    def _stage_frame(self, table: object, staged: Path, name: str) -> None:
        """Write an Arrow, pandas or Polars table (a lazy one is collected), or one of a database, as it comes."""
        if isinstance(table, str | Path):
            with database.reading(database.Address.of(str(table))) as rows:
                self.duck.register(f"frame_{name}", rows)
                _stage(f"frame_{name}", staged, self.duck)
            return
        self.duck.register(f"frame_{name}", _frame(table, self.duck))
        _stage(f"frame_{name}", staged, self.duck)


def _rows_of(records: Iterable[Told | Bad], bad: list[Bad]) -> Iterator[Mapping[str, object]]:
    """Yield records as rows, and put aside what is none."""
    for found in records:
        if isinstance(found, Bad):
            bad.append(found)
        else:
            yield found._asdict()


def _write_bad(bad: Iterable[Bad], remarks: Path) -> None:
    remarks.write_text(json.dumps([asdict(found) for found in bad]), encoding="utf-8")


def _read_bad(remarks: Path) -> tuple[Bad, ...]:
    return tuple(Bad(**found) for found in json.loads(remarks.read_text(encoding="utf-8")))


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


def _frame(table: object, duck: Duck) -> object:
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


def identity_of(table: object, duck: Duck) -> object:
    """Return what tells a table from another, as JSON: a run can go on only with the table that it began with."""
    if not is_files(table):
        if isinstance(table, str | Path):
            return str(database.Address.of(str(table)))
        duck.register("frame_known", _frame(table, duck))
        return str(duck.one("SELECT sum(hash(frame_known)) || ' ' || count(*) FROM frame_known"))
    return [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in _files_of(table)]


def is_files(table: object) -> bool:
    """Say whether a table is named by paths."""
    return isinstance(table, list | tuple) or (isinstance(table, str | Path) and not database.is_address(table))


def _files_of(table: object) -> list[Path]:
    """Return the files that a path or several name.

    Raises:
        InputError: If there are none.
    """
    return [
        file for item in (table if isinstance(table, list | tuple) else [table]) for file in _files(Path(str(item)))
    ]


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


def _kind_of(files: Iterable[Path]) -> str:
    kinds = {_kind(file) for file in files}
    if len(kinds) > 1:
        raise InputError("files of one table must be of one kind; these are " + " and ".join(sorted(kinds)))
    return kinds.pop()


def _kind(file: Path) -> str:
    for kind, endings in (("parquet", PARQUET), ("csv", CSV), ("ndjson", NDJSON)):
        if file.name.endswith(endings):
            return kind
    raise InputError(f"`{file}` is no kind of table that is read; its name should end in .csv, .ndjson or .parquet")


def _parquet(files: Iterable[Path], duck: Duck, part_rows: int, bad: tuple[Bad, ...] = ()) -> Source:
    parts: list[Part] = []
    columns: dict[str, str] = {}
    start, read, listed = 0, "", ""
    for file in files:
        read = f"read_parquet({literal(str(file))}, file_row_number=true)"
        found = {name: kind for name, kind in duck.columns(read).items() if name != "file_row_number"}
        _compare(columns, found, file)
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
    return Source(columns, tuple(parts), bad)


def _compare(columns: Mapping[str, str], found: Mapping[str, str], file: Path) -> None:
    """Refuse a file whose columns are not those of the files before it; their order does not matter."""
    if columns and found != columns:
        raise InputError(f"the columns of `{file}` are not those of the files before it")


def _stage(relation: str, staged: Path, duck: Duck) -> None:
    """Write a table as Parquet, under its name when it is whole."""
    begun = staged.with_suffix(".tmp")
    duck.run(f"COPY (SELECT * FROM {relation}) TO {literal(str(begun))} (FORMAT PARQUET, COMPRESSION snappy)")
    begun.replace(staged)


def _stage_csv(files: list[Path], staged: Path, duck: Duck) -> tuple[Bad, ...]:
    """Read every cell as text, so that nothing is taken for a number before its unit is known."""
    options = "header=true, all_varchar=true, store_rejects=true, strict_mode=true"
    columns: dict[str, str] = {}
    for file in files:
        found = duck.columns(f"read_csv({literal(str(file))}, {options})")
        _compare(columns, found, file)
        columns = found
    listed = ", ".join(map(quoted, columns))
    each = [f"SELECT {listed} FROM read_csv({literal(str(file))}, {options})" for file in files]
    _stage(f"({' UNION ALL '.join(each)})", staged, duck)
    return _rejected(duck)


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


def _stage_ndjson(files: list[Path], staged: Path, duck: Duck) -> tuple[Bad, ...]:
    """Read the lines that are JSON objects; a column of which the lines disagree on the type is one of texts."""
    options = "header=false, delim='\\x01', quote='', escape='', auto_detect=false, store_rejects=true"
    clean, bad = staged.with_suffix(".ndjson"), list[Bad]()
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
    columns = duck.columns(read)
    as_text = ", ".join(f"{quoted(c)} ->> '$' AS {quoted(c)}" for c, kind in columns.items() if kind == "JSON")
    _stage(f"(SELECT *{f' REPLACE ({as_text})' if as_text else ''} FROM {read})", staged, duck)
    for part in parts:
        part.unlink()
    return tuple(sorted(bad, key=lambda found: (found.file, found.line)))
