"""Regimens to numbers in one unit: the only place where a dose's written amounts are converted."""

from __future__ import annotations

from cds_engine.checker.regimens import split_rate
from cds_engine.lowering.guideline import Adjustment, DosePlan
from cds_engine.pack.base import Amount
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Dose, Regimen
from cds_engine.units import conversion


def lower_regimen(name: str, written: Regimen, pack: Pack) -> DosePlan:
    """Return the dose of a regimen with every amount in the unit of its range."""
    dose = written.dose
    unit, per_unit = split_rate(dose.range.unit)
    caps = _caps(dose, unit)
    scale = 1.0
    if dose.basis is not None and per_unit is not None:
        scale = conversion(pack.facts.facts[dose.basis].unit or per_unit, per_unit).factor
    return DosePlan(
        regimen=name,
        drug=written.drug,
        unit=unit,
        low=dose.range.low,
        high=dose.range.high,
        rate_unit=dose.range.unit,
        basis=dose.basis,
        basis_scale=scale,
        per=dose.per,
        times_per_day=dose.times_per_day,
        days=(dose.days.low, dose.days.high) if dose.days else None,
        cap=min((_for_interval(dose, amount, per) for amount, per in caps), default=None),
        caps=caps,
        adjustments=tuple(
            Adjustment(f"regimen {name} adjustment {index}", a.multiply, a.note, a.source, a.locator)
            for index, a in enumerate(dose.adjust, 1)
        ),
        product=written.product,
        product_sizes=_sizes(written, unit),
        written=written,
        source=dose.source,
    )


def _caps(dose: Dose, unit: str) -> tuple[tuple[float, str], ...]:
    own = [(_amount(dose.at_most, unit), str(dose.per))] if dose.at_most else []
    return (*own, *((_amount(cap.amount, unit), str(cap.per)) for cap in dose.caps))


def _for_interval(dose: Dose, amount: float, per: str) -> float:
    """Return a cap of another interval as a cap for the interval of the dose."""
    times = dose.times_per_day or 1
    days = dose.days.high if dose.days else 1
    match (per, dose.per):
        case ("day", "dose"):
            return amount / times
        case ("dose", "day"):
            return amount * times
        case ("course", "day"):
            return amount / days
        case ("day", "course"):
            return amount * days
        case _:
            return amount


def _amount(amount: Amount, unit: str) -> float:
    return conversion(amount.unit, unit).apply(amount.value)


def _sizes(written: Regimen, unit: str) -> tuple[float, float, float] | None:
    product = written.product
    if product is None:
        return None
    largest = _amount(product.largest, unit) * product.combine
    return _amount(product.smallest, unit), largest, _amount(product.step, unit)
