"""What the pack answers any one patient.

Worlds as `engine.worlds`, statuses as `engine.decisions`, doses as `evaluator.doses`; a test holds each of these
translations to the evaluator.

Of the other readings of a record (values that conflict) one is modelled, any one of them. A real record has
several: a drug that acts in truth acts with each of them here, and an alert or reason that shows here shows in
truth. Claims of the other kind are proved for records with one reading only, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import z3

from cds_engine.backends.smt.arithmetic import Arithmetic, Real
from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, either, every, opposite, some
from cds_engine.backends.smt.record import NOBODY_SAID, Record, Slot, base_of, rational
from cds_engine.backends.smt.values import Number, Truth, equal, merged
from cds_engine.backends.smt.world import World
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication


@dataclass(frozen=True, slots=True)
class DoseEnds:
    """A dose: known, and its two ends after cap and adjustments."""

    known: z3.BoolRef
    low: z3.ArithRef
    high: z3.ArithRef
    high_per_basis: z3.ArithRef
    """The upper end divided by the basis: the rate where the cap does not hold it, less where it does."""


@dataclass(frozen=True, slots=True)
class Acts:
    """The status of a rule or of one of its treatments: exactly one of the four is true."""

    recommended: z3.BoolRef
    blocked: z3.BoolRef
    needs_data: z3.BoolRef
    not_applicable: z3.BoolRef


class SymbolicAnswer:
    """The answer to any one patient, part by part as it is asked for.

    Two answers of one *tag* are about one patient; *inner* tells apart what is made within them. With *alone* it is
    about patients in whose record no fact has two readings.
    """

    def __init__(
        self,
        guideline: Guideline,
        beside: Iterable[c.Condition] = (),
        tag: str = "",
        inner: str = "",
        *,
        alone: bool = False,
    ) -> None:
        self._alone = alone
        self.guideline = guideline
        self.tag = tag
        self.record = Record(guideline, beside, tag, inner or tag)
        self.arithmetic = Arithmetic(inner or tag)
        self._given: dict[str, Slot] = {}
        self.reread: dict[str, Slot] = {}
        self._opened: dict[str, z3.BoolRef] = {}
        self._safety: dict[str, tuple[z3.BoolRef, z3.BoolRef]] = {}
        self._doses: dict[str, DoseEnds] = {}
        self._rules: dict[str, tuple[Acts, dict[str, Acts]]] = {}
        self.is_single = z3.Bool(f"{tag}one reading only")

    def answering(self, guideline: Guideline) -> SymbolicAnswer:
        """Return what *guideline* answers the same patient, whose facts it must read and derive in the same way."""
        worlds = self.first, self.told, self.certain, self.other  # one set for both
        other = copy(self)
        assert (other.first, other.told, other.certain, other.other) == worlds  # noqa: S101 - kept by the copy
        other.guideline = guideline
        other._safety, other._doses, other._rules = {}, {}, {}  # noqa: SLF001 - our own
        return other

    # Worlds

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
            agrees = both(self.certain.value(name).known, kept.known, self.certain._agree(spec, kept.payload, payload))  # noqa: SLF001 - the same package
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

    # Statuses

    def when(self, spec: RuleSpec) -> Truth:
        """Return the condition of a rule, of certain facts."""
        return self.certain.truth(self.guideline.conditions[spec.key])

    def believed(self, key: str) -> Truth:
        """Return a warning: true in any reading, else unknown in any."""
        condition = self.guideline.conditions[key]
        sure, other = self.certain.truth(condition), self.other.truth(condition)
        return Truth(
            either(sure.yes, other.yes),
            both(sure.no, other.no),
            choose(sure.unknown, sure.touch, other.touch),
        )

    def safety(self, target: str) -> tuple[z3.BoolRef, z3.BoolRef]:
        """Return whether a drug or action is blocked, and whether a contraindication holds it back undecided."""
        if target not in self._safety:
            blocked, held = [], []
            for key, rule in self.guideline.contraindications.get(target, ()):
                blocked.append(self.believed(key).yes)
                held.append(self.held(key, rule))
            for key, caution in self.guideline.cautions.get(target, ()):
                held.append(both(self.held(key, caution), opposite(self._true_elsewhere(key))))
            self._safety[target] = some(blocked), some(held)
        return self._safety[target]

    def held(self, key: str, rule: Contraindication | Caution) -> z3.BoolRef:
        """Return the truth that an undecided safety rule holds its treatment back.

        One that may be ignored goes by the first reading in which it is unknown; where that is not the certain
        one, it may be a third reading, so that it holds or does not.
        """
        truth = self.believed(key)
        if rule.if_unknown == "hold":
            return truth.unknown
        sure = self.certain.truth(self.guideline.conditions[key])
        later = both(opposite(sure.unknown), truth.touch, self.record.free(f"{key} holds"))
        return both(truth.unknown, either(both(sure.unknown, sure.touch), later))

    def _true_elsewhere(self, key: str) -> z3.BoolRef:
        """Return the truth that a caution is true in yet another reading: then it is shown and holds nothing back."""
        if self._alone:
            return FALSE
        names = (name for name in self.guideline.reads[key] if name in self.guideline.dictionary.facts)
        doubted = some(either(self.certain.doubtful(name), self._is_tolerant(name)) for name in sorted(names))
        return both(doubted, self.record.free(f"{key} elsewhere"), opposite(self.is_single))

    def _is_tolerant(self, name: str) -> z3.BoolRef:
        spec = self.guideline.dictionary.facts[name]
        return self.kept(name).known if spec.tolerance or spec.agreeing else FALSE

    def rule(self, spec: RuleSpec) -> tuple[Acts, dict[str, Acts]]:
        """Return the status of a rule, and of each of its treatments."""
        if spec.key not in self._rules:
            self._rules[spec.key] = self._decided(spec)
        return self._rules[spec.key]

    def _decided(self, spec: RuleSpec) -> tuple[Acts, dict[str, Acts]]:
        when = self.when(spec)
        parts = {t.target: self._treated(t, when) for t in spec.treatments}
        is_choice = spec.mode == "one_of"
        blocked_each = [self.safety(t.target)[0] for t in spec.treatments]
        blocked = every(blocked_each) if is_choice else some(blocked_each)
        ready_each = [part.recommended for part in parts.values()]
        enough = some(ready_each) if is_choice else every(ready_each)
        blocked = both(opposite(when.no), blocked)
        recommended = both(opposite(blocked), when.yes, enough)
        waits = both(opposite(when.no), opposite(blocked), opposite(recommended))
        return Acts(recommended, blocked, waits, when.no), parts

    def _treated(self, treatment: Treatment, when: Truth) -> Acts:
        blocked, held = self.safety(treatment.target)
        dosed = self.dose(treatment.dose).known if treatment.dose else TRUE
        ready = both(when.yes, opposite(blocked), opposite(held), dosed)
        open_ = opposite(when.no)
        return Acts(ready, both(open_, blocked), both(open_, opposite(blocked), opposite(ready)), when.no)

    # Doses

    def dose(self, plan: DosePlan) -> DoseEnds:
        """Return a dose by its regimen: range, cap, adjustments."""
        if plan.regimen not in self._doses:
            self._doses[plan.regimen] = self._dosed(plan)
        return self._doses[plan.regimen]

    def _dosed(self, plan: DosePlan) -> DoseEnds:
        known = TRUE
        basis = None
        if plan.basis is not None:
            value = self.certain.value(plan.basis)
            known = value.known if isinstance(value.payload, Number) else FALSE
            basis = value.payload.value if isinstance(value.payload, Number) else rational(0.0)
        applied = []
        for adjustment in plan.adjustments:
            condition = self.guideline.conditions[adjustment.key]
            sure, other = self.certain.truth(condition), self.other.truth(condition)
            known = both(known, either(both(sure.yes, other.yes), both(sure.no, other.no)))
            applied.append((sure.yes, adjustment.multiply))
        low, share = self._end(plan, plan.low, basis, applied)
        high = low
        if plan.low != plan.high:
            high, share = self._end(plan, plan.high, basis, applied)
            self.arithmetic.linear.append(low <= high)  # rounding keeps order
        return DoseEnds(known, low, high, high if basis is None else share)

    def _end(
        self, plan: DosePlan, rate: float, basis: z3.ArithRef | None, applied: list[tuple[z3.BoolRef, float]]
    ) -> tuple[z3.ArithRef, z3.ArithRef]:
        """Return an end of the range, and what it comes to per unit of the basis."""
        raw: z3.ArithRef = rational(rate)
        share: z3.ArithRef = rational(rate)
        if basis is not None:
            raw = self._near(rational(rate * plan.basis_scale) * basis, "dose")
        if plan.cap is not None:
            cap = rational(plan.cap)
            reached = z3.Bool(f"{raw.sexpr()} reaches {plan.cap}")
            almost = rational(plan.cap * (1 - 1e-12))
            self.arithmetic.linear += [z3.Implies(raw >= cap, reached), z3.Implies(reached, raw >= almost)]
            self.arithmetic.linear.append(z3.Implies(self.arithmetic.ideal, reached == (raw >= cap)))
            if basis is not None:
                less = self.arithmetic.fresh(f"{plan.regimen} per basis")
                self.arithmetic.linear += [less >= 0, less <= share]
                self.arithmetic.curved.append(z3.Implies(reached, less * basis * rational(plan.basis_scale) == cap))
                share = z3.If(reached, less, share)
            raw = z3.If(reached, cap, raw)
        for condition, factor in applied:
            less = raw * rational(factor)
            exactly = factor in {0.5, 0.25, 0.125, 2.0, 4.0}
            raw = z3.If(condition, less if exactly else self._near(less, "adjusted dose"), raw)
            share = z3.If(condition, share * rational(factor), share)
        return raw, share

    def _near(self, value: z3.ArithRef, word: str) -> z3.ArithRef:
        size = z3.If(value >= 0, value, -value)
        return self.arithmetic.settled(Real(value, size), word)

    # Everything that must hold

    def constraints(self) -> list[z3.BoolRef]:
        """Return what holds of every patient, products of facts left out."""
        return [*self.record.constraints, *self.arithmetic.linear]

    @property
    def curved(self) -> list[z3.BoolRef]:
        """What holds besides: products and quotients of facts, and roots."""
        return self.arithmetic.curved
