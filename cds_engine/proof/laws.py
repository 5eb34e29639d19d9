"""Laws of every pack, proved of the pack at hand: of one patient, and of two who differ in what is known of them.

- a contraindication that is true lets its drug or action act for nobody (stronger than: adding one adds no action);
- what is displayed of a dose never lies above its cap, and within half a cent of the dose;
- unknown is never safer than false: who is ready for a drug without some facts that its contraindications read is
  ready for it with them, where they say that no contraindication holds;
- what is settled stays so when facts are added (`proof.settled`): statuses, doses and alerts, where no assumption
  was made and nothing that is added contradicts anything; of each rule and alert the facts are named that make an
  exception, because a condition asks whether they are known.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Amount, Formula, both, either, opposite, some
from cds_engine.backends.smt.record import base_of, rational
from cds_engine.backends.smt.search import Search
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.proof.settled import Settled

LawName = Literal["forbids", "displayed", "unknown-is-not-safe", "settled"]

HALF_A_CENT = 0.005 + 1e-6
"""Of the unit, with what rounding errors come to."""


@dataclass(frozen=True, slots=True)
class Law:
    """One law for one drug, action, regimen, rule or alert, and whether it was proved."""

    law: LawName
    of: str
    outcome: Literal["proved", "not proved", "undecided"]
    seconds: float
    unless: tuple[str, ...] = ()
    """The facts whose addition is left out, because a condition asks whether they are known."""


class Laws:
    """Proves the laws of one pack."""

    def __init__(self, guideline: Guideline, seconds: float = 5.0) -> None:
        self._guideline = guideline
        self._seconds = seconds

    def run(self, only: Container[str] | None = None) -> Iterator[Law]:
        """Prove law by law, of every drug, action and rule or *only* of those named."""
        yield from self._of_one(only)
        yield from self._of_two(only)

    def _of_one(self, only: Container[str] | None) -> Iterator[Law]:
        answer = SymbolicAnswer(self._guideline)
        search = Search(answer, self._seconds)
        for target, found in self._guideline.contraindications.items():
            if only is not None and target not in only:
                continue
            holds = some(answer.believed(key).yes for key, _ in found)
            yield self._law(search, "forbids", target, both(self._acts(answer, target), holds))
        for name, plan in self._guideline.doses.items():
            if only is None or plan.drug in only:
                ends = answer.dose(plan)
                wrong = either(*(self._misshown(end, answer.shown(end, plan), plan) for end in (ends.low, ends.high)))
                yield self._law(search, "displayed", name, both(ends.known, wrong))

    def _misshown(self, end: Amount, shown: Amount, plan: DosePlan) -> Formula:
        allowed = rational(HALF_A_CENT)
        apart = either(shown - end > allowed, end - shown > allowed)
        return apart if plan.cap is None else either(apart, shown > rational(plan.cap))

    def _of_two(self, only: Container[str] | None) -> Iterator[Law]:
        """With less and with more known of one patient."""
        less = SymbolicAnswer(self._guideline, tag="less ", inner="less ", alone=True)
        more = SymbolicAnswer(self._guideline, tag="more ", inner="more ", alone=True)
        search = Search(less, self._seconds, (), more)
        targets = dict.fromkeys(t.target for spec in self._guideline.rules for t in spec.treatments)
        for target in targets:
            contraindications = self._guideline.contraindications.get(target, ())
            if contraindications and (only is None or target in only):
                ready, still = self._acts(less, target), self._acts(more, target)
                reads = frozenset().union(*(self._guideline.reads[key] for key, _ in contraindications))
                harmless = both(*(more.believed(key).no for key, _ in contraindications))
                goal = both(ready, opposite(still), harmless, *self._consistent(more))
                yield self._law(search, "unknown-is-not-safe", target, goal, *self._added(less, more, reads))
        subjects = [of for of in Settled(less, more).subjects if only is None or of.name in only]
        consistent = both(*self._consistent(more))
        added = tuple(self._added(less, more, None))  # last: it speaks of every slot that was made
        for of in subjects:
            begun = time.process_time()
            kept = {name: less.record.slot(name).known == more.record.slot(name).known for name in sorted(of.asked)}
            found, needed = search.none_unless(both(of.differs, consistent), *added, unless=kept)
            yield Law("settled", of.name, _outcome(found), time.process_time() - begun, needed)

    def _law(self, search: Search, law: LawName, of: str, *goals: Formula) -> Law:
        begun = time.process_time()
        found = search.none(*goals, curved=True)
        return Law(law, of, _outcome(found), time.process_time() - begun)

    def _acts(self, answer: SymbolicAnswer, target: str) -> Formula:
        return some(
            both(answer.rule(spec)[0].recommended, answer.rule(spec)[1][target].recommended)
            for spec in self._guideline.rules
            if any(t.target == target for t in spec.treatments)
        )

    def _added(self, less: SymbolicAnswer, more: SymbolicAnswer, only: frozenset[str] | None) -> Iterator[Formula]:
        """Return that both are one patient, of whom the second has facts on record that the first has not."""
        done: set[str] = set()
        while waiting := sorted({*less.record.slots, *more.record.slots} - done):  # speaking of one may make another
            done.update(waiting)
            yield from (self._alike_or_added(name, less, more, only) for name in waiting)
        yield less.arithmetic.ideal
        yield less.record.another_amount == more.record.another_amount

    def _alike_or_added(
        self, name: str, less: SymbolicAnswer, more: SymbolicAnswer, only: frozenset[str] | None
    ) -> Formula:
        first, second = less.record.slot(name), more.record.slot(name)
        same = both(first.known == second.known, first.withheld == second.withheld)  # values are shared
        base = base_of(name)
        if name == "as_of" or (only is not None and base not in only):
            return same
        before, after = less.record.slot(base), more.record.slot(base)
        given = some((before.known, before.withheld, first.known, first.withheld))
        return either(same, both(opposite(given), after.known, opposite(less.certain.value(base).known)))

    def _consistent(self, answer: SymbolicAnswer) -> Iterator[Formula]:
        """Return that nothing on record contradicts anything or cannot be used."""
        for name in self._guideline.dictionary.facts:
            yield opposite(answer.certain.doubtful(name))


def _outcome(found: bool | None) -> Literal["proved", "not proved", "undecided"]:  # noqa: FBT001 - an answer of Z3
    return "undecided" if found is None else "proved" if found else "not proved"
