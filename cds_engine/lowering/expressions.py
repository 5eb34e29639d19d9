"""Typed expressions to the core: names resolved, units converted, ranges and sugar rewritten.

Law: for every expression and patient, evaluating the core gives what the expression means. Nothing is
reported here; the checker has been before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from cds_engine.checker.expressions import Typed, literal_value
from cds_engine.checker.types import (
    BooleanType,
    ClassSymbol,
    CodeType,
    DefinitionSymbol,
    FactSymbol,
    NullType,
    NumberType,
    QuantityType,
    SetType,
    Type,
)
from cds_engine.diagnostics import Span
from cds_engine.language import syntax as s
from cds_engine.language.syntax import Comparator, Connective, Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.walk import names_in
from cds_engine.units import conversion

Definitions = Mapping[str, c.Condition]
"""Lowered definitions by name, put in place where they are used."""


def lower_condition(typed: Typed, definitions: Definitions) -> c.Condition:
    """Return the core of a condition."""
    return _Lowering(definitions).condition(typed)


def lower_value(
    typed: Typed, wanted: Type, definitions: Definitions, scales: Mapping[str, float] | None = None
) -> c.Term | c.Condition:
    """Return the core of an expression whose value is wanted as *wanted* (its unit included).

    *scales* says for facts that a formula takes as bare numbers by what their canonical value is
    multiplied to stand in the formula's unit.
    """
    lowering = _Lowering(definitions, scales)
    return lowering.condition(typed) if isinstance(wanted, BooleanType) else lowering.term(typed, wanted)


class _Lowering:
    """One walk over one typed expression."""

    def __init__(self, definitions: Definitions, scales: Mapping[str, float] | None = None) -> None:
        self._definitions = definitions
        self._scales = scales or {}

    def condition(self, typed: Typed) -> c.Condition:  # noqa: C901 - one case a node
        span, parts = typed.node.span, typed.parts
        match typed.node:
            case s.BooleanLiteral(value):
                return c.Constant(value, span=span)
            case s.NullLiteral():
                return c.Constant(None, span=span)
            case s.Name(name):
                if isinstance(typed.symbol, DefinitionSymbol):
                    return c.Defined(name, self._definitions[name], span=span)
                return c.Fact(name, span=span)
            case s.Not():
                return c.Not(self.condition(parts[0]), span=span)
            case s.Logic(connective):
                return self._logic(connective, typed)
            case s.Comparison(comparator):
                return self._compare(comparator, parts[0], parts[1], span)
            case s.Between():
                low = self._compare(Comparator.AT_LEAST, parts[0], parts[1], span)
                high = self._compare(Comparator.AT_MOST, parts[0], parts[2], span)
                return c.And((low, high), span=span)
            case s.In() | s.Contains():
                return self._member(parts[0], parts[1], span)
            case s.ContainsAny():
                return self._holds(parts[0], _codes(parts[1]), span)
            case s.Is(_, value, negated):
                return self._is(parts[0], value=value, negated=negated, span=span)
            case s.If():
                condition, yes, no = (self.condition(part) for part in parts)
                return c.Choose(condition, yes, no, span=span)
            case _:
                msg = f"the checker let `{typed.node}` through as a condition"
                raise AssertionError(msg)

    def _logic(self, connective: Connective, typed: Typed) -> c.Condition:
        left, right = (self.condition(part) for part in typed.parts)
        span = typed.node.span
        match connective:
            case Connective.AND:
                return c.And((*_flat(left, c.And), *_flat(right, c.And)), span=span)
            case Connective.OR:
                return c.Or((*_flat(left, c.Or), *_flat(right, c.Or)), span=span)
            case Connective.XOR:
                return _either(left, right, span)
            case Connective.IMPLIES:
                return c.Or((c.Not(left, span=left.span), right), span=span)
            case _:
                assert_never(connective)

    def _is(self, part: Typed, *, value: bool | None, negated: bool, span: Span | None) -> c.Condition:
        """`x is true` is `x and not (x is null)`: unknown itself only where something given cannot be used."""
        found: c.Condition
        if value is None:
            operand = self.condition(part) if isinstance(part.type, BooleanType) else self.term(part, part.type)
            found = _is_null(operand, span)
        else:
            operand = self.condition(part)
            wanted = operand if value else c.Not(operand, span=span)
            found = c.And((wanted, c.Not(_is_null(operand, span), span=span)), span=span)
        return c.Not(found, span=span) if negated else found

    def _compare(self, comparator: Comparator, left: Typed, right: Typed, span: Span | None) -> c.Condition:
        if isinstance(left.type, BooleanType) and isinstance(right.type, BooleanType):
            same: c.Condition = c.Not(_either(self.condition(left), self.condition(right), span), span=span)
            if isinstance(right.node, s.BooleanLiteral):
                operand = self.condition(left)
                same = operand if right.node.value else c.Not(operand, span=span)
            return same if comparator is Comparator.EQUAL else c.Not(same, span=span)
        typed = [side for side in (left, right) if not isinstance(side.type, NullType)] or [left]
        wanted = next((side for side in typed if not isinstance(side.node, s.Literal)), typed[0]).type
        if isinstance(left.type, BooleanType) or isinstance(right.type, BooleanType):  # compared with `null`
            return c.Constant(None, span=span)
        return c.Compare(comparator, self.term(left, wanted), self.term(right, wanted), span=span)

    def _member(self, member: Typed, many: Typed, span: Span | None) -> c.Condition:
        if isinstance(many.node, s.Name) and isinstance(many.symbol, FactSymbol):
            if isinstance(member.node, s.CodeLiteral):
                return c.Holds(many.node.name, (member.node.code,), span=span)
            return c.Constant(None, span=span)
        codes = _codes(many)
        if isinstance(member.type, CodeType) and codes is not None:
            return c.OneOf(self.term(member, member.type), codes, span=span)
        equal = tuple(self._compare(Comparator.EQUAL, member, part, span) for part in many.parts)
        return c.Or(equal, span=span) if equal else c.Constant(value=False, span=span)

    def _holds(self, whole: Typed, codes: tuple[str, ...] | None, span: Span | None) -> c.Condition:
        if codes is None or not isinstance(whole.node, s.Name):
            return c.Constant(None, span=span)
        return c.Holds(whole.node.name, codes, span=span)

    def term(self, typed: Typed, wanted: Type) -> c.Term:
        """Return the core of a value in the unit of *wanted*."""
        span, parts = typed.node.span, typed.parts
        unit = wanted.unit if isinstance(wanted, QuantityType) else None
        value = literal_value(typed, wanted)
        if value is not None:
            return c.Constant(value, unit, span=span)
        match typed.node:
            case s.CodeLiteral(code):
                return c.Constant(code, span=span)
            case s.DateLiteral(day):
                return c.Constant(day, span=span)
            case s.NullLiteral():
                return c.Constant(None, span=span)
            case s.Name(name):
                return self._fact(name, typed, wanted)
            case s.Negative():
                return c.Calculate(Operator.SUBTRACT, c.Constant(0.0), self.term(parts[0], wanted), span=span)
            case s.Arithmetic(operator):
                return self._calculate(operator, typed, wanted)
            case s.If():
                yes, no = self.term(parts[1], wanted), self.term(parts[2], wanted)
                return c.Choose(self.condition(parts[0]), yes, no, span=span)
            case s.Elapsed(unit_of_time):
                start, end = (self.term(part, part.type) for part in parts)
                return c.Elapsed(unit_of_time, start, end, span=span)
            case _:
                msg = f"the checker let `{typed.node}` through as a value"
                raise AssertionError(msg)

    def _fact(self, name: str, typed: Typed, wanted: Type) -> c.Term:
        fact = c.Fact(name, span=typed.node.span)
        scale = self._scales.get(name, 1.0)
        if scale != 1:
            return c.Calculate(Operator.MULTIPLY, fact, c.Constant(scale), span=fact.span)
        return _in_unit(fact, typed.type, wanted)

    def _calculate(self, operator: Operator, typed: Typed, wanted: Type) -> c.Term:
        left, right = typed.parts
        span = typed.node.span
        if operator is Operator.DIVIDE and isinstance(right.type, QuantityType):
            wanted = left.type  # a ratio: both sides in one unit
        ends = (self.term(part, part.type if isinstance(part.type, NumberType) else wanted) for part in (left, right))
        return c.Calculate(operator, *ends, span=span)


def _is_null(operand: c.Term | c.Condition, span: Span | None) -> c.Condition:
    """Return `operand is null`: it is unknown, and not because something that was given cannot be used.

    A fact that was rejected, conflicts or is stale is not one that nobody gave: asking whether it is null has no
    answer, so that no condition takes it for absent.
    """
    facts = dict.fromkeys(name.split(".", 1)[0] for name in names_in(operand))
    usable = (c.Fact(f"{name}.usable", span=span) for name in facts if name != "as_of")
    return c.And((c.IsUnknown(operand, span=span), *usable), span=span)


def _in_unit(term: c.Term, found: Type, wanted: Type) -> c.Term:
    if not (isinstance(found, QuantityType) and isinstance(wanted, QuantityType)) or found.unit == wanted.unit:
        return term
    change = conversion(found.unit, wanted.unit)
    scaled = c.Calculate(Operator.MULTIPLY, term, c.Constant(change.factor), span=term.span)
    if change.offset == 0:
        return scaled
    return c.Calculate(Operator.ADD, scaled, c.Constant(change.offset), span=term.span)


def _flat(condition: c.Condition, kind: type[c.And | c.Or]) -> tuple[c.Condition, ...]:
    return condition.parts if isinstance(condition, kind) else (condition,)


def _either(left: c.Condition, right: c.Condition, span: Span | None) -> c.Condition:
    """`xor`: exactly one of the two."""
    first = c.And((left, c.Not(right, span=span)), span=span)
    second = c.And((c.Not(left, span=span), right), span=span)
    return c.Or((first, second), span=span)


def _codes(typed: Typed) -> tuple[str, ...] | None:
    match typed.symbol, typed.type:
        case ClassSymbol(_, codes), _:
            return codes
        case None, SetType(codes):
            return codes
        case _:
            return None
