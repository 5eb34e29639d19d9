"""Patients answered by two versions of a pack: whoever shows one change often shows the next as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from cds_engine.engine.decisions import TreatmentDecision
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.replay import Patient, Replay, facts_of

CONTRADICTIONS = frozenset({"D108", "D112"})
"""The problems that say so: values of one fact that disagree, given or derived, and facts that exclude each other."""
Versions = tuple[Guideline, Guideline]
"""The old one and the new one, whole or as far as one rule goes."""


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
        return len(facts_of(self.patient))

    def statuses(self, rule: str) -> tuple[str, str]:
        """Return what became of a rule in both; `-` where it is not there."""
        return _status(self.before, rule), _status(self.after, rule)

    def contradicts_itself(self) -> tuple[str, str]:
        """Return whether the record contradicts itself, by both."""
        return _contradicts(self.before), _contradicts(self.after)

    def alert(self, key: str) -> tuple[str, str]:
        """Return whether an alert is shown in both; `-` where it is not there."""
        return _alert(self.before, key), _alert(self.after, key)

    def gets_alert(self, key: str) -> object:
        """Return where an alert is shown; None where it is in neither."""
        shown = self.alert(key)
        return shown if "shown" in shown else None

    def ready(self, rule: str) -> tuple[Ready | None, Ready | None]:
        """Return the treatments that a rule offers in both, in order; None where it is not recommended."""
        return _ready(self.before, rule), _ready(self.after, rule)

    def gets(self, rule: str) -> object:
        """Return what is ready by a rule in both; None where it is recommended in neither."""
        ready = self.ready(rule)
        return None if ready == (None, None) else tuple(None if one is None else tuple(one) for one in ready)

    def dose(self, rule: str, target: str, end: str) -> tuple[float | None, float | None]:
        """Return one end of a dose in both; None where it is not recommended."""
        return _dose(self.before, rule, target, end), _dose(self.after, rule, target, end)


Ready = Mapping[str, TreatmentDecision]
"""What a rule offers a patient, by drug or action."""
Shows = Callable[[Twice], bool]
"""Says whether a patient shows a change."""


class Pool:
    """The patients met so far, each with both answers."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._met: list[Twice] = []

    def __iter__(self) -> Iterator[Twice]:
        """List them all."""
        return iter(self._met)

    def add(self, patient: Patient) -> Twice:
        """Answer a patient by both versions and keep him."""
        found = Twice.of(self._versions, patient)
        self._met.append(found)
        return found

    def one_of_each(self, kind: Callable[[Twice], object]) -> list[Patient]:
        """Return of each kind the first patient; who is of none is left out."""
        return list({kind(met): met.patient for met in reversed(self._met) if kind(met) is not None}.values())

    def least(self, shows: Shows) -> Twice | None:
        """Return who shows a change with the least on record."""
        return min(filter(shows, self._met), key=lambda met: met.size, default=None)


def as_far_as_alert(guideline: Guideline, key: str) -> Guideline:
    """Return the guideline with only what one alert rests on, so that it answers quickly."""
    facts = as_far_as_facts(guideline)
    alerts = tuple(pair for pair in guideline.alerts if pair[0] == key)
    return replace(facts, conditions={**facts.conditions, key: guideline.conditions[key]}, alerts=alerts)


def as_far_as_facts(guideline: Guideline) -> Guideline:
    """Return the guideline with only what its facts are derived and contradicted by."""
    branches = {branch.key for derivation in guideline.derivations for branch in derivation.branches if branch.key}
    keys = branches.union(guideline.conflicts)
    conditions = {key: condition for key, condition in guideline.conditions.items() if key in keys}
    return replace(guideline, rules=(), conditions=conditions, alerts=(), order_reads=())


def _status(replay: Replay, rule: str) -> str:
    return next((d.status for d in replay.decisions if d.spec.rule.id == rule), "-")


def _contradicts(replay: Replay) -> str:
    is_so = any(problem.code in CONTRADICTIONS for problem in replay.worlds.problems)
    return "contradictory" if is_so else "not contradictory"


def _alert(replay: Replay, key: str) -> str:
    if key not in replay.guideline.conditions:
        return "-"
    return "shown" if replay.believes(key) else "not shown"


def _ready(replay: Replay, rule: str) -> Ready | None:
    for decision in replay.decisions:
        if decision.spec.rule.id == rule and decision.status == "recommended":
            return {part.treatment.target: part for part in decision.treatments if part.status == "recommended"}
    return None


def _dose(replay: Replay, rule: str, target: str, end: str) -> float | None:
    part = (_ready(replay, rule) or {}).get(target)
    if part is None or part.dose is None:
        return None
    return part.dose.low.final if end == "low" else part.dose.high.final
