"""Written amounts of the dictionary in canonical units."""

from __future__ import annotations

from cds_engine.pack.base import Amount, AmountRange
from cds_engine.units import conversion


def plausible_range(written: AmountRange | None, unit: str | None) -> tuple[float, float] | None:
    """Return a range in the canonical unit, from the unit it was written in.

    Raises:
        UnitError: If the two units are of different kinds.
    """
    if written is None:
        return None
    if not written.unit or unit is None or written.unit == unit:
        return written.low, written.high
    change = conversion(written.unit, unit)
    return change.apply(written.low), change.apply(written.high)


def days(age: Amount) -> float:
    """Return a duration such as `90 d` or `12 wk` in days."""
    return conversion(age.unit, "d").apply(age.value)
