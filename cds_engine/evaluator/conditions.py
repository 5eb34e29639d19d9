"""The meaning of the language: what each core node comes to for one patient.

This is the definition that every other engine is held to, so it is written to be read: Kleene's strong
three-valued logic, numbers compared as `units.exact` sees them, and unknown carrying what is missing.
"""

from __future__ import annotations

import math
from datetime import date
from typing import assert_never

from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown, Verdict, conjunction, disjunction, negate
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c
from cds_engine.patient.values import CodeSet, Value
from cds_engine.units import exact


def decide(node: c.Condition, facts: Facts) -> Verdict:  # noqa: C901, PLR0911 - one case a node
    """Return the verdict on a condition; never raises for any patient."""
    match node:
        case c.Compare(comparator, left, right):
            return _compare(node, comparator, value_of(left, facts), value_of(right, facts))
        case c.Fact(name):
            return _from_value(node, facts.look_up(name))
        case c.And(parts):
            verdicts = tuple(decide(part, facts) for part in parts)
            return _joined(node, conjunction(tuple(v.truth for v in verdicts)), verdicts)
        case c.Or(parts):
            verdicts = tuple(decide(part, facts) for part in parts)
            return _joined(node, disjunction(tuple(v.truth for v in verdicts)), verdicts)
        case c.Not(operand):
            verdict = decide(operand, facts)
            return Verdict(negate(verdict.truth), node, verdict.missing, (verdict,))
        case c.Defined(name, condition):
            verdict = facts.verdicts.get(name)
            if verdict is None:
                verdict = facts.verdicts[name] = decide(condition, facts)
            return Verdict(verdict.truth, node, verdict.missing, (verdict,))
        case c.OneOf(term, codes):
            value = value_of(term, facts)
            if isinstance(value, Unknown):
                return Verdict(None, node, value.missing, (), (value,))
            return Verdict(value in codes, node, NOTHING, (), (value,))
        case c.Holds(name, codes):
            return _holds(node, facts.look_up(name), codes)
        case c.IsUnknown(operand):
            return _is_unknown(node, operand, facts)
        case c.Constant(value):
            return Verdict(value if isinstance(value, bool) else None, node)
        case c.Choose(condition, yes, no):
            return _choose(node, condition, yes, no, facts)
        case _:
            assert_never(node)


def value_of(term: c.Term | c.Condition, facts: Facts) -> Value | Unknown:
    """Return the value of a term, not rounded; unknown if anything it rests on is."""
    match term:
        case c.Fact(name):
            return facts.look_up(name)
        case c.Constant(value):
            return Unknown() if value is None else value
        case c.Calculate(operator, left, right):
            return _calculate(operator, value_of(left, facts), value_of(right, facts))
        case c.Elapsed(unit, start, end):
            return _elapsed(unit, value_of(start, facts), value_of(end, facts))
        case c.Choose(condition, yes, no):
            verdict = decide(condition, facts)
            if verdict.truth is None:
                return Unknown(verdict.missing)
            return value_of(yes if verdict.truth else no, facts)
        case _:
            verdict = decide(term, facts)
            return Unknown(verdict.missing) if verdict.truth is None else verdict.truth


def _joined(node: c.And | c.Or, truth: bool | None, verdicts: tuple[Verdict, ...]) -> Verdict:  # noqa: FBT001
    missing = NOTHING.union(*(v.missing for v in verdicts)) if truth is None else NOTHING
    return Verdict(truth, node, missing, verdicts)


def _from_value(node: c.Fact, value: Value | Unknown) -> Verdict:
    if isinstance(value, Unknown):
        return Verdict(None, node, value.missing, (), (value,))
    return Verdict(value is True, node, NOTHING, (), (value,))


def _holds(node: c.Holds, value: Value | Unknown, codes: tuple[str, ...]) -> Verdict:
    """A member found is true; none found is false only of a list that is known to be complete."""
    if not isinstance(value, CodeSet):
        missing = value.missing if isinstance(value, Unknown) else NOTHING
        return Verdict(None, node, missing, (), (value,))
    if not value.members.isdisjoint(codes):
        return Verdict(True, node, NOTHING, (), (value,))  # noqa: FBT003 - a truth value
    if value.is_complete:
        return Verdict(False, node, NOTHING, (), (value,))  # noqa: FBT003 - a truth value
    return Verdict(None, node, frozenset({node.name.split(".", 1)[0]}), (), (value,))


def _is_unknown(node: c.IsUnknown, operand: c.Condition | c.Term, facts: Facts) -> Verdict:
    found = value_of(operand, facts)
    return Verdict(isinstance(found, Unknown), node, NOTHING, (), (found,))


def _choose(
    node: c.Choose, condition: c.Condition, yes: c.Term | c.Condition, no: c.Term | c.Condition, facts: Facts
) -> Verdict:
    """An unknown condition makes the whole unknown, even where both branches agree."""
    chosen = decide(condition, facts)
    if chosen.truth is None:
        return Verdict(None, node, chosen.missing, (chosen,))
    found = value_of(yes if chosen.truth else no, facts)
    if isinstance(found, Unknown):
        return Verdict(None, node, found.missing, (chosen,))
    return Verdict(found is True, node, NOTHING, (chosen,))


def _compare(node: c.Compare, comparator: Comparator, left: Value | Unknown, right: Value | Unknown) -> Verdict:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        missing = NOTHING.union(*(side.missing for side in (left, right) if isinstance(side, Unknown)))
        return Verdict(None, node, missing, (), (left, right))
    if isinstance(left, float) and isinstance(right, float):
        left, right = exact(left), exact(right)
    return Verdict(_holds_between(comparator, left, right), node, NOTHING, (), (left, right))


def _holds_between(comparator: Comparator, left: Value, right: Value) -> bool:
    match comparator:
        case Comparator.EQUAL:
            return left == right
        case Comparator.NOT_EQUAL:
            return left != right
    low, high = (left, right) if comparator in {Comparator.LESS, Comparator.AT_MOST} else (right, left)
    strict = comparator in {Comparator.LESS, Comparator.GREATER}
    match low, high:
        case (float(), float()):
            return low < high if strict else low <= high
        case (date(), date()):
            return low < high if strict else low <= high
        case _:
            msg = f"the checker let {comparator} through between {left!r} and {right!r}"
            raise AssertionError(msg)


def _calculate(operator: Operator, left: Value | Unknown, right: Value | Unknown) -> Value | Unknown:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return Unknown(NOTHING.union(*(side.missing for side in (left, right) if isinstance(side, Unknown))))
    assert isinstance(left, float) and isinstance(right, float)  # noqa: S101, PT018 - the checker's promise
    try:
        found = _arithmetic(operator, left, right)
    except (OverflowError, ZeroDivisionError):
        return Unknown()
    return found if isinstance(found, float) and math.isfinite(found) else Unknown()


def _arithmetic(operator: Operator, left: float, right: float) -> float | complex:
    match operator:
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
            assert_never(operator)


def _elapsed(unit: str, start: Value | Unknown, end: Value | Unknown) -> Value | Unknown:
    if isinstance(start, Unknown) or isinstance(end, Unknown):
        return Unknown(NOTHING.union(*(side.missing for side in (start, end) if isinstance(side, Unknown))))
    assert isinstance(start, date) and isinstance(end, date)  # noqa: S101, PT018 - the checker's promise
    if end < start:
        return _negative(_elapsed(unit, end, start))
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    whole = {"years": months // 12, "months": months, "weeks": (end - start).days // 7, "days": (end - start).days}
    return float(whole[unit])


def _negative(value: Value | Unknown) -> Value | Unknown:
    return -value if isinstance(value, float) else value
