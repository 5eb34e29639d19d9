"""Where a table comes from: files, folders, memory or a database; each cut into parts, read one after the other.

What is no Parquet is first written as Parquet into the scratch folder: its rows have numbers then, and a part is read
without reading what stands before it.
"""

from __future__ import annotations

import glob
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from cds_engine.batch import database, staging
from cds_engine.batch.csv_files import write_csv
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Engine, Part
from cds_engine.batch.frames import frame_of, no_table
from cds_engine.batch.json_lines import write_ndjson
from cds_engine.batch.spark_session import identity_of_dataframe, is_dataframe
from cds_engine.batch.staging import Bad, Told
from cds_engine.diagnostics import InputError

Kind = Literal["parquet", "csv", "ndjson"]
ENDINGS: Mapping[Kind, tuple[str, ...]] = {
    "parquet": (".parquet", ".pq"),
    "csv": (".csv", ".tsv", ".csv.gz"),
    "ndjson": (".ndjson", ".jsonl", ".ndjson.gz"),
}
"""How the names of tables end, in small letters or capitals."""


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
    engine: Engine

    def open(self, table: object, part_rows: int, name: str = "input") -> Source:
        """Return the table that a path, several paths, the address of a database or a frame in memory is.

        Raises:
            InputError: If there is no such table, or it is none.
        """
        if is_dataframe(table):
            return self._once(name, part_rows, lambda into: staging.write_dataframe(table, into))
        if not is_files(table):
            if isinstance(table, str | Path):
                return self._once(name, part_rows, lambda into: staging.write_database(str(table), into, self.duck))
            return self._once(name, part_rows, lambda into: staging.write_frame(table, into, self.duck))
        files = files_of(table)
        try:
            match _kind_of(files):
                case "parquet":
                    return Source(*self.engine.parts(files, part_rows, name, in_folders=True))
                case "csv":
                    return self._once(name, part_rows, lambda into: write_csv(files, into, self.duck))
                case "ndjson":
                    return self._once(name, part_rows, lambda into: write_ndjson(files, into, self.duck))
        except self.duck.errors as error:
            if str(self.folder) in str(error):  # what went wrong is what is written there
                raise
            first = str(error).splitlines()[0]
            raise InputError(f"`{files[0]}` cannot be read as a table: {first}") from None

    def open_records(self, records: Iterable[Told | Bad], columns: Mapping[str, str], part_rows: int) -> Source:
        """Return records as the rows of a table, one a patient, of which those that are rows have *columns*."""
        return self._once("input", part_rows, lambda into: staging.write_records(records, columns, into, self.duck))

    def _once(self, name: str, part_rows: int, write: Callable[[Path], tuple[Bad, ...]]) -> Source:
        """Return what was written under a name, or else write it: the rows count when the file has that name."""
        staged, remarks = self.folder / f"{name}.parquet", self.folder / f"{name}.bad.json"
        if not staged.exists():
            begun = staged.with_suffix(".tmp")
            bad = write(begun)
            remarks.write_text(json.dumps([asdict(found) for found in bad]), encoding="utf-8")
            begun.replace(staged)
        found = tuple(Bad(**one) for one in json.loads(remarks.read_text(encoding="utf-8")))
        files = sorted(staged.glob("*.parquet")) if staged.is_dir() else [staged]
        return Source(*self.engine.parts(files, part_rows, name), found)


def identity_of(table: object, duck: Duck) -> object:
    """Return what tells a table from another, as JSON: a run can go on only with the table that it began with."""
    if not is_files(table):
        if isinstance(table, str | Path):
            return str(database.Address.of(str(table)))
        if is_dataframe(table):
            return identity_of_dataframe(table)
        duck.register("frame_known", frame_of(table, duck))
        rows = duck.one("SELECT sum(hash(frame_known)) || ' ' || count(*) FROM frame_known")
        return [*map(list, duck.columns("frame_known").items()), str(rows)]
    return [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in files_of(table)]


def is_files(table: object) -> bool:
    """Say whether a table is named by paths."""
    return isinstance(table, list | tuple) or (isinstance(table, str | Path) and not database.is_address(table))


def files_of(table: object) -> list[Path]:
    """Return the files that a path or several name.

    Raises:
        InputError: If there are none, one is named twice, or has a name that is no text.
    """
    items = table if isinstance(table, list | tuple) else [table]
    if not items:
        raise no_table(table)
    files = [file for item in items for file in _files(item)]
    for file in files:
        if (readable := os.fsencode(file).decode("utf-8", "replace")) != str(file):
            raise InputError(f"the name of `{readable}` is no text in UTF-8; rename the file")
    for file, times in Counter(file.resolve() for file in files).items():
        if times > 1:
            raise InputError(f"`{file}` is named {times} times; name every file of a table once")
    return files


def _files(item: object) -> list[Path]:
    if not isinstance(item, str | Path):
        raise no_table(item)
    path = Path(item)
    if not str(item).strip():
        found = []
    elif path.is_dir():
        found = tables_in(path)
    elif path.is_file():
        found = [path]
    else:
        found = [Path(file) for file in sorted(glob.glob(str(path)))]  # noqa: PTH207 - a pattern as the user wrote it
    if not found:
        raise InputError(f"there is no table `{item}`; give a CSV, NDJSON or Parquet file, or a folder of them")
    return found


def tables_in(folder: Path) -> list[Path]:
    """Return the tables in a folder, by their names; what is hidden there is none of them, nor what a job has begun."""
    every = (file for file in folder.rglob("*") if kind_of_name(file) is not None and file.is_file())
    return sorted(f for f in every if not any(part.startswith((".", "_")) for part in f.relative_to(folder).parts))


def kind_of_name(file: Path) -> Kind | None:
    """Return what kind of table a file is by its name; None where it is none."""
    return next((kind for kind, endings in ENDINGS.items() if file.name.lower().endswith(endings)), None)


def _kind_of(files: Iterable[Path]) -> Kind:
    kinds = {_kind(file) for file in files}
    if len(kinds) > 1:
        raise InputError("files of one table must be of one kind; these are " + " and ".join(sorted(kinds)))
    return kinds.pop()


def _kind(file: Path) -> Kind:
    kind = kind_of_name(file)
    if kind is None:
        raise InputError(f"`{file}` is no kind of table that is read; its name should end in .csv, .ndjson or .parquet")
    return kind
