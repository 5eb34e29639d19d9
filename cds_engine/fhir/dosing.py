"""A computed dose as a dosage instruction; in numbers only where FHIR can say exactly what was computed."""

from __future__ import annotations

from cds_engine.fhir.out import Json, text, without_empty
from cds_engine.results.models import Dose

UCUM = "http://unitsofmeasure.org"
_PERIOD = {"day": "d", "week": "wk"}


def dosage(dose: Dose, route: str | None) -> Json:
    """Return the dosage instruction of a dose.

    A daily amount that is taken in several parts stands in the text only: FHIR's dose is that of one time, and
    the parts were not computed. The same holds for a course.
    """
    words = str(dose)
    if dose.times_per_day:
        words += f", {dose.times_per_day} times a day" if dose.per == "dose" else f", in {dose.times_per_day} parts"
    if dose.days:
        low, high = dose.days[0], dose.days[-1]
        words += f", on {low:g} days" if low == high else f", on {low:g} to {high:g} days"
    if dose.caps:
        words += f"; {'; '.join(dose.caps)}"
    if dose.off_label:
        words += f"; off-label: {dose.off_label}"
    is_one_time = dose.per == "dose" or (dose.per in _PERIOD and dose.times_per_day in {None, 1})
    return without_empty(
        {
            "text": words,
            "timing": _timing(dose),
            "route": text(route) if route else None,
            "doseAndRate": [_amount(dose)] if is_one_time else [],
        }
    )


def _timing(dose: Dose) -> Json | None:
    if dose.per == "dose":
        return _every(dose.times_per_day, "d") if dose.times_per_day else None
    unit = _PERIOD.get(dose.per)
    return _every(dose.times_per_day or 1, unit) if unit else None


def _every(times: int, unit: str) -> Json:
    return {"repeat": {"frequency": times, "period": 1, "periodUnit": unit}}


def _amount(dose: Dose) -> Json:
    low, high = _quantity(dose.low, dose.unit), _quantity(dose.high, dose.unit)
    return {"doseQuantity": low} if dose.low == dose.high else {"doseRange": {"low": low, "high": high}}


def _quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}
