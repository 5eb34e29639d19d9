"""Core nodes as one line of text that depends on nothing but their meaning: not on names of definitions, nor on layout.

Equal text means equal meaning; what is written in another order, or as `between` instead of two comparisons joined by
`and`, gives the same text, because `and`, `or` and sets of codes do not mind order.
"""

from __future__ import annotations

from datetime import date
from enum import Enum

from cds_engine.lowering import core as c
from cds_engine.units import exact


def canonical(node: object) -> str:
    """Return the canonical text of a node.

    >>> canonical(c.And((c.Fact("b"), c.Not(c.Fact("a")))))
    '(and (fact b) (not (fact a)))'
    """
    match node:
        case c.Defined(_, condition):
            return canonical(condition)
        case c.And() | c.Or():
            word = "and" if isinstance(node, c.And) else "or"
            return _list(word, sorted(_joined(node)))
        case c.Not(c.Not(inner)):
            return canonical(inner)
        case c.OneOf(term, codes):
            return _list("one-of", [canonical(term), *sorted(codes)])
        case c.Holds(name, codes):
            return _list("holds", [name, *sorted(codes)])
        case c.Constant(value, unit):
            return _list("constant", [_scalar(value), *([unit] if unit else [])])
        case c.CoreNode():
            fields: tuple[str, ...] = node.__match_args__
            return _list(type(node).__name__.lower(), [canonical(getattr(node, name)) for name in fields])
        case _:
            return _scalar(node)


def _joined(node: c.And | c.Or) -> set[str]:
    """Return the texts of the parts, those of parts that join in the same way taken up."""
    found: set[str] = set()
    for part in node.parts:
        inner = part
        while isinstance(inner, c.Defined):
            inner = inner.condition
        if isinstance(inner, c.And | c.Or) and type(inner) is type(node):
            found |= _joined(inner)
        else:
            found.add(canonical(inner))
    return found


def _list(word: str, parts: list[str]) -> str:
    return f"({' '.join([word, *parts])})"


def _scalar(value: object) -> str:
    match value:
        case Enum():
            return str(value.value)
        case bool() | None:
            return str(value).lower()
        case float() | int():
            return repr(exact(float(value)))
        case date():
            return value.isoformat()
        case _:
            return repr(str(value)) if " " in str(value) else str(value)
