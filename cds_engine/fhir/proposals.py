"""What is recommended as requests: drafts of intent proposal, which somebody has to make an order of."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.fhir.dosing import dosage
from cds_engine.fhir.out import Json, canonical, concept, text, without_empty
from cds_engine.fhir.told import Told
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Dose, Recommendation


def proposed_orders(answer: Evaluation, guideline: Guideline, found: Recommendation) -> list[Json]:
    """Return the orders that one recommendation of an answer proposes, each a resource of its own.

    Of several treatments those that nothing stands against, in the order of preference.
    """
    told = Told(answer, guideline)
    if not found.choices:
        return [proposal(told, found, found.drug, found.action, found.dose)]
    usable = [choice for choice in found.choices if choice.status == "recommended"]
    return [proposal(told, found, choice.drug, choice.action, choice.dose) for choice in usable]


def proposal(told: Told, found: Recommendation, drug: str | None, action: str | None, dose: Dose | None) -> Json:
    """Return a proposed order."""
    resource: Json = {
        "resourceType": "MedicationRequest" if drug else "ServiceRequest",
        "id": told.id(found.rule, drug, action),
        "instantiatesCanonical": [f"{canonical(told.answer.pack.id, 'rule', found.rule)}|{told.answer.pack.version}"],
        "status": "draft",
        "intent": "proposal",
        "subject": told.patient or {"display": "the patient"},
        "authoredOn": told.day,
        "reasonCode": [text(found.text)],
        "note": [{"text": words} for words in _remarks(found)],
    }
    if drug:
        codes = told.guideline.pack.drugs.drugs[drug].codes
        resource["medicationCodeableConcept"] = concept(told.called(drug, None), codes)
        resource["dosageInstruction"] = [dosage(dose, found.route)] if dose else []
    else:
        resource["code"] = text(told.called(None, action))
    return without_empty(resource)


def _remarks(found: Recommendation) -> Iterator[str]:
    """List what must be read with a proposal."""
    yield from (f"caution: {caution.text}" for caution in found.cautions)
    yield from (f"monitoring: {rule.text}" for rule in found.monitoring)
    yield from (f"measure: {test}" for test in found.measure)
    if found.uncited:
        yield "the text that this was taken from gives no source"
