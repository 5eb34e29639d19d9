"""The few distinct words of a table, read once by the reader of single patients: units, lists, entries of medicines.

What a word means is decided in one place, for one patient and for a million; a table of the distinct ones is joined.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from cds_engine.backends.sql.layout import Layout
from cds_engine.batch.columns import FactSource, said
from cds_engine.pack.dictionary import INTERVALS
from cds_engine.patient.medications import Entry
from cds_engine.patient.read import read_facts
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.patient.values import CodeSet, Known, Withheld
from cds_engine.units import Conversion, UnitError

SOME_DAY = date(2000, 1, 1)
"""A day of the answer for words that have none: what they mean does not depend on it."""
WHOLE_LIST = {"value", "complete"}
"""What a list says that also says whether it holds all there is."""


def ways_from(spec: FactSpec, named: Iterable[str]) -> dict[str, Conversion]:
    """Return the ways from those of the *named* units that are units of the fact."""
    found: dict[str, Conversion] = {}
    for unit in named:
        try:
            found[unit] = spec.change_from(unit)
        except UnitError:
            continue
    return found


def listed(cell: object) -> object:
    """Return the items of a list as it stands in a cell: a list, or a text with `;` between the items.

    A text of JSON may be what a patient's file would hold: `{"value": ["a"], "complete": false}`.
    """
    if not isinstance(cell, str):
        return cell
    if cell.startswith("{"):
        try:
            found = json.loads(cell)
        except ValueError:
            found = None
        if isinstance(found, dict) and found.keys() == WHOLE_LIST:
            return found
    items = [item.strip() for item in cell.split(";") if item.strip()]
    return [] if [item.lower() for item in items] == ["none"] else items


def set_rows(
    source: FactSource, cells: Iterable[object], layout: Layout, dictionary: Dictionary
) -> list[dict[str, object]]:
    """Return for each distinct cell of a list of codes what the reader makes of it."""
    name = source.spec.name
    columns = [column for column in layout.set_columns(name) if column != layout.known(name)]
    found = []
    for cell in cells:
        record = read_facts({name: listed(cell)} if said(cell) else {}, dictionary, None)
        fact = record.facts.get(name)
        row: dict[str, object] = {"cell": cell, "problem": None, "remark": None, layout.known(name): False}
        row |= dict.fromkeys(columns, 0)
        codes = [problem.code for problem in record.problems]
        if isinstance(fact, Withheld):
            row["problem"] = codes[0]
        elif isinstance(fact, Known) and isinstance(fact.value, CodeSet):
            members, codes_asked = fact.value, layout.sets[name]
            row |= {"remark": codes[0] if codes else None, layout.known(name): True}
            row |= _bits_of(layout, name, (c for c in codes_asked if c in members.members), layout.held)
            if members.is_complete:
                others = (c for c in codes_asked if c not in members.members)
                row |= _bits_of(layout, name, others, layout.not_held)
        found.append(row)
    return found


def _bits_of(layout: Layout, name: str, codes: Iterable[str], column: Callable[[str, int], str]) -> Mapping[str, int]:
    return {column(name, word): bits for word, bits in layout.code_bits(name, codes).items()}


def medicine_rows(fact: str, words: Iterable[tuple[object, object]], dictionary: Dictionary) -> list[dict[str, object]]:
    """Return the entries that each distinct list or entry of medicines comes to; *words* are (key, as sent)."""
    found: list[dict[str, object]] = []
    for key, sent in words:
        record = read_facts({fact: sent}, dictionary, None)
        codes = [problem.code for problem in record.problems]
        entries = read_facts({fact: sent}, dictionary, None).medicines
        taken = record.facts.get(dictionary.medications or "")
        is_withheld = isinstance(taken, Withheld) or (bool(codes) and "D102" in codes and not entries)
        is_withheld = is_withheld or (isinstance(sent, Mapping) and sent.get("complete", True) is not True)
        found.append(_row(key, None, codes, is_withheld=is_withheld))
        found += [_row(key, entry, (), is_withheld=is_withheld) for entry in entries]
    return found


def dose_rows(
    fact: str, words: Iterable[tuple[object, object, object, object]], dictionary: Dictionary
) -> list[dict[str, object]]:
    """Return the entry that each distinct weekly dose of one drug comes to; *words* are (key, value, unit, is late)."""
    found: list[dict[str, object]] = []
    for key, value, unit, is_late in words:
        sent: dict[str, object] = {"value": value, "unit": unit}
        if is_late is not None:
            sent["date"] = (SOME_DAY + timedelta(days=1)).isoformat() if is_late == "future" else "no date"
        record = read_facts({fact: sent}, dictionary, SOME_DAY)
        entries = read_facts({fact: sent}, dictionary, SOME_DAY).medicines
        found.append(_row(key, None, [problem.code for problem in record.problems], is_withheld=False))
        found += [_row(key, entry, (), is_withheld=False) for entry in entries]
    return found


def _row(key: object, entry: Entry | None, codes: Iterable[str], *, is_withheld: bool) -> dict[str, object]:
    """Return one entry as columns; without *entry* the row says what is wrong with the list."""
    return {
        "word": key,
        "is_entry": entry is not None,
        "is_withheld": is_withheld,
        "problem": next(iter(dict.fromkeys(codes)), None),
        "drug": None if entry is None else entry.drug,
        "is_sure": entry is None or entry.is_sure,
        "intervals": 0 if entry is None else _bits(entry.intervals, INTERVALS),
        "route": None if entry is None else entry.route,
        "weekly": None if entry is None else entry.weekly_mg,
        "is_total": entry is not None and entry.is_total,
    }


def _bits(intervals: Iterable[str], order: tuple[str, ...]) -> int:
    return sum(1 << order.index(interval) for interval in intervals)


WORD_TYPES: Mapping[str, str] = {
    "word": "STRING",
    "is_entry": "BOOLEAN",
    "is_withheld": "BOOLEAN",
    "problem": "STRING",
    "drug": "STRING",
    "is_sure": "BOOLEAN",
    "intervals": "BIGINT",
    "route": "STRING",
    "weekly": "DOUBLE",
    "is_total": "BOOLEAN",
}
