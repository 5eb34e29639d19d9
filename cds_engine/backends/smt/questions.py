"""Which facts the answer asks for, as `engine.questions` decides it, for records in which no fact has two readings.

A fact is asked for if a rule waits for it, if it was given and cannot be used, or if an alert or a rule that applies
declares it doubtful. What an unknown condition waits for is followed by a world that watches for this one fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, both, constant, either, opposite, some
from cds_engine.backends.smt.world import World
from cds_engine.lowering.guideline import RuleSpec, Treatment
from cds_engine.pack.statements import Ask, Caution, Contraindication


class Questions:
    """The questions of one answer, fact by fact."""

    def __init__(self, answer: SymbolicAnswer) -> None:
        self._answer = answer
        self._guideline = answer.guideline

    def asks(self, fact: str) -> z3.BoolRef:
        """Return the truth that the answer asks for a fact."""
        waiting = _Waiting(self._answer, fact)
        rules = (waiting.waits(spec) for spec in self._guideline.rules)
        return either(self._answer.certain.withheld(fact), some(rules), some(self._declared(fact)))

    def _declared(self, fact: str) -> Iterator[z3.BoolRef]:
        """List when an alert or a rule puts a question of its own about the fact."""
        for key, alert in self._guideline.alerts:
            shown = self._answer.shows(key)
            yield from self._open(shown, alert.ask, self._guideline.alert_ask_keys[alert.id], fact)
        for spec in self._guideline.rules:
            whole, _ = self._answer.rule(spec)
            applies = both(self._answer.when(spec).yes, either(whole.recommended, whole.needs_data))
            yield from self._open(applies, spec.rule.ask, spec.ask_keys, fact)

    def _open(
        self, shown: z3.BoolRef, asks: Sequence[Ask], keys: Sequence[str | None], fact: str
    ) -> Iterator[z3.BoolRef]:
        for ask, key in zip(asks, keys, strict=True):
            if ask.fact == fact:
                yield shown if key is None else both(shown, opposite(self._answer.believed(key).no))


class _Waiting:
    """Whether rules wait for one fact: a world that watches for it says what would settle the unknown."""

    def __init__(self, answer: SymbolicAnswer, fact: str) -> None:
        self._answer = answer
        self._guideline = answer.guideline
        self._fact = fact

        def watch(name: str) -> z3.BoolRef:
            return constant(name == fact)

        self._world = World(answer.record, answer.arithmetic, answer.kept, f"{answer.tag}certain ", watch=watch)

    def waits(self, spec: RuleSpec) -> z3.BoolRef:
        """Return the truth that a rule needs data, the fact among them."""
        whole, parts = self._answer.rule(spec)
        treatments = (both(opposite(parts[t.target].blocked), self._holds_back(t)) for t in spec.treatments)
        return both(whole.needs_data, either(self._leaves_unknown(spec.key), *treatments))

    def _holds_back(self, treatment: Treatment) -> z3.BoolRef:
        """Return the truth that what is undecided of a treatment would be settled by the fact."""
        safety: list[tuple[str, Contraindication | Caution]] = [
            *self._guideline.contraindications.get(treatment.target, ()),
            *self._guideline.cautions.get(treatment.target, ()),
        ]
        undecided = [
            both(self._answer.held(key, rule), self._leaves_unknown(key)) for key, rule in safety if self._reads(key)
        ]
        plan = treatment.dose
        if plan is not None and plan.basis is not None:
            basis = self._world.value(plan.basis)
            undecided.append(both(opposite(basis.known), basis.touch))
        adjustments = plan.adjustments if plan is not None else ()
        return some([*undecided, *(self._leaves_unknown(adjustment.key) for adjustment in adjustments)])

    def _leaves_unknown(self, key: str) -> z3.BoolRef:
        """Return the truth that a condition is unknown and the fact would settle it."""
        if not self._reads(key):
            return FALSE
        truth = self._world.truth(self._guideline.conditions[key])
        return both(truth.unknown, truth.touch)

    def _reads(self, key: str) -> bool:
        return self._fact in self._guideline.reads[key]
