"""Doses of any one patient, as `evaluator.doses` computes and shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import z3

from cds_engine.backends.smt.curves import Real
from cds_engine.backends.smt.logic import FALSE, TRUE, both, either, some
from cds_engine.backends.smt.readings import Readings
from cds_engine.backends.smt.record import MARGIN, rational
from cds_engine.backends.smt.values import Number
from cds_engine.lowering.guideline import DosePlan

EXACT_FACTORS = frozenset({0.5, 0.25, 0.125, 2.0, 4.0})
"""A double times one of these is exact."""


@dataclass(frozen=True, slots=True)
class DoseEnds:
    """A dose: known, and its two ends after cap and adjustments."""

    known: z3.BoolRef
    low: z3.ArithRef
    high: z3.ArithRef
    high_per_basis: z3.ArithRef
    """The upper end divided by the basis: the rate where the cap does not hold it, less where it does."""
    adjusted: z3.BoolRef
    """Whether any adjustment applies."""


class Doses:
    """The doses of one patient by regimen, each made once."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._arithmetic = readings.arithmetic
        self._made: dict[str, DoseEnds] = {}

    def dose(self, plan: DosePlan) -> DoseEnds:
        """Return a dose by its regimen: range, cap, adjustments."""
        if plan.regimen not in self._made:
            self._made[plan.regimen] = self._dosed(plan)
        return self._made[plan.regimen]

    def _dosed(self, plan: DosePlan) -> DoseEnds:
        known = TRUE
        basis = None
        if plan.basis is not None:
            value = self._readings.certain.value(plan.basis)
            known = value.known if isinstance(value.payload, Number) else FALSE
            basis = value.payload.value if isinstance(value.payload, Number) else rational(0.0)
        applied = []
        for adjustment in plan.adjustments:
            condition = self._readings.guideline.conditions[adjustment.key]
            sure, other = self._readings.certain.truth(condition), self._readings.other.truth(condition)
            known = both(known, either(both(sure.yes, other.yes), both(sure.no, other.no)))
            applied.append((sure.yes, adjustment.multiply))
        low, share = self._end(plan, plan.low, basis, applied)
        high = low
        if plan.low != plan.high:
            high, share = self._end(plan, plan.high, basis, applied)
            self._arithmetic.linear.append(low <= high)  # rounding keeps order
        adjusted = some(condition for condition, _ in applied)
        return DoseEnds(known, low, high, high if basis is None else share, adjusted)

    def shown(self, end: z3.ArithRef, cap: float | None) -> z3.ArithRef:
        """Return an end as it is displayed: to whole cents, half up, and never above the cap.

        Where the end lies within rounding of half a cent it may be shown as either of the two cents beside it.
        """
        cents, is_new = self._arithmetic.named("cents", end)
        if is_new:
            whole = z3.Int(f"whole {cents}")
            size = z3.If(end >= 0, end, -end)
            apart, half = whole - 100 * end, z3.RealVal(str(100 * MARGIN)) * size + rational(0.5)
            self._arithmetic.linear += [cents == z3.ToReal(whole), apart <= half, -apart <= half]
        amount = cents / 100
        if cap is None:
            return amount
        most = rational(math.floor(Fraction(repr(cap)) * 100) / 100)
        return z3.If(amount > rational(cap), most, amount)

    def _end(
        self, plan: DosePlan, rate: float, basis: z3.ArithRef | None, applied: list[tuple[z3.BoolRef, float]]
    ) -> tuple[z3.ArithRef, z3.ArithRef]:
        """Return an end of the range, and what it comes to per unit of the basis."""
        raw: z3.ArithRef = rational(rate)
        share: z3.ArithRef = rational(rate)
        if basis is not None:
            raw = self._near(rational(rate * plan.basis_scale) * basis, "dose")
        if plan.cap is not None:
            cap = rational(plan.cap)
            reached = z3.Bool(f"{raw.sexpr()} reaches {plan.cap}")
            almost = rational(plan.cap * (1 - 1e-12))
            self._arithmetic.linear += [z3.Implies(raw >= cap, reached), z3.Implies(reached, raw >= almost)]
            self._arithmetic.linear.append(z3.Implies(self._arithmetic.ideal, reached == (raw >= cap)))
            if basis is not None:
                less = self._arithmetic.fresh(f"{plan.regimen} per basis")
                self._arithmetic.linear += [less >= 0, less <= share]
                self._arithmetic.curved.append(z3.Implies(reached, less * basis * rational(plan.basis_scale) == cap))
                share = z3.If(reached, less, share)
            raw = z3.If(reached, cap, raw)
        for condition, factor in applied:
            less = raw * rational(factor)
            exactly = factor in EXACT_FACTORS
            raw = z3.If(condition, less if exactly else self._near(less, "adjusted dose"), raw)
            share = z3.If(condition, share * rational(factor), share)
        return raw, share

    def _near(self, value: z3.ArithRef, word: str) -> z3.ArithRef:
        size = z3.If(value >= 0, value, -value)
        return self._arithmetic.settled(Real(value, size), word)
