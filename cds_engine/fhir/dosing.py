"""Doses as dosage instructions; in numbers only where FHIR can say exactly what was computed or written."""

from __future__ import annotations

from collections.abc import Iterable

from cds_engine.fhir.out import Json, text, without_empty
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan
from cds_engine.results.models import Dose

UCUM = "http://unitsofmeasure.org"
_PERIOD = {"day": "d", "week": "wk"}


def dosage(dose: Dose, route: str | None) -> Json:
    """Return the dosage instruction of a computed dose.

    A daily amount that is taken in several parts stands in the text only: FHIR's dose is that of one time, and
    the parts were not computed. The same holds for a course.
    """
    words = str(dose)
    if dose.times_per_day:
        words += f", {dose.times_per_day} times a day" if dose.per == "dose" else f", in {dose.times_per_day} parts"
    words += _on_days(dose.days)
    if dose.caps:
        words += f"; {'; '.join(dose.caps)}"
    if dose.off_label:
        words += f"; off-label: {dose.off_label}"
    limits = [(dose.cap, dose.per)] if dose.cap is not None else []
    return without_empty(
        {
            "text": words,
            "timing": _timing(dose.per, dose.times_per_day),
            "route": text(route) if route else None,
            "doseAndRate": _amounts(dose.low, dose.high, dose.unit) if _is_one_time(dose) else [],
            **_limits(limits, dose.unit),
        }
    )


def planned(plan: DosePlan, basis: str | None) -> Json:
    """Return the dosage instruction of a regimen: the dose per unit of its *basis*, which FHIR cannot multiply.

    What changes the dose for some patients stands in the text.
    """
    ends = number(plan.low) if plan.low == plan.high else f"{number(plan.low)} to {number(plan.high)}"
    words = f"{ends} {plan.rate_unit}"
    words += f", times the {basis}, per {plan.per}" if basis else f" per {plan.per}"
    if plan.times_per_day:
        words += f", {plan.times_per_day} times a day" if plan.per == "dose" else f", in {plan.times_per_day} parts"
    words += _on_days(plan.days)
    words += "".join(f"; at most {number(amount)} {plan.unit} per {per}" for amount, per in plan.caps)
    words += "".join(f"; then times {number(a.multiply)}, {a.note}" for a in plan.adjustments)
    return without_empty(
        {
            "text": words,
            "timing": _timing(plan.per, plan.times_per_day),
            "doseAndRate": _amounts(plan.low, plan.high, plan.rate_unit) if _is_one_time(plan) else [],
            **_limits(plan.caps, plan.unit),
        }
    )


def _is_one_time(dose: Dose | DosePlan) -> bool:
    return dose.per == "dose" or (dose.per in _PERIOD and dose.times_per_day in {None, 1})


def _on_days(days: Iterable[float] | None) -> str:
    ends = list(dict.fromkeys(number(day) for day in days or ()))
    return f", on {' to '.join(ends)} days" if ends else ""


def _timing(per: str, times_per_day: int | None) -> Json | None:
    if per == "dose":
        return _every(times_per_day, "d") if times_per_day else None
    unit = _PERIOD.get(per)
    parts_a_day = times_per_day if per == "day" else None  # a dose a week in parts is still taken once a week
    return _every(parts_a_day or 1, unit) if unit else None


def _every(times: int, unit: str) -> Json:
    return {"repeat": {"frequency": times, "period": 1, "periodUnit": unit}}


def _amounts(low: float, high: float, unit: str) -> list[Json]:
    least, most = _quantity(low, unit), _quantity(high, unit)
    return [{"doseQuantity": least} if low == high else {"doseRange": {"low": least, "high": most}}]


def _limits(caps: Iterable[tuple[float, str]], unit: str) -> Json:
    """Return the caps that FHIR has an element for: those of one time, and the first of those of a day or a week."""
    found: Json = {}
    for amount, per in caps:
        if per == "dose":
            found.setdefault("maxDosePerAdministration", _quantity(amount, unit))
        elif per in _PERIOD:
            period = _quantity(1, _PERIOD[per])
            found.setdefault("maxDosePerPeriod", {"numerator": _quantity(amount, unit), "denominator": period})
    return found


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}
