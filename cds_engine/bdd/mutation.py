"""Whether the scenarios and cases of a pack notice mistakes in it: every mutant held against those whom it can reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from cds_engine.bdd.trials import Trial, Trials
from cds_engine.diagnostics import Diagnostic
from cds_engine.engine.guide import LoadedPack
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.mutants.affected import affected_by
from cds_engine.proof.mutants.again import differing
from cds_engine.proof.mutants.making import Maker
from cds_engine.proof.mutants.mutant import Mutant
from cds_engine.proof.mutants.reach import Reach, reach_of

Fate = Literal["refused", "killed", "survived"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one mutant."""

    mutant: Mutant
    fate: Fate
    by: Trial | Diagnostic | None
    """Which scenario or case noticed it, or why the changed pack is not loaded."""
    statements: tuple[str, ...]
    """The statements whose answers it can change."""


class Trying:
    """Tries mutants of one pack on its scenarios and cases."""

    def __init__(self, maker: Maker, trials: Trials) -> None:
        self._maker = maker
        self._trials = tuple(trials)

    def try_out(self, mutant: Mutant) -> tuple[Tried, Guideline | None]:
        """Return what becomes of a mutant, and its guideline where there is one."""
        made = self._maker.make(mutant)
        if isinstance(made, Diagnostic):
            return Tried(mutant, "refused", made, ()), None
        old = self._maker.guideline
        reach = reach_of(old, made)
        affected = affected_by(reach, mutant, old)
        pack = LoadedPack(made, {})
        for trial in self._candidates(reach, made, affected.names):
            if not trial.expectation.holds(pack):
                return Tried(mutant, "killed", trial, affected.statements), made
        return Tried(mutant, "survived", None, affected.statements), made

    def _candidates(self, reach: Reach, made: Guideline, names: frozenset[str]) -> Iterator[Trial]:
        """List whose expectations a change may break: those first who speak of what it concerns."""
        for speaks in (True, False):
            for trial in self._trials:
                if trial.names.isdisjoint(names) is not speaks and reach.may_matter(trial.known, self._maker.guideline):
                    otherwise = differing(trial.known, reach, made)
                    if not otherwise.isdisjoint(trial.names):
                        yield trial
