"""What can be wrong with a patient's data: one small function per mistake, all wording in one place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds_engine.diagnostics import nearest
from cds_engine.language.printer import number
from cds_engine.patient.spec import FactSpec
from cds_engine.patient.values import Problem
from cds_engine.units import display

MAX_SHOWN = 60
MAX_VALUES = 6


def text_of(value: object) -> str:
    """Return what somebody sent as text that can be printed, whatever it is; a lone surrogate is spelled out."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001 - a number of ten thousand digits, a list nested as deep, an object that will not say
        return "a number too long to show" if isinstance(value, int) else "something that cannot be shown"
    return text.encode("utf-8", "backslashreplace").decode()


def shown(value: object) -> str:
    """Return what somebody sent, in backticks and short enough for a line."""
    text = " ".join(text_of(value).split())
    return f"`{text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + '...'}`"


def _hint(word: str, known: Iterable[str]) -> str:
    found = nearest(word, known)
    return f"; did you mean `{found}`?" if found else ""


def unknown_fact(name: str, known: Iterable[str]) -> Problem:
    return Problem(None, "D101", f"there is no fact {shown(name)}{_hint(name, known)}")


def not_a_number(spec: FactSpec, value: object) -> Problem:
    hint = "; write a decimal point" if isinstance(value, str) and "," in value else ""
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is not a number{hint}")


def not_whole(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is not a whole number")


def not_yes_or_no(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is neither true nor false")


def not_a_date(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is not a date such as `2026-11-21`")


def not_a_list(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is not a list")


def not_a_value(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D102", f"{spec.entry.label}: {shown(value)} is no value of this fact")


def unit_missing(spec: FactSpec, value: object) -> Problem:
    example = f"`{value} {spec.unit}`" if isinstance(value, int | float) else f"`{spec.unit}`"
    return Problem(spec.name, "D103", f"{spec.entry.label}: {shown(value)} has no unit; write for example {example}")


def unit_wrong(spec: FactSpec, reason: str) -> Problem:
    return Problem(spec.name, "D104", f"{spec.entry.label}: {text_of(reason)}")


def implausible(spec: FactSpec, written: str, low: float, high: float) -> Problem:
    unit = display(spec.unit) if spec.unit else ""
    ends = f"{number(low)} to {number(high)} {unit}".rstrip()
    text = f"{spec.entry.label}: {shown(written)} lies outside the plausible range of {ends}; it is not used"
    return Problem(spec.name, "D105", text)


def not_finite(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D106", f"{spec.entry.label}: {shown(value)} is not a finite number")


def negative(spec: FactSpec, written: str) -> Problem:
    return Problem(spec.name, "D106", f"{spec.entry.label}: {shown(written)} is below zero; it is not used")


def unknown_code(spec: FactSpec, value: object, allowed: Iterable[str]) -> Problem:
    listed = ", ".join(f"`{code}`" for code in list(allowed)[:8])
    hint = _hint(text_of(value), allowed) or f"; it can be {listed}"
    return Problem(spec.name, "D107", f"{spec.entry.label}: {shown(value)} is not known{hint}")


def conflicting(spec: FactSpec, values: Iterable[str]) -> Problem:
    shown_values = list(values)
    more = len(shown_values) - MAX_VALUES
    listed = " and ".join(shown_values[:MAX_VALUES]) + (f" and {more} more" if more > 0 else "")
    return Problem(spec.name, "D108", f"{spec.entry.label}: current values disagree ({listed}); none of them is used")


def contradicted(says: str) -> Problem:
    """Return what is said of several facts that contradict each other, as the pack *says*."""
    return Problem(None, "D112", f"{says.removesuffix('.')}; none of these facts is used")


def too_many(spec: FactSpec, count: int, limit: int) -> Problem:
    text = f"{spec.entry.label}: {count} values were given, and more than {limit} are never read; none of them is used"
    return Problem(spec.name, "D116", text)


def unusable(spec: FactSpec, why: object) -> Problem:
    return Problem(spec.name, "D117", f"{spec.entry.label}: what was recorded cannot be used: {text_of(why)}")


def stale(spec: FactSpec, when: date, limit: float, as_of: date) -> Problem:
    age = (as_of - when).days
    text = f"{spec.entry.label}: the value of {when} is {age} days old; after {number(limit)} days it is not used"
    return Problem(spec.name, "D109", text)


def bad_date(spec: FactSpec, value: object) -> Problem:
    return Problem(spec.name, "D110", f"{spec.entry.label}: {shown(value)} is not a date such as `2026-11-21`")


def future(spec: FactSpec, when: date, as_of: date) -> Problem:
    return Problem(spec.name, "D110", f"{spec.entry.label}: the date {when} lies after {as_of}; it is not used")


def unknown_key(fact: str, key: object, known: Iterable[str], code: str = "D102") -> Problem:
    return Problem(fact, code, f"there is no key {shown(key)} in a value of `{fact}`{_hint(text_of(key), known)}")


def bad_range(spec: FactSpec, value: object) -> Problem:
    text = f"{spec.entry.label}: the reference range {shown(value)} is not used; it needs numbers `low` and `high`"
    return Problem(spec.name, "D115", text)


def unknown_range_key(spec: FactSpec, key: object) -> Problem:
    hint = _hint(text_of(key), ("low", "high")) or "; it has `low` and `high`"
    return Problem(spec.name, "D115", f"{spec.entry.label}: there is no {shown(key)} in a reference range{hint}")


def unknown_drug(fact: str, name: object, known: Iterable[str]) -> Problem:
    word = text_of(name).lower()
    hint = _hint(word, known) or "; if it is another medicine, give its RxNorm code"
    return Problem(fact, "D111", f"the medicine {shown(name)} is not known, so the list counts as incomplete{hint}")


def bad_medication(fact: str, entry: object, reason: str) -> Problem:
    return Problem(fact, "D111", f"the medicine {shown(entry)}: {text_of(reason)}")


def bad_order(reason: str) -> Problem:
    return Problem(None, "D114", reason)
