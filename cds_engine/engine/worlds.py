"""The worlds a record allows: one where what conflicts is unknown, and one for each conflicting value.

Statuses rest on the first. Contraindications and alerts try the others too, and true wins: of two values that
disagree, the dangerous one is believed until somebody has said which is right.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.engine.agreement import Deciders, decide_all
from cds_engine.evaluator.derive import derive
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Verdict
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.dictionary import Conflict
from cds_engine.patient.values import Known, Note, Problem, Reason, Record, Value, Withheld

MAX_WORLDS = 64
"""Beyond this many combinations each conflicting fact is tried alone."""


@dataclass(frozen=True, slots=True)
class World:
    """The facts of one patient in one reading of the record, and the verdict on every condition."""

    facts: Facts
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Worlds:
    """What a record comes to: the world of what is certain, the worlds of what conflicts, and what was found."""

    certain: World
    others: tuple[World, ...]
    withheld: Mapping[str, Withheld]
    problems: tuple[Problem, ...]
    notes: tuple[Note, ...]
    asks: Mapping[str, str]
    """Fact to the question that a contradiction between facts puts."""

    def believed(self, key: str) -> tuple[Verdict, Facts]:
        """Return the verdict on a warning: true if it is true in any world."""
        certain = self.certain.verdicts[key]
        if certain.truth is not True:
            for world in self.others:
                verdict = world.verdicts.get(key)  # left out where nothing that conflicts is read
                if verdict is not None and verdict.truth is True:
                    return verdict, world.facts
        return certain, self.certain.facts


def worlds_of(guideline: Guideline, record: Record, as_of: date | None, deciders: Deciders) -> Worlds:
    """Derive, find contradictions, and decide every condition in every world, by all engines.

    Raises:
        EngineDisagreement: If two engines differ on any condition in any world.
    """
    first = derive(guideline, record.facts, as_of)
    verdicts = decide_all(guideline.conditions, first.facts, deciders)
    broken = _contradictions(guideline, verdicts)
    if any(isinstance(record.facts.get(name), Known) for name in first.withheld):
        # A derived value has contradicted a given one; the contradiction between the given ones is told as well.
        told = derive(guideline, record.facts, as_of, settled=frozenset(record.facts))
        broken += [
            c
            for c in _contradictions(guideline, decide_all(guideline.conditions, told.facts, deciders))
            if c not in broken
        ]
    if not broken and not first.withheld:
        return Worlds(World(first.facts, verdicts), (), {}, tuple(first.problems), tuple(first.notes), {})
    given = dict(record.facts)
    problems = list(first.problems)
    asks: dict[str, str] = {}
    for conflict in broken:
        problems.append(Problem(None, "D112", f"{conflict.says.removesuffix('.')}; none of these facts is used"))
        for name in conflict.facts:
            asks[name] = conflict.ask
            given[name] = _withhold(first.withheld.get(name) or given.get(name), first.facts.value(name))
    for name, withheld in first.withheld.items():
        given.setdefault(name, withheld)
        if isinstance(given[name], Known):
            given[name] = withheld
    certain = derive(guideline, given, as_of) if broken or first.withheld.keys() - record.facts.keys() else first
    if certain is not first:
        verdicts = decide_all(guideline.conditions, certain.facts, deciders)
    problems += [problem for problem in certain.problems if problem not in problems]
    all_withheld = {
        **certain.withheld,
        **first.withheld,
        **{k: v for k, v in given.items() if isinstance(v, Withheld)},
    }
    others = []
    for chosen in _choices(all_withheld):
        other = derive(guideline, {**given, **_as_known(chosen)}, as_of, settled=frozenset(chosen))
        bases = {name.split(".", 1)[0] for name in chosen}  # `reads` has facts, not their properties
        touched = {key: found for key, found in guideline.conditions.items() if guideline.reads[key] & bases}
        others.append(World(other.facts, decide_all(touched, other.facts, deciders)))
    return Worlds(
        World(certain.facts, verdicts),
        tuple(others),
        all_withheld,
        tuple(problems),
        tuple(certain.notes),
        asks,
    )


def _contradictions(guideline: Guideline, verdicts: Mapping[str, Verdict]) -> list[Conflict]:
    """Return the contradictions between facts that hold."""
    return [c for c in guideline.pack.definitions.conflicts if verdicts[f"conflict {c.id}"].truth is True]


def _withhold(given: Known | Withheld | None, value: Value | None) -> Withheld:
    known = () if value is None else (value,)
    if isinstance(given, Withheld):
        return Withheld(given.reason, tuple(dict.fromkeys((*given.alternatives, *known))))
    return Withheld(Reason.CONFLICTING, known)


def _choices(withheld: Mapping[str, Withheld]) -> Iterator[dict[str, Value]]:
    """List the ways to believe one of the conflicting values of each fact."""
    open_facts = {name: found.alternatives for name, found in sorted(withheld.items()) if found.alternatives}
    count = 1
    for values in open_facts.values():
        count *= len(values)
    if count > MAX_WORLDS:
        for name, values in open_facts.items():
            for value in values:
                yield {name: value}
    elif open_facts:
        for chosen in itertools.product(*open_facts.values()):
            yield dict(zip(open_facts, chosen, strict=True))


def _as_known(chosen: Mapping[str, Value]) -> dict[str, Known]:
    return {name: Known(value) for name, value in chosen.items()}
