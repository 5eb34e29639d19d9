"""Core nodes to SQL: a truth or a value for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Protocol, assert_never

from cds_engine.backends.sql.dates import elapsed
from cds_engine.backends.sql.layout import Layout
from cds_engine.backends.sql.numbers import (
    SIGNS,
    against_constant,
    against_number,
    is_finite,
    is_not_zero,
    power_is_defined,
)
from cds_engine.backends.sql.sheet import FALSE, TRUE, Sheet, Sql, choose, every, negated, number, some, sql
from cds_engine.backends.sql.truths import (
    NO_VALUE,
    UNKNOWN,
    Truth,
    Value,
    both,
    chosen_truth,
    chosen_value,
    decided,
    either,
    truth_of,
)
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c

CONDITIONS = c.Compare | c.OneOf | c.Holds | c.IsUnknown | c.Not | c.And | c.Or | c.Defined


class FactColumns(Protocol):
    """Where the conditions find the facts of a patient."""

    def value(self, name: str) -> Value:
        """Return the value of a fact or property."""

    def holds(self, name: str, codes: tuple[str, ...]) -> Truth:
        """Return whether a set holds one of several codes."""


class Conditions:
    """Compiles conditions and terms onto one sheet; equal nodes are one column."""

    def __init__(self, sheet: Sheet, layout: Layout, facts: FactColumns, prefix: str = "n") -> None:
        self._sheet = sheet
        self._layout = layout
        self._facts = facts
        self._prefix = prefix
        self._truths: dict[int, Truth] = {}
        self._values: dict[int, Value] = {}
        self._kept: list[c.CoreNode] = []
        self._count = 0
        self._equal: dict[Sql, Sql] = {}

    def column(self, value: Sql) -> Sql:
        """Give a value a column, if it is worth one."""
        self._count += 1
        return self._sheet.shared(f"{self._prefix}{self._count}", value)

    def once(self, value: Sql) -> Sql:
        """Give a value a column, the same one to equal values."""
        if value not in self._equal:
            self._equal[value] = self.column(value)
        return self._equal[value]

    # Truths

    def truth(self, node: c.Condition) -> Truth:
        """Return the truth of a condition."""
        found = self._truths.get(id(node))
        if found is None:
            self._kept.append(node)
            found = self._truth(node)
            yes = self.column(found.yes)
            if found.known == TRUE:
                found = Truth.certain(yes)
            else:
                no = self.column(found.no)
                found = Truth(yes, no, found.known if found.known.is_plain else some(yes, no))
            self._truths[id(node)] = found
        return found

    def _truth(self, node: c.Condition) -> Truth:
        match node:
            case c.Constant(value):
                return (
                    UNKNOWN
                    if not isinstance(value, bool)
                    else Truth.of(TRUE, FALSE)
                    if value
                    else Truth.of(FALSE, TRUE)
                )
            case c.Fact(name):
                return truth_of(self._facts.value(name))
            case c.Compare():
                return self._compared(node)
            case c.OneOf(term, codes):
                asked = self.value(term)
                code = self.column(asked.value)
                return decided(asked.known, some(*(self._is_code(code, wanted) for wanted in codes)))
            case c.Holds(name, codes):
                return self._facts.holds(name, codes)
            case c.IsUnknown(operand):
                known = self._known(operand)
                return Truth(negated(known), known, TRUE)
            case c.Not(operand):
                return self.truth(operand).opposite
            case c.And(parts):
                told = ((self.truth(part), settled) for part, settled in self._parts(parts))
                return both(*(truth.settled if settled else truth for truth, settled in told))
            case c.Or(parts):
                return either(*(self.truth(part) for part in parts))
            case c.Defined(_, condition):
                return self.truth(condition)
            case c.Choose(condition, yes, no):
                branches = (truth_of(self.value(branch)) for branch in (yes, no))
                return chosen_truth(self.truth(condition), *branches)
            case _:
                assert_never(node)

    def _parts(self, parts: tuple[c.Condition, ...]) -> Iterator[tuple[c.Condition, bool]]:
        """Yield the parts of an *and*, each with whether it is settled: false where it is unknown, and never asked for.

        The core writes `x is true` as x and `x is not null`: there x is settled, and the other part says nothing more.
        """
        told = {id(part): self._told(part) for part in parts}
        settled = {id(of) for of in told.values() if of is not None} & told.keys()
        for part in parts:
            of = told[id(part)]
            if of is None or id(of) not in settled:
                yield part, id(part) in settled

    def asking_parts(self, node: c.And | c.Or) -> Iterator[c.Condition]:
        """Yield the parts that a connective asks for: of an *and* not those that are settled."""
        told = self._parts(node.parts) if isinstance(node, c.And) else ((part, False) for part in node.parts)
        yield from (part for part, settled in told if not settled)

    def _told(self, node: c.Condition) -> c.Condition | c.Term | None:
        """Return what it is that a condition says is known; None if it says anything else."""
        match node:
            case c.Not(c.IsUnknown(operand)):
                return operand
            case c.Not(c.And((c.IsUnknown(operand), *usable))) if all(self.truth(p).yes == TRUE for p in usable):
                return operand
            case _:
                return None

    def _is_code(self, value: Sql, code: str) -> Sql:
        wanted = str(self._layout.codes[code])
        if value.text.isdigit():  # a setting that no column overrides: decided while the text is written
            return TRUE if value.text == wanted else FALSE
        return sql("({} = {})", value, Sql(wanted))

    def _known(self, node: c.Term | c.Condition) -> Sql:
        return self.truth(node).known if isinstance(node, CONDITIONS) else self.value(node).known

    def _compared(self, node: c.Compare) -> Truth:
        left, right = self._named(node.left), self._named(node.right)
        known = every(left.known, right.known)
        if known == FALSE:
            return UNKNOWN
        match node.left, node.right:
            case _, c.Constant(float() as value):
                holds = against_constant(node.comparator, left.value, value)
            case c.Constant(float() as value), _:
                holds = against_constant(node.comparator.mirrored, right.value, value)
            case _ if "DOUBLE" in {self._type(node.left), self._type(node.right)}:
                holds = self.column(against_number(node.comparator, left.value, right.value))
            case _ if left.value.text.isdigit() and right.value.text.isdigit():
                same = left.value.text == right.value.text  # a setting that no column overrides: decided here and now
                holds = TRUE if same is (node.comparator is Comparator.EQUAL) else FALSE
            case _:
                holds = sql(f"({{}} {SIGNS[node.comparator]} {{}})", left.value, right.value)
        return decided(known, holds)

    def _type(self, term: c.Term | c.Condition) -> str | None:
        """Return the SQL type of a term, None where its value does not tell."""
        match term:
            case c.Calculate() | c.Elapsed() | c.Constant(float()):
                return "DOUBLE"
            case c.Fact(name):
                return self._layout.type_of(name)
            case c.Choose(_, yes, no):
                return self._type(yes) or self._type(no)
            case _:
                return None

    # Values

    def value(self, term: c.Term | c.Condition) -> Value:
        """Return the value of a term, not rounded."""
        match term:
            case c.Fact(name):
                return self._facts.value(name)
            case c.Constant(value):
                return self._literal(value)
            case c.Calculate() | c.Elapsed() | c.Choose():
                found = self._values.get(id(term))
                if found is None:
                    self._kept.append(term)
                    made = self._term(term)
                    found = self._values[id(term)] = Value(self.column(made.value), self.column(made.known))
                return found
            case _:
                truth = self.truth(term)
                return Value(truth.yes, truth.known)

    def _named(self, term: c.Term | c.Condition) -> Value:
        found = self.value(term)
        return Value(self.column(found.value), found.known)

    def _literal(self, value: c.Scalar | None) -> Value:
        match value:
            case bool():
                return Value(TRUE if value else FALSE, TRUE)
            case float():
                return Value(number(value), TRUE)
            case str():
                return Value(Sql(str(self._layout.codes[value])), TRUE)
            case date():
                return Value(Sql(f"DATE '{value.isoformat()}'"), TRUE)
            case None:
                return NO_VALUE
            case _:
                assert_never(value)

    def _term(self, term: c.Calculate | c.Elapsed | c.Choose) -> Value:
        match term:
            case c.Calculate(operator, left, right):
                return self._calculated(operator, self._named(left), self._named(right))
            case c.Elapsed(unit, start, end):
                first, last = self._named(start), self._named(end)
                known = every(first.known, last.known)
                return NO_VALUE if known == FALSE else Value(elapsed(unit, first.value, last.value), known)
            case c.Choose(condition, yes, no):
                return chosen_value(self.truth(condition), self.value(yes), self.value(no))

    def _calculated(self, operator: Operator, left: Value, right: Value) -> Value:
        """Return the result of arithmetic; it is unknown outside the numbers."""
        known = every(left.known, right.known)
        if known == FALSE:
            return NO_VALUE
        match operator:
            case Operator.ADD | Operator.SUBTRACT | Operator.MULTIPLY:
                result = sql(f"({{}} {operator.value} {{}})", left.value, right.value)
            case Operator.DIVIDE:
                divides = is_not_zero(right.value)
                known = every(known, divides)
                result = choose(divides, sql("({} / {})", left.value, right.value), Sql("0E0"))
            case Operator.POWER:
                known = every(known, power_is_defined(left.value, right.value))
                result = choose(known, sql("power({}, {})", left.value, right.value), Sql("0E0"))
            case _:
                assert_never(operator)
        result = self.column(result)
        return Value(result, every(known, is_finite(result)))
