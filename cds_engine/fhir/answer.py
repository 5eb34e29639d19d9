"""An answer as FHIR: GuidanceResponse, RequestGroup with proposals, DetectedIssue, OperationOutcome in one Bundle.

Only what is `recommended` becomes a request, always as a proposal; what is blocked and what is alarming becomes a
DetectedIssue, what waits for data a data requirement. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.fhir.dosing import dosage
from cds_engine.fhir.elements import CODE
from cds_engine.fhir.out import (
    Json,
    artifact,
    bundle,
    canonical,
    coding,
    concept,
    identifier,
    patient_reference,
    reference,
    text,
    without_empty,
)
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Choice, Citation, Dose, Reason, Recommendation

_SEVERITY = {"critical": "high", "warning": "moderate", "info": "low"}


def answer_bundle(answer: Evaluation, guideline: Guideline) -> Json:
    """Return the answer to one patient as a Bundle; its first entry is the GuidanceResponse."""
    return bundle(_Answer(answer, guideline).resources())


def proposed_orders(answer: Evaluation, guideline: Guideline, found: Recommendation) -> list[Json]:
    """Return the orders that one recommendation of an answer proposes, each a resource of its own.

    Of several treatments those that nothing stands against, in the order of preference.
    """
    maker = _Answer(answer, guideline)
    if not found.choices:
        return [maker.proposal(found, found.drug, found.action, found.dose)]
    usable = [choice for choice in found.choices if choice.status == "recommended"]
    return [maker.proposal(found, choice.drug, choice.action, choice.dose) for choice in usable]


def failure_bundle(guideline: Guideline, patient: str | None, reason: str) -> Json:
    """Return that there is no answer for a patient, and why: a GuidanceResponse `failure` with its OperationOutcome."""
    manifest, pack_hash = guideline.pack.manifest, guideline.pack.hash
    outcome = {
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
            "evaluationMessage": [reference(outcome)],
        }
    )
    return bundle([response, outcome])


class _Answer:
    def __init__(self, answer: Evaluation, guideline: Guideline) -> None:
        self._answer = answer
        self._guideline = guideline
        self._patient = patient_reference(answer.patient)
        self._day = answer.as_of.isoformat() if answer.as_of else None

    def resources(self) -> list[Json]:
        """List the resources, the GuidanceResponse first."""
        requests: list[Json] = []
        actions = [self._action(found, requests) for found in self._answer.recommended]
        issues = list({issue["id"]: issue for issue in self._issues()}.values())
        outcome = self._outcome()
        group = self._group(actions, issues) if actions else None
        response = self._response(group, outcome)
        return [response, *([group] if group else []), *requests, *issues, *([outcome] if outcome else [])]

    def _id(self, *parts: object) -> str:
        answer = self._answer
        return identifier(answer.pack.hash, answer.patient, answer.as_of, *parts)

    # The whole

    def _response(self, group: Json | None, outcome: Json | None) -> Json:
        answer = self._answer
        return without_empty(
            {
                "resourceType": "GuidanceResponse",
                "id": self._id("GuidanceResponse"),
                "moduleCanonical": f"{canonical(answer.pack.id)}|{answer.pack.version}",
                "status": "data-required" if answer.needs_data else "success",
                "subject": self._patient,
                "occurrenceDateTime": self._day,
                "note": [{"text": words} for words in answer.notices],
                "evaluationMessage": [reference(outcome)] if outcome else [],
                "result": reference(group) if group else None,
                "dataRequirement": [self._requirement(question.fact) for question in answer.questions],
            }
        )

    def _requirement(self, fact: str) -> Json:
        """Return what has to be known, by the first selection of its mapping; the codes of it are alternatives."""
        pack = self._guideline.pack
        entry = pack.facts.facts.get(fact)
        mapped = pack.fhir.facts.get(fact) if pack.fhir else None
        named: Json = {"display": entry.label if entry else fact}
        if mapped is None or pack.fhir is None:
            codes = [coding(code) for code in entry.codes] if entry else []
            return {"type": "Observation", "codeFilter": [{"path": "code", "code": codes or [named]}]}
        asked = mapped.entries[0]
        if asked.element is not None:
            return {"type": asked.resource, "mustSupport": [asked.element.partition("[")[0]]}
        listed = [{"system": code.system, "code": code.code} for code in asked.codes]
        sets = [pack.fhir.value_sets[name] for name in asked.value_sets]
        listed += [{"system": code.system, "code": code.code} for one in sets for code in one.codes]
        if not asked.codes and not asked.value_sets and not asked.any_code and entry is not None:
            listed = [coding(code) for code in entry.codes]
        by_name = [one.url or f"urn:oid:{one.oid}" for one in sets if not one.codes]
        path = {"path": CODE.get(asked.resource, "code")}
        filters = [{**path, "code": listed or [named]}] if listed or not by_name else []
        return {"type": asked.resource, "codeFilter": filters + [{**path, "valueSet": name} for name in by_name]}

    def _group(self, actions: list[Json], issues: list[Json]) -> Json:
        answer = self._answer
        critical = any(alert.severity == "critical" for alert in answer.alerts)
        return without_empty(
            {
                "resourceType": "RequestGroup",
                "id": self._id("RequestGroup"),
                "instantiatesUri": [f"{canonical(answer.pack.id)}|{answer.pack.version}"],
                "status": "draft",
                "intent": "proposal",
                "priority": "urgent" if critical else "routine",
                "subject": self._patient,
                "authoredOn": self._day,
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
            requests.append(self.proposal(found, found.drug, found.action, found.dose))
            action["resource"] = reference(requests[-1])
        else:
            action["selectionBehavior"] = "all" if found.mode == "all_of" else "exactly-one"
            action["action"] = [self._choice(found, choice, requests) for choice in usable]
        return without_empty(action)

    def _choice(self, found: Recommendation, choice: Choice, requests: list[Json]) -> Json:
        requests.append(self.proposal(found, choice.drug, choice.action, choice.dose))
        return {"title": self._called(choice.drug, choice.action), "resource": reference(requests[-1])}

    def proposal(self, found: Recommendation, drug: str | None, action: str | None, dose: Dose | None) -> Json:
        """Return a proposed order."""
        resource: Json = {
            "resourceType": "MedicationRequest" if drug else "ServiceRequest",
            "id": self._id(found.rule, drug, action),
            "instantiatesCanonical": [
                f"{canonical(self._answer.pack.id, 'rule', found.rule)}|{self._answer.pack.version}"
            ],
            "status": "draft",
            "intent": "proposal",
            "subject": self._patient or {"display": "the patient"},
            "authoredOn": self._day,
            "reasonCode": [text(found.text)],
            "note": [{"text": words} for words in self._remarks(found)],
        }
        if drug:
            codes = self._guideline.pack.drugs.drugs[drug].codes
            resource["medicationCodeableConcept"] = concept(self._called(drug, None), codes)
            resource["dosageInstruction"] = [dosage(dose, found.route)] if dose else []
        else:
            resource["code"] = text(self._called(None, action))
        return without_empty(resource)

    def _remarks(self, found: Recommendation) -> Iterator[str]:
        """List what must be read with a proposal."""
        yield from (f"caution: {caution.text}" for caution in found.cautions)
        yield from (f"monitoring: {rule.text}" for rule in found.monitoring)
        yield from (f"measure: {test}" for test in found.measure)
        if found.uncited:
            yield "the text that this was taken from gives no source"

    def _called(self, drug: str | None, action: str | None) -> str:
        known = self._guideline.pack.drugs.drugs.get(drug or "")
        return known.label if known else (drug or action or "").replace("_", " ")

    # What is dangerous

    def _issues(self) -> Iterator[Json]:
        for alert in self._answer.alerts:
            about = self._called(alert.drug, None)
            yield self._issue(alert.severity, alert.text, alert.citations, about, "alert", alert.rule)
        for found in self._answer.blocked:
            target = self._called(found.drug, found.action)
            for reason in found.blocked_by:
                about = self._called(reason.target, None) or target
                yield self._contraindication(reason, about, reason.target)
            for choice in found.choices:
                for reason in choice.blocked_by:
                    about = self._called(choice.drug, choice.action)
                    yield self._contraindication(reason, about, choice.drug, choice.action)
        for screened in self._answer.screened:
            for finding in screened.findings:
                words = f"{finding.order}: {finding.text}"
                order = finding.order
                yield self._issue(finding.severity, words, finding.citations, order, "order", finding.rule, order)

    def _contraindication(self, reason: Reason, about: str, *where: object) -> Json:
        words = f"contraindicated: {about}: {reason.text}"
        return self._issue("critical", words, reason.citations, about, "contraindication", reason.rule, *where)

    def _issue(self, severity: str, words: str, citations: list[Citation], about: str, *parts: object) -> Json:
        """Return a finding about a medicine, an action or an order, by its name."""
        sources = [f"{c.label}, {c.locator}" if c.locator else c.label for c in citations]
        url = next((citation.url for citation in citations if citation.url), None)
        return without_empty(
            {
                "resourceType": "DetectedIssue",
                "id": self._id(*parts, words),
                "status": "final",
                "code": text(str(parts[0])),
                "severity": _SEVERITY[severity],
                "patient": self._patient,
                "identifiedDateTime": self._day,
                "implicated": [{"display": about}] if about else [],
                "evidence": [{"code": [text(source)]} for source in sources],
                "detail": words,
                "reference": url,
            }
        )

    def _outcome(self) -> Json | None:
        answer = self._answer
        issues = [_message("warning", "incomplete", p.message, p.fact) for p in answer.problems]
        issues += [_message("information", "informational", f"assumed: {a.text}", a.fact) for a in answer.assumptions]
        issues += [_message("information", "informational", f"asked: {q.ask}", q.fact) for q in answer.questions]
        issues += [
            _message("information", "informational", f"{u.entry} was not used: {u.reason}", u.fact)
            for u in answer.unused
        ]
        if not issues:
            return None
        return {"resourceType": "OperationOutcome", "id": self._id("OperationOutcome"), "issue": issues}


def _message(severity: str, code: str, words: str, fact: str | None) -> Json:
    found: Json = {"severity": severity, "code": code, "diagnostics": words}
    return found | {"expression": [fact]} if fact else found
