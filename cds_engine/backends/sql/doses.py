"""Doses as columns: range times basis, the cap on both ends, the adjustments in the order written, then display.

The dose path stands here once. A missing number gives no number: nothing here skips a NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cds_engine.backends.sql.facts import PatientColumns
from cds_engine.backends.sql.numbers import below_cap, cents_down, cents_up, lowest
from cds_engine.backends.sql.sheet import FALSE, Sheet, Sql, choose, every, number, sql
from cds_engine.backends.sql.truths import CERTAIN, Truth, Value
from cds_engine.lowering.guideline import DosePlan


@dataclass(frozen=True, slots=True)
class DoseEnd:
    """One end of a dose, where the dose is known."""

    amount: Sql
    """Not rounded."""
    shown: Sql
    capped: Sql
    """Whether the cap holds it."""


@dataclass(frozen=True, slots=True)
class DoseColumns:
    """One dose; nothing but `known` means anything where it is not known."""

    known: Sql
    low: DoseEnd
    high: DoseEnd
    products: tuple[Sql, Sql, Sql] | None
    """The smallest and the largest product within the unrounded range, and whether there is any."""


def dose_columns(
    sheet: Sheet, prefix: str, plan: DosePlan, facts: PatientColumns, warnings: Mapping[str, Truth]
) -> DoseColumns:
    """Put the dose of *plan* onto the sheet; *warnings* tell of each adjustment by its key whether it applies."""
    basis = CERTAIN if plan.basis is None else facts.value(plan.basis)
    truths = [warnings[a.key] for a in plan.adjustments]
    known = sheet.shared(f"{prefix}_known", every(basis.known, *(truth.known for truth in truths)))
    low = _end(sheet, f"{prefix}_low", plan, plan.low, basis, truths)
    high = _end(sheet, f"{prefix}_high", plan, plan.high, basis, truths)
    return DoseColumns(known, low, high, _products(sheet, prefix, plan, low.amount, high.amount))


def _end(sheet: Sheet, name: str, plan: DosePlan, rate: float, basis: Value, adjustments: list[Truth]) -> DoseEnd:
    raw = (
        number(rate) if basis == CERTAIN else sql("{} * ({} * {})", number(rate), basis.value, number(plan.basis_scale))
    )
    raw = sheet.shared(f"{name}_raw", raw)
    amount, capped = raw, FALSE
    if plan.cap is not None:
        capped = sql("({} >= {})", raw, number(lowest(plan.cap)))
        amount = choose(capped, number(plan.cap), raw)
    for adjustment, applies in zip(plan.adjustments, adjustments, strict=True):
        amount = sql("{} * {}", amount, choose(applies.yes, number(adjustment.multiply), number(1.0)))
    amount = sheet.shared(name, amount)
    shown = sheet.shared(f"{name}_shown", cents_up(amount))
    if plan.cap is not None and not _stays_below(plan, plan.cap):
        shown = below_cap(shown, plan.cap)
    return DoseEnd(amount, shown, capped)


def _stays_below(plan: DosePlan, cap: float) -> bool:
    """Say whether what is displayed cannot be above the cap: it has no more decimals, and nothing raises the dose."""
    return cents_down(cap) == cap and all(adjustment.multiply <= 1 for adjustment in plan.adjustments)


def _products(sheet: Sheet, prefix: str, plan: DosePlan, low: Sql, high: Sql) -> tuple[Sql, Sql, Sql] | None:
    if plan.product_sizes is None:
        return None
    smallest, largest, step = (number(size) for size in plan.product_sizes)
    from_low = sheet.column(
        f"{prefix}_from_low", sql("(CASE WHEN {0} >= {1} THEN {0} ELSE {1} END) / {2}", low, smallest, step)
    )
    to_high = sheet.column(
        f"{prefix}_to_high", sql("(CASE WHEN {0} <= {1} THEN {0} ELSE {1} END) / {2}", high, largest, step)
    )
    first = sheet.column(f"{prefix}_first", sql("ceil(cds_exact({}))", from_low))
    last = sheet.column(f"{prefix}_last", sql("floor(cds_exact({}))", to_high))
    return sql("{} * {}", first, step), sql("{} * {}", last, step), sql("({} <= {})", first, last)
