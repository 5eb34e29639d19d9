"""An answer as cards: few, the critical first, one an action, and a question where something is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from cds_engine.engine.guide import LoadedPack
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Alert, Citation, Screened
from cds_engine.service.drafts import Draft, Finisher
from cds_engine.service.hooks import Focus
from cds_engine.service.order_cards import OPEN, OrderSheet, order_draft, somebody_else_draft, unknown_draft
from cds_engine.service.patient_cards import advice_draft, alert_draft, asked_for, blocked_drafts, treatment_drafts
from cds_engine.service.prefetch import Sent
from cds_engine.service.question_card import question_draft
from cds_engine.service.responses import INDICATORS, Card


@dataclass(frozen=True, slots=True)
class Call:
    """What one call of a hook is about."""

    pack: LoadedPack
    focus: Focus
    instance: UUID
    """Its own name: no two calls have a card of the same id."""
    sent: Sent
    drafts: tuple[str, ...] = ()
    """The references of the orders that are the focus."""
    with_inform: bool = False
    """Whether the client asked for what is only to be known, too."""


@dataclass(frozen=True, slots=True)
class Said:
    """The cards of a call, and for each the rules that it speaks for."""

    cards: list[Card]
    rules: dict[str, list[str]]


def cards_of(answer: Evaluation, call: Call) -> Said:
    """Return the cards of a call, the critical first."""
    drafts = sorted(_drafts(answer, call), key=lambda draft: INDICATORS.index(draft.indicator))
    finisher = Finisher(answer, call.instance)
    cards = [finisher.card(draft) for draft in drafts]
    return Said(cards, {card.uuid: sorted(draft.rules) for card, draft in zip(cards, drafts, strict=True)})


def _drafts(answer: Evaluation, call: Call) -> Iterator[Draft]:
    if call.focus == "patient":
        yield from _alerts(answer, answer.alerts)
        yield from blocked_drafts(answer, call.pack.guideline)
        ready = asked_for(answer, with_inform=call.with_inform)
        yield from treatment_drafts(answer, call.pack.guideline, ready)
        yield from _present(advice_draft(ready), question_draft(answer, call.sent, None))
        return
    listed = _sheets(answer, call.drafts)
    sheets = [sheet for sheet in listed if sheet.is_covered]
    ordered = {drug for sheet in sheets for drug in sheet.drugs}
    near = [alert for alert in answer.alerts if alert.severity == "critical" or alert.drug in ordered]
    yield from _alerts(answer, near)
    is_being_written = call.focus == "selected"
    for sheet in sheets:
        yield from _present(order_draft(sheet, call.pack, answer, is_being_written=is_being_written))
    yield from _present(somebody_else_draft(answer), unknown_draft([sheet for sheet in listed if not sheet.drugs]))
    if sheets:
        yield from _present(question_draft(answer, call.sent, sheets))


def _present(*drafts: Draft | None) -> Iterator[Draft]:
    return (draft for draft in drafts if draft is not None)


def _alerts(answer: Evaluation, alerts: Iterable[Alert]) -> Iterator[Draft]:
    """Yield one card for the alerts on each drug, and one for each alert that names none."""
    by_target: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_target.setdefault(alert.drug or alert.rule, []).append(alert)
    for target, found in by_target.items():
        yield alert_draft(target, found, _screened(answer.screened, target))


def _screened(screened: Iterable[Screened], drug: str) -> list[tuple[str, list[Citation]]]:
    """Return what screening found of a medicine that is taken, beside the alerts on it."""
    return [
        (finding.text, finding.citations)
        for one in screened
        if one.is_taken and one.drug == drug
        for finding in one.findings
        if finding.severity != "info" and finding.rule not in OPEN
    ]


def _sheets(answer: Evaluation, references: Iterable[str]) -> list[OrderSheet]:
    """Return the orders of the focus, each with all its lines."""
    lines: dict[str, list[Screened]] = {}
    for one in answer.screened:
        if not one.is_taken:
            lines.setdefault(str(one.order.get("id")), []).append(one)
    return [
        OrderSheet(reference, _name(lines[key]), tuple(lines[key]))
        for reference in references
        if (key := reference.partition("/")[2] or reference) in lines
    ]


def _name(lines: list[Screened]) -> str:
    order = lines[0].order
    named = next((order[key] for key in ("name", "drug", "rxnorm") if order.get(key)), "the order")
    return str(named)
