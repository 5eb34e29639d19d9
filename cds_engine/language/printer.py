"""Syntax nodes back to text, with no more brackets than needed: `parse(print_expression(e)) == e`."""

from __future__ import annotations

from decimal import Decimal
from typing import assert_never

from cds_engine.language import operators as bind
from cds_engine.language import syntax as s
from cds_engine.units import exact

SHOWN_DIGITS = 4
LONGEST = 12


def print_expression(node: s.Expression) -> str:
    """Return the text of *node*.

    >>> from cds_engine.language.parser import parse
    >>> print_expression(parse("(a and (b)) and not (c or d)"))
    'a and b and not (c or d)'
    """
    return _print(node, 0)


def _print(node: s.Expression, minimum: int) -> str:
    text, binds = _text(node)
    return f"({text})" if binds < minimum else text


def _infix(word: str, left: s.Expression, right: s.Expression) -> tuple[str, int]:
    binds = bind.BINARY[word]
    return f"{_print(left, binds)} {word} {_print(right, binds + 1)}", binds


def _text(node: s.Expression) -> tuple[str, int]:  # noqa: C901, PLR0912 - one line a node
    """Return the text and how tightly its outermost operator binds."""
    match node:
        case s.BooleanLiteral(value):
            return str(value).lower(), bind.PRIMARY
        case s.NullLiteral():
            return "null", bind.PRIMARY
        case s.NumberLiteral(value):
            return number(value), bind.PRIMARY
        case s.QuantityLiteral(value, unit):
            return f"{number(value)} {_quoted(unit)}", bind.PRIMARY
        case s.CodeLiteral(code):
            return _quoted(code), bind.PRIMARY
        case s.DateLiteral(day):
            return f"@{day.isoformat()}", bind.PRIMARY
        case s.SetLiteral(items):
            return "{" + ", ".join(_print(item, bind.ADDITION) for item in items) + "}", bind.PRIMARY
        case s.Name(name):
            return name, bind.PRIMARY
        case s.Not(operand):
            return f"not {_print(operand, bind.NOT)}", bind.NOT
        case s.Negative(operand):
            return f"-{_print(operand, bind.SIGN)}", bind.SIGN
        case s.Logic(connective, left, right):
            return _infix(connective, left, right)
        case s.Comparison(comparator, left, right):
            return _infix(comparator, left, right)
        case s.Arithmetic(operator, left, right):
            return _infix(operator, left, right)
        case s.In(element, collection):
            return _infix("in", element, collection)
        case s.Contains(collection, element):
            return _infix("contains", collection, element)
        case s.ContainsAny(collection, elements):
            whole = _print(collection, bind.MEMBERSHIP)
            return f"{whole} contains any {_print(elements, bind.MEMBERSHIP + 1)}", bind.MEMBERSHIP
        case s.Between(operand, low, high):
            ends = f"{_print(low, bind.ADDITION)} and {_print(high, bind.ADDITION)}"
            return f"{_print(operand, bind.BETWEEN)} between {ends}", bind.BETWEEN
        case s.Is(operand, value, negated):
            word = "null" if value is None else str(value).lower()
            return f"{_print(operand, bind.IS)} is {'not ' if negated else ''}{word}", bind.IS
        case s.If(condition, yes, no):
            return f"if {_print(condition, 0)} then {_print(yes, 0)} else {_print(no, 0)}", 0
        case s.Elapsed(unit, start, end):
            ends = f"{_print(start, bind.ADDITION)} and {_print(end, bind.ADDITION)}"
            return f"{unit} between {ends}", bind.BETWEEN
        case _:
            assert_never(node)


def number(value: float) -> str:
    """Return the shortest decimal that reads back as *value*, without an exponent.

    >>> number(30.0), number(2.5), number(1e-05)
    ('30', '2.5', '0.00001')
    """
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def brief(value: float) -> str:
    """Return a number for people: exact when short, else rounded, but never onto a whole number that it is not.

    >>> brief(0.9614803), brief(132.16), brief(30.0), brief(29.999999), brief(146.0368), brief(12345.678)
    ('0.9615', '132.16', '30', '29.999999', '146.04', '12345.68')
    """
    whole = exact(value)
    text = number(whole)
    if len(text.replace(".", "").lstrip("0")) <= SHOWN_DIGITS + 1:
        return text
    for short in (float(f"{whole:.{SHOWN_DIGITS}g}"), round(whole, 2)):
        if not short.is_integer() and abs(short - whole) < 1:
            return number(short)
    return text[:LONGEST].rstrip("0").rstrip(".") if "." in text else text


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
