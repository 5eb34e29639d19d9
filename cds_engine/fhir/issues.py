"""What is dangerous as DetectedIssues; what is wrong with the input, assumed or asked as one OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.fhir.out import Json, text, without_empty
from cds_engine.fhir.told import Told
from cds_engine.results.models import Citation, Reason

_SEVERITY = {"critical": "high", "warning": "moderate", "info": "low"}


def detected(told: Told) -> list[Json]:
    """Return each alert, contraindication and finding about an order once."""
    return list({issue["id"]: issue for issue in _issues(told)}.values())


def _issues(told: Told) -> Iterator[Json]:
    for alert in told.answer.alerts:
        about = told.called(alert.drug, None)
        yield _issue(told, alert.severity, alert.text, alert.citations, about, "alert", alert.rule)
    for found in told.answer.blocked:
        target = told.called(found.drug, found.action)
        for reason in found.blocked_by:
            about = told.called(reason.target, None) or target
            yield _contraindication(told, reason, about, reason.target)
        for choice in found.choices:
            for reason in choice.blocked_by:
                about = told.called(choice.drug, choice.action)
                yield _contraindication(told, reason, about, choice.drug, choice.action)
    for screened in told.answer.screened:
        for finding in screened.findings:
            words = f"{finding.order}: {finding.text}"
            order = finding.order
            yield _issue(told, finding.severity, words, finding.citations, order, "order", finding.rule, order)


def _contraindication(told: Told, reason: Reason, about: str, *where: object) -> Json:
    words = f"contraindicated: {about}: {reason.text}"
    return _issue(told, "critical", words, reason.citations, about, "contraindication", reason.rule, *where)


def _issue(told: Told, severity: str, words: str, citations: list[Citation], about: str, *parts: object) -> Json:
    """Return a finding about a medicine, an action or an order, by its name."""
    sources = [f"{c.label}, {c.locator}" if c.locator else c.label for c in citations]
    url = next((citation.url for citation in citations if citation.url), None)
    return without_empty(
        {
            "resourceType": "DetectedIssue",
            "id": told.id(*parts, words),
            "status": "final",
            "code": text(str(parts[0])),
            "severity": _SEVERITY[severity],
            "patient": told.patient,
            "identifiedDateTime": told.day,
            "implicated": [{"display": about}] if about else [],
            "evidence": [{"code": [text(source)]} for source in sources],
            "detail": words,
            "reference": url,
        }
    )


def outcome(told: Told) -> Json | None:
    """Return what is wrong, assumed, asked and unused, None where there is nothing."""
    answer = told.answer
    issues = [_message("warning", "incomplete", p.message, p.fact) for p in answer.problems]
    issues += [_message("information", "informational", f"assumed: {a.text}", a.fact) for a in answer.assumptions]
    issues += [_message("information", "informational", f"asked: {q.ask}", q.fact) for q in answer.questions]
    issues += [
        _message("information", "informational", f"{u.entry} was not used: {u.reason}", u.fact) for u in answer.unused
    ]
    if not issues:
        return None
    return {"resourceType": "OperationOutcome", "id": told.id("OperationOutcome"), "issue": issues}


def _message(severity: str, code: str, words: str, fact: str | None) -> Json:
    found: Json = {"severity": severity, "code": code, "diagnostics": words}
    return found | {"expression": [fact]} if fact else found
