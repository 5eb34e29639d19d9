"""An expression with one small change, every way there is: numbers, comparisons, connectives, codes and units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import reduce

from cds_engine.diagnostics import Span
from cds_engine.language import syntax as s
from cds_engine.language.printer import print_expression
from cds_engine.language.syntax import Comparator, Connective, Operator
from cds_engine.proof.mutants.mutant import LEFT_OUT, Kind
from cds_engine.units import UnitError

SHARE = 0.1
"""By what share of itself a number is raised and lowered; a small whole number without a unit by one."""
SMALL = 10.0

ANOTHER_COMPARATOR: Mapping[Comparator, tuple[Comparator, ...]] = {
    Comparator.EQUAL: (Comparator.NOT_EQUAL,),
    Comparator.NOT_EQUAL: (Comparator.EQUAL,),
    Comparator.LESS: (Comparator.AT_MOST, Comparator.AT_LEAST),
    Comparator.AT_MOST: (Comparator.LESS, Comparator.GREATER),
    Comparator.GREATER: (Comparator.AT_LEAST, Comparator.AT_MOST),
    Comparator.AT_LEAST: (Comparator.GREATER, Comparator.LESS),
}
"""The same with the threshold itself on the other side, and the opposite."""
ANOTHER_OPERATOR: Mapping[Operator, Operator] = {
    Operator.ADD: Operator.SUBTRACT,
    Operator.SUBTRACT: Operator.ADD,
    Operator.MULTIPLY: Operator.DIVIDE,
    Operator.DIVIDE: Operator.MULTIPLY,
    Operator.POWER: Operator.MULTIPLY,
}
ANOTHER_CONNECTIVE: Mapping[Connective, Connective] = {
    Connective.AND: Connective.OR,
    Connective.OR: Connective.AND,
    Connective.XOR: Connective.OR,
    Connective.IMPLIES: Connective.AND,
}
ANOTHER_SPAN = {"years": "months", "months": "years", "weeks": "days", "days": "weeks"}
UnitsLike = Callable[[str], tuple[str, ...]]
"""Other units that an author may have meant, by a unit."""


@dataclass(frozen=True, slots=True)
class Variant:
    """An expression with one change."""

    kind: Kind
    was: str
    now: str
    node: s.Expression
    span: Span | None


def variants(node: s.Expression, units: UnitsLike, chain: Connective | None = None) -> Iterator[Variant]:
    """List *node* with each change that can be made to it or to a part of it, in the order written.

    Parts of a chain such as `a and b and c` are left out one at a time; *chain* is the connective of the chain that
    *node* continues.
    """
    yield from _own(node, units)
    if isinstance(node, s.Logic) and node.connective is not chain:
        yield from _shorter(node)
    for name, index, part in _parts(node):
        joined = node.connective if isinstance(node, s.Logic) and name == "left" else None
        for found in variants(part, units, joined):
            whole = _with(node, name, index, found.node)
            kind: Kind = "number" if found.kind == "threshold" and isinstance(node, s.Arithmetic) else found.kind
            if isinstance(node, s.Logic | s.Not | s.If):
                yield replace(found, kind=kind, node=whole)
            else:
                yield replace(found, kind=kind, was=print_expression(node), now=print_expression(whole), node=whole)


def _shorter(node: s.Logic) -> Iterator[Variant]:
    """List a chain with each of its parts left out."""
    links = _links(node, node.connective)
    for index, left_out in enumerate(links):
        rest = [*links[:index], *links[index + 1 :]]
        shorter = reduce(lambda left, right: s.Logic(node.connective, left, right, span=node.span), rest)
        yield Variant("condition", print_expression(left_out), LEFT_OUT, shorter, left_out.span)


def _links(node: s.Expression, connective: Connective) -> list[s.Expression]:
    if isinstance(node, s.Logic) and node.connective is connective:
        return [*_links(node.left, connective), node.right]
    return [node]


def _own(node: s.Expression, units: UnitsLike) -> Iterator[Variant]:  # noqa: C901 - one case a node
    """List what can be changed about a node without its parts."""
    match node:
        case s.NumberLiteral(value):
            for other in shifted(value, is_count=value.is_integer()):
                yield _variant("threshold", node, replace(node, value=other))
        case s.QuantityLiteral(value, unit):
            for other in shifted(value):
                yield _variant("threshold", node, replace(node, value=other))
            for name in _others(units, unit):
                yield _variant("unit", node, replace(node, unit=name))
        case s.BooleanLiteral(value):
            yield _variant("code", node, replace(node, value=not value))
        case s.Comparison(comparator):
            for another in ANOTHER_COMPARATOR[comparator]:
                yield _variant("operator", node, replace(node, comparator=another))
        case s.Arithmetic(operator):
            yield _variant("operator", node, replace(node, operator=ANOTHER_OPERATOR[operator]))
        case s.Logic(connective):
            other_word = ANOTHER_CONNECTIVE[connective]
            yield Variant("connective", connective, other_word, replace(node, connective=other_word), node.span)
        case s.Not(operand):
            yield _variant("connective", node, operand)
        case s.Is(_, _, negated):
            yield _variant("operator", node, replace(node, negated=not negated))
        case s.SetLiteral(items) if len(items) > 1:
            for index in range(len(items)):
                yield _variant("code", node, replace(node, items=items[:index] + items[index + 1 :]))
        case s.Elapsed(unit):
            yield _variant("unit", node, replace(node, unit=ANOTHER_SPAN[unit]))


def _variant(kind: Kind, node: s.Expression, other: s.Expression) -> Variant:
    return Variant(kind, print_expression(node), print_expression(other), other, node.span)


def _others(units: UnitsLike, unit: str) -> tuple[str, ...]:
    try:
        return units(unit)
    except UnitError:
        return ()


def shifted(value: float, *, is_count: bool = False) -> tuple[float, float]:
    """Return a number a little higher and a little lower, by a tenth; a small count by one.

    >>> shifted(30.0), shifted(3.0, is_count=True), shifted(0.0)
    ((33.0, 27.0), (4.0, 2.0), (1.0, -1.0))
    """
    step = abs(value) * SHARE
    if value == 0 or (is_count and abs(value) < SMALL):
        step = 1.0
    return float(f"{value + step:.12g}"), float(f"{value - step:.12g}")


def _parts(node: s.Expression) -> Iterator[tuple[str, int | None, s.Expression]]:
    """List the parts of a node: field, place in a list or None, part."""
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, s.Node):
            yield field.name, None, value  # type: ignore[misc] # nodes are a closed union
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                yield field.name, index, item


def _with(node: s.Expression, name: str, index: int | None, part: s.Expression) -> s.Expression:
    """Return *node* with one part exchanged."""
    value: object = part
    if index is not None:
        items = getattr(node, name)
        value = (*items[:index], part, *items[index + 1 :])
    return replace(node, **{name: value})  # type: ignore[arg-type] # what stood there was a part as well
