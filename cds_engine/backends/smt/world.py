"""One reading of a record: every fact derived and every condition translated, as `evaluator` decides them.

This follows `evaluator.conditions` and `evaluator.derive` case by case; a test substitutes thousands of concrete
patients and compares. Nodes are translated once: a pack shares equal ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import z3

from cds_engine.backends.smt.agreement import agree
from cds_engine.backends.smt.arithmetic import Arithmetic
from cds_engine.backends.smt.conditions import Conditions, Flags
from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, either, opposite, some
from cds_engine.backends.smt.record import Record, Slot, rational
from cds_engine.backends.smt.terms import payload_of
from cds_engine.backends.smt.values import (
    ALWAYS_TRUE,
    UNKNOWN,
    Flag,
    Number,
    Payload,
    Truth,
    Value,
    merged,
)
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Derivation, Guideline
from cds_engine.lowering.walk import nodes

Slots = Callable[[str], Slot]


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
        *,
        doubts: bool = True,
    ) -> None:
        """Read a record; without *doubts* as if what cannot be used had never been given."""
        self._record = record
        self._guideline: Guideline = record.guideline
        self._arithmetic = arithmetic
        self._slots = slots
        self._tag = tag
        self._settled = settled
        self._watch = watch or self.doubtful
        self._doubts = doubts
        self._derivations: Mapping[str, Derivation] = {d.fact: d for d in self._guideline.derivations}
        self._values: dict[str, Value] = {}
        self._disagrees: dict[str, z3.BoolRef] = {}
        self._doubtful: dict[str, z3.BoolRef] = {}
        self._conditions = Conditions(self._guideline.dictionary, arithmetic, self.value, self._watch)
        self.spoken: Callable[[str], Value | None] = lambda _: None
        """Gives the names that only invariants use, statuses and doses, as they are asked for; None for facts."""

    # Facts

    def value(self, name: str) -> Value:
        """Return the value of a fact or property."""
        if name not in self._values:
            self._values[name] = self.spoken(name) or self._looked_up(name)
        return self._values[name]

    def _looked_up(self, name: str) -> Value:
        base, _, prop = name.partition(".")
        if prop == "usable":
            usable = opposite(self.doubtful(base)) if self._doubts else TRUE
            return Value(usable, Flag(TRUE), self._watch(base))
        if name in self._derivations:
            return self._derived(self._derivations[name])
        slot = self._slots(name)
        if name == "as_of":
            return Value(slot.known, slot.payload)
        presumed = self._guideline.dictionary.presumed.get(name)
        if presumed is not None:
            absent = both(opposite(slot.known), opposite(slot.withheld))
            taken = payload_of(presumed[0])
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
        differ = opposite(agree(spec, slot.payload, payload, self._arithmetic))
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
            value = self._conditions.term(branch.value, derivation.fact)
            if branch.key is None:
                found = value
                continue
            when = self._conditions.truth(self._guideline.conditions[branch.key])
            known = either(both(when.yes, value.known), both(when.no, found.known))
            touch = either(both(when.unknown, when.touch), both(when.yes, value.touch), both(when.no, found.touch))
            found = Value(known, merged(when.yes, value.payload, found.payload), touch)
        return found

    def formulas(self, name: str) -> Iterator[tuple[str, z3.BoolRef]]:
        """List the formulas of a fact, each with the truth that its branch is the one that holds."""
        before = TRUE
        for branch in self._derivations[name].branches:
            when = ALWAYS_TRUE if branch.key is None else self.truth(self._guideline.conditions[branch.key])
            if branch.formula is not None:
                yield branch.formula, both(before, when.yes)
            before = both(before, when.no)

    def truth(self, node: c.Condition) -> Truth:
        """Return what a condition comes to."""
        return self._conditions.truth(node)
