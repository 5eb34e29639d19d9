"""The dose over what it is multiplied with, with the cap and this patient's point."""

from __future__ import annotations

from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.results import wording as w
from cds_engine.results.evaluation import Evaluation
from cds_engine.results.models import Dose, Recommendation
from cds_engine.review.chart import Axis, Point, draw
from cds_engine.review.dosing import grid_of
from cds_engine.units import display


def charts_of(answer: Evaluation, guideline: Guideline) -> dict[str, str]:
    """Return the charts of an answer by regimen; a dose that does not depend on size has none."""
    found: dict[str, str] = {}
    for recommendation in answer.recommended:
        for dose in _doses(recommendation):
            plan = _plan(guideline, dose.regimen)
            if plan is not None and dose.regimen not in found and (chart := _chart(answer, guideline, plan, dose)):
                found[dose.regimen] = chart
    return found


def _doses(found: Recommendation) -> list[Dose]:
    return [dose for dose in (found.dose, *(choice.dose for choice in found.choices)) if dose is not None]


def _plan(guideline: Guideline, regimen: str) -> DosePlan | None:
    plans = (plan for plans in guideline.regimens_of.values() for plan in plans)
    return next((plan for plan in plans if plan.regimen == regimen), None)


def _chart(answer: Evaluation, guideline: Guideline, plan: DosePlan, dose: Dose) -> str | None:
    basis = answer.derived.get(plan.basis or "")
    curve = grid_of(guideline, plan).curve
    if curve is None or plan.basis is None or basis is None or not isinstance(basis.value, float):
        return None
    spec = guideline.dictionary.facts[plan.basis]
    unit = display(plan.unit)
    size = f"{number(round(basis.value, 2))} {display(spec.unit or '')}"
    title = (
        f"{w.spoken(plan.drug)} per {plan.per} over {spec.entry.label}; this patient: {w.amount_words(dose)} at {size}"
    )
    point = Point(basis.value, dose.unrounded_low, dose.unrounded_high)
    across, up = Axis(spec.entry.label, display(spec.unit or "")), Axis("dose", f"{unit} per {plan.per}")
    return draw(curve, across, up, title, point)
