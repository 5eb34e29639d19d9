"""How often a medicine is taken, in words: one vocabulary for lists, orders, doses and remarks.

Words that are not plain are never read as once a week: what they may mean at most often is what counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from cds_engine.patient.complaints import text_of

MAX_TEXT = 400
MAX_DEPTH = 4
MAX_MEMBERS = 50
ACCEPTED = "`day`, `twice daily`, `week`, `twice weekly`, `every two weeks`, `month`, `course`, `once`, `as needed`"
IN_WORDS = {
    "several_times_a_week": "several times a week",
    "as_needed": "as needed",
    "two_weeks": "every two weeks",
    "course": "as a course",
    "once": "once only",
}
"""Intervals in words; the others read as `per day`."""


class Said(NamedTuple):
    """What a text says about how often; no interval if it says nothing that can be read."""

    interval: str | None = None
    times: float | None = 1.0
    """How often in the interval, None where it cannot be counted."""
    is_plain: bool = True
    """Whether the whole text is one of the accepted ways to write an interval."""


NOTHING = Said(None, None, is_plain=False)

_COUNTS = {
    "once": 1,
    "one": 1,
    "twice": 2,
    "two": 2,
    "thrice": 3,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
}
_UNITS = {
    "day": "day d daily everyday",
    "week": "week wk w weekly wkly",
    "month": "month mo monthly",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_MORE = {
    ("day", 1): "qd, od, qam, qpm, qhs, hs, q24h, nightly, nocte, mane, bedtime, at night, at bedtime, in the morning,"
    " in the evening, every morning, every evening, every night, each morning, each evening, each night, mornings, evenings,"  # noqa: E501
    " 24 hourly, every 24 hours",
    ("day", 2): "bid, bd, q12h, 12 hourly, every 12 hours",
    ("day", 3): "tid, tds, q8h, 8 hourly, every 8 hours",
    ("day", 4): "qid, qds, q6h, 6 hourly, every 6 hours",
    ("several_times_a_week", 1): "several times a week, several times per week, several times weekly",
    ("week", 1): "qw, q1w, qwk",
    (
        "two_weeks",
        1,
    ): "fortnight, fortnightly, q2w, two weeks, 2 weeks, every two weeks, every 2 weeks, every other week,"
    " every fortnight, a fortnight, per fortnight, once a fortnight",
    ("course", 1): "course, per course, a course, as a course, one course",
    ("once", 1): "once, single, stat, single dose, one off, once only",
    ("as_needed", 1): "prn, sos, as needed, when needed, if needed, as required, when required",
}
_PHRASES = {phrase.strip(): Said(*said) for said, listed in _MORE.items() for phrase in listed.split(",")}
_NUMBER = rf"(?:\d{{1,2}}|{'|'.join(_COUNTS)})"
_PLAIN = re.compile(
    rf"(?:(?:(once|twice|thrice)|({_NUMBER}) ?(?:x|times?)|({_NUMBER})(?= (?:per|an?) )) )?"
    rf"(?:(?:per|an?|each|every|in a) )?({'|'.join(_UNIT)})"
)
_WEEKDAY = re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?\b")
_DAILY = re.compile(
    r"\b(?:days?|daily|everyday|qd|od|bd|bid|tid|tds|qid|qds|qod|qam|qpm|qhs|nightly|nocte|mane|bedtime|hourly|hours|hrs"
    r"|q ?(?:[1-9]|1\d|2[0-4]) ?h(?:rs?)?|(?:per|every|each) d)\b"
)
_TIME_OF_DAY = re.compile(r"\b(?:mornings?|evenings?|nights?|noon|breakfast)\b")
_WEEKLY = re.compile(r"\b(?:weeks?|weekly|wks?|wkly|qw|qwk)\b")
_SEVERAL = re.compile(
    rf"\b(?:twice|thrice|times|several|(?:{_NUMBER}) ?x|x ?{_NUMBER}|two|three|four|five|six|seven)\b"
)
_FORTNIGHT = re.compile(r"\b(?:fortnight(?:ly)?|q2w|every (?:two|2|other|second) (?:weeks?|wks?))\b")
_OTHERS = {"month": r"\b(?:months?|monthly)\b", "as_needed": r"\b(?:prn|(?:as|if|when) (?:needed|required))\b"}


def normal(text: object) -> str:
    """Return a text in lower case with single spaces: `once-daily`, `Once  Daily` and `b.i.d.` read alike."""
    found = text_of(text)[:MAX_TEXT].lower().replace("×", "x")  # noqa: RUF001
    found = re.sub(r"\.(d|day|wk|week|mo)-1(?!\d)", r"/\1", found)
    found = re.sub(r"\b((?:[a-z]\.){2,})", lambda m: m[1].replace(".", ""), found)
    found = re.sub(r"\s*/\s*", " per ", found)
    return re.sub(r"[\s_\-–,;:()\[\]]+|\.(?!\d)", " ", found).strip()  # noqa: RUF001


def plain(text: object) -> Said:
    """Read a text that is an interval and nothing else."""
    words = " ".join(normal(text).split())
    if words in _PHRASES:
        return _PHRASES[words]
    found = _PLAIN.fullmatch(words)
    if found is None:
        return NOTHING
    written = found[1] or found[2] or found[3]
    times = 1 if written is None else _COUNTS.get(written) or int(written)
    unit = _UNIT[found[4]]
    if times < 1:
        return NOTHING
    return Said("several_times_a_week" if unit == "week" and times > 1 else unit, float(times))


def read_interval(text: object) -> Said:
    """Read any text; of one that is not plain the most frequent reading counts, and it is never once a week."""
    found = plain(text)
    return found if found.interval is not None else _worst(normal(text))


def _worst(words: str) -> Said:
    weekdays = {day[:2] for day in _WEEKDAY.findall(words)}
    if _DAILY.search(words) or (not weekdays and _TIME_OF_DAY.search(words)):
        return Said("day", None, is_plain=False)
    if _FORTNIGHT.search(words):
        return Said("two_weeks", None, is_plain=False)
    if len(weekdays) > 1 or (_WEEKLY.search(words) and _SEVERAL.search(words)) or re.search(r"\bq ?(48|72) ?h", words):
        return Said("several_times_a_week", None, is_plain=False)
    for interval, pattern in _OTHERS.items():
        if re.search(pattern, words) and (interval != "month" or not _WEEKLY.search(words)):
            return Said(interval, None, is_plain=False)
    return NOTHING


def is_one_weekday(text: object) -> bool:
    """Say whether a text names one day of the week and says nothing else: `every Monday`."""
    words = normal(text)
    rest = re.sub(r"\b(?:every|each|on|the|once)\b", "", _WEEKDAY.sub("", words)).strip()
    return not rest and len({day[:2] for day in _WEEKDAY.findall(words)}) == 1


_AMOUNT = re.compile(r"\s*(?:[+-]?\d[\d.,eE+-]*)?\s*(?:[^\s\d]\S*)?\s*")
"""Before `weekly` stands an amount with its unit, or a unit, of one word each; nothing else."""


def interval_at_the_end(text: str) -> tuple[Said | None, str]:
    """Split `15 mg/d`, `2.5 mg twice daily` or `mg per week` into what it says of how often and the rest."""
    if len(text) > MAX_TEXT:
        return None, text
    for at in re.finditer(r"(?<=\S)(?:\s*/|\s+|\.(?=\w+-1\s*$))", text):
        rest = text[at.start() :].strip()
        found = plain(f"/{rest[1:-2]}" if rest.startswith(".") and rest.endswith("-1") else rest.removeprefix("/"))
        if found.interval is None or not text[: at.start()].strip():
            continue
        amount = text[: at.start()]
        if _AMOUNT.fullmatch(amount) and _worst(normal(amount)).interval is None:
            return found, amount
    worst = _worst(normal(text))
    if worst.interval is not None or _WEEKLY.search(normal(text)):
        return worst, text
    return None, text


def texts(value: object, depth: int = MAX_DEPTH) -> list[object]:
    """Return what stands in a value, lists and mappings opened, a bounded number of them."""
    return list(islice(_texts(value, depth), MAX_MEMBERS))


def _texts(value: object, depth: int) -> Iterator[object]:
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            if depth:
                yield from _texts(inner, depth - 1)
    else:
        yield value


def in_words(intervals: tuple[str, ...]) -> str:
    """Return intervals as a person reads them."""
    return " and ".join(IN_WORDS.get(interval, f"per {interval}") for interval in intervals)
