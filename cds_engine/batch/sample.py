"""Rows of a table as single patients: what the evaluator is asked, where it answers for a row as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cds_engine.batch.columns import Cell, Columns, FactSource, said
from cds_engine.batch.engine import ROW, Engine, literal, quoted
from cds_engine.batch.entries import entry_of
from cds_engine.batch.entry_columns import KEYS
from cds_engine.batch.ids import OWNER, id_of
from cds_engine.batch.vocabulary import as_sent, codes_of, dose_of, listed

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
        cells = ", ".join([owner_in(self.columns.patient), *map(_read, self._cells())])
        rows = self.engine.records(f"SELECT {ROW}, {cells} FROM {relation}")
        medicines = entries_of(rows, "medicines_in", self.engine)
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


def owner_in(patient: Cell | None) -> str:
    """Return whose a row is, as a column."""
    own = "CAST(NULL AS STRING)" if patient is None else id_of(quoted(patient.name), patient.kind)
    return f"{own} AS {OWNER}"


def entries_of(
    rows: Sequence[Row], table: str, engine: Engine, keys: Mapping[str, str] | None = None
) -> dict[int, list[dict[str, object]]]:
    """Return the entries of a second table, if there is one, for the patients in *rows*: by the number of the row.

    What columns say of an entry is told by *keys*, or else by the names of all that there are.
    """
    if not engine.has(table):
        return {}
    names = ", ".join({literal(str(row[OWNER])) for row in rows if row[OWNER] is not None})
    found: dict[str, list[dict[str, object]]] = {}
    for record in engine.records(f"SELECT * FROM {table} WHERE {OWNER} IN ({names or 'NULL'})"):
        said_of = {column.strip().lower(): column for column in record} if keys is None else keys
        entry = entry_of({key: record[column] for key, column in said_of.items() if key in KEYS})
        found.setdefault(str(record[OWNER]), []).append(entry)
    return {int(str(row[ROW])): found.get(str(row[OWNER]), []) for row in rows}


def facts_of(row: Row, columns: Columns, medicines: Sequence[object], medications: str | None) -> dict[str, object]:
    """Return one row (by column of the table) as the facts of a patient, with the entries of the second table."""
    facts: dict[str, object] = {}
    for source in columns.sources:
        cell = row[source.value.name]
        if said(cell):
            facts[source.spec.name] = _value(source, cell, row)
    if medicines and medications is not None:
        own = facts.get(medications)
        is_list = isinstance(own, Mapping) and "value" in own
        items = own["value"] if isinstance(own, Mapping) and is_list else own
        every = [*(items if isinstance(items, list | tuple) else [] if items is None else [items]), *medicines]
        facts[medications] = {**own, "value": every} if isinstance(own, Mapping) and is_list else every
    return facts


def _value(source: FactSource, cell: object, row: Row) -> object:
    kind = source.spec.entry.type
    if kind == "medications":
        return listed(cell)
    unit = row[source.unit_column.name] if source.unit_column is not None else None
    unit = unit if said(unit) else source.unit
    if kind == "drug_dose":
        when = row[source.date.name] if source.date is not None else None
        return dose_of(as_sent(cell), unit, when if said(when) else None)
    value = codes_of(cell) if kind == "codes" else cell
    sent: dict[str, object] = dict(value) if kind == "codes" and isinstance(value, Mapping) else {"value": value}
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
