"""A computed dose as the answer shows it: displayed ends, products, and the working line by line."""

from __future__ import annotations

from collections.abc import Callable

from cds_engine.evaluator.doses import ComputedDose, displayed
from cds_engine.language.printer import number
from cds_engine.results.models import Citation, Dose
from cds_engine.units import display

Cite = Callable[[str | None, str | None], list[Citation]]
"""Source and locator to citations."""

BASIS_DIGITS = 4


def shown_dose(dose: ComputedDose, basis_label: str, cite: Cite) -> Dose:
    """Return *dose* for the answer; `basis_label` is how a clinician says what it is multiplied with."""
    plan = dose.plan
    options = dose.product_options
    written = plan.written
    return Dose.made(
        low=displayed(dose.low.final, plan.cap),
        high=displayed(dose.high.final, plan.cap),
        unit=plan.unit,
        per=plan.per,
        low_capped=dose.low_capped,
        high_capped=dose.high_capped,
        cap=plan.cap,
        caps=[f"{number(amount)} {plan.unit} a {per}" for amount, per in plan.caps],
        times_per_day=plan.times_per_day,
        days=list(plan.days) if plan.days else None,
        basis=plan.basis,
        regimen=plan.regimen,
        product=plan.product.says if plan.product else None,
        product_options=list(options),
        no_product_fits=plan.product is not None and not options,
        off_label=written.off_label,
        unrounded_low=dose.low.final,
        unrounded_high=dose.high.final,
        working=working(dose, basis_label),
        citations=[
            *cite(plan.source, written.dose.locator),
            *(citation for a in dose.applied for citation in cite(a.source, a.locator)),
            *(cite(plan.product.source, None) if plan.product else []),
        ],
    )


def working(dose: ComputedDose, basis_label: str) -> list[str]:
    """Return how the dose came about, a line a step."""
    plan = dose.plan
    per = f"{display(plan.unit)} a {plan.per}"
    rate = f"{_ends(plan.low, plan.high)} {display(plan.rate_unit)}"
    raw = _ends(displayed(dose.low.raw), displayed(dose.high.raw))
    lines = [f"{rate} a {plan.per}, fixed"]
    if dose.basis is not None:
        basis_unit = display(plan.rate_unit.split("/", 1)[-1])
        lines = [f"{rate} × {basis_label} {_basis(dose.basis * plan.basis_scale)} {basis_unit} = {raw} {per}"]  # noqa: RUF001
    lines += _limits(dose)
    low, high = dose.low.limited, dose.high.limited
    for adjustment in dose.applied:
        low, high = low * adjustment.multiply, high * adjustment.multiply
        ends = _ends(displayed(low, plan.cap), displayed(high, plan.cap))
        lines.append(f"× {number(adjustment.multiply)} ({adjustment.note}) = {ends} {per}")  # noqa: RUF001
    if plan.times_per_day and plan.per == "dose":
        lines.append(f"{plan.times_per_day} dose{'s' if plan.times_per_day > 1 else ''} a day")
    if plan.days:
        lines.append("on one day" if plan.days == (1, 1) else f"over {_ends(*plan.days)} days")
    return [*lines, *_products(dose)]


def _limits(dose: ComputedDose) -> list[str]:
    plan = dose.plan
    if plan.cap is None:
        return []
    caps = " and ".join(f"{number(amount)} {display(plan.unit)} a {per}" for amount, per in plan.caps)
    if dose.low_capped:
        return [f"cap of {caps}: both ends are limited to it" if plan.low != plan.high else f"cap of {caps}: reached"]
    if dose.high_capped:
        return [f"cap of {caps}: the upper end is limited to it"]
    return [f"cap of {caps}: not reached"]


def _products(dose: ComputedDose) -> list[str]:
    plan = dose.plan
    if plan.product is None or plan.product_sizes is None:
        return []
    unit = display(plan.unit)
    step = number(plan.product_sizes[2])
    options = dose.product_options
    if not options:
        return [f"no {plan.product.says} fits the range in steps of {step} {unit}: send the exact dose to the pharmacy"]
    listed = ", ".join(number(option) for option in options)
    largest = plan.product_sizes[1] / plan.product.combine
    several = [number(option) for option in options if option > largest]
    note = f"; {', '.join(several)} {unit} need more than one" if several else ""
    return [f"{plan.product.says} in steps of {step} {unit}: {listed} {unit}{note}"]


def _ends(low: float, high: float) -> str:
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _basis(value: float) -> str:
    return number(round(value, BASIS_DIGITS))
