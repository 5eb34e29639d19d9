"""Arithmetic of the pack in real numbers, with bounds where Z3 cannot follow.

Every computed number stands for the double that the evaluator computes: it is free within `MARGIN` of the real value.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from fractions import Fraction

import z3

from cds_engine.backends.smt.curves import Curves, Real, is_plain
from cds_engine.backends.smt.logic import TRUE, both
from cds_engine.backends.smt.record import MARGIN, rational
from cds_engine.language.syntax import Operator

WHOLE_POWERS = 4
"""Up to here a whole power is multiplied out."""


@dataclass
class Arithmetic:
    """Collects what computed numbers are bound to."""

    tag: str = ""
    linear: list[z3.BoolRef] = field(default_factory=list)
    ideal: z3.BoolRef = field(default_factory=lambda: z3.Bool("numbers are exact"))
    _count: int = 0
    _named: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.curves = Curves(self.linear)

    @property
    def curved(self) -> list[z3.BoolRef]:
        """Products of facts, quotients and roots: left out first, because most proofs need none of them."""
        return self.curves.curved

    @property
    def loose(self) -> dict[str, None]:
        """What is only bounded, in words."""
        return self.curves.loose

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
                return self.curves.product(left, right), TRUE
            case Operator.DIVIDE:
                return self._divide(left, right, word)
            case Operator.POWER:
                return self._power(left, right, word)

    def _divide(self, left: Real, right: Real, word: str) -> tuple[Real, z3.BoolRef]:
        exists = right.value != 0
        if right.constant:
            share = rational(right.constant)
            corners = left.low / right.constant, left.high / right.constant
            value, size = left.value / share, left.size / rational(abs(right.constant))
            factor = left.factor / Fraction(repr(right.constant))
            return Real(value, size, min(corners), max(corners), factor=factor, multiple_of=left.core), TRUE
        is_relative = right.low >= 0 and z3.eq(right.size, right.value)
        if not is_relative:
            return self._unbounded(word), exists
        return self.curves.quotient(left, right), exists

    def _power(self, left: Real, right: Real, word: str) -> tuple[Real, z3.BoolRef]:
        power = right.constant
        if power is not None and power == int(power) and 1 <= power <= WHOLE_POWERS:
            value, size = left.value, left.size
            for _ in range(int(power) - 1):
                value, size = self.curves.times(value, left.value), self.curves.times(size, left.size)
            ends = (left.low**power, left.high**power) if left.low >= 0 else (-math.inf, math.inf)
            return Real(value, size, *ends), TRUE
        if left.low < 0 or (left.constant is None and power is None):
            return self._unbounded(word), self._exists(word)
        return self.curves.power(left, right, word), TRUE

    def _unbounded(self, word: str) -> Real:
        self.loose[f"{word}: a value that may be any number"] = None
        found, size = self.fresh(word), self.fresh(word)
        return Real(found, size)

    def _exists(self, word: str) -> z3.BoolRef:
        self._count += 1
        return z3.Bool(f"{word} exists~{self._count}")


def _digest(of: tuple[z3.ExprRef, ...]) -> str:
    """Return a short name for what is computed from: its text, which names every free part."""
    return hashlib.sha256(" ".join(part.sexpr() for part in of).encode()).hexdigest()[:20]


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
        if z3.is_mul(part) and sum(not is_plain(child) for child in inner) > 1:
            return False
        if z3.is_div(part) and not is_plain(inner[1]):
            return False
        waiting += inner
    return True


def _range(low: float, high: float) -> tuple[float, float]:
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
