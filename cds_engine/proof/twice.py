"""Patients answered by two versions of a pack: whoever shows one change often shows the next as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.replay import Patient, Replay

Versions = tuple[Guideline, Guideline]
"""The old one and the new one, whole or as far as one rule goes."""
MOST = 600
"""How many patients are kept."""
EXAMPLES = 3
"""Of how many examples those near them are answered too."""


@dataclass(frozen=True, slots=True)
class Twice:
    """One patient with what both versions answer."""

    patient: Patient
    before: Replay
    after: Replay

    @classmethod
    def of(cls, versions: Versions, patient: Patient) -> Twice:
        """Answer a patient by the evaluator, by both versions."""
        old, new = versions
        return cls(patient, Replay.of(old, patient), Replay.of(new, patient))

    @property
    def size(self) -> int:
        """How much is on record."""
        facts = self.patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        return len(facts)

    def statuses(self, rule: str) -> tuple[str, str]:
        """Return what became of a rule in both; `-` where it is not there."""
        return _status(self.before, rule), _status(self.after, rule)

    def alert(self, key: str) -> tuple[str, str]:
        """Return whether an alert is shown in both; `-` where it is not there."""
        return _alert(self.before, key), _alert(self.after, key)

    def dose(self, rule: str, target: str, end: str) -> tuple[float | None, float | None]:
        """Return one end of a dose in both; None where it is not recommended."""
        return _dose(self.before, rule, target, end), _dose(self.after, rule, target, end)


Shows = Callable[[Twice], bool]
"""Says whether a patient shows a change."""


class Pool:
    """The patients met so far, each with both answers."""

    def __init__(self, versions: Versions, examples: Sequence[Mapping[str, object]]) -> None:
        self._versions = versions
        self._examples = examples
        self._met: list[Twice] = []
        self._crossed: set[str] = set()
        for facts in examples:
            self.add({"facts": facts})

    def add(self, patient: Patient) -> Twice:
        """Answer a patient by both versions and keep him."""
        found = Twice.of(self._versions, patient)
        if len(self._met) < MOST:
            self._met.append(found)
        return found

    def add_with_examples(self, patient: Patient) -> None:
        """Keep each example with the facts of a patient in place of his own: for him other rules apply."""
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        key = str(sorted(facts.items(), key=str))
        if key not in self._crossed:
            self._crossed.add(key)
            for example in ({}, *self._examples):
                self.add({**patient, "facts": {**example, **facts}})

    def add_near(self, near: Callable[[Patient], Iterator[Patient]]) -> None:
        """Keep those near the examples whom a changed fact tells apart most likely."""
        for facts in self._examples[:EXAMPLES]:
            for patient in near({"facts": facts}):
                self.add(patient)

    def least(self, shows: Shows) -> Twice | None:
        """Return who shows a change with the least on record."""
        return min(filter(shows, self._met), key=lambda met: met.size, default=None)


def _status(replay: Replay, rule: str) -> str:
    return next((d.status for d in replay.decisions if d.spec.rule.id == rule), "-")


def _alert(replay: Replay, key: str) -> str:
    if key not in replay.guideline.conditions:
        return "-"
    return "shown" if replay.believes(key) else "not shown"


def _dose(replay: Replay, rule: str, target: str, end: str) -> float | None:
    for decision in replay.decisions:
        for part in decision.treatments if decision.spec.rule.id == rule else ():
            if part.treatment.target == target and part.dose is not None and decision.status == "recommended":
                return part.dose.low.final if end == "low" else part.dose.high.final
    return None
