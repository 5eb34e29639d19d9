"""Ways to write one fact that two dictionaries read otherwise: what the one uses and the other does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import combinations, pairwise
from statistics import fmean

from cds_engine.language.printer import number
from cds_engine.patient.spec import FactSpec
from cds_engine.proof.replay import Patient, facts_of
from cds_engine.proof.twice import Versions
from cds_engine.units import UnitError

BEYOND = 1.01
"""How far beyond an end a value is written, as a share of it."""
TODAY = date(2026, 1, 31)
"""Any day: dates are written by their distance from it."""
Written = tuple[object, date | None]
"""The fact as it is sent, and the day that the answer is about, where that matters."""


def rewritten(versions: Versions, names: Iterable[str], patient: Patient) -> Iterator[Patient]:
    """List a patient with one fact written so that the versions, which read it otherwise, may not both use it."""
    facts = facts_of(patient)
    for name in names:
        old, new = (version.dictionary.facts.get(name) for version in versions)
        if old is not None and new is not None:
            for written, today in variants(old, new, facts.get(name)):
                day = {"as_of": today.isoformat()} if today is not None else {}
                yield {**patient, "facts": {**facts, name: written}, **day}


def variants(old: FactSpec, new: FactSpec, value: object) -> Iterator[Written]:
    """List ways to write a fact that the two may read otherwise; *value* is how it stands there."""
    yield from ((_in_unit(amount, old), None) for amount in between_ranges(old, new))
    if (old.tolerance, old.tolerance_is_share) != (new.tolerance, new.tolerance_is_share):
        yield from (([value, other], None) for other in _within_one_tolerance(old, new, value))
    if old.max_age_days != new.max_age_days and value is not None:
        for age in _between_ages(old, new):
            yield {**_parts(value), "date": (TODAY - timedelta(days=age)).isoformat()}, TODAY
    for code in [*old.entry.allowed, *new.entry.allowed]:
        if (code in old.entry.allowed) is not (code in new.entry.allowed):
            yield code, None
    amount = amount_of(value)
    for unit in {**old.published, **new.published}:
        if old.published.get(unit) != new.published.get(unit):
            factors = list(_factors(unit, old, new))
            yield from _sent_as([*([] if amount is None else [amount]), *(old.plausible or ())], unit, factors)
    if dict(old.agreeing) != dict(new.agreeing):
        for one, other in combinations(old.entry.allowed, 2):
            if old.agree(one, other) is not new.agree(one, other):
                yield [one, other], None


def _factors(unit: str, *specs: FactSpec) -> Iterator[float]:
    """List by what each dictionary multiplies amounts in a unit, published or by physics, as far as it can read it."""
    for spec in specs:
        with suppress(UnitError):
            yield spec.change_from(unit).factor


def _sent_as(amounts: list[float], unit: str, factors: list[float]) -> Iterator[Written]:
    """List amounts as they are sent in another unit, by each factor and by what lies between them."""
    for factor in (*factors, fmean(factors)):
        yield from ((f"{number(float(f'{amount / factor:.6g}'))} {unit}", None) for amount in amounts)


def between_ranges(old: FactSpec, new: FactSpec) -> Iterator[float]:
    """List numbers that only one of two plausible ranges holds."""
    if old.unit != new.unit:
        return
    ends = sorted({*(old.plausible or ()), *(new.plausible or ())})
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    outside = [ends[0] / BEYOND, ends[-1] * BEYOND] if ends else []
    for amount in (*ends, *middles, *outside):
        if _holds(old, amount) is not _holds(new, amount):
            yield amount


def _holds(spec: FactSpec, amount: float) -> bool:
    return spec.plausible is None or spec.plausible[0] <= amount <= spec.plausible[1]


def _within_one_tolerance(old: FactSpec, new: FactSpec, value: object) -> Iterator[object]:
    """List second values of a fact that contradict the first in one version only."""
    amount = amount_of(value)
    if amount is None:
        return
    steps = [spec.tolerance * (amount if spec.tolerance_is_share else 1.0) for spec in (old, new)]
    for other in (amount + sum(steps) / 2, amount - sum(steps) / 2):
        rounded = float(f"{other:.4g}")
        if old.agree(amount, rounded) is not new.agree(amount, rounded):
            yield with_amount(value, rounded)


def _between_ages(old: FactSpec, new: FactSpec) -> Iterator[int]:
    """List ages in days that are too old for one version only."""
    limits = sorted(limit for limit in (old.max_age_days, new.max_age_days) if limit is not None)
    yield int(limits[0]) + 1
    if len(limits) > 1:
        yield int(limits[1])


def _in_unit(amount: float, spec: FactSpec) -> object:
    return f"{number(amount)} {spec.unit}" if spec.unit else amount


def _parts(value: object) -> dict[str, object]:
    """Return a value as the mapping in which a date can stand."""
    match value:
        case dict():
            return dict(value)
        case str() if amount_of(value) is not None and " " in value:
            return {"value": amount_of(value), "unit": value.split(" ", 1)[1]}
        case _:
            return {"value": value}


def amount_of(value: object) -> float | None:
    """Return the number of a fact as it is sent: `128 cm`, a bare number, or a quantity."""
    match value:
        case bool():
            return None
        case int() | float():
            return float(value)
        case {"value": inner}:
            return amount_of(inner)
        case str():
            try:
                return float(value.split(" ", 1)[0])
            except ValueError:
                return None
        case _:
            return None


def with_amount(value: object, amount: float) -> object:
    """Return a fact as it is sent with another number."""
    match value:
        case dict():
            return {**value, "value": amount}
        case str():
            return " ".join([str(amount), *value.split(" ", 1)[1:]])
        case _:
            return amount
