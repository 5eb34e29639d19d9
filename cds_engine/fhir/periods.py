"""The days of a period: as given, or the calendar year or month of the day of the answer."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from cds_engine.diagnostics import InputError
from cds_engine.fhir.days import Bounds, days
from cds_engine.pack.fhir import Period


def bounds_of(period: Period, as_of: date | None, given: tuple[date, date] | None) -> Bounds | None:
    """Return the days of a period; None when nothing says which, or it has not begun on the day of the answer."""
    if given is not None:
        return Bounds(*given) if as_of is None or given[0] <= as_of else None
    if as_of is None:
        return None
    if period.calendar == "month":
        return Bounds(as_of.replace(day=1), as_of.replace(day=monthrange(as_of.year, as_of.month)[1]))
    return Bounds(date(as_of.year, 1, 1), date(as_of.year, 12, 31))


def read_period(written: str) -> tuple[date, date]:
    """Read `2025`, `2025-03` or `2025-04-01/2026-03-31`, both days included.

    Raises:
        InputError: If it is none of them, or ends before it begins.
    """
    start, stroke, end = written.partition("/")
    first, last = days(start.strip()), days(end.strip() if stroke else start.strip())
    if first is None or last is None or "T" in written:
        raise InputError(f"`{written}` is no period; write `2025`, `2025-03` or `2025-04-01/2026-03-31`")
    if last.last < first.first:
        raise InputError(f"the period `{written}` ends before it begins; the first day stands first")
    return first.first, last.last
