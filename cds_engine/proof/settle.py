"""Every way in which one rule may be answered otherwise, settled: with somebody who shows it, or that nobody is there.

Known patients are tried first, and those whom a rule speaks of with what makes others show that a fact changed. Then Z3
is asked without the products and roots of facts, at given points first, where it knows what they come to. What it
rules out is ruled out; what it leaves possible is told only with somebody whom the evaluator answers otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, islice

from cds_engine.backends.smt.logic import Formula, Model, holds, opposite, some
from cds_engine.backends.smt.points import Points
from cds_engine.backends.smt.search import Search
from cds_engine.proof.describe import Cuts
from cds_engine.proof.graft import Grafts
from cds_engine.proof.replay import Patient, facts_of
from cds_engine.proof.twice import Pool, Shows, Twice, Versions
from cds_engine.proof.way import Way

ROUNDS = 3
"""How many patients of Z3 are tried where products and roots matter."""
CANDIDATES = 15
"""How many are tried last: one may lie where a date or the rounding of a number makes another of him."""
FOR_CANDIDATES = 0.5
"""The share of the time that must be left then: with large formulas each takes long to find."""


@dataclass(slots=True)
class Asked:
    """One rule or alert: in which ways it may be answered otherwise, and what was found."""

    name: str
    ways: list[Way]
    versions: Versions
    """As far as they bear on it."""
    among: Formula
    """Of whom it is settled; who is known to show a way shows it wherever he is."""
    cuts: Cuts | None = None
    """The facts that matter; None where it is in one version only."""
    spoken_of: Sequence[Formula] = ()
    """Sorts of patients whom it speaks of: each who gets something else of it."""
    gets: Callable[[Twice], object] = lambda _: None
    """What somebody gets of it; None who gets nothing of it."""
    is_waited_for: Shows = lambda _: False
    """Says whether it waits for something."""
    met: dict[str, Twice] = field(default_factory=dict)
    """For each way somebody who shows it."""
    tried: list[Twice] = field(default_factory=list)
    """Everybody who was answered for it."""
    models: dict[str, Model] = field(default_factory=dict)
    """Whom Z3 found, where it was Z3 who found somebody."""
    unsettled: list[str] = field(default_factory=list)

    @property
    def is_alone(self) -> bool:
        """Whether the rule or alert is in one version only."""
        return self.cuts is None


class Settler:
    """Settles ways, one rule after the other."""

    def __init__(
        self,
        search: Search,
        pool: Pool,
        points: Points | None,
        others: Callable[[Patient], Iterable[Patient]],
        grafts: Grafts,
    ) -> None:
        self._search = search
        self._pool = pool
        self._others = others
        """Lists a patient with facts written so that the versions may read them otherwise."""
        self._points = points
        """Where products and roots are known; None where none matters."""
        self._grafts = grafts
        """What makes a changed fact come out otherwise."""

    def settle(self, every: Iterable[Asked]) -> None:
        """Find for every way somebody who shows it, or that nobody is there, or leave it unsettled.

        What Z3 knows at once comes first, for every rule; then what takes products and roots, then more patients.
        """
        enough = self._search.left() * FOR_CANDIDATES
        left = [(asked, possible) for asked in every if (possible := self._possible(asked))]
        for asked, possible in left:
            with self._search.together():
                for way in possible:
                    is_open = way.what not in asked.met and not self._is_shown_at_a_point(asked, way)
                    if is_open and not self._is_nobody(asked, way):
                        asked.unsettled.append(way.what)
        for asked, possible in left:
            unsettled = [way for way in possible if way.what in asked.unsettled]
            asked.unsettled = [
                way.what
                for way in unsettled
                if self._search.left() < enough or not self._is_shown_by_a_candidate(asked, way)
            ]

    def _possible(self, asked: Asked) -> list[Way]:
        """Meet who shows a way at once, and return the other ways that Z3 does not rule out."""
        for way in asked.ways:
            known = self._pool.least(way.shows)
            if known is not None:
                asked.met[way.what] = known
        with self._search.together():
            sources: tuple[Iterable[Patient], ...] = (self._pool.one_of_each(asked.gets), self._groups(asked))
            for patients in map(list, sources):
                for instead_of in self._grafts.instead_of:
                    self._graft(asked, patients, instead_of)
                    if self._is_nobody_left(asked):
                        return []
            at_points = [] if self._points is None else [self._points.known]
            self._graft(asked, self._groups(asked, *at_points), self._grafts.instead_of[0])
            self._look(asked, self._search.plain(), *at_points)
            possible = self._look(asked)
            for beside in ([self._search.undated()], []) if possible else ():
                self._look(asked, *beside, *at_points)
            return [way for way in possible if way.what not in asked.met]

    def _is_nobody_left(self, asked: Asked) -> bool:
        """Say whether Z3 knows that nobody shows any of the ways that are open."""
        open_ = some(way.goal for way in asked.ways if way.what not in asked.met)
        return self._search.some(open_, asked.among)[0] is False

    def _groups(self, asked: Asked, *beside: Formula) -> Iterator[Patient]:
        """List whom Z3 finds among those of whom a rule speaks, one of each group."""
        for group in asked.spoken_of:
            model = self._search.some(group, self._search.plain(), *beside)[1]
            if model is not None:
                yield next(self._search.read(model))

    def _graft(self, asked: Asked, patients: Iterable[Patient], instead_of: AbstractSet[str]) -> None:
        """Meet patients with what makes others show that a fact changed, until each way has somebody."""
        for patient in patients if self._grafts.found else ():
            for one in (patient, *self._lacking(asked, patient)):
                for grafted in self._grafts.on(one, instead_of):
                    if len(asked.met) == len(asked.ways):
                        return
                    self._shows(asked, grafted)

    def _lacking(self, asked: Asked, patient: Patient) -> Iterator[Patient]:
        """List a patient without the first fact that he cannot do without to get what he gets."""
        facts = facts_of(patient)
        for name in (name for name in facts if name not in self._grafts.instead_of[1]):
            less = {**patient, "facts": {other: value for other, value in facts.items() if other != name}}
            if asked.is_waited_for(Twice.of(asked.versions, less)):
                yield less
                return

    def _look(self, asked: Asked, *beside: Formula) -> list[Way]:
        """Ask Z3 for somebody in any way that is open until there is nobody; return the ways that stay possible."""
        possible: list[Way] = []
        while open_ := [way for way in asked.ways if way.what not in asked.met and way not in possible]:
            found, model = self._search.some(some(way.goal for way in open_), asked.among, *beside)
            if found is False:
                break
            if model is None:
                return [*possible, *open_]
            if not self._meets(asked, self._search.read(model), model):
                possible += [way for way in open_ if holds(model, way.goal)] or open_
        return possible

    def _meets(self, asked: Asked, patients: Iterable[Patient], model: Model | None = None) -> bool:
        """Say whether one of these patients, as he is or rewritten, shows a way that was open, and keep him."""
        rewritten = chain.from_iterable((found, *self._others(found)) for found in patients)
        return any(self._shows(asked, patient, model) for patient in rewritten)

    def _shows(self, asked: Asked, patient: Patient, model: Model | None = None) -> bool:
        """Say whether a patient shows a way that was open, and keep him; nobody does when the time is over."""
        if self._search.left() <= 0:
            return False
        met = Twice.of(asked.versions, patient)
        asked.tried.append(met)
        shown = [way.what for way in asked.ways if way.what not in asked.met and way.shows(met)]
        asked.met |= dict.fromkeys(shown, met)
        if model is not None:
            asked.models |= dict.fromkeys(shown, model)
        return bool(shown)

    def _is_nobody(self, asked: Asked, way: Way) -> bool:
        """Say whether it is proved, products and roots looked at, that nobody is there."""
        return self._search.none(way.goal, asked.among, curved=True) is True

    def _is_shown_at_a_point(self, asked: Asked, way: Way) -> bool:
        """Ask for somebody anywhere, and again where he is: there it is known what products and roots come to."""
        beside: list[Formula] = []
        for _ in range(ROUNDS):
            model = self._search.some(way.goal, asked.among, *beside)[1]
            if model is None or self._points is None:
                return False
            at = self._points.of(model)
            model = self._search.some(way.goal, asked.among, at)[1]
            if model is not None and self._meets(asked, self._search.read(model), model) and way.what in asked.met:
                return True
            beside.append(opposite(at))
        return False

    def _is_shown_by_a_candidate(self, asked: Asked, way: Way) -> bool:
        """Try the simplest patients of Z3, without dates and near known ones first."""
        candidates = islice(self._search.patients(way.goal, asked.among), CANDIDATES)
        return way.what in asked.met or any(
            self._meets(asked, [patient]) and way.what in asked.met for patient in candidates
        )
