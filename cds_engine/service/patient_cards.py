"""The cards about a patient as a whole: one an action, what is contraindicated with all its reasons in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cds_engine.fhir.proposals import proposed_orders
from cds_engine.lowering.guideline import Guideline
from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Alert, Choice, Citation, Dose, Reason, Recommendation
from cds_engine.service.drafts import Draft, Proposal, cited, created
from cds_engine.service.markdown import bold, bullets, escaped, paragraphs

INFORM = "inform"


def asked_for(answer: Evaluation, *, with_inform: bool) -> list[Recommendation]:
    """Return what is recommended; what is only to be known, on request."""
    return [found for found in answer.recommended if with_inform or found.modality != INFORM]


def treatment_drafts(answer: Evaluation, guideline: Guideline, found: Iterable[Recommendation]) -> Iterator[Draft]:
    """Yield one card for each treatment that is ready, whichever rules recommend it."""
    by_treatment: dict[tuple[str, ...], list[Recommendation]] = {}
    for one in w.treatments(found):
        by_treatment.setdefault(_treatment(one), []).append(one)
    for treatment, rules in by_treatment.items():
        yield _treatment_draft(answer, guideline, treatment, rules)


def _treatment(found: Recommendation) -> tuple[str, ...]:
    """Return what is to be given: the preferred of alternatives, all of what belongs together."""
    usable = [choice.drug or choice.action or "" for choice in found.choices if choice.status == "recommended"]
    if found.mode == "all_of":
        return tuple(usable)
    return ((found.drug or found.action or ""),)


def _treatment_draft(
    answer: Evaluation, guideline: Guideline, treatment: tuple[str, ...], rules: list[Recommendation]
) -> Draft:
    first = rules[0]
    names = " and ".join(label(guideline, name) for name in treatment)
    word = w.MODALITY_WORDS[first.modality]
    said = f": {_amount(first.dose)}" if first.dose and first.mode != "all_of" else ""
    return Draft(
        topic=f"treatment-{'-'.join(treatment)}",
        summary=f"{_capital(word)}: {names}{said}",
        detail=paragraphs(*(_detail(rule) for rule in rules)),
        indicator="info",
        citations=[citation for rule in rules for citation in rule.citations],
        proposals=tuple(_proposals(answer, guideline, first)),
        rules=frozenset(rule.rule for rule in rules),
    )


def _amount(dose: Dose) -> str:
    return f"{w.amount_words(dose)} {w.interval_words(dose)}"


def _proposals(answer: Evaluation, guideline: Guideline, found: Recommendation) -> Iterator[Proposal]:
    """Yield the orders to choose from: one for each alternative, one with everything that belongs together."""
    orders = proposed_orders(answer, guideline, found)
    doses: list[Choice | Recommendation] = [c for c in found.choices if c.status == "recommended"] or [found]
    actions = [
        (_order_words(guideline, one), created(order, f"Draft order: {_order_words(guideline, one)}"))
        for order, one in zip(orders, doses, strict=True)
    ]
    if found.mode == "all_of":
        yield Proposal(" and ".join(words for words, _ in actions), tuple(action for _, action in actions))
    else:
        yield from (Proposal(words, (action,)) for words, action in actions)


def _order_words(guideline: Guideline, one: Choice | Recommendation) -> str:
    name = label(guideline, one.drug or one.action or "")
    return f"{name} {_amount(one.dose)}" if one.dose else name


def _detail(rule: Recommendation) -> str:
    lines = [bold(rule.text)]
    facts = [
        f"Because {escaped(w.because_text(rule.because))}" if rule.because else "",
        *(escaped(step) for step in (rule.dose.working if rule.dose else ())),
        escaped(w.product_words(rule.dose) or "") if rule.dose else "",
        escaped(f"Off-label: {rule.dose.off_label}") if rule.dose and rule.dose.off_label else "",
        *(f"Caution: {escaped(reason.text)}" for reason in rule.cautions),
        *(f"Monitoring: {escaped(reason.text)}" for reason in rule.monitoring),
        escaped(f"Measure {', '.join(rule.measure)}") if rule.measure else "",
        f"Evidence: {escaped(w.standing_words(rule))}; {escaped(w.review_words(rule.review))}",
        f"Source: {cited(rule.citations, uncited=rule.uncited)}",
    ]
    return "\n".join([*lines, "", bullets(fact for fact in facts if fact)])


def advice_draft(found: Iterable[Recommendation]) -> Draft | None:
    """Return one card for all advice that names no treatment, None where there is none."""
    rules = w.advice(found)
    if not rules:
        return None
    listed = bullets(f"{escaped(rule.text)} ({_standing(rule)})" for rule in rules)
    first = (
        rules[0].text if len(rules) == 1 else f"{w.counted(len(rules), 'recommendation')} on care, tests and referral"
    )
    return Draft(
        topic="advice",
        summary=first,
        detail=listed,
        indicator="info",
        citations=[citation for rule in rules for citation in rule.citations],
        rules=frozenset(rule.rule for rule in rules),
    )


def _standing(rule: Recommendation) -> str:
    return f"{escaped(w.MODALITY_WORDS[rule.modality])}; {cited(rule.citations, uncited=rule.uncited)}"


def blocked_drafts(answer: Evaluation, guideline: Guideline) -> Iterator[Draft]:
    """Yield one card for each treatment that is wanted and contraindicated, with every reason."""
    by_target: dict[str, list[Reason]] = {}
    rules: dict[str, set[str]] = {}
    for found in answer.blocked:
        for reason in found.blocked_by:
            target = reason.target or found.drug or found.action or ""
            reasons = by_target.setdefault(target, [])
            if all(known.rule != reason.rule for known in reasons):
                reasons.append(reason)
            rules.setdefault(target, set()).add(found.rule)
    for target, reasons in by_target.items():
        yield _blocked_draft(label(guideline, target), target, reasons, frozenset(rules[target]))


def _blocked_draft(name: str, target: str, reasons: list[Reason], rules: frozenset[str]) -> Draft:
    more = f" (and {w.counted(len(reasons) - 1, 'more reason')})" if len(reasons) > 1 else ""
    return Draft(
        topic=f"contraindicated-{target}",
        summary=f"{_capital(name)} is contraindicated: {reasons[0].text}{more}",
        detail=bullets(f"{escaped(w.reason_words(reason))} ({cited(reason.citations)})" for reason in reasons),
        indicator="warning",
        citations=[citation for reason in reasons for citation in reason.citations],
        rules=rules | {reason.rule for reason in reasons},
    )


def alert_draft(target: str, alerts: list[Alert], findings: list[tuple[str, list[Citation]]]) -> Draft:
    """Return one card for the alerts on one drug (or one without a drug), with what screening found of it beside."""
    first = alerts[0]
    lines = [
        f"{escaped(alert.text)}{escaped(w.because_words(alert.because))} ({cited(alert.citations)})" for alert in alerts
    ]
    lines += [f"{escaped(text)} ({cited(citations)})" for text, citations in findings]
    return Draft(
        topic=f"alert-{target}",
        summary=first.text,
        detail=bullets(lines),
        indicator=first.severity,
        citations=[citation for alert in alerts for citation in alert.citations],
        rules=frozenset(alert.rule for alert in alerts),
    )


def label(guideline: Guideline, name: str) -> str:
    """Return a drug or action as people say it."""
    known = guideline.pack.drugs.drugs.get(name)
    return known.label if known else w.spoken(name)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
