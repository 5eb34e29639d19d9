"""Whether the scenarios and cases of a pack notice mistakes in it: every mutant tried on those whom it can reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from cds_engine.bdd.trials import Trial, Trials
from cds_engine.checker.check import Checked
from cds_engine.diagnostics import Diagnostic
from cds_engine.engine.guide import LoadedPack
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.mutants.affected import affected_by
from cds_engine.proof.mutants.again import differing
from cds_engine.proof.mutants.distinguish import Distinguished, Distinguisher, Equivalent, Undecided
from cds_engine.proof.mutants.every import mutants_of
from cds_engine.proof.mutants.making import Maker
from cds_engine.proof.mutants.mutant import Mutant
from cds_engine.proof.mutants.reach import Reach, reach_of
from cds_engine.proof.replay import Patient

Fate = Literal["refused", "killed", "equivalent", "survived"]
WANTED = 0.95
"""The share of mutants that some patient can tell from the pack which must be noticed."""
MOST_SCENARIOS = 200
"""By how many scenarios at most, beside the cases."""
Progress = Callable[[int, int], None]
"""Told how many of how many mutants are done."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one mutant."""

    mutant: Mutant
    fate: Fate
    statements: tuple[str, ...] = ()
    """The statements whose answers it can change."""
    by: Trial | None = None
    """The scenario or case that noticed it."""
    reason: str = ""
    """Why the changed pack is refused, or why it survived."""
    patient: Patient | None = None
    """Of a survivor somebody who is answered otherwise."""
    guideline: Guideline | None = None
    """Of a survivor the changed guideline."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """What became of all mutants."""

    tried: tuple[Tried, ...]

    def count(self, fate: Fate) -> int:
        """Return how many mutants ended so."""
        return sum(found.fate == fate for found in self.tried)

    @property
    def survivors(self) -> tuple[Tried, ...]:
        """Those that nobody noticed, although a patient could."""
        return tuple(found for found in self.tried if found.fate == "survived")

    @property
    def scenarios(self) -> int:
        """How many scenarios were needed beside the cases."""
        return len({found.by.place for found in self.tried if found.by is not None and found.by.sort == "scenario"})

    @property
    def share(self) -> float:
        """The share of the mutants that are noticed, of all that some patient can tell from the pack; 1 of none."""
        killed, survived = self.count("killed"), self.count("survived")
        return killed / (killed + survived) if killed + survived else 1.0

    @property
    def is_enough(self) -> bool:
        """Whether so many mutants are noticed as must be, by no more scenarios than may be."""
        return self.share >= WANTED and self.scenarios <= MOST_SCENARIOS

    def by_kind(self) -> dict[str, Counter[str]]:
        """Return how mutants of each kind ended."""
        found: dict[str, Counter[str]] = {}
        for tried in self.tried:
            found.setdefault(tried.mutant.kind, Counter())[tried.fate] += 1
        return found


class Trying:
    """Tries the mutants of one pack on its scenarios and cases."""

    def __init__(self, checked: Checked, maker: Maker, trials: Trials) -> None:
        self._checked = checked
        self._maker = maker
        self._trials = tuple(trials)
        self._distinguisher: Distinguisher | None = None

    def run(self, sample: int = 1, progress: Progress | None = None) -> Mutation:
        """Try every mutant, or every *sample*-th."""
        mutants = mutants_of(self._checked)[::sample]
        tried = []
        for count, mutant in enumerate(mutants, 1):
            tried.append(self.try_out(mutant))
            if progress is not None:
                progress(count, len(mutants))
        return Mutation(tuple(tried))

    def try_out(self, mutant: Mutant) -> Tried:
        """Return what becomes of one mutant."""
        made = self._maker.make(mutant)
        if isinstance(made, Diagnostic):
            return Tried(mutant, "refused", reason=f"{made.code}: {made.message}")
        reach = reach_of(self._maker.guideline, made)
        affected = affected_by(reach, mutant, self._maker.guideline)
        pack = LoadedPack(made, {})
        for trial in self._candidates(reach, made, affected.names):
            if not trial.expectation.holds(pack):
                return Tried(mutant, "killed", affected.statements, by=trial)
        return self._not_noticed(mutant, made, reach, affected.statements)

    def _candidates(self, reach: Reach, made: Guideline, names: frozenset[str]) -> Iterator[Trial]:
        """List whose expectations a change may break: those first who speak of what it concerns."""
        old = self._maker.guideline
        possible = names | reach.could_name(old)
        concerned = [trial for trial in self._trials if not trial.names.isdisjoint(possible)]
        for speaks in (True, False):
            for trial in concerned:
                if trial.names.isdisjoint(names) is not speaks and reach.may_matter(trial.known, old):
                    otherwise = differing(trial.known, reach, made)
                    if not otherwise.isdisjoint(trial.names):
                        yield trial

    def _not_noticed(self, mutant: Mutant, made: Guideline, reach: Reach, statements: tuple[str, ...]) -> Tried:
        """Say whether anybody could have noticed a mutant, and who."""
        if self._distinguisher is None:
            self._distinguisher = Distinguisher(self._maker.guideline)
        match self._distinguisher.distinguish(made, reach):
            case Equivalent():
                return Tried(mutant, "equivalent", statements)
            case Distinguished(patient):
                reason = "no scenario or case has such a patient"
                return Tried(mutant, "survived", statements, None, reason, patient, made)
            case Undecided(reason):
                return Tried(mutant, "survived", statements, None, reason, None, made)
