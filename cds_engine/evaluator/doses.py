"""Doses: range times basis, then the caps, then the adjustments in the order written, then display rounding.

The dose path stands here once. A number that is missing anywhere gives no number: there is no minimum over
values that may be unknown, and an adjustment whose condition is unknown makes the dose unknown.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown, Verdict
from cds_engine.lowering.guideline import Adjustment, DosePlan
from cds_engine.units import exact

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class End:
    """One end of a dose range on its way: per basis, before the cap, after it, after the adjustments."""

    raw: float
    limited: float
    final: float


@dataclass(frozen=True, slots=True)
class ComputedDose:
    """A dose for one patient, unrounded; `low` and `high` may be equal."""

    plan: DosePlan
    basis: float | None
    low: End
    high: End
    applied: tuple[Adjustment, ...]

    @property
    def low_capped(self) -> bool:
        """Whether the cap holds the lower end."""
        return self.plan.cap is not None and exact(self.low.raw) >= self.plan.cap

    @property
    def high_capped(self) -> bool:
        """Whether the cap holds the upper end."""
        return self.plan.cap is not None and exact(self.high.raw) >= self.plan.cap

    @property
    def product_options(self) -> tuple[float, ...]:
        """Return what can be dispensed within the unrounded range, ascending; empty when no product fits."""
        if self.plan.product_sizes is None:
            return ()
        smallest, largest, step = self.plan.product_sizes
        first = math.ceil(exact(max(self.low.final, smallest) / step))
        last = math.floor(exact(min(self.high.final, largest) / step))
        return tuple(exact(count * step) for count in range(first, last + 1))


def compute_dose(plan: DosePlan, facts: Facts, verdicts: Mapping[str, Verdict]) -> ComputedDose | Unknown:
    """Return the dose of *plan*, or what is missing for it: no number ever rests on a missing fact."""
    basis = None
    missing = NOTHING
    if plan.basis is not None:
        found = facts.look_up(plan.basis)
        if isinstance(found, float):
            basis = found
        else:
            missing |= found.missing if isinstance(found, Unknown) else frozenset({plan.basis})
    for adjustment in plan.adjustments:
        missing |= verdicts[adjustment.key].missing
    undecided = any(verdicts[adjustment.key].truth is None for adjustment in plan.adjustments)
    if undecided or (plan.basis is not None and basis is None):
        return Unknown(missing)
    applied = tuple(a for a in plan.adjustments if verdicts[a.key].truth)
    return ComputedDose(
        plan, basis, _end(plan, plan.low, basis, applied), _end(plan, plan.high, basis, applied), applied
    )


def _end(plan: DosePlan, rate: float, basis: float | None, applied: tuple[Adjustment, ...]) -> End:
    raw = rate if basis is None else rate * (basis * plan.basis_scale)
    limited = plan.cap if plan.cap is not None and exact(raw) >= plan.cap else raw
    final = limited
    for adjustment in applied:
        final *= adjustment.multiply
    return End(raw, limited, final)


def displayed(amount: float, cap: float | None = None) -> float:
    """Round half-up to two decimals of the shortest decimal, and never above *cap*.

    >>> displayed(2.675), displayed(14.4222), displayed(39.999, 40)
    (2.68, 14.42, 40.0)
    """
    written = Decimal(repr(exact(amount)))
    rounded = written.quantize(CENT, ROUND_HALF_UP)
    if cap is not None and rounded > Decimal(repr(cap)):
        rounded = Decimal(repr(cap)).quantize(CENT, ROUND_DOWN)
    return float(rounded)
