"""One value as somebody sent it to one checked value of its fact, or a problem that says what is wrong.

Nothing is repaired: no unit is guessed, no value moved into its range, no comma read as a point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from cds_engine.language.printer import number
from cds_engine.patient import complaints
from cds_engine.patient.names import drugs_in
from cds_engine.patient.spec import Dictionary, FactSpec
from cds_engine.patient.values import CodeSet, Problem, Value
from cds_engine.units import UnitError, exact

MAX_TEXT = 400
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_QUANTITY = re.compile(rf"\s*({_NUMBER.pattern})\s*(\S.*?)?\s*")
_NO_UNIT = re.compile(r"(?!10\*)[,.\d]")
"""A rest that goes on with digits or a comma is no unit, but `10*9/L` is one."""
VALUE_KEYS = ("value", "unit", "date", "range", "complete", "unusable")


class Reading(NamedTuple):
    """One checked value with its date, its unit as reported and its laboratory's range."""

    value: Value
    date: date | None = None
    reported: tuple[float, str] | None = None
    limits: tuple[float | None, float | None] = (None, None)
    notes: tuple[str, ...] = ()
    """What was taken as read, so that the reader can object."""


class Rejected(NamedTuple):
    """A value that cannot be used, with its date as far as it could be read."""

    problem: Problem
    date: date | None = None


def is_absent(raw: object) -> bool:
    """Say whether nothing was said: `null`, `"unknown"` and an empty text are the same as leaving the fact out."""
    return raw is None or (isinstance(raw, str) and raw.strip().lower() in {"unknown", ""})


def read_value(
    spec: FactSpec, raw: object, dictionary: Dictionary, problems: list[Problem]
) -> Reading | Rejected | None:
    """Read one value in any of its forms; None when it says that nothing is known.

    Side remarks that do not cost the value (a strange key, a bad reference range) go to *problems*.
    """
    if not isinstance(raw, Mapping):
        return None if is_absent(raw) else _typed(spec, raw, None, dictionary, problems)
    problems.extend(complaints.unknown_key(spec.name, key, VALUE_KEYS) for key in raw if key not in VALUE_KEYS)
    when = day_of(raw.get("date"))
    if when is None and not is_absent(raw.get("date")):
        return Rejected(complaints.bad_date(spec, raw.get("date")))
    if not is_absent(raw.get("unusable")):
        return Rejected(complaints.unusable(spec, raw.get("unusable")), when)
    value = raw.get("value")
    if is_absent(value):
        return None if "value" in raw else Rejected(complaints.not_a_value(spec, dict(raw)), when)
    found = _typed(spec, value, raw.get("unit"), dictionary, problems)
    if isinstance(found, Rejected):
        return found._replace(date=when)
    if isinstance(found.value, CodeSet) and _truth(raw.get("complete", True)) is not True:
        found = found._replace(value=CodeSet(found.value.members, is_complete=False))
    limits = _limits(spec, raw.get("range"), found, problems)
    return found._replace(date=when, limits=limits)


def _too_long(spec: FactSpec, text: str) -> Problem:
    """Return what is wrong with a text that is not looked at any further."""
    if spec.entry.type == "code":
        return complaints.unknown_code(spec, text[:MAX_TEXT], spec.entry.allowed)
    return complaints.not_a_value(spec, text)


def _typed(
    spec: FactSpec, value: object, unit: object, dictionary: Dictionary, problems: list[Problem]
) -> Reading | Rejected:
    for text in (value, unit):
        if isinstance(text, str) and len(text) > MAX_TEXT:
            return Rejected(_too_long(spec, text))
    match spec.entry.type:
        case "quantity" | "drug_dose":
            return _quantity(spec, value, unit, needs_unit=True)
        case "decimal":
            return _quantity(spec, value, unit, needs_unit=False)
        case "integer":
            found = _quantity(spec, value, unit, needs_unit=False)
            if isinstance(found, Reading) and isinstance(found.value, float) and not found.value.is_integer():
                return Rejected(complaints.not_whole(spec, value))
            return found
        case "boolean":
            truth = _truth(value)
            return Rejected(complaints.not_yes_or_no(spec, value)) if truth is None else Reading(truth)
        case "code":
            code = value.strip() if isinstance(value, str) else None
            match_code = next((a for a in spec.entry.allowed if code is not None and a.lower() == code.lower()), None)
            if match_code is None:
                return Rejected(complaints.unknown_code(spec, value, spec.entry.allowed))
            return Reading(match_code)
        case "date":
            day = day_of(value)
            return Rejected(complaints.not_a_date(spec, value)) if day is None else Reading(day)
        case "codes":
            return _codes(spec, value, dictionary, problems)
        case _:
            return Rejected(complaints.not_a_value(spec, value))


# Numbers


def _quantity(spec: FactSpec, value: object, unit: object, *, needs_unit: bool) -> Reading | Rejected:
    bare = _bare_number(spec, value)
    if isinstance(bare, Rejected):
        return bare
    magnitude, written_unit = bare
    if written_unit is not None and not is_absent(unit) and written_unit != unit:
        return Rejected(
            complaints.unit_wrong(spec, f"two units, {complaints.shown(written_unit)} and {complaints.shown(unit)}")
        )
    named = written_unit if written_unit is not None else unit
    if not math.isfinite(magnitude):
        return Rejected(complaints.not_finite(spec, value))
    if is_absent(named):
        if needs_unit:
            return Rejected(complaints.unit_missing(spec, value))
        named = spec.unit
    if named is None:
        return _plausible(spec, magnitude, str(value), None)
    if not isinstance(named, str) or (spec.unit is None and spec.entry.type != "integer"):
        return Rejected(complaints.unit_wrong(spec, f"{complaints.shown(named)} is no unit of it"))
    try:
        change = spec.change_from(named)
    except UnitError as error:
        return Rejected(complaints.unit_wrong(spec, str(error)))
    canonical = exact(change.apply(magnitude))
    return _plausible(spec, canonical, f"{number(magnitude)} {named}", (exact(magnitude), named))


def _bare_number(spec: FactSpec, value: object) -> tuple[float, str | None] | Rejected:
    """Split `128 cm` into number and unit; numbers have none."""
    try:
        match value:
            case bool():
                return Rejected(complaints.not_a_number(spec, value))
            case int() | float() | Decimal():
                return float(value), None
            case str() if value.strip().lower() in {"nan", "inf", "-inf", "infinity", "-infinity"}:
                return Rejected(complaints.not_finite(spec, value))
            case str():
                found = _QUANTITY.fullmatch(value)
                if found is None or _NO_UNIT.match(found[2] or ""):
                    return Rejected(complaints.not_a_number(spec, value))
                return float(found[1]), found[2]
            case _:
                return Rejected(complaints.not_a_number(spec, value))
    except (OverflowError, ValueError):
        return Rejected(complaints.not_finite(spec, value))


def _plausible(spec: FactSpec, value: float, written: str, reported: tuple[float, str] | None) -> Reading | Rejected:
    if spec.plausible is not None:
        low, high = spec.plausible
        if not low <= value <= high:
            return Rejected(complaints.implausible(spec, written, low, high))
    elif value < 0:
        return Rejected(complaints.negative(spec, written))
    return Reading(value, reported=reported)


RANGE_KEYS = frozenset({"low", "high", "text"})


def _limits(
    spec: FactSpec, raw: object, reading: Reading, problems: list[Problem]
) -> tuple[float | None, float | None]:
    """Read a laboratory's reference range, given in the unit of the value."""
    if is_absent(raw) or spec.unit is None:
        return None, None
    ends: list[float | None] = []
    for key in ("low", "high"):
        end = raw.get(key) if isinstance(raw, Mapping) else None
        if is_absent(end):
            ends.append(None)
            continue
        bare = _bare_number(spec, end)
        if isinstance(bare, Rejected) or not math.isfinite(bare[0]) or bare[1] not in {None, _unit_of(reading)}:
            problems.append(complaints.bad_range(spec, raw))
            return None, None
        ends.append(exact(spec.change_from(_unit_of(reading) or spec.unit).apply(bare[0])))
    if isinstance(raw, Mapping):
        problems += [complaints.unknown_range_key(spec, key) for key in raw if key not in RANGE_KEYS]
    low, high = ends
    if (low is not None and high is not None and low > high) or ends == [None, None]:
        problems.append(complaints.bad_range(spec, raw))
        return None, None
    return low, high


def _unit_of(reading: Reading) -> str | None:
    return reading.reported[1] if reading.reported else None


# Words


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    return {"true": True, "yes": True, "false": False, "no": False}.get(word)


def day_of(value: object) -> date | None:
    """Return the day that *value* names, None when it names none."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        return None
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        return None


NO_ALLERGY = re.compile(
    r"none|nil|nil known|none known|nka|nkda|no allerg(?:y|ies)"
    r"|no (?:known )?(?:drug |medication |medicine )?(?:allerg(?:y|ies)|hypersensitivit(?:y|ies))"
)


def _codes(spec: FactSpec, value: object, dictionary: Dictionary, problems: list[Problem]) -> Reading | Rejected:
    """Read a list of codes; one that is not known makes the list incomplete, and the caller hears of it."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence | set | frozenset):
        return Rejected(complaints.not_a_list(spec, value))
    if not spec.entry.allowed and len(items) == 1 and all(_says_none(item) for item in items):
        return Reading(CodeSet(frozenset()))
    members: set[str] = set()
    notes: list[str] = []
    is_complete = True
    for item in items:
        name = item.get("substance", item.get("drug", item.get("code"))) if isinstance(item, Mapping) else item
        code = code_of(spec, name, dictionary)
        codes: tuple[str, ...] = () if code is None else (code,)
        if code is None and isinstance(name, str) and not spec.entry.allowed and not _says_none(name):
            codes = drugs_in(name, dict(dictionary.drugs)).drugs
            if codes:
                notes.append(f"{spec.entry.label}: {complaints.shown(name)} was read as {' and '.join(codes)}")
        if not codes:
            allowed = spec.entry.allowed or list(dictionary.drugs)
            problems.append(complaints.unknown_code(spec, name, allowed))
            is_complete = False
        members.update(codes)
    return Reading(CodeSet(frozenset(members), is_complete), notes=tuple(sorted(notes)))


def _says_none(item: object) -> bool:
    """Say whether a text means an empty list: `none`, `NKDA`, `no known drug allergies`."""
    return isinstance(item, str) and NO_ALLERGY.fullmatch(" ".join(item.lower().strip(" .").split())) is not None


def code_of(spec: FactSpec, name: object, dictionary: Dictionary) -> str | None:
    """Return the code that *name* stands for in the fact's own list, or among the drugs of the pack."""
    if not isinstance(name, str):
        return None
    word = " ".join(name.lower().split())
    if spec.entry.allowed:
        return next((code for code in spec.entry.allowed if code.lower() == word), None)
    return dictionary.drugs.get(word) or (f"rxnorm:{word}" if re.fullmatch(r"\d{2,8}", word) else None)
