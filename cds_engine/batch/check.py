"""One row's answer in columns beside the evaluator's answer for the same patient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
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


def differences(
    layout: Layout, row: Mapping[str, object], answer: Evaluation, hidden: Collection[str] = ()
) -> list[Difference]:
    """Return everything in which a row of answers differs from the evaluator's answer.

    Of what the row does not tell nothing is asked; of the rules that are *hidden* nothing is missing.
    """
    found = list(_of_alerts(layout, row, {alert.rule for alert in answer.alerts}))
    shown = [said for said in answer.recommendations if said.rule not in hidden]
    all_missing = {name for said in shown for name in said.missing}
    found += _of_missing(
        layout, "missing", row, "missing", sorted(all_missing, key=layout.guideline.positions.__getitem__)
    )
    by_rule = {recommendation.rule: recommendation for recommendation in answer.recommendations}
    for index, spec in enumerate(layout.guideline.rules):
        if f"r{index}_status" in row:
            found += _of_rule(layout, index, row, by_rule[spec.rule.id])
    return found


def _of_alerts(layout: Layout, row: Mapping[str, object], said: Collection[str]) -> Iterator[Difference]:
    for index, (_, alert) in enumerate(layout.guideline.alerts):
        bits = row.get("alert_bits")
        raised = row[f"alert{index}"] is True if bits is None else bool(int(str(bits)) >> index & 1)
        if raised != (alert.id in said):
            yield Difference(f"alert {alert.id}", raised, alert.id in said)


def _of_missing(
    layout: Layout, what: str, row: Mapping[str, object], column: str, said: Sequence[str]
) -> Iterator[Difference]:
    """Yield the difference in a set of missing facts, if the row tells it."""
    words = [row[f"{column}_{word}"] for word in layout.words if f"{column}_{word}" in row]
    mine = layout.names_of(int(str(word)) for word in words)
    if words and mine != list(said):
        yield Difference(what, mine, said)


def _of_rule(layout: Layout, index: int, row: Mapping[str, object], said: Recommendation) -> list[Difference]:
    spec, own = layout.guideline.rules[index], f"r{index}"
    if row[f"{own}_status"] != said.status:
        return [Difference(f"status of {said.rule}", row[f"{own}_status"], said.status)]
    found = list(_of_missing(layout, f"missing of {said.rule}", row, f"{own}_missing", said.missing))
    chosen = row.get(f"{own}_chosen")
    if said.status != "not_applicable" and chosen is not None and chosen != (said.drug or said.action):
        found.append(Difference(f"choice of {said.rule}", chosen, said.drug or said.action))
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
    wanted = {"low": None, "high": None, "shown_low": None, "shown_high": None} if said is None else {
        "low": said.unrounded_low, "high": said.unrounded_high, "shown_low": said.low, "shown_high": said.high,
    }  # fmt: skip
    told = {part: row[f"{own}_{part}"] for part in wanted if f"{own}_{part}" in row}
    theirs = {part: wanted[part] for part in told}
    found = [] if all(_same(told[part], theirs[part]) for part in told) else [Difference(what, told, theirs)]
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
