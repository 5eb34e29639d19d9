"""Check that the numbers of a dose fit together: rate, basis, caps, products."""

from __future__ import annotations

from cds_engine.diagnostics import Diagnostic, did_you_mean
from cds_engine.language.printer import number
from cds_engine.pack.base import Amount, PackModel
from cds_engine.pack.load import Pack
from cds_engine.pack.statements import Dose, Product, Regimen
from cds_engine.units import UnitError, conversion, parse_unit


def check_regimens(pack: Pack, findings: list[Diagnostic]) -> None:
    """Report doses whose units or intervals do not fit."""
    for regimen in pack.regimens.regimens.values():
        unit = _dose_unit(pack, regimen.dose, findings)
        _check_rhythm(regimen.dose, findings)
        if unit is not None:
            before = len(findings)
            _check_limits(regimen, unit, findings)
            if regimen.product is not None:
                _check_product(regimen.product, unit, findings)
            if len(findings) == before:
                _check_reach(pack, regimen.dose, unit, findings)


def split_rate(rate: str) -> tuple[str, str | None]:
    """Return the amount and the basis of a rate.

    >>> split_rate("mg/m2"), split_rate("g")
    (('mg', 'm2'), ('g', None))
    """
    amount, _, basis = rate.partition("/")
    return amount, basis or None


def _dose_unit(pack: Pack, dose: Dose, findings: list[Diagnostic]) -> str | None:
    """Return the unit of the amount, or None when the range and its basis do not fit together."""
    amount, per = split_rate(dose.range.unit)
    place = dose.span_of("range")

    def say(code: str, message: str, hint: str | None) -> None:
        findings.append(Diagnostic(code, message, place, hint))

    if not amount:
        say("D201", "a dose needs a unit", "write it with the range, such as `15 to 20 mg/m2`")
        return None
    for unit in filter(None, (amount, per)):
        try:
            parse_unit(unit)
        except UnitError as error:
            say("U101", error.message, error.help or "units are written in UCUM, such as `mg/m2`")
            return None
    if per is not None and per.rpartition("/")[2] in _INTERVALS:
        say("D201", f"`{dose.range.unit}` holds the interval as well", "say the interval with `per:` alone")
        return None
    if dose.range.low < 0 or dose.range.high == 0:
        say("D204", "a dose must be above 0", "write how much is given")
        return None
    if per is not None and dose.basis is None:
        say("D201", f"a dose in `{dose.range.unit}` needs its basis", "add `basis:`, the fact it is multiplied with")
        return None
    if per is None and dose.basis is not None:
        hint = f"remove `basis: {dose.basis}`, or write the dose per unit of it"
        say("D201", f"a dose in `{dose.range.unit}` has no basis", hint)
        return None
    return amount if dose.basis is None or per is None or _fits(pack, dose, dose.basis, per, findings) else None


_INTERVALS = {"d", "wk", "mo", "a", "h", "min"}


def _fits(pack: Pack, dose: Dose, basis: str, per: str, findings: list[Diagnostic]) -> bool:
    """Say whether the basis is a fact in a unit that the dose can be multiplied with."""
    span = dose.span_of("basis")
    fact = pack.facts.facts.get(basis)
    if fact is None:
        if not pack.unread.may_declare(basis, "facts.yaml"):
            hint = did_you_mean(basis, pack.facts.facts) or "facts stand in facts.yaml"
            findings.append(Diagnostic("N101", f"there is no fact `{basis}`", span, hint))
        return False
    found = f"a dose in `{dose.range.unit}` cannot be multiplied with `{basis}`"
    if fact.type == "quantity" and (fact.unit is None or not _is_unit(fact.unit)):
        return False  # said of the fact itself
    if fact.unit is None:
        hint = f"name a quantity in `{per}`"
        findings.append(Diagnostic("U201", f"{found}, which has no unit", span, hint))
        return False
    try:
        conversion(fact.unit, per)
    except UnitError as error:
        fitting = [name for name, other in pack.facts.facts.items() if other.unit == per]
        hint = f"`{fitting[0]}` is in `{per}`" if fitting else error.help or f"name a quantity in `{per}`"
        findings.append(Diagnostic("U201", f"{found}, which is in `{fact.unit}`", span, hint))
        return False
    return True


def _check_rhythm(dose: Dose, findings: list[Diagnostic]) -> None:
    """Report what is missing or wrong about how often and how long."""
    for cap in dose.caps:
        if cap.per != dose.per and not _relates(dose, cap.per):
            found = f"a cap per {cap.per} cannot be held against a dose per {dose.per}"
            hint = _WAYS.get(frozenset((cap.per, dose.per)), f"write the cap per {dose.per}")
            findings.append(Diagnostic("D202", found, cap.span_of("per"), hint))
    if dose.per == "dose" and dose.times_per_day is None and dose.days is None:
        hint = "add `times_per_day:` or `days:`"
        findings.append(Diagnostic("D203", "how often the dose is given is missing", dose.span_of("per"), hint))
    if dose.times_per_day is not None and dose.per not in {"dose", "day"}:
        found = f"a dose per {dose.per} is not given `{dose.times_per_day}` times a day"
        hint = f"remove `times_per_day:`, or the interval `{dose.per}` if it is not meant"
        findings.append(Diagnostic("D206", found, dose.span_of("times_per_day"), hint))
    if dose.days is not None:
        span, hint = dose.span_of("days"), "write it as `3` or `2 to 5`"
        if dose.days.unit not in {"", "d"}:
            findings.append(Diagnostic("U201", f"`{dose.days.unit}` does not count days", span, hint))
        elif dose.days.low < 1:
            findings.append(Diagnostic("D204", "a dose is given on one day or more", span, hint))


_WAYS = {
    frozenset(("dose", "day")): "add `times_per_day:` to the dose",
    frozenset(("day", "course")): "add `days:` to the dose, as one number",
}
"""What makes a cap of another interval comparable."""


def _is_unit(unit: str) -> bool:
    try:
        parse_unit(unit)
    except UnitError:
        return False
    return True


def _check_limits(regimen: Regimen, unit: str, findings: list[Diagnostic]) -> None:
    dose = regimen.dose
    if dose.at_most is not None:
        _amount(dose, "at_most", dose.at_most, unit, findings)
    for cap in dose.caps:
        _amount(cap, "amount", cap.amount, unit, findings)
    if dose.at_most is not None or dose.caps:
        for adjust in dose.adjust:
            if adjust.multiply > 1:
                found = "an adjustment above 1 would lift the dose over its cap"
                hint = "write a factor of 1 or less, or a regimen of its own"
                findings.append(Diagnostic("D204", found, adjust.span_of("multiply"), hint))


def _check_product(product: Product, unit: str, findings: list[Diagnostic]) -> None:
    before = len(findings)
    for key, amount in (("from", product.smallest), ("to", product.largest), ("step", product.step)):
        _amount(product, key, amount, unit, findings)
    if len(findings) > before:
        return
    smallest, largest = _in_unit(product.smallest, unit), _in_unit(product.largest, unit)
    if smallest > largest:
        hint = "the smallest stands under `from:`"
        findings.append(Diagnostic("D204", "the product's sizes descend", product.span_of("from"), hint))


def _check_reach(pack: Pack, dose: Dose, unit: str, findings: list[Diagnostic]) -> None:
    """Report a cap that no plausible patient can reach, or that every one exceeds: often a wrong unit."""
    smallest, largest = 1.0, 1.0
    if dose.basis is not None:
        fact = pack.facts.facts[dose.basis]
        if fact.plausible is None or fact.unit is None:
            return
        try:
            change = conversion(fact.plausible.unit or fact.unit, split_rate(dose.range.unit)[1] or "1")
        except UnitError:
            return
        smallest, largest = change.apply(fact.plausible.low), change.apply(fact.plausible.high)
    low, high = dose.range.low * smallest, dose.range.high * largest
    own = [(dose, "at_most", dose.at_most)] if dose.at_most is not None else []
    for model, key, amount in (*own, *((cap, "amount", cap.amount) for cap in dose.caps if cap.per == dose.per)):
        cap = _in_unit(amount, unit)
        if cap > high:
            found = f"no dose can reach this cap: the largest is {_shown(high)} {unit}"
        elif cap < low:
            found = f"every dose exceeds this cap: the smallest is {_shown(low)} {unit}"
        else:
            continue
        findings.append(Diagnostic("D205", found, model.span_of(key), "look at the unit of the cap and of the range"))


def _shown(value: float) -> str:
    return number(float(f"{value:.6g}"))


def _in_unit(amount: Amount, unit: str) -> float:
    return conversion(amount.unit, unit).apply(amount.value)


def _relates(dose: Dose, per: str) -> bool:
    """Say whether the number of doses in the cap's interval is known."""
    pair = {dose.per, per}
    return (pair == {"dose", "day"} and dose.times_per_day is not None) or (
        pair == {"day", "course"} and dose.days is not None and dose.days.low == dose.days.high
    )


def _amount(model: PackModel, key: str, amount: Amount, unit: str, findings: list[Diagnostic]) -> None:
    """Report an amount without unit, of another kind than the dose, or not above 0."""
    span = model.span_of(key)
    if not amount.unit:
        hint = f"write `{number(amount.value)} {unit}`"
        findings.append(Diagnostic("D201", "this amount needs a unit", span, hint))
        return
    try:
        conversion(amount.unit, unit)
    except UnitError as error:
        code = "U101" if error.code == "U101" else "U201"
        found = error.message if code == "U101" else f"`{amount.unit}` cannot be held against a dose in `{unit}`"
        hint = error.help or f"write the amount in `{unit}`"
        findings.append(Diagnostic(code, found, span, hint))
        return
    if amount.value <= 0:
        findings.append(Diagnostic("D204", "this amount must be above 0", span, "write how much it is"))
