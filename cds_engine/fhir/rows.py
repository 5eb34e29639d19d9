"""A record as one row of a table, where a row says all that the record says of the patient.

A row has one value or list a fact. A record that holds more (values that disagree, something that cannot be used,
orders) is no row: nothing is left out to make it one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import date

from cds_engine.batch.columns import IDS, SUFFIXES
from cds_engine.batch.vocabulary import WHOLE_LIST
from cds_engine.fhir.read import FhirPatient
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import FhirFile

Row = dict[str, object]
_NUMBERS = frozenset({"quantity", "decimal", "integer"})
_WORDS = frozenset({"code", "boolean", "date"})
_LISTS = frozenset({"codes", "medications"})
_OTHERS = frozenset({*IDS, "as_of"})
"""Columns that say something else than a fact."""
_EXACT = 2.0**53
"""Below it every whole number is a double of its own."""


class Rows:
    """Knows the columns of the facts that a pack maps, and what a record says in them."""

    def __init__(self, mapping: FhirFile, facts: Mapping[str, FactEntry]) -> None:
        periods = mapping.periods.values()
        mapped = dict.fromkeys([*mapping.facts, *(name for p in periods for name in (p.start, p.end) if name)])
        self._facts = {name: facts[name] for name in mapped if name not in _OTHERS and _beside(name).isdisjoint(facts)}
        self.columns = {column: kind for name, entry in self._facts.items() for column, kind in _columns(name, entry)}
        """Name to SQL type; a name that could mean two things is none."""

    def row_of(self, found: FhirPatient) -> Row | None:
        """Return a record as a row, None if a row cannot say it."""
        patient = found.patient
        if found.missing or found.is_page or patient["orders"]:
            return None
        row: Row = {}
        for name, given in patient["facts"].items():
            cells = _cells(name, self._facts[name], given) if name in self._facts else None
            if cells is None:
                return None
            row |= cells
        return row


def _beside(name: str) -> set[str]:
    return {f"{name}{suffix}" for suffix in SUFFIXES}


def _columns(name: str, entry: FactEntry) -> Iterator[tuple[str, str]]:
    if entry.type in _NUMBERS:
        yield from ((name, "DOUBLE"), (f"{name}_unit", "VARCHAR"), (f"{name}_date", "DATE"))
        yield from ((f"{name}_range_low", "DOUBLE"), (f"{name}_range_high", "DOUBLE"))
    elif entry.type in _WORDS:
        yield from ((name, "VARCHAR"), (f"{name}_date", "DATE"))
    elif entry.type in _LISTS:
        yield name, "VARCHAR"


def _cells(name: str, entry: FactEntry, given: object) -> Row | None:
    """Return what is given for a fact as cells, None if it is more or other than cells say."""
    if entry.type in _LISTS:
        is_list = isinstance(given, Mapping) and given.keys() == WHOLE_LIST
        return {name: json.dumps(given)} if is_list else None
    if isinstance(given, list):
        if len(given) != 1:
            return None
        given = given[0]
    said = dict(given) if isinstance(given, Mapping) else {"value": given}
    value, limits = said.pop("value", None), said.pop("range", {})
    found: Row | None = {name: _word(entry, value)}
    if entry.type in _NUMBERS:
        found = _number(name, entry, value, said.pop("unit", None), limits)
    elif limits:
        return None
    if "date" in said:
        day = said.pop("date")
        found = None if found is None or not _is_day(day) else {**found, f"{name}_date": day}
    is_whole = found is not None and found[name] is not None and not said
    return found if is_whole else None


def _word(entry: FactEntry, value: object) -> str | None:
    """Return a code, a day or a yes or no as text, None for what is none."""
    if entry.type == "boolean" and isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return None
    if entry.type == "date":
        return value if _is_day(value) else None
    known = entry.allowed if entry.type == "code" else ["true", "false"] if entry.type == "boolean" else []
    return value if value in known else None


def _number(name: str, entry: FactEntry, value: object, unit: object, limits: object) -> Row | None:
    """Return a number with its unit and reference range as cells; a unit that says nothing is none."""
    if not _is_exact(value) or not isinstance(limits, Mapping):
        return None
    if entry.type != "quantity" and (unit is not None or limits):
        return None
    if unit is not None and not _is_said(unit):
        return None
    if not all(end in {"low", "high"} and _is_exact(value) for end, value in limits.items()):
        return None
    ends = {f"{name}_range_{end}": value for end, value in limits.items()}
    return {name: value, **({} if unit is None else {f"{name}_unit": unit}), **ends}


def _is_said(unit: object) -> bool:
    """Say whether a unit is one, in letters that every file can hold."""
    return isinstance(unit, str) and unit.isprintable() and unit.strip().lower() not in {"", "unknown"}


def _is_exact(value: object) -> bool:
    """Say whether a value is a number that a column of doubles holds as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _EXACT if isinstance(value, int) else math.isfinite(value)


def _is_day(written: object) -> bool:
    try:
        return isinstance(written, str) and date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False
