"""A regimen with one small change: amounts, caps, intervals, days, adjustments, products, units."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from cds_engine.diagnostics import Span
from cds_engine.language.printer import number
from cds_engine.pack.base import Amount, AmountRange
from cds_engine.pack.statements import Cap, Dose, Interval, Product, Regimen
from cds_engine.proof.mutants.expressions import SHARE, shifted
from cds_engine.proof.mutants.mutant import LEFT_OUT, Kind

INTERVALS: tuple[Interval, ...] = get_args(Interval)
MASSES = {"mg": "g", "g": "mg", "ug": "mg"}
"""The unit of mass that is mistaken for another."""
BASES = {"m2": "kg", "kg": "m2"}


@dataclass(frozen=True, slots=True)
class DoseVariant:
    """A regimen with one change."""

    kind: Kind
    was: str
    now: str
    regimen: Regimen
    span: Span | None


def dose_variants(regimen: Regimen) -> Iterator[DoseVariant]:
    """List a regimen with each change that can be made to it."""
    for kind, was, now, dose, span in _doses(regimen.dose):
        yield DoseVariant(kind, was, now, regimen.model_copy(update={"dose": dose}), span)
    if regimen.product is not None:
        for was, now, product in _products(regimen.product):
            changed = regimen.model_copy(update={"product": product})
            yield DoseVariant("product", was, now, changed, regimen.product.span)


Found = tuple[Kind, str, str, Dose, Span | None]


def _doses(dose: Dose) -> Iterator[Found]:
    span = dose.span_of("range")
    for other in _ranges(dose.range):
        yield "dose", _range(dose.range), _range(other), dose.model_copy(update={"range": other}), span
    for unit in _rates(dose.range.unit):
        other = replace(dose.range, unit=unit)
        yield "unit", _range(dose.range), _range(other), dose.model_copy(update={"range": other}), span
    for per in INTERVALS:
        if per != dose.per:
            yield "interval", f"per {dose.per}", f"per {per}", dose.model_copy(update={"per": per}), dose.span_of("per")
    if dose.times_per_day is not None:
        for times in (dose.times_per_day + 1, dose.times_per_day - 1):
            if times > 0:
                was, now = f"{dose.times_per_day} times a day", f"{times} times a day"
                changed = dose.model_copy(update={"times_per_day": times})
                yield "interval", was, now, changed, dose.span_of("times_per_day")
    if dose.days is not None:
        for days in _days(dose.days):
            was, now = f"days: {_range(dose.days)}", f"days: {_range(days)}"
            yield "interval", was, now, dose.model_copy(update={"days": days}), dose.span_of("days")
    yield from _caps(dose)
    yield from _adjustments(dose)


def _ranges(written: AmountRange) -> Iterator[AmountRange]:
    """Raise and lower each end, a single number as a whole; an end does not pass the other."""
    if written.low == written.high:
        for value in shifted(written.low):
            yield replace(written, low=value, high=value)
        return
    for low in shifted(written.low) if written.low else (written.high * SHARE,):
        if low <= written.high:
            yield replace(written, low=low)
    for high in shifted(written.high):
        if written.low <= high:
            yield replace(written, high=high)


def _rates(unit: str) -> Iterator[str]:
    amount, _, basis = unit.partition("/")
    if amount in MASSES:
        yield f"{MASSES[amount]}/{basis}" if basis else MASSES[amount]
    if basis in BASES:
        yield f"{amount}/{BASES[basis]}"


def _days(days: AmountRange) -> Iterator[AmountRange]:
    if days.low == days.high:
        for value in shifted(days.low, is_count=True):
            if value >= 1:
                yield replace(days, low=value, high=value)
        return
    yield replace(days, low=days.low + 1)
    yield replace(days, high=days.high - 1)


def _caps(dose: Dose) -> Iterator[Found]:
    if dose.at_most is not None:
        span = dose.span_of("at_most")
        for other in _amounts(dose.at_most):
            was, now = f"at most {_amount(dose.at_most)}", f"at most {_amount(other)}"
            yield "cap", was, now, dose.model_copy(update={"at_most": other}), span
        was = f"at most {_amount(dose.at_most)}"
        yield "cap", was, LEFT_OUT, dose.model_copy(update={"at_most": None}), span
    for index, cap in enumerate(dose.caps):
        rest = [*dose.caps[:index], *dose.caps[index + 1 :]]
        yield "cap", _cap(cap), LEFT_OUT, dose.model_copy(update={"caps": rest}), cap.span
        others = [cap.model_copy(update={"amount": amount}) for amount in _amounts(cap.amount)]
        others += [cap.model_copy(update={"per": per}) for per in INTERVALS if per != cap.per]
        for changed in others:
            kind: Kind = "cap" if changed.per == cap.per else "interval"
            caps = [*dose.caps[:index], changed, *dose.caps[index + 1 :]]
            yield kind, _cap(cap), _cap(changed), dose.model_copy(update={"caps": caps}), cap.span


def _adjustments(dose: Dose) -> Iterator[Found]:
    for index, adjustment in enumerate(dose.adjust):
        for factor in (*shifted(adjustment.multiply), 1.0):
            changed = adjustment.model_copy(update={"multiply": factor})
            adjust = [*dose.adjust[:index], changed, *dose.adjust[index + 1 :]]
            was, now = f"times {number(adjustment.multiply)}", f"times {number(factor)}"
            yield "adjustment", was, now, dose.model_copy(update={"adjust": adjust}), adjustment.span_of("multiply")


def _products(product: Product) -> Iterator[tuple[str, str, Product]]:
    for name, said in (("smallest", "from"), ("largest", "to"), ("step", "step")):
        amount = getattr(product, name)
        for other in (replace(amount, value=value) for value in shifted(amount.value)):
            changed = product.model_copy(update={name: other})
            yield f"{said} {_amount(amount)}", f"{said} {_amount(other)}", changed
    for count in (product.combine + 1, product.combine - 1):
        if count > 0:
            changed = product.model_copy(update={"combine": count})
            yield f"combine {product.combine}", f"combine {count}", changed


def _amounts(amount: Amount) -> Iterator[Amount]:
    for value in shifted(amount.value):
        yield replace(amount, value=value)
    if amount.unit in MASSES:
        yield replace(amount, unit=MASSES[amount.unit])


def _amount(amount: Amount) -> str:
    return f"{number(amount.value)} {amount.unit}".rstrip()


def _range(written: AmountRange) -> str:
    ends = number(written.low) if written.low == written.high else f"{number(written.low)} to {number(written.high)}"
    return f"{ends} {written.unit}".rstrip()


def _cap(cap: Cap) -> str:
    return f"at most {_amount(cap.amount)} per {cap.per}"
