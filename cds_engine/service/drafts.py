"""A card before it is sent: what it says and rests on; and how it becomes a card by the rules of CDS Hooks."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Citation
from cds_engine.service.markdown import escaped, paragraphs, shortened
from cds_engine.service.responses import Action, Card, Coding, Indicator, Link, Source, Suggestion

MOST_LINKS = 5
TOPIC = "urn:cds-engine:{pack}:topic"
REASONS = "urn:cds-engine:override-reason"
OVERRIDE_REASONS = (
    Coding(code="benefit-outweighs-risk", system=REASONS, display="The benefit outweighs the risk for this patient"),
    Coding(code="already-considered", system=REASONS, display="This has been considered already"),
    Coding(code="data-not-right", system=REASONS, display="What the record says is not right or out of date"),
    Coding(code="not-for-this-patient", system=REASONS, display="This guideline is not for this patient"),
    Coding(code="patient-declines", system=REASONS, display="The patient or family declines"),
    Coding(code="disagree", system=REASONS, display="I disagree with the recommendation"),
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A suggestion before it has its id."""

    label: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What one card says."""

    topic: str
    """A stable word for what it is about: the id of a rule, a drug, an order."""
    summary: str
    detail: str
    """Markdown."""
    indicator: Indicator
    citations: Sequence[Citation] = ()
    proposals: tuple[Proposal, ...] = ()
    is_advice: bool = True
    """Whether it can be overridden; a question and a remark about the data cannot."""
    rules: frozenset[str] = field(default_factory=frozenset)
    """The rules that it speaks for, kept with the feedback on it."""


@dataclass(frozen=True, slots=True)
class Finisher:
    """Gives drafts what every card of one answer carries."""

    answer: Evaluation
    call: uuid.UUID
    """The name of the call, which its cards are named from."""

    def card(self, draft: Draft) -> Card:
        """Return the card; its ids are those of this call alone."""
        proposals = [self._suggestion(draft, proposal) for proposal in draft.proposals]
        return Card(
            uuid=self._id(draft.topic),
            summary=shortened(draft.summary),
            detail=paragraphs(draft.detail, self._standing()),
            indicator=draft.indicator,
            source=self._source(draft),
            suggestions=proposals,
            selection_behavior="at-most-one" if proposals else None,
            override_reasons=list(OVERRIDE_REASONS) if draft.is_advice else [],
            links=_links(draft.citations),
        )

    def _id(self, *parts: str) -> str:
        return str(uuid.uuid5(self.call, "\0".join((self.answer.pack.id, *parts))))

    def _suggestion(self, draft: Draft, proposal: Proposal) -> Suggestion:
        return Suggestion(
            label=shortened(proposal.label),
            uuid=self._id(draft.topic, proposal.label),
            actions=list(proposal.actions),
        )

    def _standing(self) -> str:
        pack = self.answer.pack
        known = f", knowledge of {pack.knowledge_date}" if pack.knowledge_date else ""
        return f"_{escaped(f'{pack.title} {pack.version}{known}; {w.review_words(pack.review)}.')}_"

    def _source(self, draft: Draft) -> Source:
        pack = self.answer.pack
        first = draft.citations[0] if draft.citations else None
        return Source(
            label=w.clean(w.citation_words(first)) if first else pack.title or pack.id,
            url=next((c.url for c in draft.citations if is_web(c.url)), None),
            topic=Coding(code=draft.topic, system=TOPIC.format(pack=pack.id), display=w.spoken(draft.topic)),
        )


def is_web(url: str | None) -> bool:
    """Say whether an address can be opened in a browser."""
    return url is not None and url.startswith(("https://", "http://"))


def _links(citations: Iterable[Citation]) -> list[Link]:
    found = {
        c.url: Link(label=w.clean(c.label), url=c.url, type="absolute") for c in citations if c.url and is_web(c.url)
    }
    return list(found.values())[:MOST_LINKS]


def cited(citations: Iterable[Citation], *, uncited: bool = False) -> str:
    """Return the sources as Markdown."""
    return escaped(w.source_words(citations, uncited=uncited))


def created(resource: dict[str, Any], description: str) -> Action:
    """Return the action that adds a proposed order; the client gives it its id."""
    without_id = {key: value for key, value in resource.items() if key != "id"}
    return Action(type="create", description=description, resource=without_id)


def deleted(reference: str, description: str) -> Action:
    """Return the action that takes an order back."""
    return Action(type="delete", description=description, resource_id=reference)
