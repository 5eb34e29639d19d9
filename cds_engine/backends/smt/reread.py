"""One record read by two dictionaries: what each makes of a fact that they read in different ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import TRUE, both, either, opposite
from cds_engine.backends.smt.record import Slot, off_by, rational
from cds_engine.backends.smt.values import Code, Flag, Members, Number, equal
from cds_engine.patient.spec import FactSpec
from cds_engine.units import Conversion, UnitError, conversion

TAKEN = frozenset({"medications", "drug_dose"})
"""The types of facts that are read by the names of drugs: what another dictionary makes of them is left open."""


def alike(old: SymbolicAnswer, new: SymbolicAnswer, names: Iterable[str]) -> list[z3.BoolRef]:
    """Return what holds of facts that two answers to one record read in different ways.

    What is given to one is given to the other, as far as both know the fact; its value is the same, converted where
    their units differ; and where the one accepts no more than the other, what it uses the other uses.
    """
    found: list[z3.BoolRef] = []
    for name in names:
        first, second = (answer.record.facts.get(name) for answer in (old, new))
        if first is not None and second is not None and first.entry.type not in TAKEN:
            found += _of_fact(name, (old, first), (new, second))
    return found


def _of_fact(
    name: str, old: tuple[SymbolicAnswer, FactSpec], new: tuple[SymbolicAnswer, FactSpec]
) -> Iterator[z3.BoolRef]:
    slots = old[0].record.slot(name), new[0].record.slot(name)
    specs = old[1], new[1]
    given = [either(slot.known, slot.withheld) for slot in slots]
    yield given[0] == given[1]
    yield _same_value(slots, specs)
    if _differ_in_range(*specs):
        inside = [_inside(slot, spec) for slot, spec in zip(slots, specs, strict=True)]
        yield z3.Implies(both(*inside), slots[0].known == slots[1].known)
    for (slot, spec), (other, wider) in ((pairs := list(zip(slots, specs, strict=True))), pairs[::-1]):
        if _accepts_no_more(spec, wider):
            yield z3.Implies(slot.known, other.known)


def _same_value(slots: tuple[Slot, Slot], specs: tuple[FactSpec, FactSpec]) -> z3.BoolRef:
    match slots[0].payload, slots[1].payload:
        case Number(first), Number(second):
            ways = [*_by_physics(*specs, first, second), *_as_published(*specs, first, second)]
            return either(*ways) if ways else TRUE
        case (Flag() as one, Flag() as other) | (Members() as one, Members() as other):
            return equal(one, other)
        case Code(first), Code(second):
            return both(*(first[code] == second[code] for code in first if code in second))
        case _:
            return TRUE


def _by_physics(first: FactSpec, second: FactSpec, one: z3.ArithRef, other: z3.ArithRef) -> Iterator[z3.BoolRef]:
    """List that two canonical values are one amount, exactly, if their units are of one kind."""
    try:
        same = first.unit == second.unit
        change = Conversion(1.0, 0.0) if same else conversion(first.unit or "1", second.unit or "1")
    except UnitError:
        return
    yield other == one * rational(change.factor) + rational(change.offset)


def _as_published(first: FactSpec, second: FactSpec, one: z3.ArithRef, other: z3.ArithRef) -> Iterator[z3.BoolRef]:
    """List that two canonical values are one amount in each unit that either publishes, as near as they round.

    Any other unit has the way of physics in both. Where both have one way into one unit, the values are the same.
    """
    for unit in {**first.published, **second.published}:
        try:
            before, after = first.change_from(unit), second.change_from(unit)
        except UnitError:
            continue  # one of them cannot read it
        if before == after and first.unit == second.unit:
            continue
        slope = Fraction(after.factor) / Fraction(before.factor)
        shift = Fraction(after.offset) - Fraction(before.offset) * slope
        end = one * z3.RealVal(str(slope)) + z3.RealVal(str(shift))
        size = z3.If(end >= 0, end, -end) + z3.RealVal(str(abs(shift)))
        yield opposite(off_by(other, end, size))


def _inside(slot: Slot, spec: FactSpec) -> z3.BoolRef:
    """Return the truth that a dictionary has a value: a plausible number, or one of its codes."""
    if isinstance(slot.payload, Code):
        return either(*slot.payload.each.values())
    if spec.plausible is None or not isinstance(slot.payload, Number):
        return TRUE
    low, high = (rational(end) for end in spec.plausible)
    return both(slot.payload.value >= low, slot.payload.value <= high)


def _differ_in_range(first: FactSpec, second: FactSpec) -> bool:
    """Say whether two entries read a value alike but for the range or the codes that they have."""
    limits = [(spec.tolerance, spec.max_age_days) for spec in (first, second)]
    return _rest(first) == _rest(second) and limits[0] == limits[1]


def _accepts_no_more(spec: FactSpec, other: FactSpec) -> bool:
    """Say whether whatever the one uses of a record the other uses too."""
    ranges = [one.plausible or (-math.inf, math.inf) for one in (spec, other)]
    is_inside = ranges[1][0] <= ranges[0][0] and ranges[0][1] <= ranges[1][1]
    ages = [math.inf if one.max_age_days is None else one.max_age_days for one in (spec, other)]
    is_inside = is_inside and {*spec.entry.allowed} <= {*other.entry.allowed}
    return _rest(spec) == _rest(other) and is_inside and spec.tolerance <= other.tolerance and ages[0] <= ages[1]


def _rest(spec: FactSpec) -> tuple[object, ...]:
    """Return how a fact is read, but for how much of it is accepted."""
    kind = spec.entry.type, spec.unit, spec.tolerance_is_share, spec.entry.drug
    return *kind, dict(spec.agreeing), spec.published
