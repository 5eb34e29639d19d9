"""What is not linear, worked out where the facts that it rests on have given values.

Between these points Z3 knows products, quotients and powers within bounds only; at them it knows their value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.curves import Curve
from cds_engine.backends.smt.logic import both, some
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import Number

Point = Mapping[str, float]
"""Facts with a value each, in their canonical units."""
NEAR = 1e-12
"""How near to the double that it is computed as the result of a computation lies, as a share of it."""
DIGITS = 6
"""Significant digits of a number at which a patient of Z3 is."""


class Points:
    """Some points, and any other that a patient of Z3 is at."""

    def __init__(self, answers: Sequence[SymbolicAnswer], points: Sequence[Point]) -> None:
        """Work everything out at some points; each names the same facts."""
        self._answers = answers
        self._points = points
        self._names = sorted({name for point in points for name in point})

    @cached_property
    def known(self) -> z3.BoolRef:
        """That a patient is at one of the points."""
        return some(self._at(point) for point in self._points)

    def of(self, model: z3.ModelRef) -> z3.BoolRef:
        """Return that a patient is where somebody whom Z3 found is."""
        return self._at({name: self._rounded(model, name) for name in self._names})

    def _rounded(self, model: z3.ModelRef, name: str) -> float:
        payload = self._answers[0].record.slot(name).payload
        assert isinstance(payload, Number)  # noqa: S101 - points are of numbers
        found = model.eval(payload.value, model_completion=True)
        exact = found.approx(DIGITS) if z3.is_algebraic_value(found) else found
        return float(f"{float(exact.as_fraction()):.{DIGITS}g}")

    def _at(self, point: Point) -> z3.BoolRef:
        known, holds = [], []
        for name, number in point.items():
            payload = self._answers[0].record.slot(name).payload
            if isinstance(payload, Number):
                known.append((payload.value, rational(number)))
                holds.append(payload.value == rational(number))
        for curve in self._curves:
            sides = [_number(z3.simplify(z3.substitute(side, *known))) for side in (curve.left, curve.right)]
            found = _worked_out(curve, *sides)
            if found is not None:
                known.append((curve.found, rational(found)))
                low, high = sorted((found * (1 - NEAR), found * (1 + NEAR)))
                holds.append(both(curve.found >= rational(low), curve.found <= rational(high)))
        return both(*holds)

    @cached_property
    def _curves(self) -> list[Curve]:
        made = (curve for answer in self._answers for curve in answer.arithmetic.curves.made)
        return list({curve.found.ast.value: curve for curve in made}.values())


def _number(term: z3.ExprRef) -> float | None:
    if not isinstance(term, z3.RatNumRef):
        return None
    return float(term.as_fraction())


def _worked_out(curve: Curve, left: float | None, right: float | None) -> float | None:
    """Return what a computation comes to, None where it rests on more than the point or comes to nothing."""
    if left is None or right is None:
        return None
    try:
        match curve.kind:
            case "product":
                found = left * right
            case "quotient":
                found = left / right
            case "power":
                found = math.pow(left, right)
    except (ArithmeticError, ValueError):
        return None
    return found if math.isfinite(found) else None
