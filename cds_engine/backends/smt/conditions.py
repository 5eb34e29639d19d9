"""Conditions, as `evaluator.conditions` decides them, case by case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import z3

from cds_engine.backends.smt.arithmetic import Arithmetic
from cds_engine.backends.smt.logic import FALSE, both, constant, either, every, opposite, some
from cds_engine.backends.smt.record import base_of
from cds_engine.backends.smt.terms import Terms
from cds_engine.backends.smt.values import Code, Day, Members, Number, Truth, Value, as_truth, equal
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.patient.spec import Dictionary

Flags = Callable[[str], z3.BoolRef]


class Conditions:
    """The conditions of one world, each translated once: a pack shares equal ones."""

    def __init__(
        self, dictionary: Dictionary, arithmetic: Arithmetic, value: Callable[[str], Value], watch: Flags
    ) -> None:
        """Translate with *value*, that of a fact; *watch* says which facts touch what they leave unknown."""
        self._value = value
        self._watch = watch
        self._terms = Terms(dictionary, arithmetic, value, self.truth)
        self._truths: dict[int, Truth] = {}

    def truth(self, node: c.Condition) -> Truth:
        """Return what a condition comes to."""
        found = self._truths.get(id(node))
        if found is None:
            found = self._truths[id(node)] = self._truth(node)
        return found

    def _truth(self, node: c.Condition) -> Truth:
        match node:
            case c.Constant(value):
                return Truth(constant(value is True), constant(value is False))
            case c.Fact(name):
                return as_truth(self._value(name))
            case c.Compare():
                return self._compared(node)
            case c.OneOf(term, codes):
                code = self._terms.term(term)
                member = code.payload.is_one_of(*codes) if isinstance(code.payload, Code) else FALSE
                return Truth(both(code.known, member), both(code.known, opposite(member)), code.touch)
            case c.Holds(name, codes):
                return self._holds(name, codes)
            case c.IsUnknown(operand):
                known = self._terms.term(operand).known
                return Truth(opposite(known), known)
            case c.Not(operand):
                inner = self.truth(operand)
                return Truth(inner.no, inner.yes, inner.touch)
            case c.And(parts):
                truths = [self.truth(part) for part in parts]
                touch = some(both(t.unknown, t.touch) for t in truths)
                return Truth(every(t.yes for t in truths), some(t.no for t in truths), touch)
            case c.Or(parts):
                truths = [self.truth(part) for part in parts]
                touch = some(both(t.unknown, t.touch) for t in truths)
                return Truth(some(t.yes for t in truths), every(t.no for t in truths), touch)
            case c.Defined(_, condition):
                return self.truth(condition)
            case c.Choose():
                return as_truth(self._terms.chosen(node))

    def _holds(self, name: str, codes: tuple[str, ...]) -> Truth:
        value = self._value(name)
        if not isinstance(value.payload, Members):
            return Truth(FALSE, FALSE, value.touch)
        found = value.payload.has_any(*codes)
        complete = value.payload.complete
        touch = either(both(opposite(value.known), value.touch), both(value.known, self._watch(base_of(name))))
        return Truth(both(value.known, found), both(value.known, opposite(found), complete), touch)

    def _compared(self, node: c.Compare) -> Truth:
        left, right = self._terms.term(node.left), self._terms.term(node.right)
        known = both(left.known, right.known)
        touch = either(both(opposite(left.known), left.touch), both(opposite(right.known), right.touch))
        match left.payload, right.payload:
            case Number(), Number():
                truth = ORDER[node.comparator](self._terms.number(node.left), self._terms.number(node.right))
            case Day(first), Day(second):
                truth = ORDER[node.comparator](first, second)
            case None, _:
                truth = FALSE
            case _, None:
                truth = FALSE
            case _:
                same = equal(left.payload, right.payload)
                truth = same if node.comparator is Comparator.EQUAL else opposite(same)
        return Truth(both(known, truth), both(known, opposite(truth)), touch)

    def term(self, node: c.Term | c.Condition, word: str = "") -> Value:
        """Return the value of a term; *word* names it in what the proof only knows within bounds."""
        return self._terms.term(node, word)


ORDER: Mapping[Comparator, Callable[[z3.ArithRef, z3.ArithRef], z3.BoolRef]] = {
    Comparator.EQUAL: lambda left, right: left == right,
    Comparator.NOT_EQUAL: lambda left, right: left != right,
    Comparator.LESS: lambda left, right: left < right,
    Comparator.AT_MOST: lambda left, right: left <= right,
    Comparator.GREATER: lambda left, right: left > right,
    Comparator.AT_LEAST: lambda left, right: left >= right,
}
