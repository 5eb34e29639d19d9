"""Arithmetic of the pack in real numbers, with bounds where Z3 cannot follow.

Every computed number stands for the double that the evaluator computes: it is free within `MARGIN` of the real
value. What is not linear stands behind a function, so that the same of the same numbers is the same before anything
is multiplied. Roots are known by their square, quotients by their product; any other power is free between its values
at the ends of its base's range, and listed in `loose`.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import z3

from cds_engine.backends.smt.logic import TRUE, both
from cds_engine.backends.smt.record import MARGIN, rational
from cds_engine.language.syntax import Operator

WHOLE_POWERS = 4
"""Up to here a whole power is multiplied out."""


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


@dataclass(slots=True)
class Arithmetic:
    """Collects what computed numbers are bound to."""

    tag: str = ""
    linear: list[z3.BoolRef] = field(default_factory=list)
    curved: list[z3.BoolRef] = field(default_factory=list)
    """Products of facts, quotients and roots: left out first, because most proofs need none of them."""
    loose: dict[str, None] = field(default_factory=dict)
    """What is only bounded, in words."""
    ideal: z3.BoolRef = field(default_factory=lambda: z3.Bool("numbers are exact"))
    _count: int = 0
    _named: set[str] = field(default_factory=set)

    def fresh(self, word: str) -> z3.ArithRef:
        """Return a new number."""
        self._count += 1
        return z3.Real(f"{self.tag}{word}~{self._count}")

    def named(self, kind: str, *of: z3.ExprRef) -> tuple[z3.ArithRef, bool]:
        """Return the number that a computation from these comes to, everywhere the same; and whether it is new."""
        name = f"{kind} {_digest(of)}"
        is_new = name not in self._named
        self._named.add(name)
        return z3.Real(name), is_new

    def flag(self, kind: str, *of: z3.ExprRef) -> z3.BoolRef:
        """Return the truth that a comparison on the edge comes to, everywhere the same."""
        return z3.Bool(f"{kind} {_digest(of)}")

    def constant(self, number: float) -> Real:
        """Return a number of the pack."""
        value = rational(number)
        return Real(value, rational(abs(number)), number, number, exact=True, constant=number)

    def settled(self, term: Real, word: str) -> z3.ArithRef:
        """Return the number that comparisons see of *term*."""
        if term.exact:
            return term.value
        found, is_new = self.named(f"{word} as computed", term.value)
        if not is_new:
            return found
        margin = z3.RealVal(str(MARGIN)) * term.size
        near = both(found - term.value <= margin, term.value - found <= margin)
        where = self.linear if is_linear(near) else self.curved
        where += [near, z3.Implies(self.ideal, found == term.value)]
        return found

    def calculate(self, sign: Operator, left: Real, right: Real, word: str) -> tuple[Real, z3.BoolRef]:
        """Return the result and the truth that there is one."""
        match sign:
            case Operator.ADD:
                ends = left.low + right.low, left.high + right.high
                return Real(left.value + right.value, left.size + right.size, *_range(*ends)), TRUE
            case Operator.SUBTRACT:
                ends = left.low - right.high, left.high - right.low
                return Real(left.value - right.value, left.size + right.size, *_range(*ends)), TRUE
            case Operator.MULTIPLY:
                corners = [_times(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
                ends = min(corners), max(corners)
                value = self._product(left.value, right.value)
                self.linear.append(within(value, *ends))
                return Real(value, self._product(left.size, right.size), *ends), TRUE
            case Operator.DIVIDE:
                return self._divide(left, right, word)
            case Operator.POWER:
                return self._power(left, right, word)

    def _divide(self, left: Real, right: Real, word: str) -> tuple[Real, z3.BoolRef]:
        exists = right.value != 0
        if right.constant:
            share = rational(right.constant)
            corners = left.low / right.constant, left.high / right.constant
            return Real(left.value / share, left.size / rational(abs(right.constant)), min(corners), max(corners)), TRUE
        is_relative = right.low >= 0 and z3.eq(right.size, right.value)
        if not is_relative:
            return self._unbounded(word), exists
        error = left.size if right.exact else 2 * left.size
        found, size = _applied("quotient", left.value, right.value), _applied("quotient", error, right.value)
        self.curved += [z3.Implies(exists, both(found * right.value == left.value, size * right.value == error))]
        bounds = _quotient(left, right)
        self.linear.append(z3.Implies(exists, within(found, *bounds)))
        return Real(found, size, *bounds), exists

    def _power(self, left: Real, right: Real, word: str) -> tuple[Real, z3.BoolRef]:
        power = right.constant
        if power is not None and power == int(power) and 1 <= power <= WHOLE_POWERS:
            value, size = left.value, left.size
            for _ in range(int(power) - 1):
                value, size = self._product(value, left.value), self._product(size, left.size)
            ends = (left.low**power, left.high**power) if left.low >= 0 else (-math.inf, math.inf)
            return Real(value, size, *ends), TRUE
        if left.low < 0 or (left.constant is None and power is None):
            return self._unbounded(word), self._exists(word)
        ends = _power_ends(left, right)
        found = _applied("power", left.value, right.value)
        self.linear += [within(found, *ends), z3.Implies(left.value == 1, found == 1)]
        if power == 0.5:  # noqa: PLR2004 - a root
            self.linear.append(found >= 0)
            self.curved.append(found * found == left.value)
            return Real(found, 2 * found, *ends), TRUE  # a root halves what its base is off by
        self.loose[f"{word}: a power is only known to lie between {ends[0]:.4g} and {ends[1]:.4g}"] = None
        return Real(found, 2 * found, *ends), TRUE

    def _product(self, left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
        if _is_plain(left) or _is_plain(right):
            return left * right
        found = _applied("product", left, right)
        self.curved.append(found == left * right)
        return found

    def _unbounded(self, word: str) -> Real:
        self.loose[f"{word}: a value that may be any number"] = None
        found, size = self.fresh(word), self.fresh(word)
        return Real(found, size)

    def _exists(self, word: str) -> z3.BoolRef:
        self._count += 1
        return z3.Bool(f"{word} exists~{self._count}")


def _applied(kind: str, left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
    """Return what a computation that is not linear comes to: the same of the same numbers, whatever else is known."""
    function = z3.Function(kind, z3.RealSort(), z3.RealSort(), z3.RealSort())
    found: z3.ArithRef = function(left, right)
    return found


def _digest(of: tuple[z3.ExprRef, ...]) -> str:
    """Return a short name for what is computed from: its text, which names every free part."""
    return hashlib.sha256(" ".join(part.sexpr() for part in of).encode()).hexdigest()[:20]


def within(value: z3.ArithRef, low: float, high: float) -> z3.BoolRef:
    """Return the truth that a number lies between two ends, a little more allowed for rounding of the ends."""
    parts = []
    if math.isfinite(low):
        parts.append(value >= rational(low - abs(low) * 1e-9))
    if math.isfinite(high):
        parts.append(value <= rational(high + abs(high) * 1e-9))
    return both(*parts)


def is_linear(formula: z3.ExprRef) -> bool:
    """Say whether no part of a formula multiplies or divides two unknown numbers."""
    seen: set[int] = set()
    waiting = [formula]
    while waiting:
        part = waiting.pop()
        if part.get_id() in seen:
            continue
        seen.add(part.get_id())
        inner = part.children()
        if z3.is_mul(part) and sum(not _is_plain(child) for child in inner) > 1:
            return False
        if z3.is_div(part) and not _is_plain(inner[1]):
            return False
        waiting += inner
    return True


def _is_plain(part: z3.ExprRef) -> bool:
    """Say whether a term is made of numbers only, however it is written."""
    return z3.is_rational_value(part) or (bool(part.children()) and all(_is_plain(child) for child in part.children()))


def _range(low: float, high: float) -> tuple[float, float]:
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def _times(left: float, right: float) -> float:
    return 0.0 if 0 in {left, right} else left * right


def _quotient(left: Real, right: Real) -> tuple[float, float]:
    if right.low <= 0 or left.low < 0:
        return (0.0, math.inf) if left.low >= 0 else (-math.inf, math.inf)
    return _range(left.low / right.high if right.high else 0.0, left.high / right.low)


def _power_ends(base: Real, power: Real) -> tuple[float, float]:
    corners: list[float] = []
    for number in (base.low, base.high):
        for exponent in (power.low, power.high):
            try:
                corners.append(number**exponent)
            except (OverflowError, ZeroDivisionError):
                corners.append(math.inf)
    return min(corners), max(corners)
