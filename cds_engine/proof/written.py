"""What was written otherwise in another version of a pack: only there can a patient be answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Derivation, DosePlan, Guideline, RuleSpec
from cds_engine.patient.spec import FactSpec


def differing(
    first: Guideline, old: RuleSpec, second: Guideline, new: RuleSpec, changed_facts: AbstractSet[str]
) -> tuple[list[c.Condition], list[DosePlan]] | None:
    """Return the conditions and doses of a rule that were written otherwise, None if nothing that it rests on was.

    *changed_facts* are those that may come out otherwise: a rule that reads one of them rests on what was changed.
    """
    keys = {old.key, *keys_of(first, old), *keys_of(second, new)}
    changed = [
        found
        for key in sorted(keys)
        if (first.conditions.get(key)) != (second.conditions.get(key))
        for found in (first.conditions.get(key), second.conditions.get(key))
        if found is not None
    ]
    plans = [
        plan
        for a, b in zip(old.treatments, new.treatments, strict=False)
        if a.dose and b.dose and _numbers(a.dose) != _numbers(b.dose)
        for plan in (a.dose, b.dose)
    ]
    same_shape = [t.target for t in old.treatments] == [t.target for t in new.treatments] and old.mode == new.mode
    same_safety = _safety(first, old) == _safety(second, new)
    reads = read_by(first, old) | read_by(second, new)
    if changed or plans or not (same_shape and same_safety and reads.isdisjoint(changed_facts)):
        return changed, plans
    return None


def read_by(guideline: Guideline, spec: RuleSpec) -> frozenset[str]:
    """Return the facts that a rule's status and doses rest on, derived ones and their inputs included."""
    found = frozenset[str]().union(*(guideline.reads[key] for key in (spec.key, *keys_of(guideline, spec))))
    bases = {t.dose.basis for t in spec.treatments if t.dose is not None and t.dose.basis is not None}
    return found.union(bases, *(d.reads for d in guideline.derivations if d.fact in bases))


def facts_changed(first: Guideline, second: Guideline) -> frozenset[str]:
    """Return the facts that may come out otherwise: read, derived or contradicted in another way.

    What is derived from one of them is not named: whoever reads that reads what it is derived from.
    """
    found = {*read_otherwise(first, second), *_derived_otherwise(first, second)}
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


def _conflicts_alike(first: Guideline, second: Guideline, key: str) -> bool:
    pairs = ((pack.conflicts.get(key), pack.conditions.get(key)) for pack in (first, second))
    return next(pairs) == next(pairs)


def _derived_otherwise(first: Guideline, second: Guideline) -> Iterator[str]:
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
    ]


def _read_as(spec: FactSpec) -> tuple[object, ...]:
    """Return what of a fact's entry bears on an answer."""
    entry = spec.entry
    size = spec.plausible, spec.tolerance, spec.tolerance_is_share, spec.unit
    return (
        *size,
        entry.type,
        tuple(entry.allowed),
        dict(spec.agreeing),
        dict(spec.changes),
        spec.max_age_days,
        entry.ask is None,
    )


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
    factors = tuple(adjustment.multiply for adjustment in plan.adjustments)
    return plan.low, plan.high, plan.basis, plan.basis_scale, plan.cap, plan.unit, plan.per, factors
