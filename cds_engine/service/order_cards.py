"""The cards about orders: one an order, with everything that was found of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cds_engine.engine.guide import LoadedPack
from cds_engine.fhir.counting import SOMEBODY_ELSE
from cds_engine.fhir.proposals import proposed_orders
from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Citation, Finding, Screened
from cds_engine.service.draft_names import is_ours
from cds_engine.service.drafts import Draft, Proposal, cited, created, deleted
from cds_engine.service.markdown import bold, bullets, escaped, paragraphs
from cds_engine.service.responses import INDICATORS, Action

OPEN = frozenset({"contraindications-undecided", "checks-undecided", "range-undetermined"})
"""Findings that say what is not known of the patient."""
UNDETERMINED = "dose-undetermined"
NOT_COVERED = "not-covered"


@dataclass(frozen=True, slots=True)
class OrderSheet:
    """One order of the focus, with what was found of each of its lines."""

    reference: str
    """`MedicationRequest/x`, or what stands for it."""
    name: str
    lines: tuple[Screened, ...]

    @property
    def drugs(self) -> set[str]:
        """The drugs that it was read as."""
        return {line.drug for line in self.lines if line.drug is not None}

    @property
    def findings(self) -> list[Finding]:
        """All findings, each once, the gravest first."""
        unique = {(f.rule, f.text): f for line in self.lines for f in line.findings}
        return sorted(unique.values(), key=lambda finding: INDICATORS.index(finding.severity))

    @property
    def is_covered(self) -> bool:
        """Whether the guideline knows the medicine and has something to say about it."""
        return bool(self.drugs) and any(
            finding.rule != NOT_COVERED and not _is_reading(finding) for finding in self.findings
        )


def _is_reading(finding: Finding) -> bool:
    """Say whether a finding is about how the order was read, by its code."""
    return finding.rule.startswith("D1")


def order_draft(sheet: OrderSheet, pack: LoadedPack, answer: Evaluation, *, is_being_written: bool) -> Draft | None:
    """Return the card of an order, None where nothing about it needs attention.

    An order that is *being written* need not say its dose yet.
    """
    known = [f for f in sheet.findings if f.rule not in OPEN and not (is_being_written and f.rule == UNDETERMINED)]
    grave = [finding for finding in known if finding.severity != "info"]
    if not sheet.is_covered or not any(not _is_reading(finding) for finding in grave):
        return None
    worst = grave[0]
    return Draft(
        topic=f"order-{sheet.reference.replace('/', '-')}",
        summary=f"{sheet.name}: {worst.text}",
        detail=paragraphs(bold(sheet.name), bullets(_line(finding) for finding in known)),
        indicator=worst.severity,
        citations=_citations(known),
        proposals=tuple(_proposals(sheet, pack, answer)),
        rules=frozenset(finding.rule for finding in known),
    )


def _citations(findings: Sequence[Finding]) -> list[Citation]:
    return [citation for finding in findings for citation in finding.citations]


def _line(finding: Finding) -> str:
    working = f" {escaped('; '.join(finding.working))}" if finding.working else ""
    sources = f" ({cited(finding.citations)})" if finding.citations else ""
    return f"{bold(finding.severity)}: {escaped(finding.text)}{working}{sources}"


def _proposals(sheet: OrderSheet, pack: LoadedPack, answer: Evaluation) -> Iterator[Proposal]:
    """Yield: take the order back; put what the guideline recommends of the same drug in its place.

    On an order whose id the client never gave nothing is proposed: it would not know which one is meant.
    """
    if is_ours(sheet.reference):
        return
    cancel = deleted(sheet.reference, f"Cancel {sheet.name}")
    for found in answer.recommended:
        if found.drug in sheet.drugs and found.dose is not None and not found.choices:
            words = f"{w.spoken(found.drug or '')} {w.amount_words(found.dose)} {w.interval_words(found.dose)}"
            orders = proposed_orders(answer, pack.guideline, found)
            actions: list[Action] = [cancel, *(created(order, f"Draft order: {words}") for order in orders)]
            yield Proposal(f"Order {words} instead", tuple(actions))
    yield Proposal(f"Cancel {sheet.name}", (cancel,))


def somebody_else_draft(answer: Evaluation) -> Draft | None:
    """Return the card that says which orders name another patient, None where none does."""
    places = [unused.entry for unused in answer.unused if unused.fact is None and unused.reason == SOMEBODY_ELSE]
    if not places:
        return None
    many = "1 order names" if len(places) == 1 else f"{len(places)} orders name"
    return Draft(
        topic="orders-of-another-patient",
        summary=f"{many} another patient and could not be checked for this one",
        detail=bullets(escaped(place) for place in dict.fromkeys(places)),
        indicator="warning",
        is_advice=False,
    )


def unknown_draft(sheets: Sequence[OrderSheet]) -> Draft | None:
    """Return the card that names the medicines which the guideline does not know, None where it knows all."""
    if not sheets:
        return None
    names = list(dict.fromkeys(sheet.name for sheet in sheets))
    verb = "is" if len(names) == 1 else "are"
    return Draft(
        topic="unknown-medicines",
        summary=f"Not known to this guideline and not screened: {w.listed(names)}",
        detail=paragraphs(
            f"What {verb} ordered here could not be held against the guideline:", bullets(map(escaped, names))
        ),
        indicator="info",
        is_advice=False,
    )
