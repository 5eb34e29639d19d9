"""What all resources of one answer share: the patient, the day, and how ids and names are made."""

from __future__ import annotations

from dataclasses import dataclass

from cds_engine.fhir.out import Json, identifier, patient_reference
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as it is told in FHIR."""

    answer: Evaluation
    guideline: Guideline

    @property
    def patient(self) -> Json | None:
        """The reference to the patient."""
        return patient_reference(self.answer.patient)

    @property
    def day(self) -> str | None:
        """The day of the answer."""
        return self.answer.as_of.isoformat() if self.answer.as_of else None

    def id(self, *parts: object) -> str:
        """Return the id of a part of this answer, the same whenever it is told."""
        return identifier(self.answer.pack.hash, self.answer.patient, self.answer.as_of, *parts)

    def called(self, drug: str | None, action: str | None) -> str:
        """Return the name of a medicine or an action as a person reads it."""
        known = self.guideline.pack.drugs.drugs.get(drug or "")
        return known.label if known else (drug or action or "").replace("_", " ")
