"""Rows of a table as single patients: what the evaluator is asked, to hold the columns to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_engine.batch.columns import Columns, FactSource, said
from cds_engine.batch.vocabulary import listed


def facts_of(
    row: Mapping[str, object], columns: Columns, medicines: Sequence[object], medications: str | None
) -> dict[str, object]:
    """Return one row (by column of the table) as the facts of a patient, with the entries of the second table."""
    facts: dict[str, object] = {}
    for source in columns.sources:
        cell = row[source.value.name]
        if said(cell):
            facts[source.spec.name] = _value(source, cell, row)
    if medicines and medications is not None:
        own = facts.get(medications)
        items = own if isinstance(own, list | tuple) else [] if own is None else [own]
        facts[medications] = [*items, *medicines]
    return facts


def _value(source: FactSource, cell: object, row: Mapping[str, object]) -> object:
    kind = source.spec.entry.type
    if kind == "medications":
        return listed(cell)
    sent: dict[str, object] = {"value": listed(cell) if kind == "codes" else cell}
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
