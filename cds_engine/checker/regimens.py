"""Check that the numbers of a dose fit together: rate, basis, caps, products."""

from __future__ import annotations

from cds_engine.diagnostics import Diagnostic, did_you_mean
from cds_engine.pack.base import Amount, PackModel
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Dose, Regimen
from cds_engine.units import UnitError, conversion, parse_unit


def check_regimens(pack: Pack, findings: list[Diagnostic]) -> None:
    """Report doses whose units or intervals do not fit."""
    for regimen in pack.regimens.regimens.values():
        unit = _dose_unit(pack, regimen.dose, findings)
        if unit is not None:
            _check_limits(regimen, unit, findings)


def split_rate(rate: str) -> tuple[str, str | None]:
    """Return the amount and the basis of a rate.

    >>> split_rate("mg/m2"), split_rate("g")
    (('mg', 'm2'), ('g', None))
    """
    amount, _, basis = rate.partition("/")
    return amount, basis or None


def _dose_unit(pack: Pack, dose: Dose, findings: list[Diagnostic]) -> str | None:
    amount, per = split_rate(dose.range.unit)
    place = dose.span_of("range")
    for unit in filter(None, (amount, per)):
        try:
            parse_unit(unit)
        except UnitError as error:
            findings.append(Diagnostic("U101", error.message, place, error.help))
            return None
    if not amount:
        findings.append(Diagnostic("D201", "a dose needs a unit, such as `mg/m2`", place))
        return None
    if (per is None) != (dose.basis is None):
        findings.append(
            Diagnostic("D201", f"a dose in `{dose.range.unit}` and its basis do not fit", place, "`mg/m2` needs one")
        )
        return None
    if dose.basis is not None and per is not None:
        fact = pack.facts.facts.get(dose.basis)
        if fact is None or fact.unit is None:
            hint = did_you_mean(dose.basis, pack.facts.facts)
            findings.append(Diagnostic("N101", f"there is no quantity `{dose.basis}`", dose.span_of("basis"), hint))
            return None
        _converts(dose, ("basis",), fact.unit, per, findings)
    return amount


def _check_limits(regimen: Regimen, unit: str, findings: list[Diagnostic]) -> None:
    dose = regimen.dose
    if dose.at_most is not None:
        _amount(dose, "at_most", dose.at_most, unit, findings)
    for cap in dose.caps:
        _amount(cap, "amount", cap.amount, unit, findings)
        if cap.per != dose.per and not _relates(dose, cap.per):
            findings.append(
                Diagnostic(
                    "D202",
                    f"a cap per {cap.per} cannot be held against a dose per {dose.per}",
                    cap.span_of("per"),
                    "say `times_per_day` or `days` of the dose",
                )
            )
    if dose.per == "dose" and dose.times_per_day is None and dose.days is None:
        hint = "add `times_per_day:` or `days:`"
        findings.append(Diagnostic("D203", "how often the dose is given is missing", dose.span_of("per"), hint))
    if regimen.product is not None:
        product = regimen.product
        for key, amount in (("from", product.smallest), ("to", product.largest), ("step", product.step)):
            _amount(product, key, amount, unit, findings)
        if product.step.value <= 0 or product.smallest.value > product.largest.value:
            findings.append(Diagnostic("D204", "the product's sizes must ascend in steps above 0", product.span))


def _relates(dose: Dose, per: str) -> bool:
    """Say whether the number of doses in the cap's interval is known."""
    pair = {dose.per, per}
    return (pair == {"dose", "day"} and dose.times_per_day is not None) or (
        pair == {"day", "course"} and dose.days is not None and dose.days.low == dose.days.high
    )


def _amount(model: PackModel, key: str, amount: Amount, unit: str, findings: list[Diagnostic]) -> None:
    if not amount.unit:
        findings.append(Diagnostic("D201", "this amount needs a unit", model.span_of(key), f"write `{unit}`"))
        return
    if amount.value <= 0:
        findings.append(Diagnostic("D204", "this amount must be above 0", model.span_of(key)))
    _converts(model, (key,), amount.unit, unit, findings)


def _converts(model: PackModel, path: tuple[str, ...], source: str, target: str, findings: list[Diagnostic]) -> None:
    try:
        conversion(source, target)
    except UnitError as error:
        findings.append(Diagnostic("U201", error.message, model.span_of(*path), error.help))
