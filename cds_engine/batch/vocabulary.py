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
"""What a list of codes says as text that also says whether it holds all there is."""


def ways_from(spec: FactSpec, named: Iterable[str]) -> dict[str, Conversion]:
    """Return the ways from those of the *named* units that are units of the fact."""
    found: dict[str, Conversion] = {}
    for unit in named:
        try:
            found[unit] = spec.change_from(unit)
        except UnitError:
            continue
    return found


def as_sent(cell: object) -> object:
    """Return what a patient's file would hold where a cell holds its JSON as text, or a part that nobody said.

    Lines of JSON that disagree on a column leave it as text, and those that agree give all of them the same parts.

    >>> as_sent('{"value": ["a"], "complete": false}'), as_sent("a; b"), as_sent([{"drug": "a", "per": None}])
    ({'value': ['a'], 'complete': False}, 'a; b', [{'drug': 'a'}])
    """
    match cell:
        case str() if cell.lstrip().startswith(("{", "[")):
            try:
                return json.loads(cell)
            except (ValueError, RecursionError):
                return cell
        case Mapping():
            return {key: as_said(value) for key, value in cell.items() if value is not None}
        case list() | tuple():
            return [as_said(item) for item in cell]
        case _:
            return cell


def as_said(cell: object) -> object:
    """Return what stands in a list or a part of a cell, whose texts are texts."""
    return cell if isinstance(cell, str) else as_sent(cell)


def listed(cell: object) -> object:
    """Return the items of a list as it stands in a cell: a list, or a text with `;` between the items.

    A text of JSON may be what a patient's file would hold: `{"value": ["a"], "complete": false}`.
    """
    found = as_sent(cell)
    if not isinstance(found, str):
        return found
    items = [item.strip() for item in found.split(";") if item.strip()]
    return [] if [item.lower() for item in items] == ["none"] else items


def codes_of(cell: object) -> object:
    """Return the items of a list of codes; one with a date as text is none: nobody would hold it to the day."""
    found = listed(cell)
    is_strange = isinstance(cell, str) and isinstance(found, dict) and not found.keys() <= WHOLE_LIST
    return [cell] if is_strange else found


def set_rows(
    source: FactSource, cells: Iterable[object], layout: Layout, dictionary: Dictionary
) -> list[dict[str, object]]:
    """Return for each distinct cell of a list of codes what the reader makes of it."""
    name = source.spec.name
    columns = [column for column in layout.set_columns(name) if column != layout.known(name)]
    found = []
    for cell in cells:
        record = read_facts({name: codes_of(cell)} if said(cell) else {}, dictionary, None)
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


def medicine_rows(
    fact: str, words: Iterable[tuple[object, object, date | None]], dictionary: Dictionary
) -> list[dict[str, object]]:
    """Return the entries that each distinct list or entry of medicines comes to; *words* are (key, as sent, day)."""
    found: list[dict[str, object]] = []
    for key, sent, day in words:
        record = read_facts({fact: sent}, dictionary, day)
        codes = [problem.code for problem in record.problems]
        taken = record.facts.get(dictionary.medications or "")
        is_named = all(entry.drug is not None and entry.is_sure for entry in record.medicines)
        is_part = isinstance(taken, Known) and isinstance(taken.value, CodeSet) and not taken.value.is_complete
        is_withheld = isinstance(taken, Withheld) or (is_named and is_part)
        found.append(_row(key, None, codes, is_withheld=is_withheld))
        found += [_row(key, entry, (), is_withheld=is_withheld) for entry in record.medicines]
    return found


def dose_rows(
    fact: str, words: Iterable[tuple[object, object, object, object, date | None]], dictionary: Dictionary
) -> list[dict[str, object]]:
    """Return the entry that each distinct weekly dose of one drug comes to.

    *words* are (key, as sent, unit, is late, day).
    """
    found: list[dict[str, object]] = []
    for key, value, unit, is_late, day in words:
        today = day or SOME_DAY
        late = (today + timedelta(days=1)).isoformat() if is_late == "future" else "no date"
        sent = dose_of(value, unit, None if is_late is None else late)
        record = read_facts({fact: sent}, dictionary, today)
        found.append(_row(key, None, [problem.code for problem in record.problems], is_withheld=False))
        found += [_row(key, entry, (), is_withheld=False) for entry in record.medicines]
    return found


def dose_of(value: object, unit: object, when: object) -> object:
    """Return a dose of one drug, with the unit and the date that stand beside it; its own unit comes first."""
    if isinstance(value, list):
        return [dose_of(item, unit, when) for item in value]
    beside = {"unit": unit, "date": when}
    said_beside = {key: said for key, said in beside.items() if said is not None}
    return {**said_beside, **value} if isinstance(value, Mapping) else {"value": value, **said_beside}


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
