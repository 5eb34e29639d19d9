"""Booleans of Z3 with constants folded, so that formulas stay as small as they can be.

A pack comes to tens of thousands of them: they are made by the functions of Z3 itself, without the conversions that its
Python operators try on every argument, in a twentieth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import z3
from z3 import z3core

Formula: TypeAlias = z3.BoolRef
"""A truth about a patient."""
Amount: TypeAlias = z3.ArithRef
"""A number of a patient."""
Model: TypeAlias = z3.ModelRef
"""A patient as Z3 found him: every free part of the formulas has a value."""
CONTEXT = z3.main_ctx()
TRUE = z3.BoolVal(True)  # noqa: FBT003 - a truth value
FALSE = z3.BoolVal(False)  # noqa: FBT003 - a truth value


def constant(truth: bool) -> z3.BoolRef:  # noqa: FBT001 - a truth value
    """Return a truth value as a formula."""
    return TRUE if truth else FALSE


def every(parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Return the conjunction, true of nothing."""
    return _joined(parts, TRUE, FALSE, z3core.Z3_mk_and)


def some(parts: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Return the disjunction, false of nothing."""
    return _joined(parts, FALSE, TRUE, z3core.Z3_mk_or)


def _joined(
    parts: Iterable[z3.BoolRef], neutral: z3.BoolRef, deciding: z3.BoolRef, make: Callable[..., object]
) -> z3.BoolRef:
    """Join truths; a *neutral* one is left out, and a *deciding* one decides."""
    left = []
    for part in parts:
        if part.ast.value == deciding.ast.value:  # equal formulas are one node of Z3
            return deciding
        if part.ast.value != neutral.ast.value:
            left.append(part)
    if len(left) < 2:  # noqa: PLR2004 - nothing to join
        return left[0] if left else neutral
    return z3.BoolRef(make(CONTEXT.ref(), len(left), (z3.Ast * len(left))(*(part.ast for part in left))), CONTEXT)


def both(*parts: z3.BoolRef) -> z3.BoolRef:
    """Return the conjunction of the arguments."""
    return every(parts)


def either(*parts: z3.BoolRef) -> z3.BoolRef:
    """Return the disjunction of the arguments."""
    return some(parts)


def opposite(part: z3.BoolRef) -> z3.BoolRef:
    """Return the negation."""
    if part.ast.value == TRUE.ast.value:
        return FALSE
    if part.ast.value == FALSE.ast.value:
        return TRUE
    return part.arg(0) if z3.is_not(part) else z3.BoolRef(z3core.Z3_mk_not(CONTEXT.ref(), part.ast), CONTEXT)


def choose(condition: z3.BoolRef, yes: z3.BoolRef, no: z3.BoolRef) -> z3.BoolRef:
    """Return `yes` where the condition holds, else `no`."""
    if condition.ast.value == TRUE.ast.value:
        return yes
    if condition.ast.value == FALSE.ast.value:
        return no
    return either(both(condition, yes), both(opposite(condition), no))


def holds(model: Model, truth: z3.BoolRef) -> bool | None:
    """Say whether something is true of a patient whom Z3 found, None where it does not come out."""
    value = model.eval(truth, model_completion=True)
    return True if z3.is_true(value) else False if z3.is_false(value) else None
