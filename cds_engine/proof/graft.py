"""What makes a changed fact come out otherwise, taken from one patient and given to another.

Whoever shows that a fact is computed otherwise shows it of few rules: those that speak of him. What of him does so is
given to patients of whom the other rules speak.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from cds_engine.proof.near import Facts, Near
from cds_engine.proof.replay import Patient, Replay, facts_of
from cds_engine.proof.twice import Versions

Kind = tuple[object, ...]
"""What a version makes of a fact, as far as anything rests on it."""


@dataclass(frozen=True, slots=True)
class Grafts:
    """The facts that changed ones rest on, as those have them for whom these come out otherwise."""

    found: tuple[Facts, ...]
    instead_of: tuple[frozenset[str], frozenset[str]]
    """What is taken away for them: those facts but for codes, or else all of them and what may contradict them."""

    def on(self, patient: Patient, instead_of: AbstractSet[str]) -> Iterator[Patient]:
        """List a patient with each of these in place of what he has of some facts; what else he has he keeps."""
        own = {name: value for name, value in facts_of(patient).items() if name not in instead_of}
        yield from ({**patient, "facts": {**facts, **own}} for facts in self.found)


def grafts_from(near: Near, changed: AbstractSet[str], patients: Iterable[Facts]) -> Grafts:
    """Return what makes *changed* facts come out otherwise near the first patient whose do, each way once."""
    cuts = {fact: sorted(near.thresholds(fact)) for fact in sorted(changed)}
    names = _rests_on(near.deriving, changed).union(*near.partners.values())
    conflicts = [named for version in near.deriving for named in version.conflicts.values()]
    beside = names.union(*(named for named in conflicts if not names.isdisjoint(named)))
    found: dict[object, Facts] = {}
    for own in (_only(names, facts) for facts in patients):
        for facts in near.of(own):
            met = [Replay.of(version, {"facts": facts}) for version in near.deriving]
            if _values(met[0], cuts) != _values(met[1], cuts):
                kinds = tuple(_kind(replay, fact, at) for replay in met for fact, at in cuts.items())
                found.setdefault(kinds, facts)
        if found:
            break
    dictionary = near.deriving[0].dictionary.facts
    codes = {name for name in names if name in dictionary and dictionary[name].entry.type == "code"}
    return Grafts(tuple(found.values()), (names - codes, beside))


def _only(names: AbstractSet[str], facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if name in names}


def _kind(replay: Replay, fact: str, thresholds: Sequence[float]) -> Kind:
    """Return between which thresholds a fact lies, on which it is, or what it is; and whether it is withheld."""
    facts = replay.worlds.certain.facts
    value = facts.value(fact)
    if isinstance(value, float):
        return bisect(thresholds, value), value in thresholds
    return value, fact in facts.doubtful


def _values(replay: Replay, names: Iterable[str]) -> list[object]:
    facts = replay.worlds.certain.facts
    return [(facts.value(name), name in facts.doubtful) for name in names]


def _rests_on(versions: Versions, changed: AbstractSet[str]) -> frozenset[str]:
    """Return facts with all that they are derived from in either version."""
    reads = [(d.fact, d.reads) for version in versions for d in version.derivations]
    found = frozenset(changed)
    while more := found.union(*(read for fact, read in reads if fact in found)) - found:
        found |= more
    return found
