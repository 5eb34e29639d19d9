"""What was written otherwise in another version of a pack: only there can a patient be answered otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan, Guideline, RuleSpec
from cds_engine.patient.spec import FactSpec


def differing(
    first: Guideline, old: RuleSpec, second: Guideline, new: RuleSpec
) -> tuple[list[c.Condition], list[DosePlan]] | None:
    """Return the conditions and doses of a rule that were written otherwise, None if nothing that it rests on was."""
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
    if changed or plans or not (same_shape and same_safety and derive_alike(first, second)):
        return changed, plans
    return None


def derive_alike(first: Guideline, second: Guideline) -> bool:
    """Say whether facts are read and derived in the same way, and contradict each other in the same way."""
    branches = [
        key
        for pack in (first, second)
        for derivation in pack.derivations
        for key in (branch.key for branch in derivation.branches)
        if key is not None
    ]
    same = all(first.conditions.get(key) == second.conditions.get(key) for key in (*branches, *first.conflicts))
    return (
        same
        and first.derivations == second.derivations
        and first.conflicts == second.conflicts
        and not read_otherwise(first, second)
    )


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
