"""Booleans of Z3 with constants folded, so that formulas stay as small as they can be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import z3

Formula: TypeAlias = z3.BoolRef
"""A truth about a patient."""
Amount: TypeAlias = z3.ArithRef
"""A number of a patient."""
Model: TypeAlias = z3.ModelRef
"""A patient as Z3 found him: every free part of the formulas has a value."""
TRUE = z3.BoolVal(True)  # noqa: FBT003 - a truth value
FALSE = z3.BoolVal(False)  # noqa: FBT003 - a truth value


def constant(truth: bool) -> z3.BoolRef:  # noqa: FBT001 - a truth value
    """Return a truth value as a formula."""
    return TRUE if truth else FALSE


def every(parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Return the conjunction, true of nothing."""
    left = []
    for part in parts:
        if z3.is_false(part):
            return FALSE
        if not z3.is_true(part):
            left.append(part)
    return z3.And(*left) if len(left) > 1 else left[0] if left else TRUE


def some(parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Return the disjunction, false of nothing."""
    left = []
    for part in parts:
        if z3.is_true(part):
            return TRUE
        if not z3.is_false(part):
            left.append(part)
    return z3.Or(*left) if len(left) > 1 else left[0] if left else FALSE


def both(*parts: z3.BoolRef) -> z3.BoolRef:
    """Return the conjunction of the arguments."""
    return every(parts)


def either(*parts: z3.BoolRef) -> z3.BoolRef:
    """Return the disjunction of the arguments."""
    return some(parts)


def opposite(part: z3.BoolRef) -> z3.BoolRef:
    """Return the negation."""
    if z3.is_true(part):
        return FALSE
    if z3.is_false(part):
        return TRUE
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def choose(condition: z3.BoolRef, yes: z3.BoolRef, no: z3.BoolRef) -> z3.BoolRef:
    """Return `yes` where the condition holds, else `no`."""
    if z3.is_true(condition):
        return yes
    if z3.is_false(condition):
        return no
    return either(both(condition, yes), both(opposite(condition), no))


def holds(model: Model, truth: z3.BoolRef) -> bool | None:
    """Say whether something is true of a patient whom Z3 found, None where it does not come out."""
    value = model.eval(truth, model_completion=True)
    return True if z3.is_true(value) else False if z3.is_false(value) else None
