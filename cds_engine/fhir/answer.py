"""An answer as FHIR: GuidanceResponse, RequestGroup with proposals, DetectedIssue, OperationOutcome in one Bundle.

Only what is `recommended` becomes a request, always as a proposal; what is blocked and what is alarming becomes a
DetectedIssue, what waits for data a data requirement. Nothing here decides anything.
"""

from __future__ import annotations

from cds_engine.fhir.issues import detected, outcome
from cds_engine.fhir.out import (
    Json,
    artifact,
    bundle,
    canonical,
    identifier,
    patient_reference,
    reference,
    without_empty,
)
from cds_engine.fhir.proposals import proposal
from cds_engine.fhir.requirements import requirement
from cds_engine.fhir.told import Told
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Choice, Recommendation


def answer_bundle(answer: Evaluation, guideline: Guideline) -> Json:
    """Return the answer to one patient as a Bundle; its first entry is the GuidanceResponse."""
    return bundle(_Answer(answer, guideline).resources())


def failure_bundle(guideline: Guideline, patient: str | None, reason: str) -> Json:
    """Return that there is no answer for a patient, and why: a GuidanceResponse `failure` with its OperationOutcome."""
    manifest, pack_hash = guideline.pack.manifest, guideline.pack.hash
    said = {
        "resourceType": "OperationOutcome",
        "id": identifier(pack_hash, patient, "failure", reason),
        "issue": [{"severity": "error", "code": "processing", "diagnostics": reason}],
    }
    response = without_empty(
        {
            "resourceType": "GuidanceResponse",
            "id": identifier(pack_hash, patient, "failure"),
            "moduleCanonical": f"{canonical(manifest.id)}|{manifest.version}",
            "status": "failure",
            "subject": patient_reference(patient),
            "evaluationMessage": [reference(said)],
        }
    )
    return bundle([response, said])


class _Answer:
    def __init__(self, answer: Evaluation, guideline: Guideline) -> None:
        self._told = Told(answer, guideline)
        self._answer = answer

    def resources(self) -> list[Json]:
        """List the resources, the GuidanceResponse first."""
        requests: list[Json] = []
        actions = [self._action(found, requests) for found in self._answer.recommended]
        issues, said = detected(self._told), outcome(self._told)
        group = self._group(actions, issues) if actions else None
        response = self._response(group, said)
        return [response, *([group] if group else []), *requests, *issues, *([said] if said else [])]

    # The whole

    def _response(self, group: Json | None, said: Json | None) -> Json:
        answer = self._answer
        return without_empty(
            {
                "resourceType": "GuidanceResponse",
                "id": self._told.id("GuidanceResponse"),
                "moduleCanonical": f"{canonical(answer.pack.id)}|{answer.pack.version}",
                "status": "data-required" if answer.needs_data else "success",
                "subject": self._told.patient,
                "occurrenceDateTime": self._told.day,
                "note": [{"text": words} for words in answer.notices],
                "evaluationMessage": [reference(said)] if said else [],
                "result": reference(group) if group else None,
                "dataRequirement": [
                    requirement(self._told.guideline.pack, question.fact) for question in answer.questions
                ],
            }
        )

    def _group(self, actions: list[Json], issues: list[Json]) -> Json:
        answer = self._answer
        critical = any(alert.severity == "critical" for alert in answer.alerts)
        return without_empty(
            {
                "resourceType": "RequestGroup",
                "id": self._told.id("RequestGroup"),
                "instantiatesUri": [f"{canonical(answer.pack.id)}|{answer.pack.version}"],
                "status": "draft",
                "intent": "proposal",
                "priority": "urgent" if critical else "routine",
                "subject": self._told.patient,
                "authoredOn": self._told.day,
                "note": [{"text": f"see also: {issue['detail']}"} for issue in issues if issue["severity"] == "high"],
                "action": actions,
            }
        )

    # What is proposed

    def _action(self, found: Recommendation, requests: list[Json]) -> Json:
        action: Json = {
            "id": found.rule,
            "title": found.text,
            "description": f"because {found.because.text}" if found.because else None,
            "textEquivalent": f"{found.modality}: {found.text}",
            "documentation": [artifact(citation) for citation in found.citations],
        }
        usable = [choice for choice in found.choices if choice.status == "recommended"]
        if not found.choices:
            requests.append(proposal(self._told, found, found.drug, found.action, found.dose))
            action["resource"] = reference(requests[-1])
        else:
            action["selectionBehavior"] = "all" if found.mode == "all_of" else "exactly-one"
            action["action"] = [self._choice(found, choice, requests) for choice in usable]
        return without_empty(action)

    def _choice(self, found: Recommendation, choice: Choice, requests: list[Json]) -> Json:
        requests.append(proposal(self._told, found, choice.drug, choice.action, choice.dose))
        return {"title": self._told.called(choice.drug, choice.action), "resource": reference(requests[-1])}
