"""The meaning of the language: what each core node comes to for one patient.

This is the definition that every other engine is held to, so it is written to be read: Kleene's strong
three-valued logic, numbers compared as `units.exact` sees them, and unknown carrying what is missing.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, assert_never

from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown, Verdict, negate
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c
from cds_engine.patient.values import CodeSet, Value
from cds_engine.units import exact


def decide(node: c.Condition, facts: Facts) -> Verdict:
    """Return the verdict on a condition; never raises for any patient.

    A node is decided once a patient: a pack shares equal nodes, and most conditions have parts in common.
    """
    verdict = facts.verdicts.get(id(node))
    if verdict is None:
        verdict = facts.verdicts[id(node)] = MEANING[type(node)](node, facts)
    return verdict


def _constant(node: c.Constant, _: Facts) -> Verdict:
    return Verdict(node.value if isinstance(node.value, bool) else None, node)


def _fact(node: c.Fact, facts: Facts) -> Verdict:
    value = facts.look_up(node.name)
    if isinstance(value, Unknown):
        return Verdict(None, node, value.missing)
    return Verdict(value is True, node)


def _compared(node: c.Compare, facts: Facts) -> Verdict:
    left, right = value_of(node.left, facts), value_of(node.right, facts)
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Verdict(None, node, _missing(left, right))
    if isinstance(left, float) and isinstance(right, float):
        left, right = exact(left), exact(right)
    return Verdict(COMPARES[node.comparator](left, right), node)


def _one_of(node: c.OneOf, facts: Facts) -> Verdict:
    value = value_of(node.term, facts)
    if isinstance(value, Unknown):
        return Verdict(None, node, value.missing)
    return Verdict(value in node.codes, node)


def _holds(node: c.Holds, facts: Facts) -> Verdict:
    """A member found is true; none found is false only of a list that is known to be complete."""
    value = facts.look_up(node.name)
    if not isinstance(value, CodeSet):
        return Verdict(None, node, value.missing if isinstance(value, Unknown) else NOTHING)
    if not value.members.isdisjoint(node.codes):
        return Verdict(True, node)  # noqa: FBT003 - a truth value
    if value.is_complete:
        return Verdict(False, node)  # noqa: FBT003 - a truth value
    return Verdict(None, node, frozenset({node.name.split(".", 1)[0]}))


def _is_unknown(node: c.IsUnknown, facts: Facts) -> Verdict:
    found = value_of(node.operand, facts)
    return Verdict(isinstance(found, Unknown), node)


def _not(node: c.Not, facts: Facts) -> Verdict:
    verdict = decide(node.operand, facts)
    return Verdict(negate(verdict.truth), node, verdict.missing)


def _and(node: c.And, facts: Facts) -> Verdict:
    return _joined(node, facts, deciding=False)


def _or(node: c.Or, facts: Facts) -> Verdict:
    return _joined(node, facts, deciding=True)


def _joined(node: c.And | c.Or, facts: Facts, *, deciding: bool) -> Verdict:
    """One false decides `and`, one true `or`, whatever else is missing: parts behind it need not be asked."""
    missing, is_open = NOTHING, False
    for part in node.parts:
        verdict = decide(part, facts)
        if verdict.truth is deciding:
            return Verdict(deciding, node)
        if verdict.truth is None:
            missing, is_open = missing | verdict.missing, True
    return Verdict(None if is_open else not deciding, node, missing)


def _defined(node: c.Defined, facts: Facts) -> Verdict:
    verdict = decide(node.condition, facts)
    return Verdict(verdict.truth, node, verdict.missing)


def _chosen(node: c.Choose, facts: Facts) -> Verdict:
    """An unknown condition makes the whole unknown, even where both branches agree."""
    chosen = decide(node.condition, facts)
    if chosen.truth is None:
        return Verdict(None, node, chosen.missing)
    found = value_of(node.yes if chosen.truth else node.no, facts)
    if isinstance(found, Unknown):
        return Verdict(None, node, found.missing)
    return Verdict(found is True, node)


MEANING: Mapping[type[c.CoreNode], Callable[[Any, Facts], Verdict]] = {
    c.Constant: _constant,
    c.Fact: _fact,
    c.Compare: _compared,
    c.OneOf: _one_of,
    c.Holds: _holds,
    c.IsUnknown: _is_unknown,
    c.Not: _not,
    c.And: _and,
    c.Or: _or,
    c.Defined: _defined,
    c.Choose: _chosen,
}
"""The meaning of each kind of condition; a test holds it to the union `core.Condition`."""

COMPARES: Mapping[Comparator, Callable[[Any, Any], bool]] = {
    Comparator.EQUAL: operator.eq,
    Comparator.NOT_EQUAL: operator.ne,
    Comparator.LESS: operator.lt,
    Comparator.AT_MOST: operator.le,
    Comparator.GREATER: operator.gt,
    Comparator.AT_LEAST: operator.ge,
}
"""Both sides are numbers, codes or dates: the checker has seen to it, and codes are never ordered."""


def value_of(term: c.Term | c.Condition, facts: Facts) -> Value | Unknown:
    """Return the value of a term, not rounded; unknown if anything it rests on is."""
    match term:
        case c.Fact():
            return facts.look_up(term.name)
        case c.Constant():
            return Unknown() if term.value is None else term.value
        case c.Calculate():
            return _calculate(term.operator, value_of(term.left, facts), value_of(term.right, facts))
        case c.Elapsed():
            return _elapsed(term.unit, value_of(term.start, facts), value_of(term.end, facts))
        case c.Choose():
            verdict = decide(term.condition, facts)
            if verdict.truth is None:
                return Unknown(verdict.missing)
            return value_of(term.yes if verdict.truth else term.no, facts)
        case _:
            verdict = decide(term, facts)
            return Unknown(verdict.missing) if verdict.truth is None else verdict.truth


def _missing(*values: Value | Unknown) -> frozenset[str]:
    return NOTHING.union(*[value.missing for value in values if isinstance(value, Unknown)])


def _calculate(sign: Operator, left: Value | Unknown, right: Value | Unknown) -> Value | Unknown:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown(_missing(left, right))
    assert isinstance(left, float) and isinstance(right, float)  # noqa: S101, PT018 - the checker's promise
    try:
        found = _arithmetic(sign, left, right)
    except (OverflowError, ZeroDivisionError):
        return Unknown()
    return found if isinstance(found, float) and math.isfinite(found) else Unknown()


def _arithmetic(sign: Operator, left: float, right: float) -> float | complex:
    match sign:
        case Operator.ADD:
            return left + right
        case Operator.SUBTRACT:
            return left - right
        case Operator.MULTIPLY:
            return left * right
        case Operator.DIVIDE:
            return left / right
        case Operator.POWER:
            power: float | complex = left**right  # complex for a root of a negative number
            return power
        case _:
            assert_never(sign)


def _elapsed(unit: str, start: Value | Unknown, end: Value | Unknown) -> Value | Unknown:
    if isinstance(start, Unknown) or isinstance(end, Unknown):
        return Unknown(_missing(start, end))
    assert isinstance(start, date) and isinstance(end, date)  # noqa: S101, PT018 - the checker's promise
    if end < start:
        return _negative(_elapsed(unit, end, start))
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    whole = {
        "years": months // 12,
        "months": months,
        "weeks": (end - start).days // 7,
        "days": (end - start).days,
    }
    return float(whole[unit])


def _negative(value: Value | Unknown) -> Value | Unknown:
    return -value if isinstance(value, float) else value
