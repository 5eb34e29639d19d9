"""What was written otherwise in another version of a pack: only there can a patient be answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from cds_engine.backends.smt.reread import TAKEN
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Derivation, DosePlan, Guideline, RuleSpec
from cds_engine.patient.spec import FactSpec


def differing(
    first: Guideline, old: RuleSpec, second: Guideline, new: RuleSpec, changed_facts: AbstractSet[str]
) -> tuple[list[c.Term | c.Condition], list[DosePlan]] | None:
    """Return the parts of conditions and doses that were written otherwise, None if nothing that a rule rests on was.

    *changed_facts* are those that may come out otherwise: a rule that reads one of them rests on what was changed.
    """
    keys = {old.key, *keys_of(first, old), *keys_of(second, new)}
    changed = [
        part for key in sorted(keys) for part in parts_apart(first.conditions.get(key), second.conditions.get(key))
    ]
    after = {treatment.target: treatment.dose for treatment in new.treatments}
    pairs = ((treatment.dose, after.get(treatment.target)) for treatment in old.treatments)
    plans = [plan for a, b in pairs if a and b and _numbers(a) != _numbers(b) for plan in (a, b)]
    same_shape = _shape(old) == _shape(new)
    same_safety = _safety(first, old) == _safety(second, new)
    reads = read_by(first, old) | read_by(second, new)
    if changed or plans or not (same_shape and same_safety and reads.isdisjoint(changed_facts)):
        return changed, plans
    return None


def parts_apart(
    first: c.Term | c.Condition | None, second: c.Term | c.Condition | None
) -> Iterator[c.Term | c.Condition]:
    """List the smallest parts of two conditions that were written otherwise; one may be there alone."""
    match first, second:
        case _ if first == second:
            return
        case c.Defined(name, one), c.Defined(other, two) if name == other:
            yield from parts_apart(one, two)
        case c.Not(one), c.Not(two):
            yield from parts_apart(one, two)
        case (c.And(ones), c.And(twos)) | (c.Or(ones), c.Or(twos)):
            gone, come = [part for part in ones if part not in twos], [part for part in twos if part not in ones]
            if len(gone) == len(come) == 1:
                yield from parts_apart(*gone, *come)
            else:
                yield from (*gone, *come)
        case _:
            yield from (part for part in (first, second) if part is not None)


def read_by(guideline: Guideline, spec: RuleSpec) -> frozenset[str]:
    """Return the facts that a rule's status and doses rest on, derived ones and their inputs included."""
    found = frozenset[str]().union(*(guideline.reads[key] for key in (spec.key, *keys_of(guideline, spec))))
    bases = {t.dose.basis for t in spec.treatments if t.dose is not None and t.dose.basis is not None}
    return found.union(bases, *(d.reads for d in guideline.derivations if d.fact in bases))


def facts_changed(first: Guideline, second: Guideline) -> frozenset[str]:
    """Return the facts that may come out otherwise: read, derived or contradicted in another way.

    What is derived from one of them is not named: whoever reads that reads what it is derived from. Where both find
    the same contradictory, it is of records that contradict themselves in neither version.
    """
    found = {*read_otherwise(first, second), *derived_otherwise(first, second)}
    if contradicts_alike(first, second):
        return frozenset(found)
    always = {d.fact for pack in (first, second) for d in pack.derivations if d.always}
    conflicts = dict.fromkeys([*first.conflicts, *second.conflicts])
    waiting = [key for key in conflicts if not _conflicts_alike(first, second, key)]
    left = [key for key in conflicts if key not in waiting]
    while True:
        found |= {name for key in waiting for pack in (first, second) for name in pack.conflicts.get(key, ())}
        # a value that is always derived is held against conflicts again once any other disagrees with its derivation
        waiting = [key for key in left if found and not first.reads[key].isdisjoint(found | always)]
        left = [key for key in left if key not in waiting]
        if not waiting:
            return frozenset(found)


def contradicts_alike(first: Guideline, second: Guideline) -> bool:
    """Say whether both versions find the same values of facts contradictory."""
    old, new = first.dictionary.facts, second.dictionary.facts
    keys = dict.fromkeys([*first.conflicts, *second.conflicts])
    return all(_conflicts_alike(first, second, key) for key in keys) and all(
        _agreement(old[name]) == _agreement(new[name]) for name in old.keys() & new.keys()
    )


def _agreement(spec: FactSpec) -> tuple[object, ...]:
    return spec.tolerance, spec.tolerance_is_share, spec.unit, dict(spec.agreeing)


def _conflicts_alike(first: Guideline, second: Guideline, key: str) -> bool:
    pairs = ((pack.conflicts.get(key), pack.conditions.get(key)) for pack in (first, second))
    return next(pairs) == next(pairs)


def derived_otherwise(first: Guideline, second: Guideline) -> Iterator[str]:
    """List the facts for which the branches, their conditions or their values were written otherwise."""
    one, other = ({d.fact: _derived(pack, d) for d in pack.derivations} for pack in (first, second))
    yield from (name for name in dict.fromkeys([*one, *other]) if one.get(name) != other.get(name))


def _derived(guideline: Guideline, derivation: Derivation) -> tuple[object, ...]:
    keys = (branch.key for branch in derivation.branches if branch.key is not None)
    return derivation, tuple(guideline.conditions[key] for key in keys)


def read_otherwise(first: Guideline, second: Guideline) -> list[str]:
    """Return the facts that the two versions read in different ways, such as another plausible range."""
    old, new = first.dictionary.facts, second.dictionary.facts
    presumed = first.dictionary.presumed, second.dictionary.presumed
    names = dict.fromkeys([*old, *new])
    return [
        name
        for name in names
        if name not in old
        or name not in new
        or _read_as(old[name]) != _read_as(new[name])
        or presumed[0].get(name) != presumed[1].get(name)
        or (old[name].entry.type in TAKEN and first.dictionary.drugs != second.dictionary.drugs)
    ]


def _read_as(spec: FactSpec) -> tuple[object, ...]:
    """Return what of a fact's entry bears on an answer; how it is derived is looked at beside."""
    entry = spec.entry
    size = spec.plausible, spec.tolerance, spec.tolerance_is_share, spec.unit, spec.max_age_days
    codes = tuple(entry.allowed), dict(spec.agreeing), spec.published
    return *size, *codes, entry.type, entry.drug, entry.setting, entry.ask is None


def _shape(spec: RuleSpec) -> tuple[object, ...]:
    """Return what a rule offers, in which order, which choice it leaves and how strongly it speaks."""
    return [(t.target, t.dose is None) for t in spec.treatments], spec.mode, spec.modality


def keys_of(guideline: Guideline, spec: RuleSpec) -> Iterator[str]:
    """List the conditions beside its own that a rule's status and doses rest on."""
    for treatment in spec.treatments:
        yield from (key for key, _ in guideline.contraindications.get(treatment.target, ()))
        yield from (key for key, _ in guideline.cautions.get(treatment.target, ()))
        if treatment.dose:
            yield from (adjustment.key for adjustment in treatment.dose.adjustments)


def _safety(guideline: Guideline, spec: RuleSpec) -> list[tuple[str, str]]:
    return [
        (key, rule.if_unknown)
        for treatment in spec.treatments
        for found in (guideline.contraindications, guideline.cautions)
        for key, rule in found.get(treatment.target, ())
    ]


def _numbers(plan: DosePlan) -> tuple[object, ...]:
    """Return what of a regimen bears on the dose: how much, how often, and of which products."""
    factors = tuple(adjustment.multiply for adjustment in plan.adjustments)
    how_much = plan.low, plan.high, plan.basis, plan.basis_scale, plan.cap, factors
    return *how_much, schedule_of(plan), plan.product_sizes


def schedule_of(plan: DosePlan) -> tuple[object, ...]:
    """Return in what a dose is given, and how often."""
    route = plan.written.route.prefer if plan.written.route is not None else None
    return plan.unit, plan.per, plan.times_per_day, plan.days, route
