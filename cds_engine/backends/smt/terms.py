"""Terms of conditions: values, and numbers as comparisons see them."""

from __future__ import annotations

import math
from collections.abc import Callable

import z3

from cds_engine.backends.smt.arithmetic import Arithmetic
from cds_engine.backends.smt.curves import Real
from cds_engine.backends.smt.logic import FALSE, TRUE, both, constant, either, opposite
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import (
    UNKNOWN,
    Code,
    Day,
    Flag,
    Number,
    Payload,
    Truth,
    Value,
    as_value,
    merged,
)
from cds_engine.lowering import core as c
from cds_engine.patient.spec import Dictionary


class Terms:
    """The terms of one world, each computed once: a pack shares equal ones."""

    def __init__(
        self,
        dictionary: Dictionary,
        arithmetic: Arithmetic,
        value: Callable[[str], Value],
        truth: Callable[[c.Condition], Truth],
    ) -> None:
        """Translate with *value*, that of a fact, and *truth*, that of a condition within a term."""
        self._dictionary = dictionary
        self._arithmetic = arithmetic
        self._value = value
        self._truth = truth
        self._numbers: dict[int, z3.ArithRef] = {}
        self._exists: dict[int, z3.BoolRef] = {}

    def term(self, node: c.Term | c.Condition, word: str = "") -> Value:
        """Return the value of a term; a computed number stands for what the evaluator computes."""
        match node:
            case c.Fact(name):
                return self._value(name)
            case c.Constant(value):
                return UNKNOWN if value is None else Value(TRUE, payload_of(value))
            case c.Elapsed():
                return self._elapsed(node)
            case c.Choose():
                return self.chosen(node, word)
            case c.Calculate():
                known, touch = self._calculates(node, word)
                return Value(known, Number(self.number(node, word)), touch)
            case _:
                return as_value(self._truth(node))

    def chosen(self, node: c.Choose, word: str = "") -> Value:
        """Return the value of the branch that its condition chooses."""
        when = self._truth(node.condition)
        yes, no = self.term(node.yes, word), self.term(node.no, word)
        known = either(both(when.yes, yes.known), both(when.no, no.known))
        touch = either(both(when.unknown, when.touch), both(when.yes, yes.touch), both(when.no, no.touch))
        return Value(known, merged(when.yes, yes.payload, no.payload), touch)

    def _elapsed(self, node: c.Elapsed) -> Value:
        """Days and weeks as they are; months and years within bounds, because months differ in length."""
        start, end = self.term(node.start), self.term(node.end)
        known = both(start.known, end.known)
        touch = either(both(opposite(start.known), start.touch), both(opposite(end.known), end.touch))
        if not (isinstance(start.payload, Day) and isinstance(end.payload, Day)):
            return Value(FALSE, None, touch)
        if id(node) not in self._numbers:
            self._numbers[id(node)] = self._counted(node.unit, end.payload.value - start.payload.value)
        return Value(known, Number(self._numbers[id(node)]), touch)

    def _counted(self, unit: str, days: z3.ArithRef) -> z3.ArithRef:
        if unit == "days":
            return z3.ToReal(days)
        count = z3.Int(f"whole {unit} in {days.sexpr()}")
        size = z3.If(days >= 0, days, -days)
        length = z3.If(count >= 0, count, -count)
        shortest, longest = {"weeks": (7, 7), "months": (28, 31), "years": (365, 366)}[unit]
        same_side = either(both(days >= 0, count >= 0), both(days <= 0, count <= 0))
        self._arithmetic.linear.append(both(same_side, shortest * length <= size, size < longest * (length + 1)))
        if unit != "weeks":
            self._arithmetic.loose[f"{unit} between two days: between {shortest} and {longest} days each"] = None
        return z3.ToReal(count)

    def _calculates(self, node: c.Term | c.Condition, word: str) -> tuple[z3.BoolRef, z3.BoolRef]:
        """Return the truth that arithmetic has a result, and its touch."""
        if isinstance(node, c.Calculate):
            left, right = self._calculates(node.left, word), self._calculates(node.right, word)
            self.number(node, word)
            touch = either(both(opposite(left[0]), left[1]), both(opposite(right[0]), right[1]))
            return both(left[0], right[0], self._exists.get(id(node), TRUE)), touch
        value = self.term(node, word)
        return value.known, value.touch

    def number(self, node: c.Term | c.Condition, word: str = "") -> z3.ArithRef:
        """Return the number that comparisons see."""
        if isinstance(node, c.Calculate):
            if id(node) not in self._numbers:
                self._numbers[id(node)] = self._arithmetic.settled(self._real(node, word), word)
            return self._numbers[id(node)]
        payload = self.term(node).payload
        return payload.value if isinstance(payload, Number) else rational(0.0)

    def _real(self, node: c.Term | c.Condition, word: str) -> Real:
        match node:
            case c.Calculate(sign, left, right):
                ends = self._real(left, word), self._real(right, word)
                found, exists = self._arithmetic.calculate(sign, *ends, word)
                self._exists[id(node)] = exists
                return found
            case c.Constant(float() as number):
                return self._arithmetic.constant(number)
            case c.Fact(name):
                value = self.number(node)
                spec = self._dictionary.facts.get(name)
                low, high = spec.plausible if spec is not None and spec.plausible is not None else (None, None)
                size = value if low is not None and low >= 0 else z3.If(value >= 0, value, -value)
                ends_of = (-math.inf if low is None else low, math.inf if high is None else high)
                return Real(value, size, *ends_of, exact=True)
            case c.Choose():
                when = self._truth(node.condition)
                yes, no = self._real(node.yes, word), self._real(node.no, word)
                value = z3.If(when.yes, yes.value, no.value)
                size = z3.If(when.yes, yes.size, no.size)
                return Real(value, size, min(yes.low, no.low), max(yes.high, no.high), yes.exact and no.exact)
            case _:
                value = self.number(node)
                return Real(value, z3.If(value >= 0, value, -value), exact=True)


def payload_of(value: c.Scalar) -> Payload:
    """Return a value that is written in the pack."""
    match value:
        case bool():
            return Flag(constant(value))
        case float():
            return Number(rational(value))
        case str():
            return Code({value: TRUE})
        case _:
            return Day(z3.IntVal(value.toordinal()))
