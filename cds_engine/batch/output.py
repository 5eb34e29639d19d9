"""Where answers go: files or new tables of a database; and what they may not take the place of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import assert_never

from cds_engine.batch import database
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import path_literal
from cds_engine.batch.workplace import Workplace
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import Guideline

ENDINGS = {".parquet": "PARQUET", ".csv": "CSV", ".ndjson": "JSON", ".jsonl": "JSON"}


@dataclass(frozen=True, slots=True)
class FileOutput:
    """A file, and files beside it: `answers.parquet`, `answers.orders.parquet`."""

    path: Path
    kind: str
    in_folder: bool = False
    """Whether Parquet is a folder of the files that several processes wrote: no row is written a second time."""

    @property
    def suffix(self) -> str:
        """How the names of the parts end."""
        return self.path.suffix

    def of(self, sheet: str) -> Path:
        """Return the file of a sheet."""
        return self.path.with_name(f"{self.path.stem}.{sheet}{self.path.suffix}") if sheet else self.path

    @property
    def quarantine(self) -> Path:
        """The file with what has no answer."""
        return quarantine_of(self.path)

    def every(self) -> Iterator[Path]:
        """Yield all files that answers can be made of."""
        for sheet in ("", "orders"):
            yield from (self.of(sheet), metadata_beside(self.of(sheet)))
        yield self.quarantine


@dataclass(frozen=True, slots=True)
class TableOutput:
    """A new table of a database, and tables beside it: `answers`, `answers_orders`."""

    address: database.Address
    kind = "PARQUET"
    suffix = ".parquet"

    def of(self, sheet: str) -> database.Address:
        """Return the table of a sheet."""
        return self.address.beside(sheet) if sheet else self.address

    @property
    def quarantine(self) -> Path:
        """The file with what has no answer, in the current folder."""
        return quarantine_of(Path(self.address.name))


Output = FileOutput | TableOutput
OF_AN_ANSWER = {"pack", "hash", "review", "notices"}
"""What metadata hold if they are of answers."""


def output_of(into: str | Path, sheets: Sequence[str], *, in_folder: bool = False) -> Output:
    """Return where answers go, once it is clear that they can; Parquet as one file, or *in_folder*.

    Raises:
        InputError: If it is no kind of output, its folder is not there, or a table of the name is.
    """
    if database.is_address(into):
        found = TableOutput(database.Address.of(str(into)))
        for sheet in ("", *sheets):
            database.check_is_new(found.of(sheet))
        return found
    path = Path(into)
    kind = ENDINGS.get(path.suffix)
    if kind is None:
        raise InputError(f"`{path}` is no kind of output; its name should end in .parquet, .csv or .ndjson")
    if not path.parent.is_dir():
        raise InputError(f"there is no folder `{path.parent}` to write into; make it first")
    if path.is_dir() and not _is_said_of_an_answer(metadata_beside(path)):
        raise InputError(f"`{path}` is a folder, and no answer of an earlier run; choose another name")
    return FileOutput(path, kind, in_folder)


def check_apart(output: Output, folders: Iterable[Path], files: Iterable[Path]) -> None:
    """See to it that answers take the place of nothing that is read, nor stand where they would be read next time.

    Raises:
        InputError: If they would.
    """
    if not isinstance(output, FileOutput):
        return
    path = output.path.resolve()
    for folder in folders:
        if folder.resolve() in path.parents:
            raise InputError(f"`{output.path}` lies in `{folder}`, which is read; write the answers elsewhere")
    parts = output_folder(output.path)
    for file in files:
        if parts.resolve() in file.resolve().parents:
            raise InputError(f"`{file}` is read and lies in `{parts}`, which the run clears; move it elsewhere")
        for own in output.every():
            if own.resolve() == file.resolve() or (own.exists() and own.samefile(file)):
                raise InputError(f"`{file}` is read, and the answers would take its place; choose another output")


def quarantine_of(path: Path) -> Path:
    """Return the file with what has no answer, beside the answers."""
    return path.with_name(path.name + ".quarantine.ndjson")


def metadata_beside(path: Path) -> Path:
    """Return the file with the metadata of one that has no place for them."""
    return path.with_name(path.name + ".metadata.json")


def is_of_an_answer(path: Path, duck: Duck) -> bool:
    """Say whether a file was written by an earlier run, as its metadata say."""
    if _is_said_of_an_answer(metadata_beside(path)):
        return path.exists()
    if path.suffix != ".parquet" or not path.is_file():
        return False
    try:
        found = duck.rows(f"SELECT key::VARCHAR FROM parquet_kv_metadata({path_literal(path)})")
    except duck.errors:  # it is no Parquet
        return False
    return {key for (key,) in found} >= OF_AN_ANSWER


def _is_said_of_an_answer(metadata: Path) -> bool:
    try:
        found = json.loads(metadata.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.keys() >= OF_AN_ANSWER


def place_of(output: Output | None) -> Path | None:
    """Return the path beside which the run keeps its parts and the rows without answer; for a table in this folder."""
    match output:
        case FileOutput():
            return output.path
        case TableOutput():
            return Path(output.address.name)
        case None:
            return None
        case _:
            assert_never(output)


def output_folder(into: str | Path) -> Path:
    """Return where a run into *into* keeps its finished parts until all of it is."""
    name = database.Address.of(str(into)).name if database.is_address(into) else into
    return Workplace.beside(Path(name)).folder


def metadata_of(guideline: Guideline, as_of: date | None, held_back: Mapping[str, str]) -> dict[str, str]:
    """Return what travels with the answers: which pack, of which day, reviewed how far, and what is not shown."""
    manifest = guideline.pack.manifest
    return {
        "pack": manifest.id,
        "version": manifest.version,
        "hash": guideline.pack.hash,
        "as_of": "" if as_of is None else as_of.isoformat(),
        "review": str(manifest.review),
        "held_back": ";".join(held_back),
        "notices": "\n".join(notice.says for notice in manifest.notices),
    }
