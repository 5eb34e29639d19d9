"""Give every part of a condition its type, and report what does not fit; knows nothing of rules.

The result is the same tree with types (`Typed`), which lowering turns into the core. A part that is
wrong is reported once and then fits everywhere, so that one mistake gives one finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from cds_engine.checker import mistakes
from cds_engine.checker.types import (
    BooleanType,
    ClassSymbol,
    CodeType,
    DateType,
    DefinitionSymbol,
    FactSymbol,
    NullType,
    NumberType,
    QuantityType,
    Scope,
    SetType,
    Symbol,
    Type,
)
from cds_engine.diagnostics import Diagnostic
from cds_engine.language import syntax as s
from cds_engine.language.printer import print_expression
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.units import UnitError, conversion, parse_unit

BOOLEAN, NUMBER, DATE, NULL = BooleanType(), NumberType(), DateType(), NullType()


@dataclass(frozen=True, slots=True)
class Typed:
    """A syntax node with its type, the types of its operands, and what its name stands for."""

    node: s.Expression
    type: Type
    parts: tuple[Typed, ...] = ()
    symbol: Symbol | None = None


def check_condition(node: s.Expression, scope: Scope, findings: list[Diagnostic]) -> Typed:
    """Return *node* with types; report unless it is a condition that is true, false or unknown."""
    typed = check_expression(node, scope, findings)
    if not isinstance(typed.type, BooleanType | NullType):
        findings.append(mistakes.not_a_condition(node, typed.type))
    return typed


def check_expression(node: s.Expression, scope: Scope, findings: list[Diagnostic]) -> Typed:
    """Return *node* with types, whatever they are."""
    return _Checker(scope, findings).check(node)


class _Checker:
    """One walk over one expression."""

    def __init__(self, scope: Scope, findings: list[Diagnostic]) -> None:
        self._scope = scope
        self._findings = findings

    def check(self, node: s.Expression) -> Typed:  # noqa: C901, PLR0912 - one case a node
        match node:
            case s.BooleanLiteral():
                return Typed(node, BOOLEAN)
            case s.NullLiteral():
                return Typed(node, NULL)
            case s.NumberLiteral():
                return Typed(node, NUMBER)
            case s.QuantityLiteral():
                return self._quantity(node)
            case s.CodeLiteral(code):
                return Typed(node, CodeType((code,)))
            case s.DateLiteral():
                return Typed(node, DATE)
            case s.SetLiteral(items):
                return self._set(node, items)
            case s.Name():
                return self._name(node)
            case s.Not(operand):
                return Typed(node, BOOLEAN, (self._condition(operand),))
            case s.Logic(_, left, right):
                return Typed(node, BOOLEAN, (self._condition(left), self._condition(right)))
            case s.Comparison():
                return self._comparison(node)
            case s.Between(operand, low, high):
                parts = (self.check(operand), self.check(low), self.check(high))
                self._comparable(node, Comparator.AT_LEAST, parts[0], parts[1])
                self._comparable(node, Comparator.AT_MOST, parts[0], parts[2])
                self._ascending(node, *parts)
                return Typed(node, BOOLEAN, parts)
            case s.In(element, collection):
                return self._membership(node, element, collection)
            case s.Contains(collection, element):
                return self._membership(node, element, collection)
            case s.ContainsAny(collection, elements):
                return self._contains_any(node, collection, elements)
            case s.Is(operand, value):
                part = self._asked(node, operand) if value is None else self._condition(operand)
                return Typed(node, BOOLEAN, (part,))
            case s.Arithmetic():
                return self._arithmetic(node)
            case s.Negative(operand):
                return self._negative(node, operand)
            case s.If():
                return self._if(node)
            case s.Elapsed(_, start, end):
                return Typed(node, NUMBER, (self._date(start), self._date(end)))
            case _:
                assert_never(node)

    def _quantity(self, node: s.QuantityLiteral) -> Typed:
        try:
            return Typed(node, QuantityType(parse_unit(node.unit).code))
        except UnitError as error:
            self._findings.append(mistakes.bad_unit(node.span, error.message, error.help))
            return Typed(node, NULL)

    def _set(self, node: s.SetLiteral, items: tuple[s.Expression, ...]) -> Typed:
        parts = tuple(self.check(item) for item in items)
        codes = tuple(item.code for item in items if isinstance(item, s.CodeLiteral))
        return Typed(node, SetType(codes if len(codes) == len(items) else None), parts)

    def _name(self, node: s.Name) -> Typed:
        symbol = self._scope.symbols.get(node.name)
        match symbol:
            case FactSymbol():
                return Typed(node, symbol.type, symbol=symbol)
            case DefinitionSymbol():
                return Typed(node, BOOLEAN, symbol=symbol)
            case ClassSymbol(_, codes):
                return Typed(node, SetType(codes), symbol=symbol)
            case None:
                if not self._scope.may_hold(node.name):
                    known = self._scope.symbols, self._scope.codes()
                    self._findings.append(mistakes.unknown_name(node.span, node.name, *known))
                return Typed(node, NULL)

    def _asked(self, node: s.Expression, operand: s.Expression) -> Typed:
        """What `is null` asks: a fact, a condition or a value, never a list that the pack itself declares."""
        part = self.check(operand)
        if isinstance(part.type, SetType) and not isinstance(part.symbol, FactSymbol):
            self._findings.append(mistakes.always_known(node, operand))
        return part

    def _condition(self, node: s.Expression) -> Typed:
        return check_condition(node, self._scope, self._findings)

    def _date(self, node: s.Expression) -> Typed:
        typed = self.check(node)
        if not isinstance(typed.type, DateType | NullType):
            self._findings.append(mistakes.not_a_date(node, typed.type))
        return typed

    # Comparing

    def _comparison(self, node: s.Comparison) -> Typed:
        if isinstance(node.left, s.Not):
            operand = self.check(node.left.operand)
            if not isinstance(operand.type, BooleanType | NullType):
                self._findings.append(mistakes.not_binds_tighter(node, operand.node))
                return Typed(node, BOOLEAN, (operand, self.check(node.right)))
            left = Typed(node.left, BOOLEAN, (operand,))
        else:
            left = self.check(node.left)
        right = self.check(node.right)
        self._comparable(node, node.comparator, left, right)
        return Typed(node, BOOLEAN, (left, right))

    def _comparable(self, node: s.Expression, comparator: Comparator, left: Typed, right: Typed) -> None:
        ordered = comparator not in {Comparator.EQUAL, Comparator.NOT_EQUAL}
        for null, subject in ((left, right), (right, left)):
            if isinstance(null.node, s.NullLiteral) and not isinstance(subject.type, SetType):
                self._findings.append(mistakes.never_equals_null(node, subject.node))
                return
        match left.type, right.type:
            case (NullType(), other) | (other, NullType()) if not isinstance(other, SetType):
                return
            case (QuantityType(), QuantityType()):
                self._same_kind(node, comparator, left, right)
            case (NumberType(), NumberType()):
                self._in_range(node, comparator, left, right)
            case (DateType(), DateType()):
                return
            case (BooleanType(), BooleanType()) | (CodeType(), CodeType()) if ordered:
                self._findings.append(mistakes.no_order(node, left.node, left.type))
            case (BooleanType(), BooleanType()):
                return
            case (CodeType(), CodeType()):
                self._known_codes(left, (right,))
                self._known_codes(right, (left,))
            case _:
                sides = left.node, left.type, right.node, right.type
                self._findings.append(mistakes.not_comparable(node, *sides))

    def _same_kind(self, node: s.Expression, comparator: Comparator, left: Typed, right: Typed) -> None:
        if not (isinstance(left.type, QuantityType) and isinstance(right.type, QuantityType)):
            return
        try:
            conversion(right.type.unit, left.type.unit)
        except UnitError as error:
            units = left.type.unit, right.type.unit
            self._findings.append(mistakes.incompatible_units(node.span, *units, error.help))
            return
        self._in_range(node, comparator, left, right)

    def _in_range(self, node: s.Expression, comparator: Comparator, left: Typed, right: Typed) -> None:
        """Hold a literal against the plausible range of the fact it is compared with."""
        if isinstance(right.symbol, FactSymbol):
            left, right, comparator = right, left, comparator.mirrored
        symbol, value = left.symbol, literal_value(right, left.type)
        if not isinstance(symbol, FactSymbol) or symbol.plausible is None or value is None:
            return
        unit = left.type.unit if isinstance(left.type, QuantityType) else ""
        low, high = symbol.plausible
        if not low <= value <= high:
            self._findings.append(mistakes.threshold_implausible(right.node, unit, symbol.name, symbol.plausible))
        elif (comparator is Comparator.LESS and value <= low) or (comparator is Comparator.GREATER and value >= high):
            self._findings.append(mistakes.never_holds(node.span, symbol.name, symbol.plausible, unit))

    def _ascending(self, node: s.Expression, operand: Typed, low: Typed, high: Typed) -> None:
        if isinstance(operand.type, NullType) or not low.type == high.type == operand.type:
            return
        ends = literal_value(low, operand.type), literal_value(high, operand.type)
        if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
            texts = print_expression(low.node), print_expression(high.node)
            self._findings.append(mistakes.empty_between(node.span, *texts))

    def _known_codes(self, subject: Typed, members: tuple[Typed, ...]) -> None:
        allowed = subject.type.codes if isinstance(subject.type, CodeType | SetType) else None
        if allowed is None or not isinstance(subject.symbol, FactSymbol):
            return
        for member in members:
            if isinstance(member.node, s.CodeLiteral) and member.node.code not in allowed:
                subject_text = print_expression(subject.node)
                self._findings.append(mistakes.unknown_code(member.node.span, member.node.code, subject_text, allowed))

    # Sets

    def _membership(self, node: s.Expression, element: s.Expression, collection: s.Expression) -> Typed:
        member, many = self.check(element), self.check(collection)
        match many.type:
            case SetType() if isinstance(many.node, s.SetLiteral):
                if not many.parts:
                    self._findings.append(mistakes.empty_set(node.span))
                for part in many.parts:
                    self._comparable(part.node, Comparator.EQUAL, member, part)
            case SetType() if isinstance(member.type, NullType):
                pass
            case SetType() if not isinstance(member.type, CodeType):
                self._findings.append(mistakes.not_members(member.node, member.type))
            case SetType() if many.symbol is None:
                self._findings.append(mistakes.set_not_nameable(many.node))
            case SetType() if isinstance(many.symbol, FactSymbol) and not isinstance(member.node, s.CodeLiteral):
                self._findings.append(mistakes.member_not_literal(member.node, many.node))
            case SetType():
                self._known_codes(many, (member,))
            case NullType():
                pass
            case _:
                self._findings.append(mistakes.not_a_set(collection, many.type))
        return Typed(node, BOOLEAN, (member, many))

    def _contains_any(self, node: s.Expression, collection: s.Expression, elements: s.Expression) -> Typed:
        whole, wanted = self.check(collection), self.check(elements)
        found = len(self._findings)
        for typed in (whole, wanted):
            if not isinstance(typed.type, SetType | NullType):
                self._findings.append(mistakes.not_a_set(typed.node, typed.type))
        if len(self._findings) == found and isinstance(whole.type, SetType):
            self._wanted_codes(node, whole, wanted)
        return Typed(node, BOOLEAN, (whole, wanted))

    def _wanted_codes(self, node: s.Expression, whole: Typed, wanted: Typed) -> None:
        """What is asked for is a set of codes in quotes or a class of drugs; who is asked is a fact."""
        if not isinstance(whole.symbol, FactSymbol):
            self._findings.append(mistakes.set_not_nameable(whole.node))
        if isinstance(wanted.type, SetType) and not isinstance(wanted.node, s.SetLiteral):
            if not isinstance(wanted.symbol, ClassSymbol):
                self._findings.append(mistakes.member_not_literal(wanted.node, whole.node))
            return
        if isinstance(wanted.node, s.SetLiteral) and not wanted.parts:
            self._findings.append(mistakes.empty_set(node.span))
        for part in wanted.parts:
            if not isinstance(part.type, CodeType | NullType):
                self._findings.append(mistakes.not_members(part.node, part.type))
            elif not isinstance(part.node, s.CodeLiteral):
                self._findings.append(mistakes.member_not_literal(part.node, whole.node))
        self._known_codes(whole, wanted.parts)

    # Calculating

    def _arithmetic(self, node: s.Arithmetic) -> Typed:
        left, right = self.check(node.left), self.check(node.right)
        if _is_null(left) or _is_null(right):
            self._findings.append(mistakes.calculates_with_null(node))
        found = _result(node.operator, left.type, right.type)
        if found is None:
            both = isinstance(left.type, QuantityType) and isinstance(right.type, QuantityType)
            if both and node.operator in {Operator.ADD, Operator.SUBTRACT}:
                units = describe_unit(left.type), describe_unit(right.type)
                self._findings.append(mistakes.incompatible_units(node.span, *units, verb="add"))
            else:
                sides = left.node, left.type, right.node, right.type
                self._findings.append(mistakes.not_calculable(node, *sides))
        return Typed(node, found or NULL, (left, right))

    def _negative(self, node: s.Expression, operand: s.Expression) -> Typed:
        part = self.check(operand)
        if _is_null(part):
            self._findings.append(mistakes.calculates_with_null(node))
        elif not isinstance(part.type, NumberType | QuantityType | NullType):
            self._findings.append(mistakes.not_a_number(operand, part.type))
            return Typed(node, NULL, (part,))
        return Typed(node, part.type, (part,))

    def _if(self, node: s.If) -> Typed:
        condition, yes, no = self._condition(node.condition), self.check(node.yes), self.check(node.no)
        joined = join(yes.type, no.type)
        if joined is None:
            self._findings.append(mistakes.branches_differ(node, yes.type, no.type))
        elif isinstance(joined, SetType):
            self._findings.append(mistakes.set_in_branch(node))
            joined = None
        return Typed(node, joined or NULL, (condition, yes, no))


def join(left: Type, right: Type) -> Type | None:
    """Return the type that holds both branches, or None when there is none."""
    match left, right:
        case (NullType(), other) | (other, NullType()):
            return other
        case (QuantityType(), QuantityType()):
            return left if left.kind == right.kind else None
        case (CodeType(first), CodeType(second)):
            return CodeType(None if first is None or second is None else first + second)
        case _:
            return left if left == right else None


def _result(operator: Operator, left: Type, right: Type) -> Type | None:
    """Return the type of an arithmetic result, or None when the operands cannot be joined."""
    match operator, left, right:
        case _, NullType(), (NumberType() | QuantityType() | NullType()):
            return right
        case _, (NumberType() | QuantityType()), NullType():
            return left
        case _, NumberType(), NumberType():
            return NUMBER
        case ((Operator.ADD | Operator.SUBTRACT), QuantityType(), QuantityType()) if left.kind == right.kind:
            return left
        case Operator.DIVIDE, QuantityType(), QuantityType() if left.kind == right.kind:
            return NUMBER
        case Operator.MULTIPLY, NumberType(), QuantityType():
            return right
        case ((Operator.MULTIPLY | Operator.DIVIDE), QuantityType(), NumberType()):
            return left
        case _:
            return None


def literal_value(typed: Typed, wanted: Type) -> float | None:
    """Return a literal number in the unit of *wanted*, or None when *typed* is no literal."""
    match typed.node:
        case s.NumberLiteral(value):
            return value
        case s.QuantityLiteral(value) if isinstance(wanted, QuantityType) and isinstance(typed.type, QuantityType):
            return conversion(typed.type.unit, wanted.unit).apply(value)
        case s.Negative():
            inner = literal_value(typed.parts[0], wanted)
            return None if inner is None else -inner
        case _:
            return None


def describe_unit(found: Type) -> str:
    """Return the unit of a quantity, and nothing for other types."""
    return found.unit if isinstance(found, QuantityType) else ""


def result_codes(typed: Typed) -> Iterator[Typed]:
    """List the codes in quotes that an expression may give as its value."""
    match typed.node:
        case s.CodeLiteral():
            yield typed
        case s.If():
            yield from result_codes(typed.parts[1])
            yield from result_codes(typed.parts[2])
        case _:
            return


def _is_null(typed: Typed) -> bool:
    """Say whether an expression is `null` whatever the facts; a mistake is not, though it fits everywhere."""
    if isinstance(typed.node, s.If):
        return all(_is_null(part) for part in typed.parts[1:])
    return isinstance(typed.node, s.NullLiteral)
