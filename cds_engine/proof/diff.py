"""What changed in meaning between two versions of a pack: for which patients a rule answers otherwise.

Of each rule it is asked at once whether anybody is answered otherwise, then in which way, until nobody is left. Who
shows one change is tried for every other before another patient is looked for.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, some
from cds_engine.backends.smt.search import Search
from cds_engine.engine.what_if.case import as_far_as
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.describe import Cuts, Describer
from cds_engine.proof.examples import bases_of, examples_of
from cds_engine.proof.matters import cuts_of_alert, cuts_of_rule
from cds_engine.proof.replay import Patient
from cds_engine.proof.smaller import smaller
from cds_engine.proof.twice import Pool, Twice, Versions
from cds_engine.proof.ways import Way, alert_ways, alone, dose_ways, status_ways
from cds_engine.proof.written import read_otherwise

CANDIDATES = 15
FOR_EXAMPLES = 5.0
"""Seconds of a processor in which examples are looked for: what changed does not rest on them."""
GONE = "no longer there"


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which a rule answers otherwise."""

    rule: str
    what: str
    """`recommended to blocked`, `the upper end of methotrexate`, `new rule`, ..."""
    whom: tuple[str, ...]
    """What is true of every patient whom it affects, as far as it matters."""
    patient: Patient | None
    """An example whom the evaluator confirms; None where none was confirmed in the time."""
    before: str
    after: str


class Difference:
    """Compares two versions, rule by rule, over all patients in whose record no fact has two readings."""

    def __init__(self, old: Guideline, new: Guideline, seconds: float = 2.0) -> None:
        self._packs: Versions = old, new
        self._old = SymbolicAnswer(old, new.conditions.values(), inner="old ", alone=True)
        self._new = SymbolicAnswer(new, old.conditions.values(), inner="new ", alone=True)
        self._search = Search(self._old, seconds, examples_of(old), self._new)
        self._ideal = self._old.arithmetic.ideal
        self._pool = Pool(self._packs, bases_of(old.pack.path))
        self._left = FOR_EXAMPLES
        self.undecided: list[str] = []

    def run(self, only: Container[str] | None = None) -> Iterator[Change]:
        """Compare rule by rule, all or *only* those named; one that gives nothing answers every patient as before."""
        old, new = ({spec.rule.id: spec for spec in pack.rules} for pack in self._packs)
        for rule in dict.fromkeys([*old, *new]):
            if only is None or rule in only:
                yield from self._rule(rule, old.get(rule), new.get(rule))
        alerts = [{key: alert.id for key, alert in pack.alerts} for pack in self._packs]
        for key, name in {**alerts[1], **alerts[0]}.items():
            if only is None or name in only:
                yield from self._alert(key, name, [key in own for own in alerts])

    @property
    def dictionary(self) -> list[str]:
        """The facts that the two versions read in different ways, such as another plausible range."""
        return read_otherwise(*self._packs)

    def _rule(self, rule: str, old: RuleSpec | None, new: RuleSpec | None) -> Iterator[Change]:
        if old is None or new is None:
            answer, spec = (self._old, old) if old is not None else (self._new, new)
            assert spec is not None  # noqa: S101 - it is in one of them
            what, ends = (GONE, ("recommended", "-")) if old is not None else ("new rule", ("-", "recommended"))
            way = alone(what, answer.rule(spec)[0].recommended, ends, lambda met: met.statuses(rule))
            yield self._confirmed(rule, way, self._packs)
            return
        cuts = cuts_of_rule(self._packs, old, new)
        if cuts is not None:
            versions = as_far_as(self._packs[0], old), as_far_as(self._packs[1], new)
            ways = [
                *status_ways(self._old, self._new, old, new),
                *dose_ways(self._old, self._new, old, new),
            ]
            yield from self._told(rule, ways, cuts, versions)

    def _alert(self, key: str, name: str, is_in: list[bool]) -> Iterator[Change]:
        if not all(is_in):
            answer = self._old if is_in[0] else self._new
            what, ends = (f"alert {GONE}", ("shown", "-")) if is_in[0] else ("new alert", ("-", "shown"))
            yield self._confirmed(name, alone(what, answer.shows(key), ends, lambda met: met.alert(key)), self._packs)
            return
        cuts = cuts_of_alert(self._packs, key)
        if cuts is not None:
            yield from self._told(name, [*alert_ways(key, self._old, self._new)], cuts, self._packs)

    def _told(self, name: str, ways: list[Way], cuts: Cuts, versions: Versions) -> Iterator[Change]:
        """Return every way in which somebody is answered otherwise, in order: nobody is in any other."""
        describer = Describer(self._old, cuts, self._search_for)
        found: dict[str, Change] = {}
        open_ = list(ways)
        with self._search.together():
            while way := self._next(name, open_):
                open_.remove(way)
                if self._pool.least(way.shows) or self._is_possible(name, way):
                    change = self._confirmed(name, way, versions)
                    found[way.what] = replace(change, whom=describer.whom(way.goal, way.among))
        yield from (found[way.what] for way in ways if way.what in found)

    def _next(self, name: str, ways: list[Way]) -> Way | None:
        """Return one in which somebody is or may be answered otherwise, None if nobody is in any."""
        shown = next((way for way in ways if self._pool.least(way.shows)), None)
        if shown is not None or not ways:
            return shown
        found, model = self._search_for(some(way.goal for way in ways))
        if found is None:
            self.undecided.append(f"{name}: a question to Z3 was not answered in time")
        if model is None:
            return None
        return next((way for way in ways if z3.is_true(model.eval(way.goal, model_completion=True))), ways[0])

    def _is_possible(self, name: str, way: Way) -> bool:
        """Say whether somebody may be there, products and roots looked at; the evaluator is still to confirm it."""
        none = self._search.none(way.goal, self._ideal, curved=True)
        if none is None:
            self.undecided.append(f"{name}, {way.what}: a question to Z3 was not answered in time")
        return none is False

    def _search_for(self, *goals: Formula) -> tuple[bool | None, z3.ModelRef | None]:
        return self._search.some(*goals, self._ideal)

    def _confirmed(self, name: str, way: Way, versions: Versions) -> Change:
        """Return a change with somebody who shows it and has nothing on record that he does not need to."""
        met = self._pool.least(way.shows) or self._looked_for(way)
        if met is None:
            return Change(name, way.what, (), None, *way.said(None))
        patient = smaller(met.patient, lambda less: way.shows(Twice.of(versions, less)))
        self._pool.add_with_examples(patient)
        return Change(name, way.what, (), patient, *way.said(Twice.of(versions, patient)))

    def _looked_for(self, way: Way) -> Twice | None:
        """Look for an example, as long as there is time for any."""
        begun = time.process_time()
        met = None
        for patient in islice(self._search.patients(way.goal, self._ideal), CANDIDATES) if self._left > 0 else ():
            met = self._pool.add(patient)
            if way.shows(met) or time.process_time() - begun > self._left:
                break
        self._left -= time.process_time() - begun
        return met if met is not None and way.shows(met) else None
