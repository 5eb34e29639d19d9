"""Which facts matter to what was written otherwise between two versions, rule by rule."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.lowering.walk import names_in
from cds_engine.proof.describe import Cuts, cuts_of
from cds_engine.proof.twice import Versions
from cds_engine.proof.written import derived_otherwise, differing, keys_of, parts_apart, read_by, read_otherwise


def cuts_of_rule(versions: Versions, old: RuleSpec, new: RuleSpec, changed: AbstractSet[str]) -> Cuts | None:
    """Return the facts that matter to how a rule differs, None if it rests on nothing that was written otherwise.

    *changed* are the facts that may come out otherwise.
    """
    first, second = versions
    written = differing(first, old, second, new, changed)
    if written is None:
        return None
    found = cuts_of(*written, {**second.conditions, **first.conditions})
    reads = read_by(first, old) | read_by(second, new)
    _add_what_facts_rest_on(found, versions, [old.key, *keys_of(first, old)], reads)
    return found


def cuts_of_alert(versions: Versions, key: str, changed: AbstractSet[str]) -> Cuts | None:
    """Return the facts that matter to an alert, None if it was written alike and rests on the same."""
    first, second = versions
    conditions = [version.conditions[key] for version in versions]
    reads = first.reads[key] | second.reads[key]
    severities = [next(alert.severity for name, alert in version.alerts if name == key) for version in versions]
    if conditions[0] == conditions[1] and severities[0] == severities[1] and reads.isdisjoint(changed):
        return None
    found = cuts_of(parts_apart(*conditions), (), first.conditions)
    _add_what_facts_rest_on(found, versions, [key], reads)
    return found


def cuts_of_facts(guideline: Guideline, names: AbstractSet[str]) -> Cuts:
    """Return facts with every number at which a condition or a cap changes something."""
    every = cuts_of(guideline.conditions.values(), guideline.doses.values(), guideline.conditions).at
    return Cuts({name: set(every.get(name, ())) for name in names})


def _add_what_facts_rest_on(found: Cuts, versions: Versions, keys: list[str], reads: AbstractSet[str]) -> None:
    """Add those of the facts *reads* that are read, derived or contradicted otherwise, and what that rests on."""
    first, second = versions
    for name in read_otherwise(first, second):
        if name in reads and name in first.dictionary.facts:
            found.add(name, *_ends_apart(versions, name))
    for key in {**first.conflicts, **second.conflicts}:
        if not reads.isdisjoint((*first.conflicts.get(key, ()), *second.conflicts.get(key, ()))):
            parts = parts_apart(*(version.conditions.get(key) for version in versions))
            for name, numbers in cuts_of(parts, (), first.conditions).at.items():
                found.add(name, *numbers)
    for fact in reads & set(derived_otherwise(first, second)):
        own = cuts_of([first.conditions[key] for key in keys], (), first.conditions).at
        found.add(fact, *own.get(fact, ()))
        for guideline in versions:
            for name, numbers in _cuts_of_derivation(guideline, fact).items():
                found.add(name, *numbers)


def _cuts_of_derivation(guideline: Guideline, fact: str) -> dict[str, set[float]]:
    """Return what a derived fact rests on, with the numbers at which its derivation changes."""
    branches = [branch for found in guideline.derivations if found.fact == fact for branch in found.branches]
    conditions = (guideline.conditions[branch.key] for branch in branches if branch.key is not None)
    found = cuts_of(conditions, (), guideline.conditions)
    for name in names_in(tuple(branch.value for branch in branches)):
        if "." not in name and name != "as_of":
            found.add(name)
    return found.at


def _ends_apart(versions: Versions, name: str) -> set[float]:
    """Return the ends of a plausible range that only one of two versions has."""
    specs = [spec for version in versions if (spec := version.dictionary.facts.get(name)) is not None]
    if len({spec.unit for spec in specs}) > 1:
        return set()
    ranges = [set(spec.plausible or ()) for spec in specs]
    return ranges[0] ^ ranges[-1]
