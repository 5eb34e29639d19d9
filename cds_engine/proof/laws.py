"""Laws of every pack, proved of the pack at hand: of one patient, and of two who differ in what is known of them.

- a contraindication that is true lets its drug or action act for nobody (stronger than: adding one adds no action);
- unknown is never safer than false: who is ready for a drug without some facts that its contraindications read is
  ready for it with them, where they say that no contraindication holds;
- what is recommended stays so when facts are added, where no condition asks whether something is unknown, no
  assumption was made, and nothing that is added contradicts anything.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, Formula, both, either, opposite, some
from cds_engine.backends.smt.record import base_of
from cds_engine.backends.smt.search import Search
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.lowering.walk import nodes


@dataclass(frozen=True, slots=True)
class Law:
    """One law for one drug, action or rule, and whether it was proved."""

    law: Literal["forbids", "unknown-is-not-safe", "settled"]
    of: str
    outcome: Literal["proved", "not proved", "undecided"]
    seconds: float


class Laws:
    """Proves the laws of one pack."""

    def __init__(self, guideline: Guideline, seconds: float = 5.0) -> None:
        self._guideline = guideline
        self._seconds = seconds

    def run(self, only: Container[str] | None = None) -> Iterator[Law]:
        """Prove law by law, of every drug, action and rule or *only* of those named."""
        yield from self._forbids(only)
        yield from self._of_two(only)

    def _forbids(self, only: Container[str] | None) -> Iterator[Law]:
        answer = SymbolicAnswer(self._guideline)
        search = Search(answer, self._seconds)
        for target, found in self._guideline.contraindications.items():
            if only is not None and target not in only:
                continue
            holds = some(answer.believed(key).yes for key, _ in found)
            yield self._law(search, "forbids", target, both(self._acts(answer, target), holds))

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
        for spec in self._guideline.rules:
            if self._asks_nothing(spec) and (only is None or spec.rule.id in only):
                settled = both(less.rule(spec)[0].recommended, opposite(more.rule(spec)[0].recommended))
                goal = both(settled, *self._nothing_assumed(less, spec), *self._consistent(more))
                yield self._law(search, "settled", spec.rule.id, goal, *self._added(less, more, None))

    def _law(
        self, search: Search, law: Literal["forbids", "unknown-is-not-safe", "settled"], of: str, *goals: Formula
    ) -> Law:
        begun = time.process_time()
        found = search.none(*goals, curved=True)
        outcome: Literal["proved", "not proved", "undecided"] = "undecided"
        if found is not None:
            outcome = "proved" if found else "not proved"
        return Law(law, of, outcome, time.process_time() - begun)

    def _acts(self, answer: SymbolicAnswer, target: str) -> Formula:
        return some(
            both(answer.rule(spec)[0].recommended, answer.rule(spec)[1][target].recommended)
            for spec in self._guideline.rules
            if any(t.target == target for t in spec.treatments)
        )

    def _added(self, less: SymbolicAnswer, more: SymbolicAnswer, only: frozenset[str] | None) -> Iterator[Formula]:
        """Return that both are one patient, of whom the second has facts on record that the first has not."""
        for name in sorted({*less.record.slots, *more.record.slots}):
            first, second = less.record.slot(name), more.record.slot(name)
            same = both(first.known == second.known, first.withheld == second.withheld)  # values are shared
            base = base_of(name)
            whole = less.record.slot(base), more.record.slot(base)
            absent = both(
                opposite(whole[0].known), opposite(whole[0].withheld), opposite(first.known), opposite(first.withheld)
            )
            may = (
                FALSE
                if name == "as_of" or (only is not None and base not in only)
                else both(absent, whole[1].known, opposite(less.certain.value(base).known))
            )
            yield either(same, may)
        yield less.arithmetic.ideal
        yield less.record.another_amount == more.record.another_amount

    def _consistent(self, answer: SymbolicAnswer) -> Iterator[Formula]:
        """Return that nothing on record contradicts anything or cannot be used."""
        for name in self._guideline.dictionary.facts:
            yield opposite(answer.certain.withheld(name))

    def _nothing_assumed(self, answer: SymbolicAnswer, spec: RuleSpec) -> Iterator[Formula]:
        for treatment in spec.treatments:
            for key, rule in self._guideline.contraindications.get(treatment.target, ()):
                if rule.if_unknown == "ignore":
                    yield opposite(answer.believed(key).unknown)

    def _asks_nothing(self, spec: RuleSpec) -> bool:
        """Say whether nothing that the rule rests on asks whether a fact is unknown."""
        keys = [spec.key]
        for treatment in spec.treatments:
            keys += [key for key, _ in self._guideline.contraindications.get(treatment.target, ())]
            keys += [a.key for a in (treatment.dose.adjustments if treatment.dose else ())]
        reads = frozenset().union(*(self._guideline.reads[key] for key in keys))
        for derivation in self._guideline.derivations:
            if derivation.fact in reads:
                keys += [branch.key for branch in derivation.branches if branch.key is not None]
                if any(isinstance(n, c.IsUnknown) for branch in derivation.branches for n in nodes(branch.value)):
                    return False
        return self._guideline.asks_null.keys().isdisjoint(keys)
