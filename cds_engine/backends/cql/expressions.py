"""Core nodes as CQL expressions.

CQL's `and`, `or`, `not` and comparisons are Kleene's and unknown is `null`; what differs is written out: `in` and
`contains` are false of `null`, and `if` takes `null` for false.
"""

from __future__ import annotations

from typing import assert_never

from cds_engine.backends.cql.names import USABLE, literal, quoted
from cds_engine.language.syntax import Operator
from cds_engine.lowering import core as c

DOUBTFUL = "doubtful facts"
"""The parameter that names the facts that were given and cannot be used."""


def written(node: c.Condition | c.Term) -> str:
    """Return a condition or term in CQL, in brackets where it is more than a name or a literal."""
    match node:
        case c.Not(operand):
            return f"(not {written(operand)})"
        case c.And(parts):
            return _joined("and", [written(part) for part in parts])
        case c.Or(parts):
            return _joined("or", [written(part) for part in parts])
        case c.IsUnknown(operand):
            return f"({written(operand)} is null)"
        case c.Compare(comparator, left, right):
            return f"({written(left)} {comparator} {written(right)})"
        case c.OneOf(term, codes):
            return _joined("or", [f"{written(term)} = {literal(code)}" for code in codes])
        case c.Holds(name, codes):
            return _holds(quoted(name), codes, quoted(f"{name} complete"))
        case c.Defined(name):
            return quoted(f"definition {name}")
        case c.Choose(condition, yes, no):
            return chosen(written(condition), written(yes), written(no))
        case _:
            return _term(node)


def _term(node: c.Constant | c.Fact | c.Calculate | c.Elapsed) -> str:
    match node:
        case c.Constant(value):
            return "(null as Boolean)" if value is None else literal(value)
        case c.Fact(name) if name.endswith(f".{USABLE}"):
            return f"(if {_is_doubtful(name)} then null else true)"
        case c.Fact(name):
            return quoted(name)
        case c.Calculate(Operator.POWER, left, right):
            return f"Power({written(left)}, {written(right)})"
        case c.Calculate(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case c.Elapsed(unit, start, end):
            return f"ToDecimal({unit} between {written(start)} and {written(end)})"
        case _:
            assert_never(node)


def chosen(condition: str, yes: str, no: str) -> str:
    """Return a choice that is unknown where its condition is."""
    return f"(if {condition} is null then null else if {condition} then {yes} else {no})"


def doubted(node: c.Condition | c.Term) -> str:
    """Return, in CQL, whether *node* is unknown because of something that was given and cannot be used."""
    match node:
        case c.Constant() | c.IsUnknown():
            return "false"
        case c.Fact(name) | c.Holds(name):
            base = name.partition(".")[0]
            return f"({written(node)} is null and {quoted(f'doubt of {base}')})"
        case c.Defined(_, condition):
            return doubted(condition)
        case c.Not(operand):
            return doubted(operand)
        case c.OneOf(term):
            return doubted(term)
        case c.And(parts) | c.Or(parts):
            return _where_unknown(node, [doubted(part) for part in parts])
        case c.Compare(_, left, right) | c.Calculate(_, left, right) | c.Elapsed(_, left, right):
            return _where_unknown(node, [doubted(left), doubted(right)])
        case c.Choose(condition, yes, no):
            truth = written(condition)
            return (
                f"(if {truth} is null then {doubted(condition)} else if {truth} then {doubted(yes)} else {doubted(no)})"
            )
        case _:
            assert_never(node)


def _where_unknown(node: c.Condition | c.Term, doubts: list[str]) -> str:
    open_doubts = [doubt for doubt in doubts if doubt != "false"]
    return f"({written(node)} is null and {_joined('or', open_doubts)})" if open_doubts else "false"


def _is_doubtful(name: str) -> str:
    return f"{literal(name.partition('.')[0])} in {quoted(DOUBTFUL)}"


def _holds(members: str, codes: tuple[str, ...], complete: str) -> str:
    """A member found is true; none found is false only of a list that is known to be complete."""
    found = _joined("or", [f"{members} contains {literal(code)}" for code in codes])
    return f"(case when {members} is null then null when {found} then true when {complete} then false else null end)"


def _joined(word: str, parts: list[str]) -> str:
    if not parts:
        return "true" if word == "and" else "false"
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"
