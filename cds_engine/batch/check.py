"""One row's answer in columns beside the evaluator's answer for the same patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cds_engine.backends.sql.layout import Layout
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Choice, Dose, Recommendation


class Difference(NamedTuple):
    """Something that the two say differently."""

    what: str
    columns: object
    evaluator: object


CLOSE = 1e-9
"""Relative, for unrounded doses; everything else is equal or wrong."""


def differences(layout: Layout, row: Mapping[str, object], answer: Evaluation) -> list[Difference]:
    """Return everything in which a row of answers differs from the evaluator's answer."""
    found: list[Difference] = []
    raised = {alert.rule for alert in answer.alerts}
    for index, (_, alert) in enumerate(layout.guideline.alerts):
        if (row[f"alert{index}"] is True) != (alert.id in raised):
            found.append(Difference(f"alert {alert.id}", row[f"alert{index}"], alert.id in raised))
    by_rule = {recommendation.rule: recommendation for recommendation in answer.recommendations}
    for index, spec in enumerate(layout.guideline.rules):
        found += _of_rule(layout, index, row, by_rule[spec.rule.id])
    return found


def _of_rule(layout: Layout, index: int, row: Mapping[str, object], said: Recommendation) -> list[Difference]:
    spec, own = layout.guideline.rules[index], f"r{index}"
    if row[f"{own}_status"] != said.status:
        return [Difference(f"status of {said.rule}", row[f"{own}_status"], said.status)]
    found = []
    missing = layout.names_of([int(str(row[f"{own}_missing_{word}"])) for word in layout.words])
    if missing != list(said.missing):
        found.append(Difference(f"missing of {said.rule}", missing, said.missing))
    if said.status != "not_applicable" and row[f"{own}_chosen"] != (said.drug or said.action):
        found.append(Difference(f"choice of {said.rule}", row[f"{own}_chosen"], said.drug or said.action))
    each: list[Choice | Recommendation] = [*said.choices] or [said]
    for place, (treatment, choice) in enumerate(zip(spec.treatments, each, strict=False)):
        if treatment.dose is not None:
            found += _of_dose(f"dose of {treatment.target} by {said.rule}", f"{own}_{place}", row, choice.dose)
    if said.status == "blocked" and f"{own}_0_blocked_by" in row:
        texts = [str(row[f"{own}_{place}_blocked_by"] or "") for place in range(len(spec.treatments))]
        blocked = [name for text in texts for name in text.split(";") if name]
        if blocked != [reason.rule for reason in said.blocked_by]:
            found.append(Difference(f"reasons against {said.rule}", blocked, [r.rule for r in said.blocked_by]))
    return found


def _of_dose(what: str, own: str, row: Mapping[str, object], said: Dose | None) -> list[Difference]:
    mine = [row[f"{own}_{part}"] for part in ("low", "high", "shown_low", "shown_high")]
    theirs = [None] * 4 if said is None else [said.unrounded_low, said.unrounded_high, said.low, said.high]
    found = [] if all(_same(a, b) for a, b in zip(mine, theirs, strict=True)) else [Difference(what, mine, theirs)]
    if f"{own}_first_product" in row:
        options = said.product_options if said is not None else []
        ends = (options[0], options[-1]) if options else (None, None)
        products = row[f"{own}_first_product"], row[f"{own}_last_product"]
        if not all(_same(a, b) for a, b in zip(products, ends, strict=True)):
            found.append(Difference(f"products of {what}", products, ends))
    return found


def _same(mine: object, said: float | None) -> bool:
    if mine is None or said is None:
        return mine is said
    return abs(float(str(mine)) - said) <= CLOSE * abs(said)
