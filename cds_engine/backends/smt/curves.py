"""Products, quotients and powers of facts: what Z3 is told of them, and when.

Each stands behind a function, so that the same of the same numbers is the same before anything is multiplied; and a
constant factor is taken out of it, so that two versions of a formula which differ in one are known to differ by it.
Roots are known by their square, quotients by their product; any other power is free between its values at the ends of
its base's range, and listed in `loose`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import z3

from cds_engine.backends.smt.logic import both
from cds_engine.backends.smt.record import rational

NEARLY = Fraction(1, 10**13)
"""How far the power of a constant may lie from the double that it is computed as, as a share of it."""
Kind = Literal["product", "quotient", "power"]


@dataclass(frozen=True, slots=True)
class Real:
    """A real number, what its error is measured by, and the range it lies in as far as that is known."""

    value: z3.ArithRef
    size: z3.ArithRef
    low: float = -math.inf
    high: float = math.inf
    exact: bool = False
    """Whether it is the number that the evaluator has, not only near it."""
    constant: float | None = None
    factor: Fraction = Fraction(1)
    multiple_of: z3.ArithRef | None = None
    """What it is `factor` times of, where a constant was taken out of it."""

    @property
    def core(self) -> z3.ArithRef:
        """What it is a multiple of: itself where no constant was taken out."""
        return self.value if self.multiple_of is None else self.multiple_of


@dataclass(frozen=True, slots=True)
class Curve:
    """One computation that is not linear: of what, and what it comes to."""

    kind: Kind
    left: z3.ArithRef
    right: z3.ArithRef
    found: z3.ArithRef


@dataclass(slots=True)
class Curves:
    """Collects what the computations that are not linear are bound to."""

    linear: list[z3.BoolRef]
    curved: list[z3.BoolRef] = field(default_factory=list)
    loose: dict[str, None] = field(default_factory=dict)
    made: list[Curve] = field(default_factory=list)
    """Every computation, after those it rests on."""

    def product(self, left: Real, right: Real) -> Real:
        """Return the product of two numbers."""
        corners = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
        ends = min(corners), max(corners)
        value, size = self.times(left.value, right.value), self.times(left.size, right.size)
        self.linear.append(within(value, *ends))
        factor, core = left.factor * right.factor, value
        if left.constant or right.constant:
            number, other = (left, right) if left.constant else (right, left)
            factor, core = Fraction(repr(number.constant)) * other.factor, other.core
        elif factor != 1:
            core = self.times(left.core, right.core)
            self.linear.append(value == _rational(factor) * core)
        return Real(value, size, *ends, factor=factor, multiple_of=core)

    def quotient(self, left: Real, right: Real) -> Real:
        """Return a number divided by one that is not negative; it is bound to nothing where that is 0."""
        exists = right.value != 0
        error = left.size if right.exact else 2 * left.size
        value, size = self._divided(left.value, right.value), self._divided(error, right.value)
        ends = _quotient(left, right)
        self.linear.append(z3.Implies(exists, within(value, *ends)))
        factor, core = left.factor / right.factor, value
        if factor != 1:
            core = self._divided(left.core, right.core)
            self.linear.append(z3.Implies(exists, value == _rational(factor) * core))
        return Real(value, size, *ends, factor=factor, multiple_of=core)

    def power(self, left: Real, right: Real, word: str) -> Real:
        """Return a power of a number that is not negative, one of the two a constant."""
        ends = _power_ends(left, right)
        found = self._applied("power", left.value, right.value)
        self.linear += [within(found, *ends), z3.Implies(left.value == 1, found == 1)]
        if right.constant is not None and left.factor > 0 and left.factor != 1:
            share = Fraction(float(left.factor) ** right.constant)
            core = self._applied("power", left.core, right.value)
            low, high = (_rational(share * (1 + end)) * core for end in (-NEARLY, NEARLY))
            self.linear += [core >= 0, low <= found, found <= high]
        if right.constant == 0.5:  # noqa: PLR2004 - a root
            self.linear.append(found >= 0)
            self.curved.append(found * found == left.value)
        else:
            self.loose[f"{word}: a power is only known to lie between {ends[0]:.4g} and {ends[1]:.4g}"] = None
        return Real(found, 2 * found, *ends)  # a root halves what its base is off by

    def times(self, left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
        """Return the product of two terms."""
        if is_plain(left) or is_plain(right):
            return left * right
        found = self._applied("product", left, right)
        self.curved.append(found == left * right)
        return found

    def _divided(self, left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
        found = self._applied("quotient", left, right)
        self.curved.append(z3.Implies(right != 0, found * right == left))
        return found

    def _applied(self, kind: Kind, left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
        """Return what a computation comes to: the same of the same numbers, whatever else is known."""
        function = z3.Function(kind, z3.RealSort(), z3.RealSort(), z3.RealSort())
        found: z3.ArithRef = function(left, right)
        self.made.append(Curve(kind, left, right, found))
        return found


def within(value: z3.ArithRef, low: float, high: float) -> z3.BoolRef:
    """Return the truth that a number lies between two ends, a little more allowed for rounding of the ends."""
    parts = []
    if math.isfinite(low):
        parts.append(value >= rational(low - abs(low) * 1e-9))
    if math.isfinite(high):
        parts.append(value <= rational(high + abs(high) * 1e-9))
    return both(*parts)


def is_plain(part: z3.ExprRef) -> bool:
    """Say whether a term is made of numbers only, however it is written."""
    return z3.is_rational_value(part) or (bool(part.children()) and all(is_plain(child) for child in part.children()))


def _rational(number: Fraction) -> z3.RatNumRef:
    return z3.RealVal(str(number))


def _times(left: float, right: float) -> float:
    return 0.0 if 0 in {left, right} else left * right


def _quotient(left: Real, right: Real) -> tuple[float, float]:
    if right.low <= 0 or left.low < 0:
        return (0.0, math.inf) if left.low >= 0 else (-math.inf, math.inf)
    low, high = left.low / right.high if right.high else 0.0, left.high / right.low
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def _power_ends(base: Real, power: Real) -> tuple[float, float]:
    corners: list[float] = []
    for number in (base.low, base.high):
        for exponent in (power.low, power.high):
            try:
                corners.append(number**exponent)
            except (OverflowError, ZeroDivisionError):
                corners.append(math.inf)
    return min(corners), max(corners)
