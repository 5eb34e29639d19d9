"""A list of medicines folded into sets: the drugs, and per drug its intervals, routes and weekly amount.

Two entries never cancel each other, an entry without interval leaves the interval unknown, and an entry that
cannot be understood leaves the list incomplete: nothing a list says can hide what another entry says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cds_engine.diagnostics import nearest
from cds_engine.patient import complaints
from cds_engine.patient.readings import MAX_TEXT, is_absent
from cds_engine.patient.spec import Dictionary
from cds_engine.patient.values import CodeSet, Known, Problem, Reason, Withheld
from cds_engine.units import UnitError, conversion, exact

ENTRY_KEYS = ("drug", "dose", "per", "times", "route", "id", "status", "date", "rxnorm", "code", "name")

_WORDS_OF_INTERVAL = {
    "day": "day d daily qd od bid bd tid tds qid qds nightly once-daily every-day once-a-day twice-daily twice-a-day"
    " three-times-daily three-times-a-day four-times-daily four-times-a-day",
    "several_times_a_week": "twice-weekly twice-a-week three-times-a-week several-times-a-week",
    "week": "week wk w weekly once-weekly once-a-week every-week qw",
    "two_weeks": "two-weeks 2-weeks every-two-weeks every-2-weeks fortnight fortnightly q2w",
    "month": "month mo monthly once-monthly once-a-month every-month",
    "course": "course",
    "once": "once single stat single-dose",
    "as_needed": "as-needed prn when-needed",
}
_INTERVALS = {word: interval for interval, words in _WORDS_OF_INTERVAL.items() for word in words.split()}
_INTERVALS |= {interval.replace("_", "-"): interval for interval in _WORDS_OF_INTERVAL}
_TIMES_IN_WORD = {"bid": 2, "bd": 2, "twice-daily": 2, "twice-a-day": 2, "tid": 3, "tds": 3, "qid": 4, "qds": 4}
_TIMES_IN_WORD |= {"three-times-daily": 3, "three-times-a-day": 3, "four-times-daily": 4, "four-times-a-day": 4}
_PER_WEEK = {"day": 7.0, "week": 1.0, "two_weeks": 0.5}
_ROUTES = {
    "oral": "oral po by-mouth os",
    "subcutaneous": "subcutaneous sc s.c. subq sq",
    "intravenous": "intravenous iv i.v.",
    "intramuscular": "intramuscular im i.m.",
    "topical": "topical",
    "intrathecal": "intrathecal it",
}
_ROUTE = {word: route for route, words in _ROUTES.items() for word in words.split()}
ENTRY_NAMES = {"drug", "rxnorm", "code", "name"}
_NAMES = ("drug", "rxnorm", "code", "name")
_NUMBER_FIRST = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*(?![,.\d])(\S.*?)?\s*")
_PER_AT_THE_END = re.compile(
    r"(.*?)(?:\s*/\s*|\s+per\s+|\s+an?\s+|\s+)(d|day|daily|wk|week|weekly)\s*|(.*)\.(d|wk)-1\s*"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One medicine of a list; None where the list does not say."""

    drug: str | None
    intervals: tuple[str, ...] = ()
    route: str | None = None
    weekly_mg: float | None = None
    dose_mg: float | None = None
    times: float | None = 1.0
    """How often in the interval."""
    is_total: bool = False
    """Whether `weekly_mg` is all of that drug a week, and not the amount of one line of the list."""


def read_medications(fact: str, raw: Iterable[object], dictionary: Dictionary, problems: list[Problem]) -> list[Entry]:
    """Read every entry of a list; what cannot be understood is reported and stays in it as unknown."""
    return [entry for item in raw for entry in _entries(fact, item, dictionary, problems)]


def fold(entries: Iterable[Entry], dictionary: Dictionary, *, is_complete: bool) -> dict[str, Known | Withheld]:
    """Return the medications fact and its properties for every drug of the pack."""
    entries = list(entries)
    name = dictionary.medications
    is_named = all(entry.drug is not None for entry in entries)
    is_complete = is_complete and is_named
    drugs = frozenset(entry.drug for entry in entries if entry.drug is not None)
    facts: dict[str, Known | Withheld] = dict(dictionary.nothing_taken if is_complete else dictionary.perhaps_taken)
    facts[f"{name}"] = Known(CodeSet(drugs, is_complete))
    for drug in drugs:
        own = [entry for entry in entries if entry.drug == drug]
        intervals = frozenset(i for entry in own for i in entry.intervals)
        routes = frozenset(entry.route for entry in own if entry.route is not None)
        is_whole = is_complete or (is_named and any(entry.is_total for entry in own))
        said = is_whole and all(entry.intervals for entry in own)
        facts[f"{name}.{drug}.per"] = Known(CodeSet(intervals, said))
        facts[f"{name}.{drug}.route"] = Known(
            CodeSet(routes, is_complete and all(entry.route is not None for entry in own))
        )
        facts.pop(f"{name}.{drug}.weekly_amount", None)  # that of a drug that is not taken
        amount = _amount_a_week(own, is_complete=is_complete)
        if amount is not None:
            facts[f"{name}.{drug}.weekly_amount"] = amount
    return facts


def _amount_a_week(own: list[Entry], *, is_complete: bool) -> Known | Withheld | None:
    """Return what one drug adds up to: of what is listed and what is stated as the whole, the larger.

    Where lines are missing or unclear the amount is unknown, but warnings still try what is certain of it.
    """
    listed = [entry.weekly_mg for entry in own if not entry.is_total]
    stated = [entry.weekly_mg for entry in own if entry.is_total and entry.weekly_mg is not None]
    certain = exact(max([math.fsum(amount for amount in listed if amount is not None), *stated]))
    if stated or (is_complete and None not in listed):
        return Known(certain)
    return Withheld(Reason.REJECTED, (certain,)) if certain > 0 else None


def _entries(fact: str, item: object, dictionary: Dictionary, problems: list[Problem]) -> list[Entry]:
    """Read one item of a list: one entry, or one for each medicine if it names several."""
    if isinstance(item, str) and not is_absent(item):
        return [Entry(_drug(fact, item, dictionary, problems))]
    if not isinstance(item, Mapping):
        problems.append(complaints.bad_medication(fact, item, "an entry is a name or has at least the key `drug`"))
        return [Entry(None)]
    problems += [complaints.unknown_key(fact, key, ENTRY_KEYS, "D111") for key in item if key not in ENTRY_KEYS]
    names = [item[key] for key in _NAMES if not is_absent(item.get(key))]
    known = list(dict.fromkeys(drug for name in names if (drug := _code(name, dictionary)) is not None))
    if len(known) > 1:
        problems.append(complaints.bad_medication(fact, names[0], f"one entry names {' and '.join(known)}"))
    if not known:
        problems.append(complaints.unknown_drug(fact, names[0] if names else None, dictionary.drugs))
    drugs: list[str | None] = [*known] or [None]
    return [_entry(fact, item, drug, names, problems) for drug in drugs]


def _entry(
    fact: str, item: Mapping[str, object], drug: str | None, names: list[object], problems: list[Problem]
) -> Entry:
    shown = drug or (names[0] if names else None)
    amount, per_in_dose = _dose(fact, shown, item.get("dose"), problems)
    intervals, times = _intervals(fact, shown, item, problems)
    if per_in_dose is not None and per_in_dose not in intervals:
        intervals = (*intervals, per_in_dose)
    return Entry(
        drug=drug,
        intervals=intervals,
        route=_route(fact, shown, item.get("route"), problems),
        weekly_mg=_weekly(amount, intervals, times),
        dose_mg=amount,
        times=times,
    )


def _drug(fact: str, name: object, dictionary: Dictionary, problems: list[Problem]) -> str | None:
    found = _code(name, dictionary)
    if found is None:
        problems.append(complaints.unknown_drug(fact, name, dictionary.drugs))
    return found


def _code(name: object, dictionary: Dictionary) -> str | None:
    """Return the drug of that name or RxNorm code; a code that the pack does not speak of is a medicine all the same."""
    is_word = isinstance(name, str | int) and not isinstance(name, bool)
    word = " ".join(complaints.text_of(name).lower().split()) if is_word else ""
    found = dictionary.drugs.get(word)
    return f"rxnorm:{word}" if found is None and re.fullmatch(r"\d{2,8}", word) else found


def _words(value: object) -> str:
    return "-".join(re.split(r"[\s_-]+", complaints.text_of(value).strip().lower()))


def _intervals(
    fact: str, drug: object, item: Mapping[str, object], problems: list[Problem]
) -> tuple[tuple[str, ...], float | None]:
    """Return the interval of an entry (none when it is not said or not understood) and how often in it.

    A count that cannot be read costs the amount, and a weekly interval, but never hides a daily one.
    """
    per, times = item.get("per"), item.get("times")
    count: float | None = 1.0
    if not is_absent(times):
        if isinstance(times, bool) or not isinstance(times, int | float) or not 0 < times < 100:  # noqa: PLR2004
            problems.append(complaints.bad_medication(fact, drug, f"`times` {complaints.shown(times)} is no count"))
            count = None
        else:
            count = float(times)
    if is_absent(per):
        return (), count
    word = _words(per)
    interval = _INTERVALS.get(word)
    if interval is None:
        close = nearest(word, _INTERVALS)
        hint = f"; did you mean `{close}`?" if close else "; write `day`, `week`, `month` or `as_needed`"
        problems.append(
            complaints.bad_medication(fact, drug, f"the interval {complaints.shown(per)} is not known{hint}")
        )
        return (), count
    if count is None:
        return (() if interval == "week" else (interval,)), None
    if interval == "week" and count > 1:
        return ("several_times_a_week",), count
    return (interval,), count * _TIMES_IN_WORD.get(word, 1)


def _dose(fact: str, drug: object, raw: object, problems: list[Problem]) -> tuple[float | None, str | None]:
    """Return a dose in mg, None when it is not said in mass, and the interval that its unit names (`mg/d`)."""
    if is_absent(raw):
        return None, None
    value, unit = (raw.get("value"), raw.get("unit")) if isinstance(raw, Mapping) else (raw, None)
    interval, unit = _interval_at_the_end(unit)
    if isinstance(value, str):
        written, value = _interval_at_the_end(value[:MAX_TEXT])
        interval = written or interval
        found = _NUMBER_FIRST.fullmatch(value) if isinstance(value, str) else None
        value, unit = (float(found[1]), found[2] or unit) if found else (None, unit)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(unit, str):
        reason = f"the dose {complaints.shown(raw)} needs a number and a unit"
        problems.append(complaints.bad_medication(fact, drug, reason))
        return None, interval
    try:
        amount = float(value)
    except OverflowError:
        amount = math.inf
    try:
        milligrams = exact(conversion(unit, "mg").apply(amount))
    except UnitError as error:
        problems.append(complaints.bad_medication(fact, drug, f"the dose {complaints.shown(raw)}: {error}"))
        return None, interval
    if not math.isfinite(milligrams) or milligrams < 0:
        problems.append(complaints.bad_medication(fact, drug, f"the dose {complaints.shown(raw)} is no amount"))
        return None, interval
    return milligrams, interval


def _interval_at_the_end(text: object) -> tuple[str | None, object]:
    """Split `15 mg/d`, `2.5 mg daily` or `mg per week` into the interval it names and the rest.

    Read before anything else of a dose, so that an amount that makes no sense hides no daily methotrexate.
    """
    found = _PER_AT_THE_END.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_TEXT else None
    if found is None:
        return None, text
    amount, per = (found[1], found[2]) if found[2] else (found[3], found[4])
    return "day" if per.startswith("d") else "week", amount


def _weekly(amount: float | None, intervals: tuple[str, ...], times: float | None) -> float | None:
    """Return the amount a week, None when it cannot be computed."""
    if amount is None or times is None or len(intervals) != 1:
        return None
    if intervals[0] == "several_times_a_week":
        return amount * times if times > 1 else None
    per_week = _PER_WEEK.get(intervals[0])
    return None if per_week is None else amount * per_week * times


def _route(fact: str, drug: object, raw: object, problems: list[Problem]) -> str | None:
    if is_absent(raw):
        return None
    found = _ROUTE.get(_words(raw))
    if found is None:
        reason = f"the route {complaints.shown(raw)} is not known; write `oral`, `subcutaneous`, `intravenous`"
        problems.append(complaints.bad_medication(fact, drug, reason))
    return found
