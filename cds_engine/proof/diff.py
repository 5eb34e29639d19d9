"""What changed in meaning between two versions of a pack: for which patients a rule answers otherwise.

A rule that rests on nothing that was written otherwise is answered alike for every patient. Of each other it is asked
at once whether anybody is answered otherwise, then in which way, until nobody is left. Z3 is asked without the products
and roots of facts: a derived fact is any number in its range, one in each version, so that what it rules out is ruled
out; what it finds possible is told only with somebody whom the evaluator answers otherwise, or else as not settled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, Model, holds, opposite, some
from cds_engine.backends.smt.search import Search
from cds_engine.engine.what_if.case import as_far_as
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.describe import Cuts, Describer
from cds_engine.proof.examples import bases_of, examples_of
from cds_engine.proof.matters import cuts_of_alert, cuts_of_facts, cuts_of_rule
from cds_engine.proof.near import Near
from cds_engine.proof.replay import Patient
from cds_engine.proof.smaller import smaller
from cds_engine.proof.twice import Pool, Twice, Versions
from cds_engine.proof.ways import Way, alert_ways, alone, fact_apart, rule_ways
from cds_engine.proof.written import facts_changed, read_otherwise

CANDIDATES = 15
SECONDS = 7.0
"""Seconds of a processor for everything that is asked, rules and examples together."""
A_QUESTION, A_RULE = 1.0, 0.5
"""Seconds of it at most for one question to Z3, and at least for the examples of one rule."""
FOR_EXAMPLES, FOR_PROOFS = 0.5, 0.3
"""The share of a rule's time in which examples are looked for, and of all time what describing must leave."""
NOT_SETTLED = "not settled in the time: the evaluator answered nobody otherwise, nor is it proved that nobody is"
GONE = "no longer there"


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which a rule answers otherwise."""

    rule: str
    what: str
    """`recommended to blocked`, `the upper end of methotrexate`, `new rule`, ..."""
    whom: tuple[str, ...] | None
    """What is true of every patient whom it affects, as far as it matters; none where it affects everybody to whom it
    might matter, None where it was not found out."""
    patient: Patient | None
    """An example whom the evaluator confirms; None where what is in one version only was shown by nobody."""
    before: str
    after: str


class Difference:
    """Compares two versions, rule by rule, over all patients in whose record no fact has two readings.

    It ends after *seconds* of a processor, or soon after; what was not settled by then is `undecided`.
    """

    def __init__(self, old: Guideline, new: Guideline, seconds: float = SECONDS) -> None:
        self._packs: Versions = old, new
        self._end = self._until = time.process_time() + seconds
        self._for_proofs = FOR_PROOFS * seconds
        changed = facts_changed(old, new)
        self._old = SymbolicAnswer(old, new.conditions.values(), inner="old ", alone=True)
        beside: tuple[SymbolicAnswer, ...] = ()
        if changed:
            self._new = SymbolicAnswer(new, old.conditions.values(), inner="new ", alone=True)
            beside = (self._new,)
        else:
            self._new = self._old.answering(new)  # the same facts: what both versions say of them is one formula
        self._search = Search(self._old, A_QUESTION, examples_of(old), *beside)
        self._search.left = self._left
        self._ideal = self._old.arithmetic.ideal
        self._changed = frozenset(name for name in sorted(changed) if self._comes_out_otherwise(name))
        self._pool = Pool(self._packs, bases_of(old.pack.path))
        self._pool.add_near(Near(self._packs, self._changed, cuts_of_facts(old, self._changed)).of)
        self._for_rule = A_RULE
        self.undecided: list[str] = []

    def run(self, only: Container[str] | None = None) -> Iterator[Change]:
        """Compare rule by rule, all or *only* those named; one that gives nothing answers every patient as before."""
        old, new = ({spec.rule.id: spec for spec in pack.rules} for pack in self._packs)
        asked = [self._rule(rule, old.get(rule), new.get(rule)) for rule in _named({**old, **new}, only)]
        alerts = [{key: alert.id for key, alert in pack.alerts} for pack in self._packs]
        names = {**alerts[1], **alerts[0]}
        shown = _named(names.values(), only)
        asked += [
            self._alert(key, name, [key in own for own in alerts]) for key, name in names.items() if name in shown
        ]
        differing = [changes for changes in asked if changes is not None]
        for done, changes in enumerate(differing):
            self._for_rule = max(A_RULE, FOR_EXAMPLES * self._left() / (len(differing) - done))
            yield from changes

    @property
    def dictionary(self) -> list[str]:
        """The facts that the two versions read in different ways, such as another plausible range."""
        return read_otherwise(*self._packs)

    def _left(self) -> float:
        return min(self._end, self._until) - time.process_time()

    def _comes_out_otherwise(self, name: str) -> bool:
        """Say whether a fact may come out otherwise, asked once for all rules that read it."""
        if name in self.dictionary or name not in self._packs[1].dictionary.facts:
            return True
        goals = fact_apart(self._old, self._new, name)
        return not all(self._search.none(goal, self._ideal) for goal in goals)

    def _rule(self, rule: str, old: RuleSpec | None, new: RuleSpec | None) -> Iterator[Change] | None:
        """Return in what a rule differs, to be asked for; None where it rests on nothing that was written otherwise."""
        if old is None or new is None:
            return self._rule_alone(rule, old, new)
        cuts = cuts_of_rule(self._packs, old, new, self._changed)
        if cuts is None:
            return None
        versions = as_far_as(self._packs[0], old), as_far_as(self._packs[1], new)
        return self._told(rule, partial(rule_ways, self._old, self._new, old, new), cuts, versions)

    def _rule_alone(self, rule: str, old: RuleSpec | None, new: RuleSpec | None) -> Iterator[Change]:
        answer, spec = (self._old, old) if old is not None else (self._new, new)
        assert spec is not None  # noqa: S101 - it is in one of them
        what, ends = (GONE, ("recommended", "-")) if old is not None else ("new rule", ("-", "recommended"))
        way = alone(what, answer.rule(spec)[0].recommended, ends, lambda met: met.statuses(rule))
        yield self._confirmed(rule, way, self._packs) or Change(rule, what, None, None, *ends)

    def _alert(self, key: str, name: str, is_in: list[bool]) -> Iterator[Change] | None:
        if not all(is_in):
            return self._alert_alone(key, name, is_new=is_in[1])
        cuts = cuts_of_alert(self._packs, key, self._changed)
        if cuts is None:
            return None
        return self._told(name, partial(alert_ways, key, self._old, self._new), cuts, self._packs)

    def _alert_alone(self, key: str, name: str, *, is_new: bool) -> Iterator[Change]:
        answer = self._new if is_new else self._old
        what, ends = ("new alert", ("-", "shown")) if is_new else (f"alert {GONE}", ("shown", "-"))
        way = alone(what, answer.shows(key), ends, lambda met: met.alert(key))
        yield self._confirmed(name, way, self._packs) or Change(name, what, None, None, *ends)

    def _told(self, name: str, make: Callable[[], Iterable[Way]], cuts: Cuts, versions: Versions) -> Iterator[Change]:
        """Return every way in which somebody is answered otherwise, in order: nobody is in any other."""
        describer = Describer(self._old, cuts, self._search_for)
        near = Near(versions, self._changed, cuts)
        ways = list(make())
        found: dict[str, Change] = {}
        open_, unsettled = list(ways), list[str]()
        with self._search.together():
            while way := self._next(open_, unsettled):
                open_.remove(way)
                change = self._confirmed(name, way, versions, near)
                if change is not None:
                    found[way.what] = replace(change, whom=self._whom(describer, way))
                elif not self._is_nobody(way):
                    unsettled.append(way.what.replace("_", " "))
        if unsettled:
            self.undecided.append(f"{name}: may differ ({', '.join(unsettled)}), {NOT_SETTLED}")
        yield from (found[way.what] for way in ways if way.what in found)

    def _whom(self, describer: Describer, way: Way) -> tuple[str, ...] | None:
        """Return what is true of everybody whom a change affects, None where it was not found out in time."""
        if self._left() <= self._for_proofs:
            return None
        said = describer.whom(way.goal, way.among)
        return said if said or self._search_for(way.among, opposite(way.goal))[0] is False else None

    def _next(self, ways: list[Way], unsettled: list[str]) -> Way | None:
        """Return one in which somebody is or may be answered otherwise, None if nobody is or it is *unsettled*."""
        shown = next((way for way in ways if self._pool.least(way.shows)), None)
        if shown is not None or not ways:
            return shown
        found, model = self._search_for(some(way.goal for way in ways))
        if found is None:
            unsettled.append("in whatever way is not listed")
        if model is None:
            return None
        return next((way for way in ways if holds(model, way.goal)), ways[0])

    def _is_nobody(self, way: Way) -> bool:
        """Say whether it is proved, products and roots looked at, that nobody is there."""
        return self._search.none(way.goal, self._ideal, curved=True) is True

    def _search_for(self, *goals: Formula) -> tuple[bool | None, Model | None]:
        return self._search.some(*goals, self._ideal)

    def _confirmed(self, name: str, way: Way, versions: Versions, near: Near | None = None) -> Change | None:
        """Return a change with somebody who shows it and has nothing on record that he does not need to."""
        met = self._pool.least(way.shows) or self._looked_for(way, versions, near)
        if met is None:
            return None
        patient = smaller(met.patient, lambda less: way.shows(Twice.of(versions, less)))
        self._pool.add_with_examples(patient)
        return Change(name, way.what, None, patient, *way.said(Twice.of(versions, patient)))

    def _looked_for(self, way: Way, versions: Versions, near: Near | None) -> Twice | None:
        """Look for an example: among candidates of Z3, and among those who differ from them in what a fact rests on."""
        begun = time.process_time()
        self._until = begun + self._for_rule
        found = next(filter(way.shows, self._candidates(way, versions, near)), None)
        self._for_rule -= time.process_time() - begun
        self._until = self._end
        return None if found is None else self._pool.add(found.patient)

    def _candidates(self, way: Way, versions: Versions, near: Near | None) -> Iterator[Twice]:
        if self._left() <= 0:
            return
        for patient in islice(self._search.patients(way.goal, self._ideal), CANDIDATES):
            for candidate in (patient, *(near.of(patient) if near is not None else ())):
                if self._left() <= 0:
                    return
                yield Twice.of(versions, candidate)


def _named(names: Iterable[str], only: Container[str] | None) -> list[str]:
    return [name for name in dict.fromkeys(names) if only is None or name in only]
