"""Recommendations below a review state, held back and named: what nobody has approved is not shown as if it were.

With a recommendation goes what blocks it: there is nothing to block. Alerts, the screening of what is ordered or taken
with its contraindications, questions about what is wrong, and problems are never held back: silence about a danger is
no caution.
"""

from __future__ import annotations

from cds_engine.diagnostics import InputError, did_you_mean
from cds_engine.engine.approvals import STATES, is_below
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import HeldBack
from cds_engine.results.wording import counted, spoken


def check_minimum(minimum: str) -> str:
    """Return *minimum* if it is a review state.

    Raises:
        InputError: If it is none.
    """
    if minimum not in STATES:
        known = ", ".join(f"`{state}`" for state in STATES)
        raise InputError(
            f"there is no review state `{minimum}`; {did_you_mean(minimum, STATES) or f'known are {known}'}"
        )
    return minimum


def held_back(evaluation: Evaluation, minimum: str) -> Evaluation:
    """Return the answer without the recommendations below *minimum*; it lists them and a notice says so."""
    below = [found for found in evaluation.recommendations if is_below(found.review, minimum)]
    if not below:
        return evaluation
    gone = {found.rule for found in below}
    kept = [found for found in evaluation.recommendations if found.rule not in gone]
    questions = []
    for question in evaluation.questions:
        settles = [rule for rule in question.settles if rule not in gone]
        if settles or not question.settles:
            questions.append(question.but(settles=settles))
    count = counted(len(below), "recommendation")
    notice = f"{count} of this guideline held back, because the review state is below `{spoken(minimum)}`."
    return evaluation.but(
        recommendations=kept,
        questions=questions,
        held_back=[HeldBack.made(rule=r.rule, statement=r.statement, review=r.review) for r in below],
        notices=[notice, *evaluation.notices],
    )
