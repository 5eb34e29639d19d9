"""What changed in meaning between two versions of a pack: for which patients a rule answers otherwise."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import islice, product

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.doses import DoseEnds
from cds_engine.backends.smt.logic import Formula, both, either, opposite
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.search import Search
from cds_engine.engine.what_if.case import as_far_as
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.describe import Describer, cuts_of
from cds_engine.proof.examples import examples_of, usual_values
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.smaller import smaller
from cds_engine.proof.written import derive_alike, differing, read_otherwise

STATUSES = ("recommended", "needs_data", "blocked", "not_applicable")
SEEN = 1e-6
"""Doses that differ by less are the same."""
CANDIDATES = 15


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

    def __init__(self, old: Guideline, new: Guideline, seconds: float = 5.0) -> None:
        self._packs = old, new
        self._old = SymbolicAnswer(old, new.conditions.values(), inner="old ", alone=True)
        self._new = SymbolicAnswer(new, old.conditions.values(), inner="new ", alone=True)
        self._search = Search(self._old, seconds, examples_of(old), self._new)
        self._sides = [self._old.arithmetic.ideal]
        self._usual = usual_values(old.pack.path)
        self.undecided: list[str] = []

    def run(self, only: Container[str] | None = None) -> Iterator[Change]:
        """Compare rule by rule, all or *only* those named; one that gives nothing answers every patient as before."""
        old, new = ({spec.rule.id: spec for spec in pack.rules} for pack in self._packs)
        for rule in [*old, *(name for name in new if name not in old)]:
            if only is not None and rule not in only:
                continue
            if rule not in new:
                yield self._alone(self._old, old[rule], "no longer there")
            elif rule not in old:
                yield self._alone(self._new, new[rule], "new rule")
            elif self._may_differ(old[rule], new[rule]):
                yield from self._changes(old[rule], new[rule])
        yield from self._alerts(only)

    @property
    def dictionary(self) -> list[str]:
        """The facts that the two versions read in different ways, such as another plausible range."""
        return read_otherwise(*self._packs)

    def _alerts(self, only: Container[str] | None) -> Iterator[Change]:
        old, new = (dict(pack.alerts) for pack in self._packs)
        for key in dict.fromkeys([*old, *new]):
            name = (old.get(key) or new[key]).id
            if only is not None and name not in only:
                continue
            if key in old and key in new:
                conditions = [pack.conditions[key] for pack in self._packs]
                if conditions[0] == conditions[1] and derive_alike(*self._packs):
                    continue
                shown = [answer.shows(key) for answer in (self._old, self._new)]
                describer = Describer(self._old, cuts_of(conditions, (), self._packs[0]), self._holds_for_none)
                for goal, ends in (
                    (_only(*shown), ("shown", "not shown")),
                    (_only(*shown[::-1]), ("not shown", "shown")),
                ):
                    if self._holds_for_none(goal) is False:
                        yield self._alert_change(key, name, goal, ends, describer.whom(goal, either(*shown)))
            else:
                side = 0 if key in old else 1
                what = ("alert no longer there", "new alert")[side]
                goal = (self._old, self._new)[side].shows(key)
                found = self._found([goal], self._alerts_one(side, key))
                yield Change(name, what, (), found, *(("shown", "-"), ("-", "shown"))[side])

    def _alert_change(self, key: str, name: str, goal: Formula, ends: tuple[str, str], whom: tuple[str, ...]) -> Change:
        def shows(patient: Patient) -> bool:
            return tuple("shown" if said(key) else "not shown" for said in self._alerts_of(patient)) == ends

        return Change(name, f"alert {ends[0]} to {ends[1]}", whom, self._found([goal], shows), *ends)

    def _alerts_one(self, side: int, key: str) -> Callable[[Patient], bool]:
        return lambda patient: Replay.of(self._packs[side], patient).believes(key)

    def _alerts_of(self, patient: Patient) -> list[Callable[[str], bool]]:
        return [Replay.of(pack, patient).believes for pack in self._packs]

    def _alone(self, answer: SymbolicAnswer, spec: RuleSpec, what: str) -> Change:
        acts = answer.rule(spec)[0].recommended
        side = self._packs[0 if answer is self._old else 1]

        def shows(patient: Patient) -> bool:
            return _status(Replay.of(side, patient), spec.rule.id) == "recommended"

        found = self._found([acts], shows)
        before, after = ("recommended", "-") if answer is self._old else ("-", "recommended")
        return Change(spec.rule.id, what, (), found, before, after)

    def _may_differ(self, old: RuleSpec, new: RuleSpec) -> bool:
        """Say whether anything that the rule rests on was written otherwise; derived facts are looked at as well."""
        first, second = self._packs
        return differing(first, old, second, new) is not None

    def _changes(self, old: RuleSpec, new: RuleSpec) -> Iterator[Change]:
        conditions, plans = differing(self._packs[0], old, self._packs[1], new) or ([], [])
        first, second = self._old.rule(old)[0], self._new.rule(new)[0]
        describer = Describer(self._old, cuts_of([*conditions], plans, self._packs[0]), self._holds_for_none)
        applies = either(*(both(getattr(a, s)) for a in (first, second) for s in STATUSES[:3]))
        for before, after in product(STATUSES, STATUSES):
            if before != after:
                goal = both(getattr(first, before), getattr(second, after))
                if self._holds_for_none(goal) is False:
                    yield self._status_change(old.rule.id, goal, (before, after), describer.whom(goal, applies))
        for target, one, other in self._doses(old, new):
            ready = both(first.recommended, second.recommended, *(
                answer.rule(spec)[1][target].recommended for answer, spec in ((self._old, old), (self._new, new))
            ))  # fmt: skip
            for end, word in (("low", "lower"), ("high", "upper")):
                apart = getattr(one, end) - getattr(other, end)
                goal = both(ready, either(apart > rational(SEEN), apart < -rational(SEEN)))
                if self._holds_for_none(goal) is False:
                    yield self._dose_change(old.rule.id, target, end, word, goal, describer.whom(goal, ready))

    def _doses(self, old: RuleSpec, new: RuleSpec) -> Iterator[tuple[str, DoseEnds, DoseEnds]]:
        plans = {t.target: t.dose for t in new.treatments}
        for treatment in old.treatments:
            plan = plans.get(treatment.target)
            if treatment.dose and plan:
                yield treatment.target, self._old.dose(treatment.dose), self._new.dose(plan)

    def _status_change(self, rule: str, goal: Formula, ends: tuple[str, str], whom: tuple[str, ...]) -> Change:
        packs = self._as_far_as(rule)

        def shows(patient: Patient) -> bool:
            return all(_status(Replay.of(pack, patient), rule) == end for pack, end in zip(packs, ends, strict=True))

        return Change(rule, f"{ends[0]} to {ends[1]}", whom, self._found([goal], shows), *ends)

    def _dose_change(self, rule: str, target: str, end: str, word: str, goal: Formula, whom: tuple[str, ...]) -> Change:
        packs = self._as_far_as(rule)

        def ends(patient: Patient) -> list[float | None]:
            return [_dose(Replay.of(pack, patient), rule, target, end) for pack in packs]

        def shows(patient: Patient) -> bool:
            one, other = ends(patient)
            return one is not None and other is not None and abs(one - other) > SEEN

        found = self._found([goal], shows)
        before, after = (
            f"{value:.2f}" if value is not None else "-" for value in (ends(found) if found else (None, None))
        )
        return Change(rule, f"the {word} end of {target}", whom, found, before, after)

    def _as_far_as(self, rule: str) -> list[Guideline]:
        """Return both versions with only what one rule rests on, which answers a candidate several times faster."""
        specs = (next(spec for spec in pack.rules if spec.rule.id == rule) for pack in self._packs)
        return [as_far_as(pack, spec) for pack, spec in zip(self._packs, specs, strict=True)]

    def _holds_for_none(self, *goals: Formula) -> bool | None:
        found = self._search.none(both(*goals), *self._sides)
        if found is None:
            self.undecided.append("a question to Z3 was not answered in time")
        return found

    def _found(self, goals: list[Formula], shows: Callable[[Patient], bool]) -> Patient | None:
        candidates = islice(self._search.patients(*goals, *self._sides), CANDIDATES)
        found = next((patient for patient in candidates if shows(patient)), None)
        return None if found is None else smaller(found, shows, self._usual)


def _only(first: Formula, second: Formula) -> Formula:
    return both(first, opposite(second))


def _status(replay: Replay, rule: str) -> str | None:
    return next((d.status for d in replay.decisions if d.spec.rule.id == rule), None)


def _dose(replay: Replay, rule: str, target: str, end: str) -> float | None:
    for decision in replay.decisions:
        for part in decision.treatments if decision.spec.rule.id == rule else ():
            if part.treatment.target == target and part.dose is not None and decision.status == "recommended":
                return part.dose.low.final if end == "low" else part.dose.high.final
    return None
