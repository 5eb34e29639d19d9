"""What the pack answers any one patient: statuses as `engine.decisions` gives them, and doses.

A test holds each of these translations to the evaluator.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import z3

from cds_engine.backends.smt.doses import DoseEnds, Doses
from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, either, every, opposite, some
from cds_engine.backends.smt.readings import Readings
from cds_engine.backends.smt.values import Truth
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import Caution, Contraindication


@dataclass(frozen=True, slots=True)
class Acts:
    """The status of a rule or of one of its treatments: exactly one of the four is true."""

    recommended: z3.BoolRef
    blocked: z3.BoolRef
    needs_data: z3.BoolRef
    not_applicable: z3.BoolRef


class SymbolicAnswer(Readings):
    """The answer to any one patient, part by part as it is asked for."""

    @cached_property
    def _safety(self) -> dict[str, tuple[z3.BoolRef, z3.BoolRef]]:
        return {}

    @cached_property
    def _rules(self) -> dict[str, tuple[Acts, dict[str, Acts]]]:
        return {}

    @cached_property
    def _doses(self) -> Doses:
        return Doses(self)

    def answering(self, guideline: Guideline) -> SymbolicAnswer:
        """Return what *guideline* answers the same patient, whose facts it must read and derive in the same way."""
        worlds = self.first, self.told, self.certain, self.other  # one set for both
        other = copy(self)
        assert (other.first, other.told, other.certain, other.other) == worlds  # noqa: S101 - kept by the copy
        other.guideline = guideline
        for made in ("_safety", "_rules", "_doses"):
            vars(other).pop(made, None)  # of this pack; of the other it is made when it is asked for
        return other

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

    def shows(self, key: str) -> z3.BoolRef:
        """Return the truth that an alert is shown: true in any reading, also as if what cannot be used were absent."""
        condition = self.guideline.conditions[key]
        return either(self.believed(key).yes, *(world.truth(condition).yes for world in self.undoubted))

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

    def dose(self, plan: DosePlan) -> DoseEnds:
        """Return a dose by its regimen."""
        return self._doses.dose(plan)

    def shown(self, end: z3.ArithRef, plan: DosePlan) -> z3.ArithRef:
        """Return an end of a dose as it is displayed."""
        return self._doses.shown(end, plan.cap)

    def constraints(self) -> list[z3.BoolRef]:
        """Return what holds of every patient, products of facts left out."""
        return [*self.record.constraints, *self.arithmetic.linear]

    @property
    def curved(self) -> list[z3.BoolRef]:
        """What holds besides: products and quotients of facts, and roots."""
        return self.arithmetic.curved
