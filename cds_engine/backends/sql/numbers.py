"""Numbers compared as `units.exact` sees them, without rounding any of them: the thresholds move instead.

Rounding to 15 significant digits never turns an order around, so the doubles that round to at least a threshold are
all those from one certain double on. A comparison with that double is the comparison of the rounded numbers.
"""

from __future__ import annotations

import struct
from decimal import ROUND_DOWN, Decimal
from functools import cache

from cds_engine.backends.sql.sheet import FALSE, TRUE, Sql, number, sql
from cds_engine.language.syntax import Comparator
from cds_engine.units import exact

PRELUDE_DUCKDB = (
    """CREATE OR REPLACE TEMP MACRO cds_exact(x) AS
    CASE WHEN abs(x) < 1e10 AND floor(x * 10000.0 + 0.5) / 10000.0 = x THEN x
    ELSE CAST(printf('%.14e', x) AS DOUBLE) END""",
    "CREATE OR REPLACE TEMP MACRO cds_days(first, last) AS date_diff('day', first, last)",
    "CREATE OR REPLACE TEMP MACRO cds_place(list, item) AS list_position(list, item)",
    "CREATE OR REPLACE TEMP MACRO cds_item(list, place) AS list[place]",
    "CREATE OR REPLACE TEMP MACRO cds_sum(x) AS fsum(x)",
    "CREATE OR REPLACE TEMP MACRO cds_distinct(x) AS list(DISTINCT x)",
    "CREATE TYPE cds_statuses AS ENUM ('recommended', 'blocked', 'needs_data', 'not_applicable')",
    "CREATE OR REPLACE TEMP MACRO cds_status(word) AS CAST(word AS cds_statuses)",
)
"""What a dialect must bring: `exact`, with a short way for short decimals, days between dates, a status kept small."""


def _rank(value: float) -> int:
    """Number the doubles in their order."""
    (bits,) = struct.unpack("<q", struct.pack("<d", value))
    return int(bits) if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _ranked(rank: int) -> float:
    bits = rank if rank >= 0 else (-rank) | -0x8000000000000000
    (value,) = struct.unpack("<d", struct.pack("<q", bits))
    return float(value)


@cache
def lowest(threshold: float) -> float:
    """Return the smallest double that `exact` sees at or above *threshold*.

    >>> import math
    >>> lowest(30.0) <= 30.0 and exact(lowest(30.0)) == 30.0
    True
    >>> exact(math.nextafter(lowest(30.0), 0)) < 30.0
    True
    """
    low, high = _rank(-abs(threshold) * 2 - 1), _rank(abs(threshold) * 2 + 1)
    while low < high:
        middle = (low + high) // 2
        if exact(_ranked(middle)) >= threshold:
            high = middle
        else:
            low = middle + 1
    return _ranked(high)


@cache
def highest(threshold: float) -> float:
    """Return the largest double that `exact` sees at or below *threshold*.

    >>> import math
    >>> exact(highest(30.0)), exact(math.nextafter(highest(30.0), 31)) > 30.0
    (30.0, True)
    """
    low, high = _rank(-abs(threshold) * 2 - 1), _rank(abs(threshold) * 2 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if exact(_ranked(middle)) <= threshold:
            low = middle
        else:
            high = middle - 1
    return _ranked(low)


def against_constant(comparator: Comparator, value: Sql, constant: float) -> Sql:
    """Return the comparison of *value* with a number that the pack states."""
    threshold = exact(constant)
    low, high = number(lowest(threshold)), number(highest(threshold))
    match comparator:
        case Comparator.LESS:
            return sql("({} < {})", value, low)
        case Comparator.AT_LEAST:
            return sql("({} >= {})", value, low)
        case Comparator.GREATER:
            return sql("({} > {})", value, high)
        case Comparator.AT_MOST:
            return sql("({} <= {})", value, high)
        case Comparator.EQUAL:
            return sql("({} >= {} AND {} <= {})", value, low, value, high)
        case Comparator.NOT_EQUAL:
            return sql("({} < {} OR {} > {})", value, low, value, high)


def against_number(comparator: Comparator, left: Sql, right: Sql) -> Sql:
    """Return the comparison of two numbers of a patient: rounded only where they nearly meet."""
    sign = SIGNS[comparator]
    return sql(
        "(CASE WHEN abs({l} - {r}) <= 1e-14 * (abs({l}) + abs({r})) THEN cds_exact({l}) {s} cds_exact({r})"
        " ELSE {l} {s} {r} END)".format(l="{0}", r="{1}", s=sign),
        left,
        right,
    )


SIGNS = {
    Comparator.EQUAL: "=",
    Comparator.NOT_EQUAL: "<>",
    Comparator.LESS: "<",
    Comparator.AT_MOST: "<=",
    Comparator.GREATER: ">",
    Comparator.AT_LEAST: ">=",
}


def is_not_zero(value: Sql) -> Sql:
    """Return whether a number may divide; one that the pack states is judged while the text is written."""
    stated = _stated(value)
    if stated is None:
        return sql("({} <> 0E0)", value)
    return TRUE if stated != 0 else FALSE


def power_is_defined(base: Sql, exponent: Sql) -> Sql:
    """Return whether a power is a number; where the pack states base or exponent, nothing is asked of it row by row."""
    stated = _stated(exponent)
    if stated is None:
        stated_base = _stated(base)
        if stated_base is not None and stated_base > 0:
            return TRUE
        return sql("({0} > 0E0 OR {0} = 0E0 AND {1} >= 0E0 OR {0} < 0E0 AND {1} = floor({1}))", base, exponent)
    if stated == int(stated):
        return TRUE if stated >= 0 else is_not_zero(base)
    return sql("({} >= 0E0)" if stated > 0 else "({} > 0E0)", base)


def _stated(value: Sql) -> float | None:
    """Return the number that a literal is; None for anything else."""
    try:
        return float(value.text)
    except ValueError:
        return None


def is_finite(value: Sql) -> Sql:
    """Return whether *value*, a column, has stayed among the numbers."""
    return sql("(abs({}) <= 1.7976931348623157E308)", value)


def cents_up(value: Sql) -> Sql:
    """Return *value*, a column, rounded half-up to two decimals: for display only.

    Only where it nearly is a half of a cent the exact number is asked whether it is.
    """
    near = sql("(abs({0} * 1E2 - floor({0} * 1E2) - 5E-1) <= 1E-9 * (1E0 + abs({0})))", value)
    half = sql("((floor({} * 1E2) + 5E-1) / 1E2)", value)
    exactly = sql("((floor({0} * 1E2) + CASE WHEN cds_exact({0}) >= {1} THEN 1E0 ELSE 0E0 END) / 1E2)", value, half)
    return sql("(CASE WHEN {} THEN {} ELSE floor({} * 1E2 + 5E-1) / 1E2 END)", near, exactly, value)


def below_cap(shown: Sql, cap: float) -> Sql:
    """Return a displayed number, a column, which is never above the cap."""
    return sql("(CASE WHEN {0} > {1} THEN {2} ELSE {0} END)", shown, number(cap), number(cents_down(cap)))


def cents_down(cap: float) -> float:
    """Return a cap as it is displayed: not above itself."""
    return float(Decimal(repr(cap)).quantize(Decimal("0.01"), ROUND_DOWN))
