"""The names that only invariants use, in the answer to one concrete patient; `checker.spoken` says what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import mul

from cds_engine.checker.spoken import word
from cds_engine.engine.decisions import Decision
from cds_engine.engine.questions import questions_of
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.doses import ComputedDose, displayed
from cds_engine.lowering.guideline import Guideline, times_a_day
from cds_engine.pack.statements import MODALITIES
from cds_engine.patient.values import Origin, Value


class Said:
    """What one answer says, by name."""

    def __init__(self, guideline: Guideline, worlds: Worlds, decisions: tuple[Decision, ...]) -> None:
        self._guideline = guideline
        self._worlds = worlds
        self._decisions = decisions
        self._kinds: Mapping[str, Callable[[str], Value | None]] = {
            "acts": self._acts,
            "waits": self._waits,
            "asks": self._asks,
            "status": lambda rule: self._decision(rule).status,
            "dose": self._dose,
            "chosen": self._chosen,
            "ready": self._ready,
            "reason": lambda rule: self._believes(f"contraindication {self._safety_id(rule)}"),
            "alert": self._alert,
            "unknown": lambda fact: worlds.certain.facts.value(fact) is None,
            "withheld": lambda fact: fact in worlds.withheld,
            "given": self._given,
            "strongest": self._strongest,
            "formula": self._formula,
        }

    def value(self, name: str) -> Value | None:
        """Return the value of a name; None for facts, and where there is none."""
        kind, _, rest = name.partition(".")
        says = self._kinds.get(kind)
        return None if says is None else says(rest)

    def _acts(self, target: str) -> bool:
        return any(True for _ in self._acting(target))

    def _waits(self, target: str) -> bool:
        parts = (part for found in self._decisions if found.status == "needs_data" for part in found.treatments)
        return any(part.status == "needs_data" for part in parts if part.treatment.target == target)

    def _asks(self, fact: str) -> bool:
        asked = questions_of(self._guideline, self._worlds, self._decisions, patient=False)
        return any(question.fact == fact for question in asked)

    def _chosen(self, rule: str) -> str | None:
        decision = self._decision(rule)
        return decision.chosen.treatment.target if decision.status == "recommended" else None

    def _ready(self, name: str) -> bool:
        rule, _, target = name.rpartition(".")
        parts = self._decision(rule).treatments
        return any(part.status == "recommended" for part in parts if part.treatment.target == target)

    def _alert(self, written: str) -> bool:
        return self._believes(next(key for key, alert in self._guideline.alerts if word(alert.id) == written))

    def _given(self, name: str) -> bool:
        known = self._worlds.certain.facts.known.get(name)
        return known is not None and known.origin is Origin.GIVEN

    def _strongest(self, origin: str) -> str | None:
        acting = (found.spec for found in self._decisions if found.status == "recommended")
        spoken = {spec.modality for spec in acting if spec.statement.origin == origin}
        return next((modality for modality in MODALITIES if modality in spoken), None)

    def _formula(self, fact: str) -> str | None:
        known = self._worlds.certain.facts.known.get(fact)
        return known.formula if known is not None else None

    def _decision(self, written: str) -> Decision:
        return next(decision for decision in self._decisions if word(decision.spec.rule.id) == written)

    def _safety_id(self, written: str) -> str:
        pairs = (pair for found in self._guideline.contraindications.values() for pair in found)
        return next(rule.id for _, rule in pairs if word(rule.id) == written)

    def _believes(self, key: str) -> bool:
        return self._worlds.believed(key)[0].truth is True

    def _acting(self, target: str) -> Iterator[ComputedDose | None]:
        for decision in self._decisions:
            for part in decision.treatments:
                if decision.status == "recommended" == part.status and part.treatment.target == target:
                    yield part.dose

    def _dose(self, name: str) -> Value | None:
        drug, _, part = name.rpartition(".")
        doses = [dose for dose in self._acting(drug) if dose is not None]
        if not doses:
            return None
        match part:
            case "per":
                found = {str(dose.plan.per) for dose in doses}
                return found.pop() if len(found) == 1 else None
            case "low":
                return min(d.low.final for d in doses)
            case "high":
                return max(d.high.final for d in doses)
            case "shown_low":
                return min(displayed(d.low.final, d.plan.cap) for d in doses)
            case "shown_high":
                return max(displayed(d.high.final, d.plan.cap) for d in doses)
            case "high_per_day":
                daily = [times for dose in doses if (times := times_a_day(dose.plan)) is not None]
                return max(map(mul, (d.high.final for d in doses), daily)) if len(daily) == len(doses) else None
            case "adjusted":
                return all(dose.applied for dose in doses)
            case _:
                return max(d.high.final / ((d.basis or 1.0) * d.plan.basis_scale if d.basis else 1.0) for d in doses)
