"""The readings of any one record: what is certain of it, and one other way to read what conflicts.

Worlds as in `engine.worlds`. Of the other readings one is modelled, any one of them. A real record has several: a drug
that acts in truth acts with each of them here, and an alert or reason that shows here shows in truth. Claims of the
other kind are proved for records with one reading only, and the report says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from functools import cached_property

import z3

from cds_engine.backends.smt.agreement import agree
from cds_engine.backends.smt.arithmetic import Arithmetic
from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, either, opposite, some
from cds_engine.backends.smt.record import NOBODY_SAID, Record, Slot, base_of
from cds_engine.backends.smt.values import equal, merged
from cds_engine.backends.smt.world import World
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline


class Readings:
    """One record and the worlds it allows, made as they are asked for.

    Two of one *tag* are about one patient; *inner* tells apart what is made within them. With *alone* it is about
    patients in whose record no fact has two readings. The facts *apart* are read otherwise in another.
    """

    def __init__(
        self,
        guideline: Guideline,
        beside: Iterable[c.Condition] = (),
        tag: str = "",
        inner: str = "",
        *,
        alone: bool = False,
        apart: Container[str] = (),
    ) -> None:
        self.guideline = guideline
        self.tag = tag
        self.record = Record(guideline, beside, tag, inner or tag, apart)
        self.arithmetic = Arithmetic(inner or tag)
        self.reread: dict[str, Slot] = {}
        """Facts in the other reading, as far as they were asked for."""
        self.is_single = z3.Bool(f"{tag}one reading only")
        self._alone = alone
        self._given: dict[str, Slot] = {}
        self._opened: dict[str, z3.BoolRef] = {}

    @cached_property
    def first(self) -> World:
        """The world before contradictions between facts are looked for."""
        return World(self.record, self.arithmetic, self.record.slot, f"{self.tag}first ")

    @cached_property
    def told(self) -> World:
        """The world in which every given value is held against nothing; it shows what a derivation would hide."""
        return World(self.record, self.arithmetic, self.record.slot, f"{self.tag}told ", settled=lambda _: TRUE)

    @cached_property
    def certain(self) -> World:
        """The world that statuses and doses rest on."""
        return World(self.record, self.arithmetic, self.kept, f"{self.tag}certain ")

    @cached_property
    def other(self) -> World:
        """Any one of the other readings of the record."""
        if self._alone:
            return self.certain
        return World(
            self.record, self.arithmetic, self._reread, f"{self.tag}other ", self.is_open, self.certain.doubtful
        )

    @cached_property
    def undoubted(self) -> tuple[World, ...]:
        """The same worlds as if what cannot be used had never been given: a doubt silences no alert."""
        certain = World(self.record, self.arithmetic, self.kept, f"{self.tag}certain ", doubts=False)
        if self._alone:
            return (certain,)
        other = World(
            self.record, self.arithmetic, self._reread, f"{self.tag}other ", self.is_open, self.certain.doubtful,
            doubts=False,
        )  # fmt: skip
        return certain, other

    @cached_property
    def _any_hidden(self) -> z3.BoolRef:
        return some(
            both(
                self.first.withheld(d.fact), opposite(self.record.slot(d.fact).withheld), self.record.slot(d.fact).known
            )
            for d in self.guideline.derivations
        )

    def _broken(self, key: str) -> z3.BoolRef:
        """Return the truth that a declared contradiction between facts holds."""
        condition = self.guideline.conditions[key]
        return either(self.first.truth(condition).yes, both(self._any_hidden, self.told.truth(condition).yes))

    @property
    def contradictory(self) -> z3.BoolRef:
        """The truth that something on record contradicts something else, or what is derived from it."""
        return either(self._any_hidden, some(self._broken(key) for key in self.guideline.conflicts))

    def contradicted(self, name: str) -> z3.BoolRef:
        """Return the truth that a fact takes part in a contradiction that holds."""
        return some(self._broken(key) for key, facts in self.guideline.conflicts.items() if name in facts)

    def kept(self, name: str) -> Slot:
        """Return a fact as it counts: what contradicts itself or another is withheld."""
        if name not in self._given:
            slot = self.record.slot(name)
            if "." not in name and name != "as_of":
                is_derived = name in {d.fact for d in self.guideline.derivations}
                broken = either(self.contradicted(name), self.first.withheld(name) if is_derived else FALSE)
                slot = Slot(both(slot.known, opposite(broken)), either(slot.withheld, broken), slot.payload)
            self._given[name] = slot
        return self._given[name]

    def is_open(self, name: str) -> z3.BoolRef:
        """Return the truth that the other world reads a fact in another way."""
        if self._alone:
            return FALSE
        self._reread(name)
        return self._opened[name]

    def _reread(self, name: str) -> Slot:
        """Return a fact in another reading: one of the values that conflict, or of those within the tolerance."""
        if name not in self.reread:
            self.reread[name] = NOBODY_SAID
            self._opened[name] = FALSE
            self.reread[name] = self._another(name)
        return self.reread[name]

    def _another(self, name: str) -> Slot:
        kept = self.kept(name)
        base = base_of(name)
        if name == "as_of":
            return kept
        if name != base and not name.endswith(".weekly_amount"):
            return self._another_property(name, kept)
        is_open = both(self.record.free(f"{name} read otherwise"), opposite(self.is_single))
        payload = self.record.payload(name, "other ")
        asked = self.certain.withheld(name) if name == base else kept.withheld
        recorded = self.record.slot(name).withheld
        agrees = FALSE
        spec = self.guideline.dictionary.facts[base]
        if name == base and kept.payload is not None:
            agrees = both(
                self.certain.value(name).known, kept.known, agree(spec, kept.payload, payload, self.arithmetic)
            )
        told = [w.value(name) for w in (self.first, self.told)] if name == base else []
        own = some(both(v.known, equal(v.payload, payload)) for v in told)
        given = both(self.record.slot(name).known, equal(self.record.slot(name).payload, payload))
        derived = TRUE if name in {d.fact for d in self.guideline.derivations} else FALSE
        allowed = either(recorded, both(asked, either(own, given, derived)), agrees)
        self.record.constraints.append(z3.Implies(is_open, allowed))
        self._opened[name] = is_open
        return Slot(
            either(kept.known, is_open), both(kept.withheld, opposite(is_open)), merged(is_open, payload, kept.payload)
        )

    def _another_property(self, name: str, kept: Slot) -> Slot:
        base = base_of(name)
        came = both(self.is_open(base), self.record.slot(base).withheld)
        payload = self.record.payload(name, "other ")
        known = choose(came, self.record.free(f"{name} came with it"), kept.known)
        return Slot(known, kept.withheld, merged(came, payload, kept.payload))
