"""What changed in meaning between two versions of a pack: for which patients a rule answers otherwise.

A rule that rests on nothing that was written otherwise is answered alike for every patient. Of each other all ways in
which anybody may be answered otherwise are settled first, then they are described, then the examples are made small:
when the time runs out, it is the words that are missing and not an answer.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, both, opposite
from cds_engine.backends.smt.points import Points
from cds_engine.backends.smt.reread import alike
from cds_engine.backends.smt.search import Search
from cds_engine.engine.what_if.case import as_far_as
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.describe import Describer
from cds_engine.proof.examples import examples_of, whole_bases_of
from cds_engine.proof.graft import Grafts, grafts_from
from cds_engine.proof.matters import cuts_of_alert, cuts_of_facts, cuts_of_rule
from cds_engine.proof.near import Near, middles, numbers_of
from cds_engine.proof.replay import Patient
from cds_engine.proof.settle import Asked, Settler
from cds_engine.proof.smaller import smaller
from cds_engine.proof.twice import Pool, Twice, Versions, as_far_as_alert, as_far_as_facts
from cds_engine.proof.variants import rewritten
from cds_engine.proof.way import Way
from cds_engine.proof.ways import alert_ways, alone, fact_apart, recipients, record_ways, rule_ways
from cds_engine.proof.written import contradicts_alike, facts_changed, read_otherwise

SECONDS = 8.0
"""Seconds of a processor for everything that is asked, rules and examples together."""
A_QUESTION = 1.0
"""Seconds of it at most for one question to Z3."""
FOR_WORDS, FOR_SMALL = 0.8, 0.9
"""The shares of all time after which changes are no longer described, and examples no longer made small: the last is
for settling alone."""
EXAMPLES = 3
"""Of how many known patients those near them are answered too."""
NOT_SETTLED = "not settled in the time: the evaluator answered nobody otherwise, nor is it proved that nobody is"
GONE = "no longer there"
RECORDS = "records"
"""Stands in place of a rule, for what is said of the records themselves."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which a rule answers otherwise."""

    rule: str
    what: str
    """`recommended to blocked`, `the upper end of methotrexate`, `new rule`, ..."""
    whom: tuple[str, ...] | None
    """What is true of every patient whom it affects, as far as it matters; none where nothing that can be said sets
    them apart, None where it was not found out."""
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
        begun = time.process_time()
        self._end = begun + seconds
        self._end_of_words, self._end_of_small = begun + FOR_WORDS * seconds, begun + FOR_SMALL * seconds
        changed = facts_changed(old, new)
        apart = frozenset(self.dictionary)
        self._old = SymbolicAnswer(old, new.conditions.values(), inner="old ", alone=True, apart=apart)
        beside: tuple[SymbolicAnswer, ...] = ()
        if changed:
            self._new = SymbolicAnswer(new, old.conditions.values(), inner="new ", alone=True, apart=apart)
            self._new.record.constraints += alike(self._old, self._new, self.dictionary)
            beside = (self._new,)
        else:
            self._new = self._old.answering(new)  # the same facts: what both versions say of them is one formula
        self._search = Search(self._old, A_QUESTION, examples_of(old), *beside)
        self._search.left = lambda: self._end - time.process_time()
        self._changed = frozenset(name for name in sorted(changed) if self._comes_out_otherwise(name))
        self._pool = Pool(self._packs)
        grafts = self._add_examples()
        others = partial(rewritten, self._packs, self.dictionary)
        self._settler = Settler(self._search, self._pool, self._points(grafts), others, grafts)
        self._among = self._used()
        self.undecided: list[str] = []
        self.compared: frozenset[str] = frozenset()
        """The rules, alerts and records that rest on something that was written otherwise, once it ran."""

    def run(self, only: Container[str] | None = None) -> Iterator[Change]:
        """Compare rule by rule, all or *only* those named; one that gives nothing answers every patient as before."""
        every = list(self._asked(only))
        self.compared = frozenset(asked.name for asked in every)
        self._settler.settle(every)
        for asked in every:
            if asked.unsettled:
                ways = ", ".join(way.replace("_", " ") for way in asked.unsettled)
                self.undecided.append(f"{asked.name}: may differ ({ways}), {NOT_SETTLED}")
        described = [self._described(asked) for asked in every]
        for asked, whom in zip(every, described, strict=True):
            yield from (self._change(asked, way, whom.get(way.what)) for way in asked.ways if way.what in asked.met)
            if asked.is_alone and not asked.met:
                way = asked.ways[0]
                yield Change(asked.name, way.what, None, None, *way.said(None))

    @property
    def dictionary(self) -> list[str]:
        """The facts that the two versions read in different ways, such as another plausible range."""
        return read_otherwise(*self._packs)

    def _used(self) -> Formula:
        """Return of whom rules are compared: of contradictory records only where what is contradictory changed."""
        ideal = self._old.arithmetic.ideal
        if not contradicts_alike(*self._packs):
            return ideal
        answers = (self._old, self._new) if self._changed else (self._old,)
        return both(ideal, *(opposite(answer.contradictory) for answer in answers))

    def _comes_out_otherwise(self, name: str) -> bool:
        """Say whether a fact may come out otherwise, asked once for all rules that read it."""
        if name in self.dictionary or name not in self._packs[1].dictionary.facts:
            return True
        goals = fact_apart(self._old, self._new, name)
        return not all(self._search.none(goal, self._old.arithmetic.ideal) for goal in goals)

    def _add_examples(self) -> Grafts:
        """Meet the known patients, and return what of them makes a changed fact come out otherwise."""
        old = self._packs[0]
        bases = whole_bases_of(old.pack.path)
        for facts in bases:
            self._pool.add({"facts": facts})
        for facts in bases[:EXAMPLES]:
            for patient in rewritten(self._packs, self.dictionary, {"facts": facts}):
                self._pool.add(patient)
        near = Near(self._packs, self._changed, cuts_of_facts(old, self._changed))
        return grafts_from(near, self._changed, bases)

    def _points(self, grafts: Grafts) -> Points | None:
        """Return where products and roots are worked out: at what the known patients have, and beside it."""
        known = [*whole_bases_of(self._packs[0].pack.path), *grafts.found]
        points = [*(numbers_of(facts, self._packs) for facts in known), *middles(self._packs)]
        distinct = dict.fromkeys(tuple(sorted(point.items())) for point in points)
        return Points((self._old, self._new), [dict(point) for point in distinct]) if any(distinct) else None

    # What is asked of each rule and alert

    def _asked(self, only: Container[str] | None) -> Iterator[Asked]:
        old, new = ({spec.rule.id: spec for spec in pack.rules} for pack in self._packs)
        for rule in _named({**old, **new}, only):
            asked = self._of_rule(rule, old.get(rule), new.get(rule))
            if asked is not None:
                yield asked
        if self._changed and (only is None or RECORDS in only):
            facts = as_far_as_facts(self._packs[0]), as_far_as_facts(self._packs[1])
            cuts = cuts_of_facts(self._packs[0], self._changed)
            ways, among = list(record_ways(self._old, self._new)), self._old.arithmetic.ideal
            yield Asked(RECORDS, ways, facts, among, cuts, gets=lambda _: RECORDS)
        alerts = [dict(pack.alerts) for pack in self._packs]
        for key, alert in {**alerts[1], **alerts[0]}.items():
            asked = self._of_alert(key, alert.id, [key in own for own in alerts])
            if asked is not None and (only is None or alert.id in only):
                yield asked

    def _of_rule(self, rule: str, old: RuleSpec | None, new: RuleSpec | None) -> Asked | None:
        """Return what is asked of a rule; None where it rests on nothing that was written otherwise."""
        if old is None or new is None:
            return self._of_rule_alone(rule, old, new)
        cuts = cuts_of_rule(self._packs, old, new, self._changed)
        if cuts is None:
            return None
        versions = as_far_as(self._packs[0], old), as_far_as(self._packs[1], new)
        ways = rule_ways(self._old, self._new, old, new)
        waits = ("needs_data", "needs_data")
        return Asked(
            rule, ways, versions, self._among, cuts,
            spoken_of=recipients(self._old, old),
            gets=partial(Twice.gets, rule=rule),
            is_waited_for=lambda met: met.statuses(rule) == waits,
        )  # fmt: skip

    def _of_rule_alone(self, rule: str, old: RuleSpec | None, new: RuleSpec | None) -> Asked:
        answer, spec = (self._old, old) if old is not None else (self._new, new)
        assert spec is not None  # noqa: S101 - it is in one of them
        what, ends = (GONE, ("recommended", "-")) if old is not None else ("new rule", ("-", "recommended"))
        way = alone(what, answer.rule(spec)[0].recommended, ends, lambda met: met.statuses(rule))
        return Asked(rule, [way], self._packs, self._among)

    def _of_alert(self, key: str, name: str, is_in: list[bool]) -> Asked | None:
        if not all(is_in):
            answer = self._new if is_in[1] else self._old
            what, ends = ("new alert", ("-", "shown")) if is_in[1] else (f"alert {GONE}", ("shown", "-"))
            return Asked(
                name, [alone(what, answer.shows(key), ends, lambda met: met.alert(key))], self._packs, self._among
            )
        cuts = cuts_of_alert(self._packs, key, self._changed)
        if cuts is None:
            return None
        old, new = (as_far_as_alert(version, key) for version in self._packs)
        ways, gets = list(alert_ways(key, self._old, self._new)), partial(Twice.gets_alert, key=key)
        return Asked(name, ways, (old, new), self._among, cuts, spoken_of=(self._old.shows(key),), gets=gets)

    # What was found, in words

    def _described(self, asked: Asked) -> dict[str, tuple[str, ...] | None]:
        """Return for each way what is true of everybody whom it affects, as far as there is time."""
        if asked.cuts is None:
            return {}
        found: dict[str, tuple[str, ...] | None] = {}
        with self._search.together():
            describer = Describer(self._old, asked.cuts, partial(self._search.some, self._old.arithmetic.ideal))
            for way in asked.ways:
                if way.what in asked.met and time.process_time() < self._end_of_words:
                    known = [*self._pool, *asked.tried, asked.met[way.what]]
                    found[way.what] = describer.whom(way, known, asked.models.get(way.what))
        return found

    def _change(self, asked: Asked, way: Way, whom: tuple[str, ...] | None) -> Change:
        met = asked.met[way.what]
        patient = smaller(met.patient, lambda less: self._is_in_time and way.shows(Twice.of(asked.versions, less)))
        return Change(asked.name, way.what, whom, patient, *way.said(Twice.of(asked.versions, patient)))

    @property
    def _is_in_time(self) -> bool:
        return time.process_time() < self._end_of_small


def _named(names: Iterable[str], only: Container[str] | None) -> list[str]:
    return [name for name in dict.fromkeys(names) if only is None or name in only]
