"""A mapping that somebody sent to a `Record`: every fact checked, converted once, dated, or reported."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from cds_engine.language.printer import number
from cds_engine.patient import complaints
from cds_engine.patient.medications import ENTRY_NAMES, Entry, fold, read_medications
from cds_engine.patient.readings import Reading, Rejected, day_of, is_absent, read_value
from cds_engine.patient.record import Record
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.patient.values import CodeSet, Known, Note, Problem, Reason, Value, Withheld
from cds_engine.units import display


def read_facts(facts: Mapping[str, object], dictionary: Dictionary, as_of: date | None) -> Record:
    """Read the facts of one patient.

    Every name is either a fact of the dictionary or a problem. A fact without a usable value is absent
    (nobody said), or `Withheld` (rejected, conflicting, stale). With *as_of* None nothing is aged.
    """
    reader = _Reader(dictionary, as_of)
    for name, raw in facts.items():
        spec = dictionary.facts.get(name) if isinstance(name, str) else None
        if spec is None:
            reader.problems.append(complaints.unknown_fact(complaints.text_of(name), dictionary.facts))
        else:
            reader.read(spec, raw)
    return reader.record()


LIST_KEYS = ("value", "date", "complete")
"""Of a list of medicines; with `complete: false` what it does not hold may be taken all the same."""
MAX_VALUES = 50
"""Of one fact; a record with more is not a patient's."""

R = TypeVar("R", bound=Reading | Rejected)


class _Reader:
    """Collects what one patient's facts come to."""

    def __init__(self, dictionary: Dictionary, as_of: date | None) -> None:
        self.dictionary = dictionary
        self.as_of = as_of
        self.facts: dict[str, Known | Withheld] = {}
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.entries: list[Entry] = []
        self.list_was_given = False
        self.list_is_withheld = False

    def record(self) -> Record:
        medications = self.dictionary.medications
        if medications is not None and (self.list_was_given or self.entries):
            is_complete = self.list_was_given and not self.list_is_withheld
            if self.entries or is_complete:
                self.facts.update(fold(self.entries, self.dictionary, is_complete=is_complete))
            else:
                self.facts[medications] = Withheld(Reason.REJECTED)
        return Record(self.facts, tuple(self.problems), tuple(self.notes), tuple(self.entries))

    def read(self, spec: FactSpec, raw: object) -> None:
        if is_absent(raw):
            return
        match spec.entry.type:
            case "medications":
                self._medications(spec, raw)
            case "drug_dose":
                self._drug_dose(spec, raw)
            case _:
                self._values(spec, _listed(spec, raw))

    # Values and their dates

    def _values(self, spec: FactSpec, raws: Sequence[object]) -> None:
        """Keep the values of the latest date; older ones are history."""
        found = [r for raw in raws if (r := read_value(spec, raw, self.dictionary, self.problems)) is not None]
        found = [self._not_in_future(spec, reading) for reading in found]
        for reading in found:
            if isinstance(reading, Rejected):
                self.problems.append(reading.problem)
        if not found:
            return
        if len(found) > MAX_VALUES:
            self.problems.append(complaints.too_many(spec, len(found), MAX_VALUES))
            self.facts[spec.name] = Withheld(Reason.REJECTED)
            return
        current = self._latest(found)
        good = _sorted([reading for reading in current if isinstance(reading, Reading)])
        if len(good) < len(current):
            usable = [reading for reading in found if isinstance(reading, Reading)]
            self.facts[spec.name] = _withheld(Reason.REJECTED, self._latest(usable))
        elif self._is_stale(spec, good[0]):
            self.facts[spec.name] = _withheld(Reason.STALE, good)
        elif not all(spec.agree(a.value, b.value) for a, b in itertools.combinations(good, 2)):
            self.problems.append(complaints.conflicting(spec, [shown_value(spec, v) for v in _distinct(good)]))
            self.facts[spec.name] = _withheld(Reason.CONFLICTING, good)
        else:
            self._keep(spec, good)

    def _latest(self, found: Sequence[R]) -> list[R]:
        """Return the readings of the latest date."""
        if len(found) == 1:
            return list(found)
        latest = max((self._day(reading.date) for reading in found), default=None)
        return [reading for reading in found if self._day(reading.date) == latest]

    def _keep(self, spec: FactSpec, good: list[Reading]) -> None:
        reading, name = good[0], spec.name
        self.notes += [Note(name, text) for text in reading.notes]
        also = tuple(value for value in _distinct(good[1:]) if value != reading.value)
        if also:
            used = shown_value(spec, reading.value)
            text = f"{spec.entry.label}: several values agree within the tolerance; {used} was used"
            self.notes.append(Note(name, text))
        self.facts[name] = Known(reading.value, reading.date, also=also)
        for prop, value in _properties(reading):
            self.facts[f"{name}.{prop}"] = Known(value, reading.date)

    def _day(self, when: date | None) -> date:
        """An undated value counts as of today, or as the latest when no day was named."""
        return when or self.as_of or date.max

    def _not_in_future(self, spec: FactSpec, reading: Reading | Rejected) -> Reading | Rejected:
        days = [
            reading.date,
            reading.value if isinstance(reading, Reading) and isinstance(reading.value, date) else None,
        ]
        for day in days:
            if day is not None and self.as_of is not None and day > self.as_of:
                return Rejected(complaints.future(spec, day, self.as_of))
        return reading

    def _is_stale(self, spec: FactSpec, reading: Reading) -> bool:
        limit = spec.max_age_days
        if limit is None or reading.date is None or self.as_of is None:
            return False
        if (self.as_of - reading.date).days <= limit:
            return False
        self.problems.append(complaints.stale(spec, reading.date, limit, self.as_of))
        return True

    # Medicines

    def _medications(self, spec: FactSpec, raw: object) -> None:
        """Read a list of medicines, or dated lists, of which those of the latest date count."""
        dated = [_dated_list(raw)] if isinstance(raw, Mapping) else []
        if isinstance(raw, list | tuple) and raw:
            dated = [_dated_list(item) for item in raw]
        lists = [found for found in dated if found is not None]
        if not lists or len(lists) < len(dated):  # entries, perhaps with a list among them
            self._entries(spec, raw)
            for found in lists if len(lists) < len(dated) else ():
                self._entries(spec, found.get("value"))
            return
        latest = max(self._day(_day_of(found)) for found in lists)
        for found in lists:
            if self._day(_day_of(found)) == latest:
                self._dated_entries(spec, found)

    def _dated_entries(self, spec: FactSpec, found: Mapping[str, object]) -> None:
        """Read one dated list; a date that cannot be right leaves it incomplete but hides none of its entries."""
        when = _day_of(found)
        for key in found:
            if key not in LIST_KEYS:
                self.problems.append(complaints.unknown_key(spec.name, key, LIST_KEYS))
        if found.get("complete", True) is not True:
            self.list_is_withheld = True
        if when is None and not is_absent(found.get("date")):
            self.problems.append(complaints.bad_date(spec, found.get("date")))
            self.list_is_withheld = True
        if when is not None and self.as_of is not None and when > self.as_of:
            self.problems.append(complaints.future(spec, when, self.as_of))
            self.list_is_withheld = True
        if not is_absent(found.get("value")):
            self._entries(spec, found.get("value"))

    def _entries(self, spec: FactSpec, items: object) -> None:
        self.list_was_given = True
        if isinstance(items, str) and items.strip().lower() == "none":
            items = []
        if isinstance(items, str | Mapping):
            items = [items]
        if not isinstance(items, Sequence | set | frozenset):
            self.problems.append(complaints.not_a_list(spec, items))
            self.list_is_withheld = True
            return
        self.entries += read_medications(spec.name, items, self.dictionary, self.problems)

    def _drug_dose(self, spec: FactSpec, raw: object) -> None:
        """Fold the latest dose of one drug into the medicines: `15 mg/wk` is all of that drug, once a week."""
        items = _listed(spec, raw)
        days = [self._day(_day_of(item)) for item in items]
        for item, day in zip(items, days, strict=True):
            if day == max(days):
                self._one_drug_dose(spec, item)

    def _one_drug_dose(self, spec: FactSpec, raw: object) -> None:
        """Read one dose of one drug; if it cannot be used the drug is taken all the same, nobody knows how often."""
        reading = read_value(spec, raw, self.dictionary, self.problems)
        if reading is None:
            return
        reading = self._not_in_future(spec, reading)
        dose = {"value": raw.get("value"), "unit": raw.get("unit")} if isinstance(raw, Mapping) else raw
        sent = {"drug": spec.entry.drug, "dose": dose}
        if isinstance(reading, Reading):
            if reading.value != 0:
                amount = float(str(reading.value))
                self.entries.append(Entry(spec.entry.drug, ("week",), None, amount, amount, is_total=True, sent=sent))
            return
        wrong: list[Problem] = []
        for found in read_medications(spec.name, [sent], self.dictionary, wrong):
            others = tuple(interval for interval in found.intervals if interval != "week")
            # a daily amount is no unreadable weekly one: it is the alarm
            is_only_unit = bool(others) and reading.problem.code == "D104"
            self.problems += wrong if is_only_unit else [reading.problem]
            self.entries.append(
                replace(found, intervals=others, weekly_mg=found.weekly_mg if others else None, is_sure=bool(others))
            )


def _sorted(readings: Sequence[Reading]) -> list[Reading]:
    """Sort readings, the smallest first, by all that they say: the order they were sent in does not matter."""
    return sorted(readings, key=_order) if len(readings) > 1 else list(readings)


def _order(reading: Reading) -> tuple[float, str]:
    value = reading.value
    said = sorted(value.members) if isinstance(value, CodeSet) else value
    return value if isinstance(value, float) else 0.0, repr((said, reading.reported, reading.limits, str(reading.date)))


def _dated_list(raw: object) -> Mapping[str, object] | None:
    """Return *raw* if it is a list with its date, `{"value": [...], "date": ...}`, and no medicine."""
    return raw if isinstance(raw, Mapping) and "value" in raw and not ENTRY_NAMES & raw.keys() else None


def _day_of(found: object) -> date | None:
    return day_of(found.get("date")) if isinstance(found, Mapping) else None


def _distinct(readings: Sequence[Reading]) -> tuple[Value, ...]:
    return tuple(dict.fromkeys(reading.value for reading in readings))


def _properties(reading: Reading) -> tuple[tuple[str, Value], ...]:
    """Return what came with a value: how it was reported, and its laboratory's own limits."""
    found: dict[str, Value | None] = {"range.low": reading.limits[0], "range.high": reading.limits[1]}
    if reading.reported is not None:
        found |= {"reported.value": reading.reported[0], "reported.unit": reading.reported[1]}
    return tuple((name, value) for name, value in found.items() if value is not None)


def _withheld(reason: Reason, readings: Sequence[Reading]) -> Withheld:
    """Return a fact that may not be used, with the values that may be right after all."""
    distinct = {(reading.value, _properties(reading)): None for reading in _sorted(readings)}
    return Withheld(reason, tuple(value for value, _ in distinct), tuple(details for _, details in distinct))


def _listed(spec: FactSpec, raw: object) -> Sequence[object]:
    """Return the dated values of a fact; a list of codes is one value."""
    if spec.entry.type == "codes":
        dated = isinstance(raw, list) and any(isinstance(item, Mapping) and "value" in item for item in raw)
        return raw if dated and isinstance(raw, list) else [raw]
    return raw if isinstance(raw, list | tuple) else [raw]


def shown_value(spec: FactSpec, value: Value) -> str:
    """Return a value as a person reads it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{number(value)} {display(spec.unit) if spec.unit else ''}".rstrip()
        case CodeSet(members):
            return ", ".join(sorted(members)) or "none"
        case _:
            return str(value)
