"""Whom a change concerns in the pack itself: the rules, safety rules, alerts and checks, and their statements."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.proof.mutants.mutant import Mutant
from cds_engine.proof.mutants.reach import Reach

SAFETY = ("contraindication", "caution", "monitoring")


@dataclass(frozen=True, slots=True)
class Affected:
    """What may answer otherwise."""

    names: frozenset[str]
    """Ids of rules, safety rules, alerts, order checks and derived facts."""
    statements: tuple[str, ...]
    """In the order of the pack."""


def affected_by(reach: Reach, mutant: Mutant, guideline: Guideline) -> Affected:
    """Return what a change concerns."""
    keys = {mutant.at, *reach.conditions, *reach.about_orders, *(key for _, key in reach.safety)}
    keys |= {key for key, reads in guideline.reads.items() if not reach.facts.isdisjoint(reads)}
    targets = {target for target, _ in reach.safety} | reach.drugs
    found = concerned(keys, guideline, targets, reach.regimens)
    return Affected(found.names | reach.facts, found.statements)


def concerned(
    keys: AbstractSet[str],
    guideline: Guideline,
    targets: AbstractSet[str] = frozenset(),
    regimens: AbstractSet[str] = frozenset(),
) -> Affected:
    """Return what conditions concern by their keys, with what is recommended of *targets* and by *regimens*."""
    targets = set(targets)
    targets |= {drug for key, alert in guideline.alerts if key in keys and (drug := alert.drug) is not None}
    for pairs in (guideline.contraindications, guideline.cautions, guideline.monitoring):
        targets |= {target for target, found in pairs.items() for key, _ in found if key is not None and key in keys}
    rules = [spec for spec in guideline.rules if _concerns(spec, keys, targets, regimens)]
    names = {name for key in keys for name in _ids(key)} | {spec.rule.id for spec in rules}
    order = {name: index for index, name in enumerate(guideline.statements)}
    spoken = {name for spec in rules for name in (spec.statement.id, *spec.rule.carries)}
    return Affected(frozenset(names), tuple(sorted(spoken, key=lambda name: order.get(name, len(order)))))


def _concerns(spec: RuleSpec, keys: AbstractSet[str], targets: AbstractSet[str], regimens: AbstractSet[str]) -> bool:
    own = {spec.key, *(key for key in spec.ask_keys if key is not None), *(key for key, _ in spec.exclusions)}
    own |= {a.key for t in spec.treatments if t.dose is not None for a in t.dose.adjustments}
    return (
        not own.isdisjoint(keys)
        or any(treatment.target in targets for treatment in spec.treatments)
        or any(treatment.dose.regimen in regimens for treatment in spec.treatments if treatment.dose is not None)
    )


def _ids(key: str) -> Iterator[str]:
    """Return the id in a key: `gout` of `contraindication gout`, `start` of `rule start ask 1`."""
    words = key.split(" ")
    if len(words) > 1:
        yield words[1]
