"""One reading of a record: every fact derived and every condition translated, as `evaluator` decides them.

This follows `evaluator.conditions` and `evaluator.derive` case by case; a test substitutes thousands of concrete
patients and compares. Nodes are translated once: a pack shares equal ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import z3

from cds_engine.backends.smt.arithmetic import Arithmetic, Real
from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, constant, either, every, opposite, some
from cds_engine.backends.smt.record import Record, Slot, base_of, rational
from cds_engine.backends.smt.values import (
    UNKNOWN,
    Code,
    Day,
    Flag,
    Members,
    Number,
    Payload,
    Truth,
    Value,
    as_truth,
    as_value,
    equal,
    merged,
)
from cds_engine.language.syntax import Comparator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Derivation, Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.patient.spec import FactSpec

Slots = Callable[[str], Slot]
Flags = Callable[[str], z3.BoolRef]


def never(_: str) -> z3.BoolRef:
    """Say no to every name."""
    return FALSE


class World:
    """The facts and conditions of one reading of a record."""

    def __init__(
        self,
        record: Record,
        arithmetic: Arithmetic,
        slots: Slots,
        tag: str,
        settled: Flags = never,
        watch: Flags | None = None,
    ) -> None:
        self._record = record
        self._guideline: Guideline = record.guideline
        self._arithmetic = arithmetic
        self._slots = slots
        self._tag = tag
        self._settled = settled
        self._watch = watch or self.doubtful
        self._derivations: Mapping[str, Derivation] = {d.fact: d for d in self._guideline.derivations}
        self._values: dict[str, Value] = {}
        self._disagrees: dict[str, z3.BoolRef] = {}
        self._doubtful: dict[str, z3.BoolRef] = {}
        self._truths: dict[int, Truth] = {}
        self._numbers: dict[int, z3.ArithRef] = {}
        self._exists: dict[int, z3.BoolRef] = {}
        self.extra: dict[str, Value] = {}
        """Names that only invariants use: statuses, doses."""

    # Facts

    def value(self, name: str) -> Value:
        """Return the value of a fact or property."""
        if name in self.extra:
            return self.extra[name]
        if name not in self._values:
            self._values[name] = self._looked_up(name)
        return self._values[name]

    def _looked_up(self, name: str) -> Value:
        base, _, prop = name.partition(".")
        if prop == "usable":
            return Value(opposite(self.doubtful(base)), Flag(TRUE), self._watch(base))
        if name in self._derivations:
            return self._derived(self._derivations[name])
        slot = self._slots(name)
        if name == "as_of":
            return Value(slot.known, slot.payload)
        presumed = self._guideline.dictionary.presumed.get(name)
        if presumed is not None:
            absent = both(opposite(slot.known), opposite(slot.withheld))
            taken = _payload_of(presumed[0])
            return Value(opposite(slot.withheld), merged(absent, taken, slot.payload), self._watch(base))
        touch = self._watch(base)
        if prop and base in self._derivations:
            touch = choose(self.value(base).known, touch, self.value(base).touch)
        return Value(slot.known, slot.payload, touch)

    def doubtful(self, base: str) -> z3.BoolRef:
        """Return the truth that a fact was given and may not be used, or is unknown because of such a one."""
        if base not in self._doubtful:
            self._doubtful[base] = FALSE  # a fact never rests on itself
            self._doubtful[base] = self._in_doubt(base)
        return self._doubtful[base]

    def _in_doubt(self, base: str) -> z3.BoolRef:
        withheld = self.withheld(base)
        derivation = self._derivations.get(base)
        if base == self._guideline.dictionary.medications:
            amounts = (self._slots(name).withheld for name in self._record.amounts)
            return either(withheld, self._record.another_amount, *amounts)
        if derivation is None:
            return withheld
        inputs = some(self.doubtful(name) for name in sorted(derivation.reads))
        return either(withheld, both(opposite(self.value(base).known), inputs))

    def withheld(self, name: str) -> z3.BoolRef:
        """Return the truth that a fact is on record and not used."""
        own = self._slots(name).withheld
        if name not in self._derivations:
            return own
        self.value(name)
        return either(own, self._disagrees[name])

    def _derived(self, derivation: Derivation) -> Value:
        name = derivation.fact
        slot = self._slots(name)
        spec = self._guideline.dictionary.facts[name]
        found = self._first_branch(derivation)
        payload: Payload | None = found.payload
        known, touch = found.known, found.touch
        if isinstance(payload, Number) and spec.plausible is not None:
            low, high = (rational(end) for end in spec.plausible)
            edge = both(self._at_its_edge(derivation), either(payload.value == low, payload.value == high))
            inside = either(both(payload.value > low, payload.value < high), edge)
            asked = [
                n for n in derivation.reads if self._asks(n) and not self._guideline.dictionary.facts[n].entry.setting
            ]
            touch = choose(both(known, opposite(inside)), some(self._watch(n) for n in sorted(asked)), touch)
            known = both(known, inside)
        settled = both(slot.known, self._settled(name))
        given = both(slot.known, settled if derivation.always else TRUE)
        differ = opposite(self._agree(spec, slot.payload, payload))
        disagrees = both(slot.known, known, differ, opposite(self._settled(name)))
        self._disagrees[name] = both(opposite(slot.withheld), disagrees)
        usable = both(opposite(slot.withheld), opposite(disagrees))
        if self._asks(name):
            touch = either(touch, self._watch_later(name))
        touch = choose(usable, touch, self._watch_later(name))
        return Value(both(usable, either(given, known)), merged(given, slot.payload, payload), touch)

    def _at_its_edge(self, derivation: Derivation) -> z3.BoolRef:
        """Return whether a value on the end of its plausible range counts: as computed it may lie beyond it."""
        if not any(isinstance(node, c.Calculate) for branch in derivation.branches for node in nodes(branch.value)):
            return TRUE
        counts = z3.Bool(f"{self._record.tag}{derivation.fact} counts at its edge")
        self._arithmetic.linear.append(z3.Implies(self._arithmetic.ideal, counts))
        return counts

    def _watch_later(self, name: str) -> z3.BoolRef:
        """Return whether a fact that is being derived is watched, without asking for its own value in a circle."""
        if self._watch != self.doubtful:
            return self._watch(name)
        derivation = self._derivations[name]
        own = either(self._slots(name).withheld, self._disagrees[name])
        return either(own, some(self.doubtful(other) for other in sorted(derivation.reads)))

    def _asks(self, name: str) -> bool:
        return bool(self._guideline.dictionary.facts[name].entry.ask)

    def _first_branch(self, derivation: Derivation) -> Value:
        """Return the value of the first branch that holds; an unknown condition before it makes it unknown."""
        found = UNKNOWN
        for branch in reversed(derivation.branches):
            value = self.term(branch.value, derivation.fact)
            if branch.key is None:
                found = value
                continue
            when = self.truth(self._guideline.conditions[branch.key])
            known = either(both(when.yes, value.known), both(when.no, found.known))
            touch = either(both(when.unknown, when.touch), both(when.yes, value.touch), both(when.no, found.touch))
            found = Value(known, merged(when.yes, value.payload, found.payload), touch)
        return found

    def _agree(self, spec: FactSpec, first: Payload | None, second: Payload | None) -> z3.BoolRef:
        """Return the truth that two values of a fact are the same within its tolerance."""
        if isinstance(first, Number) and isinstance(second, Number):
            apart = first.value - second.value
            largest = (
                z3.If(first.value > second.value, first.value, second.value)
                if spec.tolerance_is_share
                else rational(1.0)
            )
            allowed = rational(spec.tolerance) * largest
            edge = self._arithmetic.flag("agrees at the edge", apart, allowed)
            margin = allowed * rational(1e-9)
            clearly = both(apart <= allowed - margin, -apart <= allowed - margin)
            perhaps = both(apart <= allowed + margin, -apart <= allowed + margin)
            within = both(apart <= allowed, -apart <= allowed)
            self._arithmetic.linear.append(z3.Implies(self._arithmetic.ideal, edge == within))
            return either(clearly, both(edge, perhaps)) if spec.tolerance else either(apart == 0, FALSE)
        if isinstance(first, Code) and isinstance(second, Code):
            groups = {spec.agreeing.get(code, code) for code in [*first.each, *second.each]}
            members = {
                group: [c for c in [*first.each, *second.each] if spec.agreeing.get(c, c) == group] for group in groups
            }
            return some(both(first.is_one_of(*m), second.is_one_of(*m)) for m in members.values())
        return equal(first, second)

    # Conditions

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
                return as_truth(self.value(name))
            case c.Compare():
                return self._compared(node)
            case c.OneOf(term, codes):
                code = self.term(term)
                member = code.payload.is_one_of(*codes) if isinstance(code.payload, Code) else FALSE
                return Truth(both(code.known, member), both(code.known, opposite(member)), code.touch)
            case c.Holds(name, codes):
                return self._holds(name, codes)
            case c.IsUnknown(operand):
                known = self.term(operand).known
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
                return as_truth(self._chosen(node, ""))

    def _holds(self, name: str, codes: tuple[str, ...]) -> Truth:
        value = self.value(name)
        if not isinstance(value.payload, Members):
            return Truth(FALSE, FALSE, value.touch)
        found = value.payload.has_any(*codes)
        complete = value.payload.complete
        touch = either(both(opposite(value.known), value.touch), both(value.known, self._watch(base_of(name))))
        return Truth(both(value.known, found), both(value.known, opposite(found), complete), touch)

    def _compared(self, node: c.Compare) -> Truth:
        left, right = self.term(node.left), self.term(node.right)
        known = both(left.known, right.known)
        touch = either(both(opposite(left.known), left.touch), both(opposite(right.known), right.touch))
        match left.payload, right.payload:
            case Number(), Number():
                truth = ORDER[node.comparator](self._number(node.left), self._number(node.right))
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

    # Terms

    def term(self, node: c.Term | c.Condition, word: str = "") -> Value:
        """Return the value of a term; a computed number stands for what the evaluator computes."""
        match node:
            case c.Fact(name):
                return self.value(name)
            case c.Constant(value):
                return UNKNOWN if value is None else Value(TRUE, _payload_of(value))
            case c.Elapsed():
                return self._elapsed(node)
            case c.Choose():
                return self._chosen(node, word)
            case c.Calculate():
                known, touch = self._calculates(node, word)
                return Value(known, Number(self._number(node, word)), touch)
            case _:
                return as_value(self.truth(node))

    def _chosen(self, node: c.Choose, word: str) -> Value:
        when = self.truth(node.condition)
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
            self._number(node, word)
            touch = either(both(opposite(left[0]), left[1]), both(opposite(right[0]), right[1]))
            return both(left[0], right[0], self._exists.get(id(node), TRUE)), touch
        value = self.term(node, word)
        return value.known, value.touch

    def _number(self, node: c.Term | c.Condition, word: str = "") -> z3.ArithRef:
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
                value = self._number(node)
                spec = self._guideline.dictionary.facts.get(name)
                low, high = spec.plausible if spec is not None and spec.plausible is not None else (None, None)
                size = value if low is not None and low >= 0 else z3.If(value >= 0, value, -value)
                ends_of = (-math.inf if low is None else low, math.inf if high is None else high)
                return Real(value, size, *ends_of, exact=True)
            case c.Choose():
                when = self.truth(node.condition)
                yes, no = self._real(node.yes, word), self._real(node.no, word)
                value = z3.If(when.yes, yes.value, no.value)
                size = z3.If(when.yes, yes.size, no.size)
                return Real(value, size, min(yes.low, no.low), max(yes.high, no.high), yes.exact and no.exact)
            case _:
                value = self._number(node)
                return Real(value, z3.If(value >= 0, value, -value), exact=True)


def _payload_of(value: c.Scalar) -> Payload:
    match value:
        case bool():
            return Flag(constant(value))
        case float():
            return Number(rational(value))
        case str():
            return Code({value: TRUE})
        case _:
            return Day(z3.IntVal(value.toordinal()))


ORDER: Mapping[Comparator, Callable[[z3.ArithRef, z3.ArithRef], z3.BoolRef]] = {
    Comparator.EQUAL: lambda left, right: left == right,
    Comparator.NOT_EQUAL: lambda left, right: left != right,
    Comparator.LESS: lambda left, right: left < right,
    Comparator.AT_MOST: lambda left, right: left <= right,
    Comparator.GREATER: lambda left, right: left > right,
    Comparator.AT_LEAST: lambda left, right: left >= right,
}
