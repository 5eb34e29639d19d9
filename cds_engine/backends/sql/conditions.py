"""Core nodes to SQL: a truth or a value for each, and the set of facts that an unknown one waits for.

A set of facts is one whole number a word of bits; words that are always empty are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Protocol, assert_never

from cds_engine.backends.sql.layout import Layout, base_of
from cds_engine.backends.sql.numbers import SIGNS, against_constant, against_number, finite
from cds_engine.backends.sql.sheet import FALSE, TRUE, ZERO, Sheet, Sql, joined, number, sql, text
from cds_engine.language.syntax import Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline

Missing = Mapping[int, Sql]
"""By word: the bits of the facts that are missing, 0 where nothing is."""

LONGEST = 2000
"""A text that people can still read."""

NULL_TRUTH = Sql("CAST(NULL AS BOOLEAN)")


class FactColumns(Protocol):
    """Where the conditions find the facts of a patient."""

    def value(self, name: str) -> Sql:
        """Return the value of a fact or property, NULL when it is unknown."""

    def missing(self, name: str) -> Missing:
        """Return what an unknown fact or property waits for."""

    def member(self, name: str, code: str) -> Sql:
        """Return whether a set holds a code."""


class Conditions:
    """Compiles conditions and terms onto one sheet; equal nodes are one column."""

    def __init__(self, sheet: Sheet, layout: Layout, facts: FactColumns, uses: Counter[int], prefix: str = "n") -> None:
        self._sheet = sheet
        self._layout = layout
        self._facts = facts
        self._uses = uses
        self._prefix = prefix
        self._truths: dict[int, Sql] = {}
        self._missing: dict[int, Missing] = {}
        self._kept: list[c.CoreNode] = []
        self._count = 0

    def _name(self) -> str:
        self._count += 1
        return f"{self._prefix}{self._count}"

    def _shared(self, node: c.CoreNode, value: Sql) -> Sql:
        if self._uses[id(node)] > 1 or len(value.text) > LONGEST:
            return self._sheet.shared(self._name(), value)
        return value

    # Truths

    def truth(self, node: c.Condition) -> Sql:
        """Return the truth of a condition: TRUE, FALSE or NULL."""
        found = self._truths.get(id(node))
        if found is None:
            self._kept.append(node)
            found = self._truths[id(node)] = self._shared(node, self._truth(node))
        return found

    def _truth(self, node: c.Condition) -> Sql:  # noqa: C901 - one case a node
        match node:
            case c.Constant(value):
                return NULL_TRUTH if not isinstance(value, bool) else TRUE if value else FALSE
            case c.Fact(name):
                return self._facts.value(name)
            case c.Compare():
                return self._compared(node)
            case c.OneOf(term, codes):
                asked = self.value(term)
                if not codes:
                    return sql("(CASE WHEN {} IS NOT NULL THEN FALSE END)", asked)
                return sql("({} IN ({}))", asked, Sql(", ".join(text(code).text for code in codes)))
            case c.Holds(name, codes):
                return joined(" OR ", (self._facts.member(name, code) for code in codes), NULL_TRUTH)
            case c.IsUnknown(operand):
                return sql("({} IS NULL)", self.value(operand))
            case c.Not(operand):
                return sql("(NOT {})", self.truth(operand))
            case c.And(parts):
                return joined(" AND ", (self.truth(part) for part in parts), TRUE)
            case c.Or(parts):
                return joined(" OR ", (self.truth(part) for part in parts), FALSE)
            case c.Defined(_, condition):
                return self.truth(condition)
            case c.Choose():
                return self._chosen(node)
            case _:
                assert_never(node)

    def _compared(self, node: c.Compare) -> Sql:
        match node.left, node.right:
            case _, c.Constant(float() as value):
                return against_constant(node.comparator, self._named(node.left), value)
            case c.Constant(float() as value), _:
                return against_constant(node.comparator.mirrored, self._named(node.right), value)
        left, right = self.value(node.left), self.value(node.right)
        if self._is_number(node.left) or self._is_number(node.right):
            return against_number(node.comparator, self._as_column(left), self._as_column(right))
        return sql(f"({{}} {SIGNS[node.comparator]} {{}})", left, right)

    def _is_number(self, term: c.Term | c.Condition) -> bool:
        match term:
            case c.Calculate() | c.Elapsed() | c.Constant(float()):
                return True
            case c.Fact(name):
                return name != "as_of" and self._layout.type_of(name) == "DOUBLE"
            case c.Choose():
                return self._is_number(term.yes) or self._is_number(term.no)
            case _:
                return False

    def _named(self, term: c.Term) -> Sql:
        return self._as_column(self.value(term))

    def _as_column(self, value: Sql) -> Sql:
        return self._sheet.shared(self._name(), value)

    def _chosen(self, node: c.Choose) -> Sql:
        """Unknown comes first: a `CASE` alone takes an unknown condition for false."""
        condition = self._as_column(self.truth(node.condition))
        return sql(
            "(CASE WHEN {0} IS NULL THEN NULL WHEN {0} THEN {1} ELSE {2} END)",
            condition,
            self.value(node.yes),
            self.value(node.no),
        )

    # Values

    def value(self, term: c.Term | c.Condition) -> Sql:
        """Return the value of a term, not rounded; NULL when it is unknown."""
        match term:
            case c.Fact(name):
                return self._facts.value(name)
            case c.Constant(value):
                return _literal(value)
            case c.Calculate() | c.Elapsed() | c.Choose():
                found = self._truths.get(id(term))
                if found is None:
                    self._kept.append(term)
                    found = self._truths[id(term)] = self._shared(term, self._term(term))
                return found
            case _:
                return self.truth(term)

    def _term(self, term: c.Calculate | c.Elapsed | c.Choose) -> Sql:
        match term:
            case c.Calculate(operator, left, right):
                return finite(self._as_column(_calculated(operator, self._named(left), self._named(right))))
            case c.Elapsed(unit, start, end):
                return elapsed(unit, self._named(start), self._named(end))
            case c.Choose():
                return self._chosen(term)

    # What is missing

    def missing(self, node: c.Term | c.Condition) -> Missing:
        """Return the facts that an unknown condition or term waits for; empty where it is known."""
        found = self._missing.get(id(node))
        if found is None:
            self._kept.append(node)
            found = self._missing[id(node)] = {
                word: self._sheet.shared(self._name(), bits) for word, bits in self._missing_of(node).items()
            }
        return found

    def _missing_of(self, node: c.Term | c.Condition) -> Missing:
        match node:
            case c.Constant() | c.IsUnknown():
                return {}
            case c.Fact(name):
                return where_null(self._facts.value(name), self._facts.missing(name))
            case c.Calculate(_, left, right) | c.Elapsed(_, left, right):
                return union(self.missing(left), self.missing(right))
            case c.Compare(_, left, right):
                return union(self.missing(left), self.missing(right))
            case c.OneOf(term):
                return self.missing(term)
            case c.Holds(name):
                word, bit = self._layout.bit(base_of(name))
                return where_null(self.truth(node), {word: Sql(str(bit))})
            case c.Not(operand):
                return self.missing(operand)
            case c.And(parts) | c.Or(parts):
                return where_null(self.truth(node), union(*(self.missing(part) for part in parts)))
            case c.Defined(_, condition):
                return self.missing(condition)
            case c.Choose():
                decides = self._as_column(self.truth(node.condition))
                yes, no = self.missing(node.yes), self.missing(node.no)
                own = self.missing(node.condition)
                return {
                    word: sql(
                        "(CASE WHEN {0} IS NULL THEN {1} WHEN {0} THEN {2} ELSE {3} END)",
                        decides,
                        own.get(word, ZERO),
                        yes.get(word, ZERO),
                        no.get(word, ZERO),
                    )
                    for word in sorted({*own, *yes, *no})
                }
            case _:
                assert_never(node)


def uses_of(guideline: Guideline) -> Counter[int]:
    """Count for each node, by its `id`, the nodes and conditions that it is a part of."""
    count: Counter[int] = Counter()
    seen: set[int] = set()
    values = [branch.value for derivation in guideline.derivations for branch in derivation.branches]
    roots: list[c.CoreNode] = [*guideline.conditions.values(), *values]
    while roots:
        node = roots.pop()
        count[id(node)] += 1
        if id(node) not in seen:
            seen.add(id(node))
            roots += _children(node)
    return count


def _children(node: c.CoreNode) -> list[c.CoreNode]:
    found: list[c.CoreNode] = []
    fields: tuple[str, ...] = node.__match_args__
    for name in fields:
        value = getattr(node, name)
        found += [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, c.CoreNode)]
    return found


def union(*sets: Missing) -> Missing:
    """Return all facts of several sets."""
    return {
        word: joined(" | ", dict.fromkeys(found[word] for found in sets if word in found), ZERO)
        for word in sorted({word for found in sets for word in found})
    }


def where_null(value: Sql, missing: Missing) -> Missing:
    """Return *missing* where *value* is NULL, nothing elsewhere."""
    return {word: sql("(CASE WHEN {} IS NULL THEN {} ELSE 0 END)", value, bits) for word, bits in missing.items()}


def _literal(value: c.Scalar | None) -> Sql:
    match value:
        case bool():
            return TRUE if value else FALSE
        case float():
            return number(value)
        case str():
            return text(value)
        case date():
            return Sql(f"DATE '{value.isoformat()}'")
        case None:
            return Sql("NULL")
        case _:
            assert_never(value)


def _calculated(operator: Operator, left: Sql, right: Sql) -> Sql:
    match operator:
        case Operator.ADD | Operator.SUBTRACT | Operator.MULTIPLY:
            return sql(f"({{}} {operator.value} {{}})", left, right)
        case Operator.DIVIDE:
            return sql("(CASE WHEN {1} <> 0.0 THEN {0} / {1} END)", left, right)
        case Operator.POWER:
            return sql(
                "(CASE WHEN {0} IS NULL OR {1} IS NULL OR ({0} < 0.0 AND {1} <> floor({1}))"
                " OR ({0} = 0.0 AND {1} < 0.0) THEN NULL ELSE power({0}, {1}) END)",
                left,
                right,
            )
        case _:
            assert_never(operator)


def elapsed(unit: str, start: Sql, end: Sql) -> Sql:
    """Return whole years, months, weeks or days from one date to another; backwards they are below zero."""
    ahead, back = _forward(unit, start, end), _forward(unit, end, start)
    return sql("(CASE WHEN {} IS NULL OR {} IS NULL THEN NULL WHEN {} < {} THEN -{} ELSE {} END)",
               start, end, end, start, back, ahead)  # fmt: skip


def _forward(unit: str, start: Sql, end: Sql) -> Sql:
    if unit in {"weeks", "days"}:
        days = sql("cds_days({}, {})", start, end)
        return sql(_FLOORED if unit == "weeks" else "CAST({} AS DOUBLE)", days)
    months = sql(
        "((year({1}) - year({0})) * 12 + month({1}) - month({0}) - CASE WHEN day({1}) < day({0}) THEN 1 ELSE 0 END)",
        start,
        end,
    )
    return sql("floor(CAST({} AS DOUBLE) / 12.0)" if unit == "years" else "CAST({} AS DOUBLE)", months)


_FLOORED = "floor(CAST({} AS DOUBLE) / 7.0)"
