"""Every invariant of a pack: proved for every patient, refuted by one, or undecided, which is a failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Formula, both, opposite
from cds_engine.backends.smt.search import Search
from cds_engine.backends.smt.spoken import speak
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.examples import examples_of, usual_values
from cds_engine.proof.invariants import Promise
from cds_engine.proof.polarity import needs_one_reading
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.smaller import smaller

Outcome = Literal["proved", "refuted", "undecided", "vacuous"]
SECONDS = 5.0
"""For one question to Z3."""
CANDIDATES = 40
"""How many candidates are replayed before a refutation counts as not shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one invariant."""

    promise: Promise
    outcome: Outcome
    single: bool
    """Proved only for records in which no fact has two readings."""
    patient: Patient | None
    """Of a refuted one who breaks it; of a proved one somebody of whom it speaks."""
    seconds: float


class Prover:
    """Proves the invariants of one pack."""

    def __init__(self, guideline: Guideline, promises: Sequence[Promise], seconds: float = SECONDS) -> None:
        self._guideline = guideline
        self._promises = promises
        self._seconds = seconds
        self._asked: dict[bool, tuple[SymbolicAnswer, Search]] = {}
        """The formula and who searches it; with True for records in which no fact has two readings."""
        self._usual = usual_values(guideline.pack.path)
        self._met: list[tuple[Patient, Replay]] = []
        """Patients seen before, who often show the next thing as well."""

    def _ask(self, *, single: bool) -> tuple[SymbolicAnswer, Search]:
        if single not in self._asked:
            conditions = [condition for p in self._promises for condition in (p.premise, p.claim)]
            answer = SymbolicAnswer(self._guideline, conditions, alone=single)
            speak(answer)
            self._asked[single] = answer, Search(answer, self._seconds, examples_of(self._guideline))
        return self._asked[single]

    @property
    def loose(self) -> list[str]:
        """What the proof only knows within bounds, in words."""
        return list(dict.fromkeys(word for answer, _ in self._asked.values() for word in answer.arithmetic.loose))

    def run(self) -> Iterator[Finding]:
        """Prove one after the other."""
        for promise in self._promises:
            yield self.prove(promise)

    def prove(self, promise: Promise) -> Finding:
        """Prove or refute one invariant."""
        begun = time.process_time()
        single = needs_one_reading(promise, self._guideline)
        answer, search = self._ask(single=single)
        premise, claim = answer.certain.truth(promise.premise), answer.certain.truth(promise.claim)
        broken = both(premise.yes, opposite(claim.yes))
        held = search.none(broken, curved=True)
        outcome: Outcome
        if held is True:
            patient = self._met_before(lambda replay: replay.meets(promise))
            patient = patient or self._shown(search, premise.yes, lambda replay: replay.meets(promise))
            empty = patient is None and search.none(premise.yes, curved=True) is True
            outcome = "proved" if patient is not None else "vacuous" if empty else "undecided"
        else:
            patient = self._shown(search, broken, lambda replay: replay.breaks(promise))
            patient = self._smaller(patient, lambda replay: replay.breaks(promise))
            outcome = "refuted" if patient is not None else "undecided"
        return Finding(promise, outcome, single, patient, time.process_time() - begun)

    def _met_before(self, shows: Callable[[Replay], bool]) -> Patient | None:
        """Return a patient seen before who shows it."""
        return next((patient for patient, replay in self._met if shows(replay)), None)

    def _shown(self, search: Search, goal: Formula, shows: Callable[[Replay], bool]) -> Patient | None:
        """Return a patient of whom the evaluator says the same."""
        for patient in islice(search.patients(goal), CANDIDATES):
            replay = Replay.of(self._guideline, patient)
            if shows(replay):
                self._met.append((patient, replay))
                return patient
        return None

    def _smaller(self, patient: Patient | None, shows: Callable[[Replay], bool]) -> Patient | None:
        """Return the patient with nothing on record that he does not need to show it."""
        if patient is None:
            return None
        return smaller(patient, lambda less: shows(Replay.of(self._guideline, less)), self._usual)
