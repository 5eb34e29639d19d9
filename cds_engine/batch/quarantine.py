"""What has no answer: lines that are no rows, rows that cannot be answered, entries of nobody; each with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_engine.batch.columns import Cell, Columns
from cds_engine.batch.engine import ROW, Engine, quoted
from cds_engine.batch.ids import OWNER, ids_in, loosely
from cds_engine.batch.second_tables import SHOWN, SecondTable
from cds_engine.batch.sources import Source
from cds_engine.batch.staging import Bad
from cds_engine.batch.workplace import Refused
from cds_engine.diagnostics import InputError

REASONS = {
    "not_a_row": "the line cannot be read as a row",
    "as_of": "the day of the answer is no date such as `2026-11-21`",
    "too_many_readings": "what contradicts in the row can be read in more than 64 ways",
    "no_patient": "no row of the table is of this patient",
    "no_answer": "it is no record of one patient",
}
"""Why a row has no answer, by code; a line that is no row has a reason of its own in the file."""


@dataclass(frozen=True, slots=True)
class Stray:
    """Rows of a second table that belong to nobody."""

    table: str
    row: int
    patient: str


def refused_of(relation: str, columns: Columns, engine: Engine) -> tuple[Refused, ...]:
    """Return the rows of a part that have no answer, with the day they name or else with all that they say."""
    listed = ", ".join(map(_shown, columns.cells))
    found = engine.records(
        f"SELECT {ROW}, {listed}, refused.reason AS {REASON} FROM refused JOIN {relation} AS cells"
        f" ON cells.{ROW} = refused.row ORDER BY refused.row"
    )
    return tuple(_refused(cells, cells.pop(REASON), columns) for cells in found)


def _shown(cell: Cell) -> str:
    """Return a column as it is shown: a day as text, since a row may be refused for one that no `date` can be."""
    name = f"cells.{quoted(cell.name)}"
    return f"CAST({name} AS STRING) AS {quoted(cell.name)}" if cell.kind == "day" else name


REASON = "__reason"
"""Why a row has no answer, among columns that may have any other name."""


def _refused(cells: Mapping[str, object], reason: str, columns: Columns) -> Refused:
    """Return a row without answer, with the day that it names or all that it says."""
    said: object = json.dumps(cells, default=str, ensure_ascii=False, separators=(",", ":"))
    if reason == "as_of" and columns.as_of is not None:
        said = cells[columns.as_of.name]
    return Refused(int(str(cells[ROW])), str(said), reason)


def strays_of(table: SecondTable, source: Source, columns: Columns, engine: Engine) -> Iterator[Stray]:
    """Yield the rows of a second table (it stands in `<name>_in`) of patients that no row of *source* is of.

    Raises:
        InputError: If a row may belong to any patient: it names none, or one that is written nearly as another.
    """
    if columns.patient is None:
        return
    mine, name = ids_in(source, columns.patient), table.name
    own = quoted(table.patient.name)
    found = engine.rows(
        f"SELECT {ROW}, CAST({own} AS STRING), {OWNER} FROM {name}_in WHERE {OWNER} IS NULL"
        f" OR {OWNER} NOT IN (SELECT id FROM ({mine}) AS every_one WHERE id IS NOT NULL) ORDER BY {ROW}"
    )
    nameless = [row for row, _, owner in found if owner is None]
    if nameless:
        raise InputError(
            f"rows of the table of {name} name no patient, so that anybody's list may lack them: {_numbers(nameless)}"
            " (from 0); say whose they are, or leave them out"
        )
    if found:
        near = engine.rows(
            f"SELECT found.{ROW}, found.{OWNER}, mine.id FROM {name}_in AS found JOIN ({mine}) AS mine"
            f" ON {loosely(f'found.{OWNER}')} = {loosely('mine.id')} AND found.{OWNER} NOT IN"
            f" (SELECT id FROM ({mine}) AS every_one WHERE id IS NOT NULL) ORDER BY found.{ROW} LIMIT 1"
        )
        for row, theirs, ours in near:
            raise InputError(
                f"row {row} (from 0) of the table of {name} is of the patient `{theirs}`, and a row of the patients of"
                f" `{ours}`; write ids alike in both tables"
            )
    for row, patient, _ in found:
        yield Stray(name, int(row), str(patient))


def _numbers(rows: Sequence[object]) -> str:
    more = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return ", ".join(map(str, rows[:SHOWN])) + more


def write_quarantine(
    path: Path, bad: Mapping[str, Iterable[Bad]], refused: Iterable[Refused], strays: Iterable[Stray]
) -> Path | None:
    """Write what has no answer to a file and return that; None, and no file, if everything has one."""
    lines: list[dict[str, object]] = [
        {"table": table, "file": one.file, "line": one.line, "value": one.value, "code": "not_a_row",
         "reason": one.reason}
        for table, found in bad.items() for one in found
    ]  # fmt: skip
    lines += [
        {"table": "input", "row": row, "value": value, "code": code, "reason": said or REASONS[code]}
        for row, value, reason in refused
        for code, _, said in [reason.partition(": ")]
    ]
    lines += [
        {"table": one.table, "row": one.row, "value": one.patient, "code": "no_patient",
         "reason": REASONS["no_patient"]}
        for one in strays
    ]  # fmt: skip
    if not lines:
        return None
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path
