"""A list of medicines folded into sets: the drugs, and per drug its intervals, routes and weekly amount.

Two entries never cancel each other, an entry without interval leaves the interval unknown, and an entry that
cannot be understood leaves the list incomplete: nothing a list says can hide what another entry says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cds_engine.patient import complaints
from cds_engine.patient.intervals import (
    ACCEPTED,
    MAX_DEPTH,
    MAX_TEXT,
    NOTHING,
    Said,
    in_words,
    interval_at_the_end,
    is_one_weekday,
    read_interval,
    texts,
)
from cds_engine.patient.names import drugs_in, like
from cds_engine.patient.readings import is_absent
from cds_engine.patient.spec import Dictionary
from cds_engine.patient.values import CodeSet, Known, Problem, Reason, Withheld
from cds_engine.units import UnitError, conversion, exact

ENTRY_KEYS = ("drug", "dose", "per", "times", "route", "id", "status", "date", "rxnorm", "code", "name")
FREQUENCY_KEYS = frozenset({"frequency", "interval", "sig", "schedule", "timing"})
"""Keys that are not ours but say how often; what they say counts."""
_NO_REMARKS = frozenset({"drug", "dose", "per", "id", "status", "date", "rxnorm", "code", "name"})
TOO_OFTEN = frozenset({"day", "several_times_a_week"})
PER_WEEK = {"day": 7.0, "week": 1.0, "two_weeks": 0.5}
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
    is_sure: bool = True
    """False where words beside the name of the drug were not understood: the list counts as incomplete."""
    sent: Mapping[str, object] | None = field(default=None, compare=False)
    """The entry as sent; None for what is no entry."""
    problems: tuple[Problem, ...] = field(default=(), compare=False)


def read_medications(fact: str, raw: Iterable[object], dictionary: Dictionary, problems: list[Problem]) -> list[Entry]:
    """Read every entry of a list; what cannot be understood is reported and stays in it as unknown."""
    return [entry for item in raw for entry in _entries(fact, item, dictionary, problems)]


def fold(entries: Iterable[Entry], dictionary: Dictionary, *, is_complete: bool) -> dict[str, Known | Withheld]:
    """Return the medications fact and its properties for every drug of the pack."""
    entries = list(entries)
    name = dictionary.medications
    is_named = all(entry.drug is not None and entry.is_sure for entry in entries)
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


def _entries(
    fact: str, item: object, dictionary: Dictionary, problems: list[Problem], depth: int = MAX_DEPTH
) -> list[Entry]:
    """Read one item of a list: one entry, or one for each medicine if it names several; lists in it are opened."""
    if isinstance(item, list | tuple) and item and depth:
        return [entry for inner in item for entry in _entries(fact, inner, dictionary, problems, depth - 1)]
    if isinstance(item, str) and not is_absent(item):
        item = {"drug": item}
    if not isinstance(item, Mapping):
        problems.append(complaints.bad_medication(fact, item, "an entry is a name or has at least the key `drug`"))
        return [Entry(None)]
    own = [complaints.unknown_key(fact, key, ENTRY_KEYS, "D111") for key in item if key not in ENTRY_KEYS]
    names = [item[key] for key in _NAMES if not is_absent(item.get(key))]
    drugs, is_sure, remarks = _drugs(fact, item, names, dictionary, own)
    found = [replace(_entry(fact, item, drug, names, remarks, own), is_sure=is_sure, sent=item) for drug in drugs]
    problems += own
    return [replace(entry, problems=tuple(own)) for entry in found]


def _drugs(
    fact: str, item: Mapping[str, object], names: list[object], dictionary: Dictionary, problems: list[Problem]
) -> tuple[list[str | None], bool, list[str]]:
    """Return the drugs that an entry names, whether all of the names was understood, and what stands beside them."""
    known: dict[str, None] = {}
    remarks: list[str] = []
    is_sure = True
    for key in _NAMES:
        name = item.get(key)
        if is_absent(name) or isinstance(name, bool):
            continue
        exact_name = dictionary.drugs.get(_word(name))
        if exact_name is not None:
            known[exact_name] = None
        elif isinstance(name, str) and not name.strip().isdigit():
            named = drugs_in(name, dict(dictionary.drugs))
            known |= dict.fromkeys(named.drugs)
            remarks.append(named.rest)
            if named.drugs:
                is_sure = is_sure and _is_understood(named.rest)
                problems.append(complaints.bad_medication(fact, name, f"it was read as {' and '.join(named.drugs)}"))
    if len(known) > 1:
        problems.append(complaints.bad_medication(fact, names[0], f"one entry names {' and '.join(known)}"))
    foreign = None if known else _foreign(item, dictionary)
    if foreign is not None:
        return [foreign], True, remarks
    if not known:
        problems.append(complaints.unknown_drug(fact, names[0] if names else None, dictionary.drugs))
    return [*known] or [None], is_sure, remarks


def _is_understood(rest: str) -> bool:
    return not rest or is_one_weekday(rest) or read_interval(rest).is_plain


def _foreign(item: Mapping[str, object], dictionary: Dictionary) -> str | None:
    """Return the medicine that an RxNorm code names of which the pack does not speak.

    Beside a name that is nearly one of the pack a code settles nothing.
    """
    beside = [item.get(key) for key in ("drug", "name")]
    if any(isinstance(name, str) and like(name, dict(dictionary.drugs)) for name in beside):
        return None
    for key in ("rxnorm", "code", "drug", "name"):
        code = item.get(key)
        is_code = isinstance(code, str) or (key in {"rxnorm", "code"} and isinstance(code, int))
        word = _word(code) if is_code else ""
        if re.fullmatch(r"[0-9]{2,8}", word):
            return f"rxnorm:{word}"
    return None


def _word(name: object) -> str:
    is_word = isinstance(name, str | int) and not isinstance(name, bool)
    return " ".join(complaints.text_of(name).lower().split()) if is_word else ""


def _entry(
    fact: str,
    item: Mapping[str, object],
    drug: str | None,
    names: list[object],
    remarks: list[str],
    problems: list[Problem],
) -> Entry:
    shown = drug or (names[0] if names else None)
    amount, in_dose = _dose(fact, shown, item.get("dose"), problems)
    intervals, times = _intervals(fact, shown, item, [*in_dose, *_in_remarks(item, remarks)], problems)
    return Entry(
        drug=drug,
        intervals=intervals,
        route=_route(fact, shown, item.get("route"), problems),
        weekly_mg=_weekly(amount, intervals, times),
        dose_mg=amount,
        times=times,
    )


def _in_remarks(item: Mapping[str, object], remarks: list[str]) -> list[Said]:
    """Return what the name of the drug says of how often, and what is said too often in any other text."""
    found = [said for text in remarks if text and (said := read_interval(text)).interval is not None]
    for key, value in item.items():
        if key in _NO_REMARKS or key in FREQUENCY_KEYS:
            continue
        said_there = [read_interval(text) for text in texts(value) if isinstance(text, str) and not is_absent(text)]
        found += [said for said in said_there if said.interval in TOO_OFTEN]
    return found


def _words(value: object) -> str:
    return "-".join(re.split(r"[\s_-]+", complaints.text_of(value).strip().lower()))


def _intervals(
    fact: str, drug: object, item: Mapping[str, object], elsewhere: list[Said], problems: list[Problem]
) -> tuple[tuple[str, ...], float | None]:
    """Return the intervals of an entry (none when it is not said or not understood) and how often in one of them.

    A count or a word that cannot be read costs the amount, and a weekly interval, but never hides a daily one.
    """
    count = _count(fact, drug, item.get("times"), problems)
    is_clear = count is not None
    said: list[Said] = []
    for value in texts(item.get("per")):
        if not is_absent(value):
            said.append(_said(fact, drug, value, problems))
            is_clear = is_clear and said[-1].interval is not None
    for key in item:
        if key not in FREQUENCY_KEYS:
            continue
        for value in texts(item[key]):
            if is_absent(value) or value == 1 or is_one_weekday(value):
                continue
            said.append(_said(fact, drug, value, problems) if isinstance(value, str) else NOTHING)
            is_clear = is_clear and said[-1].interval is not None and not isinstance(item[key], Mapping)
    is_clear = is_clear and all(found.interval is not None for found in elsewhere)
    for found in elsewhere:
        if found.interval is not None and (not found.is_plain or found.interval == "several_times_a_week"):
            _read_as(fact, drug, found, problems)
    said += elsewhere
    intervals = tuple(dict.fromkeys(found.interval for found in said if found.interval is not None))
    if "week" in intervals and not is_clear:
        intervals = tuple(interval for interval in intervals if interval != "week")
    if "week" in intervals and count is not None and count > 1:
        intervals = tuple(dict.fromkeys("several_times_a_week" if i == "week" else i for i in intervals))
    counts = [found.times for found in said if found.interval is not None]
    if count is None or None in counts:
        return intervals, None
    return intervals, count * max((times for times in counts if times is not None), default=1.0)


def _count(fact: str, drug: object, times: object, problems: list[Problem]) -> float | None:
    """Return how often in the interval; once when it is not said, None when it cannot be read."""
    if is_absent(times):
        return 1.0
    count = _number(times)
    if count is None or not 0 < count < 100:  # noqa: PLR2004
        problems.append(complaints.bad_medication(fact, drug, f"`times` {complaints.shown(times)} is no count"))
        return None
    return count


def _number(value: object) -> float | None:
    """Return a number of any kind, infinite where it is too large for one of ours; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except ValueError:  # a `Decimal` that refuses to be computed with
        return None


def _said(fact: str, drug: object, value: object, problems: list[Problem]) -> Said:
    """Read one text that says how often; what is no plain interval is reported, and never completed by a guess."""
    found = read_interval(value) if isinstance(value, str) else NOTHING
    if found.interval is None:
        reason = f"the interval {complaints.shown(value)} is not known; write one of {ACCEPTED}"
        problems.append(complaints.bad_medication(fact, drug, reason))
    elif not found.is_plain:
        _read_as(fact, drug, found, problems, value)
    return found


def _read_as(fact: str, drug: object, found: Said, problems: list[Problem], value: object = None) -> None:
    text = "how often it is given" if value is None else f"the interval {complaints.shown(value)}"
    reason = f"{text} was read as {in_words((found.interval or '',))}; write one of {ACCEPTED}"
    problems.append(complaints.bad_medication(fact, drug, reason))


def _dose(fact: str, drug: object, raw: object, problems: list[Problem]) -> tuple[float | None, list[Said]]:
    """Return a dose in mg, None when it is not said in mass, and what its texts say of how often (`mg/d`).

    How often is read before anything else, so that an amount that makes no sense hides no daily methotrexate.
    """
    if is_absent(raw):
        return None, []
    value, unit = (raw.get("value"), raw.get("unit")) if isinstance(raw, Mapping) else (raw, None)
    said: list[Said] = []
    if isinstance(unit, str):
        in_unit, unit = interval_at_the_end(unit)
        said += [in_unit] if in_unit is not None else []
    if isinstance(value, str):
        in_value, value = interval_at_the_end(value[:MAX_TEXT])
        said += [in_value] if in_value is not None else []
        found = _NUMBER_FIRST.fullmatch(value)
        value, unit = (float(found[1]), found[2] or unit) if found else (None, unit)
    said += _beside(raw)
    if any(found.interval is None for found in said):
        reason = f"what the dose {complaints.shown(raw)} says of how often is not known; write `per`, one of {ACCEPTED}"
        problems.append(complaints.bad_medication(fact, drug, reason))
    amount = _number(value)
    if amount is None or not isinstance(unit, str):
        reason = f"the dose {complaints.shown(raw)} needs a number and a unit"
        problems.append(complaints.bad_medication(fact, drug, reason))
        return None, said
    try:
        milligrams = exact(conversion(unit, "mg").apply(amount))
    except UnitError as error:
        problems.append(complaints.bad_medication(fact, drug, f"the dose {complaints.shown(raw)}: {error}"))
        return None, said
    if not math.isfinite(milligrams) or milligrams < 0:
        problems.append(complaints.bad_medication(fact, drug, f"the dose {complaints.shown(raw)} is no amount"))
        return None, said
    return milligrams, said


def _beside(raw: object) -> list[Said]:
    """Return what the other parts of a dose say too often: `{"value": 15, "unit": "mg", "per": "day"}`."""
    if isinstance(raw, Mapping):
        others: list[object] = [
            text for key, inner in raw.items() if key not in {"value", "unit"} for text in texts(inner)
        ]
        others += [t for key in ("value", "unit") if not isinstance(raw.get(key), str) for t in texts(raw.get(key))]
    else:
        others = texts(raw) if isinstance(raw, list | tuple) else []
    found = [interval_at_the_end(text)[0] or read_interval(text) for text in others if isinstance(text, str)]
    return [said for said in found if said.interval in TOO_OFTEN]


def _weekly(amount: float | None, intervals: tuple[str, ...], times: float | None) -> float | None:
    """Return the amount a week, None when it cannot be computed."""
    if amount is None or times is None or len(intervals) != 1:
        return None
    if intervals[0] == "several_times_a_week":
        return amount * times if times > 1 else None
    per_week = PER_WEEK.get(intervals[0])
    return None if per_week is None else amount * per_week * times


def _route(fact: str, drug: object, raw: object, problems: list[Problem]) -> str | None:
    if is_absent(raw):
        return None
    found = _ROUTE.get(_words(raw))
    if found is None:
        reason = f"the route {complaints.shown(raw)} is not known; write `oral`, `subcutaneous`, `intravenous`"
        problems.append(complaints.bad_medication(fact, drug, reason))
    return found
