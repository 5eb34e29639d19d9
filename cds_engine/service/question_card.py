"""The card for what is missing: the question that settles most, then the next ones; never silence."""

from __future__ import annotations

from collections.abc import Sequence

from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Question
from cds_engine.service.drafts import Draft
from cds_engine.service.markdown import bold, bullets, escaped, paragraphs
from cds_engine.service.order_cards import OPEN, OrderSheet
from cds_engine.service.prefetch import Sent

MOST_QUESTIONS = 5
PAGE = "D119"
"""The problem by which the engine says that a record goes on elsewhere; the card says it in the words of the hook."""


def question_draft(answer: Evaluation, sent: Sent, sheets: Sequence[OrderSheet] | None) -> Draft | None:
    """Return the information card with what has to be known, None where nothing is open.

    Of *sheets*, orders that the call is about, only what bears on them is asked; without orders, everything.
    """
    waiting = [] if sheets is None else _waiting(sheets)
    questions = answer.questions if sheets is None else _bearing(answer, sheets)
    gaps = _gaps(answer, sent)
    if not questions and not waiting and not (gaps and sheets is None):
        return None
    first = questions[0].ask if questions else waiting[0] if waiting else gaps[0]
    more = f" (and {w.counted(len(questions) - 1, 'more question')})" if len(questions) > 1 else ""
    return Draft(
        topic="questions",
        summary=f"To be known: {first}{more}" if len(first) + len(more) < _ROOM else f"To be known: {first}",
        detail=paragraphs(
            bullets(map(escaped, waiting)),
            _asked(questions),
            paragraphs(bold("Of the data:"), bullets(map(escaped, gaps))) if gaps else "",
        ),
        indicator="info",
        is_advice=False,
        rules=frozenset(rule for question in questions for rule in question.settles),
    )


_ROOM = 125
"""Characters of a question, its count included, that fit into a summary."""


def _asked(questions: Sequence[Question]) -> str:
    shown = [escaped(w.question_words(question)) for question in questions[:MOST_QUESTIONS]]
    rest = len(questions) - len(shown)
    return bullets([*shown, *([f"and {w.counted(rest, 'more question')}"] if rest else [])])


def _waiting(sheets: Sequence[OrderSheet]) -> list[str]:
    """Say of each order what about it could not be decided."""
    return [f"{sheet.name}: {f.text}" for sheet in sheets for f in sheet.findings if f.rule in OPEN]


def _bearing(answer: Evaluation, sheets: Sequence[OrderSheet]) -> list[Question]:
    """Return the questions that settle a rule on a drug that is ordered."""
    drugs = {drug for sheet in sheets for drug in sheet.drugs}
    about = {
        found.rule
        for found in answer.recommendations
        if found.drug in drugs or any(choice.drug in drugs for choice in found.choices)
    }
    return [question for question in answer.questions if about & set(question.settles)]


def _gaps(answer: Evaluation, sent: Sent) -> list[str]:
    """Say what of the data was not there or could not be used."""
    said = [problem.message for problem in answer.problems if problem.code != PAGE]
    if sent.missing:
        said.append(f"not sent: {', '.join(sent.missing)}; what these hold is unknown, not absent")
    elif not sent.is_whole:
        said.append("only a part of the record was sent; what it does not hold is unknown, not absent")
    return said
