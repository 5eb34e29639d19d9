"""Where answers go: a file or a new table of a database, put together from its parts as the last thing that happens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import assert_never

from cds_engine.batch import database
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import Metadata, literal
from cds_engine.batch.workplace import Workplace
from cds_engine.diagnostics import InputError
from cds_engine.lowering.guideline import Guideline

ENDINGS = {".parquet": "PARQUET", ".csv": "CSV", ".ndjson": "JSON", ".jsonl": "JSON"}
Sheets = Mapping[str, Sequence[Path]]
"""The parts of the answers (under the name `""`) and of what stands beside them, such as `orders`."""


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


@dataclass(frozen=True, slots=True)
class TableOutput:
    """A new table of a database, and tables beside it: `answers`, `answers_orders`."""

    address: database.Address
    kind = "PARQUET"
    suffix = ".parquet"

    def of(self, sheet: str) -> database.Address:
        """Return the table of a sheet."""
        return self.address.beside(sheet) if sheet else self.address


Output = FileOutput | TableOutput


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
    return FileOutput(path, kind, in_folder)


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


def deliver(sheets: Sheets, output: Output, metadata: Metadata, duck: Duck) -> None:
    """Put the parts together under the names that were asked for; the answers come last.

    Raises:
        BackendFault: If a database refuses; then none of its tables is there.
    """
    last_first = dict(sorted(sheets.items(), reverse=True))
    match output:
        case FileOutput():
            whole = {sheet: _whole(parts, sheet, output, metadata, duck) for sheet, parts in last_first.items()}
            for sheet, path in whole.items():
                if output.kind != "PARQUET" or output.in_folder:
                    _say_beside(output.of(sheet), metadata)
                _take_place(path, output.of(sheet))
        case TableOutput():
            with database.writing(output.address) as writer:
                for sheet, parts in last_first.items():
                    rows = duck.batches(f"SELECT * FROM read_parquet([{_listed(parts)}])")
                    writer.write(output.of(sheet), rows, metadata)
        case _:
            assert_never(output)


def _listed(parts: Sequence[Path]) -> str:
    return ", ".join(literal(f"{part}/*.parquet" if part.is_dir() else str(part)) for part in parts)


def _whole(parts: Sequence[Path], sheet: str, output: FileOutput, metadata: Metadata, duck: Duck) -> Path:
    """Return the file or folder in which the parts are together, beside the first part still."""
    kind, whole = output.kind, parts[0].with_name(f"whole-{output.of(sheet).name}")
    if kind == "PARQUET" and output.in_folder:
        return _gathered(parts, whole)
    if kind == "PARQUET" and len(parts) == 1:
        _linked(parts[0], whole)
        return whole
    if kind == "PARQUET" or parts[0].is_dir():
        with duck.in_any_order():  # none is promised
            duck.write(f"SELECT * FROM read_parquet([{_listed(parts)}])", whole, kind, metadata)
        return whole
    with whole.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as one:
                if number and kind == "CSV":
                    one.readline()  # the names of the columns
                while chunk := one.read(1 << 20):
                    out.write(chunk)
    return whole


def _gathered(parts: Sequence[Path], whole: Path) -> Path:
    """Return the folder with the files of all parts; the parts keep theirs, for a run that is stopped here."""
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    for number, part in enumerate(parts):
        files = sorted(part.glob("*.parquet")) if part.is_dir() else [part]
        for place, file in enumerate(files):
            _linked(file, whole / f"part-{number:05d}-{place:05d}.parquet")
    return whole


def _linked(file: Path, into: Path) -> None:
    """Give a file another name, or copy it where that is not allowed: somebody else's, on some systems."""
    into.unlink(missing_ok=True)
    try:
        into.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, into)


def _take_place(whole: Path, into: Path) -> None:
    """Give the whole its name; a folder takes the place of what had it in two steps."""
    if whole.is_dir() or into.is_dir():
        before = whole.with_name(f"before-{into.name}")
        if into.exists():
            into.rename(before)
        whole.rename(into)
        shutil.rmtree(before, ignore_errors=True)
        before.unlink(missing_ok=True)
    else:
        whole.replace(into)


def _say_beside(into: Path, metadata: Metadata) -> None:
    """Write the metadata of a file that has no place for it."""
    beside = into.with_name(into.name + ".metadata.json")
    beside.write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
