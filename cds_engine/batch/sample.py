"""Rows of a table as single patients: what the evaluator is asked, where it answers for a row as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds_engine.batch.columns import IDS, Cell, Columns, FactSource, said
from cds_engine.batch.engine import ROW, Engine, literal, quoted
from cds_engine.batch.part import entry_of
from cds_engine.batch.vocabulary import listed

Row = Mapping[str, object]


class Single(NamedTuple):
    """One row as a patient."""

    row: int
    facts: dict[str, object]
    day: date | None


@dataclass(frozen=True, slots=True)
class Singles:
    """Reads rows one by one, each with its entries of the second table."""

    columns: Columns
    medications: str | None
    as_of: date | None
    """The day of the answers, where no column says one."""
    engine: Engine

    def of(self, relation: str) -> Iterator[Single]:
        """Return the rows of *relation* as patients: read now, each understood when it is asked for."""
        rows = self.engine.records(f"SELECT {ROW}, {', '.join(map(_read, self._cells()))} FROM {relation}")
        medicines = entries_of(rows, "medicines_in", self.columns.patient, self.engine)
        return (self._single(row, medicines) for row in rows)

    def _single(self, row: Row, medicines: Mapping[int, Sequence[object]]) -> Single:
        number = int(str(row[ROW]))
        facts = facts_of(row, self.columns, medicines.get(number, ()), self.medications)
        return Single(number, facts, self._day(row))

    def _cells(self) -> Iterator[Cell]:
        """Yield the columns that say something, each once."""
        found = [self.columns.patient, self.columns.as_of]
        for source in self.columns.sources:
            found += [source.value, source.unit_column, source.date, source.low, source.high]
        yield from dict.fromkeys(cell for cell in found if cell is not None)

    def _day(self, row: Row) -> date | None:
        value = row[self.columns.as_of.name] if self.columns.as_of is not None else None
        return date.fromisoformat(str(value).strip()) if said(value) else self.as_of


def _read(cell: Cell) -> str:
    """Return a column as it is read; of a time its day counts, as in columns, also one that no `date` can be."""
    name = quoted(cell.name)
    return f"CAST(CAST({name} AS DATE) AS STRING) AS {name}" if cell.kind == "day" else name


def entries_of(
    rows: Sequence[Row], table: str, patient: Cell | None, engine: Engine
) -> dict[int, list[dict[str, object]]]:
    """Return the entries of a second table, if there is one, for the patients in *rows*: by the number of the row."""
    if patient is None or not engine.has(table):
        return {}
    own = key_of(engine.columns(table))
    names = ", ".join(literal(str(row[patient.name])) for row in rows)
    found: dict[str, list[dict[str, object]]] = {}
    for record in engine.records(f"SELECT * FROM {table} WHERE CAST({quoted(own)} AS STRING) IN ({names or 'NULL'})"):
        entry = entry_of({name: value for name, value in record.items() if name not in {own, ROW}})
        found.setdefault(str(record[own]), []).append(entry)
    return {int(str(row[ROW])): found.get(str(row[patient.name]), []) for row in rows}


def key_of(columns: Mapping[str, str]) -> str:
    """Return the column of a second table that names the patient."""
    return next(name for name in IDS if name in columns)


def facts_of(row: Row, columns: Columns, medicines: Sequence[object], medications: str | None) -> dict[str, object]:
    """Return one row (by column of the table) as the facts of a patient, with the entries of the second table."""
    facts: dict[str, object] = {}
    for source in columns.sources:
        cell = row[source.value.name]
        if said(cell):
            facts[source.spec.name] = _value(source, cell, row)
    if medicines and medications is not None:
        own = facts.get(medications)
        items = own["value"] if isinstance(own, Mapping) else own
        every = [*(items if isinstance(items, list | tuple) else [] if items is None else [items]), *medicines]
        facts[medications] = {**own, "value": every} if isinstance(own, Mapping) else every
    return facts


def _value(source: FactSource, cell: object, row: Row) -> object:
    kind = source.spec.entry.type
    if kind == "medications":
        return listed(cell)
    value = listed(cell) if kind == "codes" else cell
    sent: dict[str, object] = dict(value) if kind == "codes" and isinstance(value, Mapping) else {"value": value}
    unit = row[source.unit_column.name] if source.unit_column is not None else None
    unit = unit if said(unit) else source.unit
    if unit is not None and kind not in {"codes", "code", "boolean", "date"}:
        sent["unit"] = unit
    if source.date is not None and said(row[source.date.name]):
        sent["date"] = row[source.date.name]
    ends = {
        part: row[cell.name]
        for part, cell in (("low", source.low), ("high", source.high))
        if cell is not None and said(row[cell.name])
    }
    if ends:
        sent["range"] = ends
    return sent
