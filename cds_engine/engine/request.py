"""What is asked of a pack about one patient: kept as it was sent, so that the same can be asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_engine.diagnostics import InputError
from cds_engine.engine.guide import LoadedPack
from cds_engine.fhir.record import is_fhir
from cds_engine.results.evaluation import Evaluation


@dataclass(frozen=True, slots=True)
class Request:
    """A patient as sent, with the wishes of whoever asks."""

    patient: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    """Facts, a whole patient, or a FHIR record: a Bundle, or the resources of one patient."""
    as_of: date | None = None
    """The day of the answer; None: the one that the patient names, if any."""
    audience: str | None = None
    """For whom it is worded; None: the audience that the patient names, or clinicians."""
    period: str | None = None
    """For FHIR records alone: the period that entries are held against."""
    minimum_review: str | None = None
    orders: Sequence[Mapping[str, Any]] = ()
    """Prescriptions beside the patient: of a FHIR record MedicationRequests that are about to be signed."""

    @property
    def is_fhir(self) -> bool:
        """Whether the patient is a FHIR record."""
        return not isinstance(self.patient, Mapping) or is_fhir(self.patient)

    def ask(self, pack: LoadedPack) -> Evaluation:
        """Return the answer of *pack*.

        Raises:
            InputError: If the patient is none, or a wish cannot be met.
            EngineDisagreement: If the engines differ: then there is no answer.
        """
        if not isinstance(self.patient, Mapping) or is_fhir(self.patient):
            return pack.evaluate_fhir(
                self.patient,
                as_of=self.as_of,
                period=self.period,
                orders=self.orders,
                audience=self.audience or "clinician",
                minimum_review=self.minimum_review,
            )
        if self.period is not None:
            raise InputError(
                "`period` is for patients from FHIR; this one has facts of its own, give the days as facts"
            )
        patient = _for_audience(self.patient, self.audience)
        return pack.evaluate(patient, orders=self.orders, as_of=self.as_of, minimum_review=self.minimum_review)


def _for_audience(patient: Mapping[str, Any], audience: str | None) -> Mapping[str, Any]:
    """Return the patient with the audience that was asked for in place of its own."""
    if audience is None:
        return patient
    whole = patient if "facts" in patient else {"facts": patient}
    return {**whole, "audience": audience}
