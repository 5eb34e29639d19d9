"""The times of a record as days: how exactly each is known, and how it lies to a period.

Days are taken as written, in the time zone of whoever wrote them. A time that is known by its month or year only,
or not at all, is a stretch of possible days; what such a stretch leaves open is unknown, never guessed.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import NamedTuple

_WRITTEN = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T\d{2}:.*)?)?)?")


class Days(NamedTuple):
    """One day that lies somewhere from `first` to `last`."""

    first: date
    last: date

    @property
    def exact(self) -> date | None:
        """The day, if it is known."""
        return self.first if self.first == self.last else None


ONGOING = Days(date.max, date.max)


class Stretch(NamedTuple):
    """From one day to another."""

    begin: Days
    end: Days


class Bounds(NamedTuple):
    """The days of a period, both included."""

    start: date
    end: date


def days(written: object) -> Days | None:
    """Return the days that a FHIR date or dateTime may mean, None for what is none.

    >>> days("2025-02")
    Days(first=datetime.date(2025, 2, 1), last=datetime.date(2025, 2, 28))
    """
    return _days(written) if isinstance(written, str) else None


@lru_cache(maxsize=65536)
def _days(written: str) -> Days | None:
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    try:
        year = int(found[1])
        if found[2] is None:
            return Days(date(year, 1, 1), date(year, 12, 31))
        month = int(found[2])
        if found[3] is None:
            return Days(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        day = date(year, month, int(found[3]))
    except ValueError:
        return None
    return Days(day, day)


def moment(written: object) -> Stretch | None:
    """Return a FHIR date or dateTime as a stretch of time, None for what is none."""
    return _moment(written) if isinstance(written, str) else None


@lru_cache(maxsize=65536)
def _moment(written: str) -> Stretch | None:
    day = _days(written)
    return Stretch(day, day) if day else None


def stretch(begin: Days | None, end: Days | None) -> Stretch:
    """Return what lies between two days, of which either may be unknown; what ends before it begins may be any time."""
    if begin is not None and end is not None and end.last < begin.first:
        return Stretch(Days(date.min, date.max), Days(date.min, date.max))
    first = begin or Days(date.min, end.last if end else date.max)
    return Stretch(first, end or Days(first.first, date.max))


def during(time: Stretch, period: Bounds) -> bool | None:
    """Say whether a stretch begins and ends in a period."""
    begin, end = time
    if begin.first >= period.start and end.last <= period.end:
        return True
    if begin.last < period.start or end.first > period.end or begin.first > period.end or end.last < period.start:
        return False
    return None


def overlaps(time: Stretch, period: Bounds) -> bool | None:
    """Say whether a stretch shares a day with a period."""
    begin, end = time
    if begin.last <= period.end and end.first >= period.start:
        return True
    if begin.first > period.end or end.last < period.start:
        return False
    return None


def ends_during(time: Stretch, period: Bounds) -> bool | None:
    """Say whether a stretch ends in a period."""
    return during(Stretch(time.end, time.end), period)
