"""The answers put together from their parts, counted, and put in the place of those of an earlier run.

All that an earlier answer was made of goes before anything of the new one comes, and its answers come last: at no
time do files of two runs stand beside each other.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch import database
from cds_engine.batch.duck import Duck
from cds_engine.batch.engine import ALONE, Metadata, path_literal
from cds_engine.batch.output import FileOutput, TableOutput, is_of_an_answer, metadata_beside
from cds_engine.batch.workplace import Written
from cds_engine.diagnostics import BackendFault


class Miscounted(BackendFault):
    """What was written is not what was answered: nothing of the run is kept."""

    def __init__(self, name: str, found: str, wanted: str) -> None:
        super().__init__(f"`{name}` has {found} where {wanted}; nothing took its place, run it again")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The parts of the answers, or of what stands beside them, such as `orders`: files with what was written there."""

    parts: Sequence[Path]
    written: Sequence[Written]

    @property
    def rows(self) -> int:
        """How many rows they have."""
        return sum(found.rows for found in self.written)


Sheets = Mapping[str, Sheet]
"""By name; the answers are `""`."""


def deliver_table(sheets: Sheets, output: TableOutput, metadata: Metadata, refusals: Path | None, duck: Duck) -> None:
    """Write all sheets as tables of a database; then put the file of *refusals* in its place, if there is one.

    Raises:
        BackendFault: If the database refuses; then none of the tables is there.
        Miscounted: If other rows were written than are answered; then none is there either.
    """
    with database.writing(output.address) as writer:
        for name, sheet in _answers_last(sheets):
            rows = duck.batches(f"SELECT * FROM {_read(sheet.parts)}")
            check_rows(output.of(name).table, sheet, writer.write(output.of(name), rows, metadata))
    output.quarantine.unlink(missing_ok=True)  # of an earlier run
    if refusals is not None:
        refusals.rename(output.quarantine)


def deliver_files(sheets: Sheets, output: FileOutput, metadata: Metadata, refusals: Path | None, duck: Duck) -> None:
    """Put all sheets together, then in their places, with the file of *refusals* if there is one.

    Raises:
        Miscounted: If a sheet has other rows than were answered; then nothing takes a place.
        OSError: If a file cannot be written, or put into its place.
    """
    scratch = sheets[""].parts[0].parent
    new: dict[Path, Path] = {}
    if refusals is not None:
        new[output.quarantine] = refusals
    for name, sheet in _answers_last(sheets):
        into = output.of(name)
        whole = scratch / f"whole-{into.name}"
        if output.kind != "PARQUET" or output.in_folder:
            beside = metadata_beside(whole)
            beside.write_text(json.dumps(metadata, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            new[metadata_beside(into)] = beside
        _join(sheet, whole, output, metadata, duck)
        new[into] = whole
    before = Path(tempfile.mkdtemp(prefix="before-", dir=scratch))
    for old in list(_earlier(output, new, duck)):
        old.rename(before / old.name)
    for into, whole in new.items():
        whole.rename(into)


def _earlier(output: FileOutput, new: Mapping[Path, Path], duck: Duck) -> Iterator[Path]:
    """Yield the files of an earlier answer that are there, the answers first; of others that share a name none."""
    for name in ("", "orders"):
        path = output.of(name)
        beside = metadata_beside(path)
        is_ours = is_of_an_answer(path, duck)
        yield from (found for found in (path, beside) if found.exists() and (found in new or is_ours))
    if output.quarantine.exists():
        yield output.quarantine


def _answers_last(sheets: Sheets) -> Iterator[tuple[str, Sheet]]:
    yield from sorted(sheets.items(), reverse=True)


def check_rows(name: str, sheet: Sheet, rows: int) -> None:
    """Refuse what does not have the rows that were answered."""
    if rows != sheet.rows:
        raise Miscounted(name, f"{rows:,} rows", f"{sheet.rows:,} were answered")


def _read(parts: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(map(path_literal, _files(parts)))}]{ALONE})"


def _files(parts: Sequence[Path]) -> list[Path]:
    return [file for part in parts for file in (sorted(part.glob("*.parquet")) if part.is_dir() else [part])]


def _join(sheet: Sheet, whole: Path, output: FileOutput, metadata: Metadata, duck: Duck) -> None:
    """Write the parts as one file, or gather them in one folder, and count the rows."""
    parts = sheet.parts
    if output.kind != "PARQUET" and not parts[0].is_dir():
        _join_texts(sheet, whole, output)
        return
    if output.in_folder and output.kind == "PARQUET":
        _gather(parts, whole)
        rows = duck.rows_in(_files([whole]))
    elif output.kind == "PARQUET" and len(parts) == 1:
        _link(parts[0], whole)
        rows = duck.rows_in([whole])
    else:
        with duck.in_any_order():  # none is promised
            rows = duck.write(f"SELECT * FROM {_read(parts)}", whole, output.kind, metadata)
    check_rows(whole.name, sheet, rows)


def _join_texts(sheet: Sheet, whole: Path, output: FileOutput) -> None:
    """Write parts of CSV or NDJSON as one file, whose rows are those that each part had when it was written."""
    with whole.open("wb") as out:
        for number, (part, written) in enumerate(zip(sheet.parts, sheet.written, strict=True)):
            if (size := part.stat().st_size) != written.size:
                raise Miscounted(part.name, f"{size:,} bytes", f"{written.size:,} were written")
            with part.open("rb") as one:
                if number and output.kind == "CSV":
                    one.readline()  # the names of the columns
                shutil.copyfileobj(one, out, 1 << 20)


def _gather(parts: Sequence[Path], whole: Path) -> None:
    """Make the folder with the files of all parts; the parts keep theirs, for a run that is stopped here."""
    shutil.rmtree(whole, ignore_errors=True)
    whole.mkdir()
    for number, part in enumerate(parts):
        for place, file in enumerate(_files([part])):
            _link(file, whole / f"part-{number:05d}-{place:05d}.parquet")


def _link(file: Path, into: Path) -> None:
    """Give a file another name, or copy it where that is not allowed: somebody else's, on some systems."""
    into.unlink(missing_ok=True)
    try:
        into.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, into)
