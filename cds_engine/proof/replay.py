"""One concrete patient, answered by the evaluator: what invariants say of him."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.checker.spoken import word
from cds_engine.engine.decisions import Decision, decide_rules
from cds_engine.engine.worlds import Worlds, worlds_of
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.doses import ComputedDose
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Unknown
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.patient.read import read_facts
from cds_engine.patient.record import Record
from cds_engine.patient.values import Known, Origin, Value
from cds_engine.proof.invariants import Promise

Patient = Mapping[str, object]
"""A patient as anybody sends one: `facts` and perhaps `as_of`."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What the evaluator makes of one patient."""

    guideline: Guideline
    worlds: Worlds
    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, guideline: Guideline, patient: Patient) -> Replay:
        """Answer one patient by the evaluator."""
        written = patient.get("as_of")
        as_of = date.fromisoformat(str(written)) if written is not None else None
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        return cls.of_record(guideline, read_facts(facts, guideline.dictionary, as_of), as_of)

    @classmethod
    def of_record(cls, guideline: Guideline, record: Record, as_of: date | None) -> Replay:
        """Answer one patient that was read already."""
        worlds = worlds_of(guideline, record, as_of, {})
        return cls(guideline, worlds, decide_rules(guideline, worlds))

    def meets(self, promise: Promise) -> bool:
        """Say whether the premise is true of this patient, in any reading of the record."""
        return any(decide(promise.premise, facts).truth is True for facts in self._readings(promise))

    def breaks(self, promise: Promise) -> bool:
        """Say whether the premise is true and the claim is not, in any reading of the record."""
        return any(
            decide(promise.premise, facts).truth is True and decide(promise.claim, facts).truth is not True
            for facts in self._readings(promise)
        )

    def said(self, promise: Promise) -> dict[str, Value | str]:
        """Return what the answer says of every name that a promise speaks of, facts as far as they are known."""
        found: dict[str, Value | str] = {}
        for name in dict.fromkeys([*names_in(promise.premise), *names_in(promise.claim)]):
            if name.endswith(".usable"):
                continue
            plain = name.removeprefix("perhaps.")
            value = self.worlds.certain.facts.value(plain) if plain != name or "." not in name else None
            spoken = self.spoken(name)
            found[name] = spoken if spoken is not None else value if value is not None else "unknown"
        return found

    def _readings(self, promise: Promise) -> Iterator[Facts]:
        """Return the facts that a promise is decided on: with what is answered, once for each reading."""
        names = {*names_in(promise.premise), *names_in(promise.claim)}
        certain = self.worlds.certain.facts
        spoken = {name: Known(value) for name in names if (value := self.spoken(name)) is not None}
        rereads = any(name.startswith("perhaps.") for name in names)
        for world in (self.worlds.certain, *(self.worlds.others if rereads else ())):
            perhaps = {
                name: Known(read)
                for name in names
                if name.startswith("perhaps.")
                and not isinstance(read := world.facts.look_up(name.removeprefix("perhaps.")), Unknown)
            }
            facts = Facts({**certain.known, **spoken, **perhaps}, certain.unknown, certain.as_of)
            facts.doubtful.update(certain.doubtful)
            yield facts

    def spoken(self, name: str) -> Value | None:
        """Return the value of a name that only invariants use; None for facts, and where there is none."""
        kind, _, rest = name.partition(".")
        match kind:
            case "acts":
                return any(True for _ in self._acting(rest))
            case "status":
                return self._decision(rest).status
            case "dose":
                drug, _, part = rest.rpartition(".")
                return self._dose(drug, part)
            case "chosen":
                decision = self._decision(rest)
                return decision.chosen.treatment.target if decision.status == "recommended" else None
            case "ready":
                rule, _, target = rest.rpartition(".")
                parts = self._decision(rule).treatments
                return any(p.status == "recommended" for p in parts if p.treatment.target == target)
            case "reason":
                return self.believes(f"contraindication {self._safety_id(rest)}")
            case "alert":
                return self.believes(next(key for key, alert in self.guideline.alerts if word(alert.id) == rest))
            case "unknown":
                return self.worlds.certain.facts.value(rest) is None
            case "withheld":
                return rest in self.worlds.withheld
            case "given":
                return self._is_given(rest)
            case _:
                return None

    def _decision(self, written: str) -> Decision:
        return next(d for d in self.decisions if word(d.spec.rule.id) == written)

    def _safety_id(self, written: str) -> str:
        pairs = (pair for found in self.guideline.contraindications.values() for pair in found)
        return next(rule.id for _, rule in pairs if word(rule.id) == written)

    def believes(self, key: str) -> bool:
        """Say whether a safety rule or alert is true of this patient in any reading of the record."""
        return self.worlds.believed(key)[0].truth is True

    def _is_given(self, name: str) -> bool:
        known = self.worlds.certain.facts.known.get(name)
        return known is not None and known.origin is Origin.GIVEN

    def _acting(self, target: str) -> Iterator[ComputedDose | None]:
        for decision in self.decisions:
            for part in decision.treatments:
                if decision.status == "recommended" == part.status and part.treatment.target == target:
                    yield part.dose

    def _dose(self, drug: str, part: str) -> Value | None:
        doses = [dose for dose in self._acting(drug) if dose is not None]
        if not doses:
            return None
        if part == "per":
            found = {str(dose.plan.per) for dose in doses}
            return found.pop() if len(found) == 1 else None
        if part == "high_per_basis":
            return max(d.high.final / ((d.basis or 1.0) * d.plan.basis_scale if d.basis else 1.0) for d in doses)
        return min(d.low.final for d in doses) if part == "low" else max(d.high.final for d in doses)
