"""One concrete patient, answered by the evaluator: what invariants say of him."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cds_engine.engine.decisions import Decision, decide_rules
from cds_engine.engine.worlds import Worlds, worlds_of
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Unknown
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.patient.read import read_facts
from cds_engine.patient.record import Record
from cds_engine.patient.values import Known, Value
from cds_engine.proof.invariants import Promise
from cds_engine.proof.said import Said

Patient = Mapping[str, object]
"""A patient as anybody sends one: `facts` and perhaps `as_of`."""


def facts_of(patient: Patient) -> Mapping[str, object]:
    """Return what is said of a patient."""
    facts = patient["facts"]
    assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
    return facts


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
        return cls.of_record(guideline, read_facts(facts_of(patient), guideline.dictionary, as_of), as_of)

    @classmethod
    def of_record(cls, guideline: Guideline, record: Record, as_of: date | None) -> Replay:
        """Answer one patient that was read already; every condition is decided in every reading of his record.

        An answer needs that of few conditions, but promises may speak of any fact that has several readings.
        """
        all_reread = replace(guideline, in_every_reading=frozenset(guideline.conditions))
        worlds = worlds_of(all_reread, record, as_of, {})
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
        return Said(self.guideline, self.worlds, self.decisions).value(name)

    def believes(self, key: str) -> bool:
        """Say whether a safety rule or alert is true of this patient in any reading of the record."""
        return self.worlds.believed(key)[0].truth is True
