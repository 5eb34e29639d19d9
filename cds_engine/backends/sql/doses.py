"""Doses as columns: range times basis, the cap on both ends, the adjustments in the order written, then display.

The dose path stands here once. A missing number gives no number: nothing here skips a NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.conditions import Missing, union, where_null
from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.numbers import cents_up, lowest
from cds_engine.backends.sql.sheet import FALSE, TRUE, Sheet, Sql, joined, number, sql
from cds_engine.lowering.guideline import DosePlan


@dataclass(frozen=True, slots=True)
class DoseColumns:
    """One dose: its unrounded and displayed ends, whether the cap holds them, and what is missing for it."""

    low: Sql
    high: Sql
    shown_low: Sql
    shown_high: Sql
    low_capped: Sql
    high_capped: Sql
    first_product: Sql | None
    last_product: Sql | None
    is_known: Sql
    missing: Missing


Adjustments = Mapping[str, tuple[Sql, Missing]]
"""The truth of each adjustment's condition and what it waits for, by its key."""


def dose_columns(
    sheet: Sheet, prefix: str, plan: DosePlan, facts: PatientColumns, adjustments: Adjustments
) -> DoseColumns:
    """Put the dose of *plan* onto the sheet."""
    basis = None if plan.basis is None else sheet.shared(f"{prefix}_basis", facts.value(plan.basis))
    parts = [sql("{} IS NOT NULL", adjustments[a.key][0]) for a in plan.adjustments]
    if basis is not None:
        parts.append(sql("{} IS NOT NULL", basis))
    known = sheet.shared(f"{prefix}_known", joined(" AND ", parts, TRUE))
    waits = [adjustments[a.key][1] for a in plan.adjustments]
    if basis is not None and plan.basis is not None:
        waits.append(where_null(basis, facts.missing(plan.basis)))
    missing = {word: sql("(CASE WHEN {} THEN 0 ELSE {} END)", known, bits) for word, bits in union(*waits).items()}
    low, low_capped = _end(sheet, f"{prefix}_low", plan, plan.low, basis, known, adjustments)
    high, high_capped = _end(sheet, f"{prefix}_high", plan, plan.high, basis, known, adjustments)
    first, last = _products(sheet, prefix, plan, low, high)
    return DoseColumns(
        low,
        high,
        cents_up(low, plan.cap),
        cents_up(high, plan.cap),
        low_capped,
        high_capped,
        first,
        last,
        known,
        missing,
    )


def _end(
    sheet: Sheet, name: str, plan: DosePlan, rate: float, basis: Sql | None, known: Sql, adjustments: Adjustments
) -> tuple[Sql, Sql]:
    raw = number(rate) if basis is None else sql("{} * ({} * {})", number(rate), basis, number(plan.basis_scale))
    raw = sheet.column(f"{name}_raw", sql("(CASE WHEN {} THEN {} END)", known, raw))
    limited, capped = raw, FALSE
    if plan.cap is not None:
        capped = sql("({} >= {})", raw, number(lowest(plan.cap)))
        limited = sql("(CASE WHEN {0} IS NULL THEN NULL WHEN {1} THEN {2} ELSE {0} END)", raw, capped, number(plan.cap))
    final = limited
    for adjustment in plan.adjustments:
        applies = adjustments[adjustment.key][0]
        factor = sql("(CASE WHEN {0} THEN {1} WHEN NOT {0} THEN 1E0 END)", applies, number(adjustment.multiply))
        final = sql("{} * {}", final, factor)
    return sheet.column(name, sql("(CASE WHEN {} THEN {} END)", known, final)), capped


def _products(sheet: Sheet, prefix: str, plan: DosePlan, low: Sql, high: Sql) -> tuple[Sql | None, Sql | None]:
    """Return the smallest and the largest product within the unrounded range, NULL when none fits."""
    if plan.product_sizes is None:
        return None, None
    smallest, largest, step = (number(size) for size in plan.product_sizes)
    from_low = sheet.column(
        f"{prefix}_from_low", sql("(CASE WHEN {0} >= {1} THEN {0} ELSE {1} END) / {2}", low, smallest, step)
    )
    to_high = sheet.column(
        f"{prefix}_to_high", sql("(CASE WHEN {0} <= {1} THEN {0} ELSE {1} END) / {2}", high, largest, step)
    )
    first = sheet.column(
        f"{prefix}_first", sql("(CASE WHEN {} IS NOT NULL THEN ceil(cds_exact({})) END)", low, from_low)
    )
    last = sheet.column(
        f"{prefix}_last", sql("(CASE WHEN {} IS NOT NULL THEN floor(cds_exact({})) END)", high, to_high)
    )
    fits = sql("{} <= {}", first, last)
    return (
        sql("(CASE WHEN {} THEN {} * {} END)", fits, first, step),
        sql("(CASE WHEN {} THEN {} * {} END)", fits, last, step),
    )
