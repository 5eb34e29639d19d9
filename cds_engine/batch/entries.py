"""A row of the tables of medicines and orders as an entry of a list, as the patient's file would hold it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cds_engine.batch.cells import NUMBER
from cds_engine.batch.columns import said
from cds_engine.batch.vocabulary import as_sent
from cds_engine.patient.intervals import interval_at_the_end


def entry_of(row: Mapping[str, object]) -> dict[str, object]:
    """Return what a row says (by key of an entry, `unit` among them) as an entry; NULL says nothing."""
    entry = {key: as_sent(value) for key, value in row.items() if value is not None and key not in {"dose", "unit"}}
    times = entry.get("times")
    if isinstance(times, str) and re.fullmatch(NUMBER, times.strip()):  # a cell of CSV is text
        entry["times"] = float(times)
    dose, unit = as_sent(row.get("dose")), row.get("unit")
    if isinstance(dose, Mapping) and said(unit):
        entry["dose"] = {"unit": unit, **{key: value for key, value in dose.items() if value is not None}}
    elif said(dose) or _says_how_often(unit):
        entry["dose"] = {"value": dose, "unit": unit} if said(unit) else dose
    return entry


def _says_how_often(unit: object) -> bool:
    """Say whether a unit speaks for itself: `mg/day`, also where no amount is known."""
    return isinstance(unit, str) and interval_at_the_end(unit)[0] is not None
