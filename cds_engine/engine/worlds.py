"""The worlds a record allows: one where what conflicts is unknown, and one for each conflicting value.

Statuses rest on the first. Contraindications and alerts try the others too, and true wins: of two values that
disagree, the dangerous one is believed until somebody has said which is right.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from cds_engine.engine.agreement import PatientDeciders, decide_all
from cds_engine.evaluator.derive import Derived, derive
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import Verdict
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import ALERT, Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.pack.dictionary import Conflict
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.patient.complaints import contradicted
from cds_engine.patient.record import Record
from cds_engine.patient.values import Known, Note, Problem, Reason, Value, Withheld

MAX_WORLDS = 64
"""Of one condition; beyond it the values are tried one by one, and what is not settled by that is unknown."""

Reading = Mapping[str, Known]
"""One way to read a fact of the record: its value and the properties that came with it, by name."""


@dataclass(frozen=True, slots=True)
class World:
    """The facts of one patient in one reading of the record, and the verdicts on the conditions it bears on."""

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
        """Return the verdict on a warning: true if true in any world, else unknown if unknown in any."""
        found = [(self.certain.verdicts[key], self.certain.facts)]
        if not self.others:
            return found[0]
        found += [(world.verdicts[key], world.facts) for world in self.others if key in world.verdicts]
        for wanted in (True, None):
            for verdict, facts in found:
                if verdict.truth is wanted:
                    return verdict, facts
        return found[0]

    def apart(self, names: Collection[str]) -> Iterator[World]:
        """Yield the worlds that differ in any of the facts and properties in *names*, the certain one first."""
        if not self.others:
            yield self.certain
            return
        seen = set()
        for world in (self.certain, *self.others):
            values = tuple(map(world.facts.look_up, names))
            if values not in seen:
                seen.add(values)
                yield world

    def must_hold(self, rule: Contraindication | Caution, verdict: Verdict) -> bool:
        """Say whether an undecided safety rule holds its treatment back.

        One that the pack lets be ignored when unknown is ignored only where nobody gave the fact: what was given
        and cannot be used is never taken for no danger.
        """
        return rule.if_unknown == "hold" or not verdict.missing.isdisjoint(self.certain.facts.doubtful)


def worlds_of(guideline: Guideline, record: Record, as_of: date | None, deciders: PatientDeciders) -> Worlds:
    """Derive, find contradictions, and decide by all engines every condition of what is certain.

    In the other worlds only warnings, questions and dose adjustments are decided: nothing else rests on them.

    Raises:
        EngineDisagreement: If two engines differ on any of these.
    """
    first = derive(guideline, record.facts, as_of)
    broken = _contradictions(guideline, record, as_of, first, deciders)
    given = _given(record, first, broken)
    certain = first
    if broken or first.withheld.keys() - record.facts.keys() or given != dict(record.facts):
        certain = derive(guideline, given, as_of)
    verdicts = decide_all(guideline.conditions, certain.facts, deciders)
    withheld = {**certain.withheld, **{name: found for name, found in given.items() if isinstance(found, Withheld)}}
    readings = _readings(given, withheld, certain)
    others = _other_worlds(guideline, given, readings, certain, as_of, deciders) if readings else ()
    others += _as_if_absent(guideline, guideline.conditions, certain, deciders)
    told = [contradicted(found.says) for found in broken]
    return Worlds(
        certain=World(certain.facts, steady(verdicts, others)),
        others=others,
        withheld=withheld,
        problems=tuple(dict.fromkeys((*first.problems, *told, *certain.problems))),
        notes=tuple(certain.notes),
        asks={name: found.ask for found in broken for name in found.facts},
    )


def _contradictions(
    guideline: Guideline, record: Record, as_of: date | None, first: Derived, deciders: PatientDeciders
) -> list[Conflict]:
    """Return the declared contradictions that hold, also those that a contradicted derivation would hide."""
    conflicts = {f"conflict {conflict.id}": conflict for conflict in guideline.pack.definitions.conflicts}
    declared = {key: guideline.conditions[key] for key in conflicts}
    found = [decide_all(declared, first.facts, deciders)]
    if any(isinstance(record.facts.get(name), Known) for name in first.withheld):
        told = derive(guideline, record.facts, as_of, settled=frozenset(record.facts))
        found.append(decide_all(declared, told.facts, deciders))
    return [conflict for key, conflict in conflicts.items() if any(verdicts[key].truth is True for verdicts in found)]


def _given(record: Record, first: Derived, broken: list[Conflict]) -> dict[str, Known | Withheld]:
    """Return what was given, without the facts that contradict each other or what is derived."""
    given = dict(record.facts)
    for name, withheld in first.withheld.items():
        if not isinstance(given.get(name), Withheld):
            given[name] = withheld
    for conflict in broken:
        for name in conflict.facts:
            given[name] = _withdrawn(given.get(name), first.facts.value(name))
    return given


def _withdrawn(given: Known | Withheld | None, value: Value | None) -> Withheld:
    if isinstance(given, Withheld):
        return given
    return Withheld(Reason.CONFLICTING, () if value is None else (value,))


def _readings(
    given: Mapping[str, Known | Withheld], withheld: Mapping[str, Withheld], certain: Derived
) -> dict[str, tuple[Reading, ...]]:
    """Return the facts that can be read in more than one way, each with its ways.

    Those are the withheld ones, and known ones of which another current value agrees within the tolerance only.
    """
    found: dict[str, tuple[Reading, ...]] = {}
    for name, fact in withheld.items():
        details = fact.details or ((),) * len(fact.alternatives)
        found[name] = tuple(
            {name: Known(value), **{f"{name}.{prop}": Known(said) for prop, said in properties}}
            for value, properties in zip(fact.alternatives, details, strict=True)
        )
    for name, known in given.items():
        also = (*(known.also if isinstance(known, Known) else ()), *certain.also.get(name, ()))
        if isinstance(known, Known) and also and name not in withheld:
            found[name] = tuple({name: Known(value)} for value in dict.fromkeys((known.value, *also)))
    return {name: ways for name, ways in sorted(found.items()) if ways}


def _other_worlds(
    guideline: Guideline,
    given: Mapping[str, Known | Withheld],
    readings: Mapping[str, tuple[Reading, ...]],
    certain: Derived,
    as_of: date | None,
    deciders: PatientDeciders,
) -> tuple[World, ...]:
    """Return the worlds of the facts that can be read in several ways, each for the conditions that read them.

    Conditions about orders have worlds as well; they are decided there once an order comes. The worlds in which what
    cannot be used was never given come last: where a value says the same, it is the reason that is told.
    """
    groups: dict[tuple[str, ...], dict[str, c.Condition]] = {}
    for key, condition in guideline.conditions.items():
        if key in guideline.in_every_reading:
            groups.setdefault(_open(readings, guideline.reads[key]), {})[key] = condition
    for reads in guideline.order_reads:
        groups.setdefault(_open(readings, reads), {})
    groups.pop((), None)
    found: list[World] = []
    absent: list[World] = []
    for names, conditions in groups.items():
        ways, are_all = _ways(names, readings)
        for chosen in ways:
            settled = frozenset(name for name in names if name in chosen)
            other = derive(guideline, {**given, **chosen}, as_of, settled=settled)
            found.append(World(other.facts, decide_all(conditions, other.facts, deciders)))
            absent += _as_if_absent(guideline, conditions, other, deciders)
        if not are_all:
            undecided = frozenset(name.split(".", 1)[0] for name in names)
            found.append(World(certain.facts, {k: Verdict(None, node, undecided) for k, node in conditions.items()}))
    return (*found, *absent)


def _open(readings: Collection[str], reads: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in readings if name.split(".", 1)[0] in reads)


def _as_if_absent(
    guideline: Guideline, conditions: Mapping[str, c.Condition], world: Derived, deciders: PatientDeciders
) -> tuple[World, ...]:
    """Return the world in which what cannot be used was never given: a doubt silences no alert and no check of orders.

    There is none if nothing of the kind reads a doubtful fact.
    """
    doubtful = world.facts.doubtful
    if not doubtful:
        return ()
    alerts = {
        key: found
        for key, found in conditions.items()
        if key.startswith(ALERT) and not doubtful.isdisjoint(guideline.reads[key])
    }
    if not alerts and all(doubtful.isdisjoint(reads) for reads in guideline.order_reads):
        return ()
    facts = Facts(world.facts.known, world.facts.unknown, world.facts.as_of)
    return (World(facts, decide_all(alerts, facts, deciders)),)


def _ways(names: tuple[str, ...], readings: Mapping[str, tuple[Reading, ...]]) -> tuple[list[dict[str, Known]], bool]:
    """Return the combinations of readings, and whether they are all; too many are tried one by one."""
    if math.prod(len(readings[name]) for name in names) > MAX_WORLDS:
        return [dict(reading) for name in names for reading in readings[name]], False
    return [
        {key: known for reading in chosen for key, known in reading.items()}
        for chosen in itertools.product(*(readings[name] for name in names))
    ], True


def steady(verdicts: Mapping[str, Verdict], others: tuple[World, ...]) -> dict[str, Verdict]:
    """Return the verdicts with every dose adjustment unknown on which the worlds differ: no number rests on it."""
    steady = dict(verdicts)
    for world in others:
        for key, verdict in world.verdicts.items():
            if key.startswith("regimen ") and verdict.truth is not steady[key].truth:
                doubted = frozenset({name.split(".", 1)[0] for name in names_in(verdict.node)})
                steady[key] = Verdict(None, verdict.node, steady[key].missing or doubted)
    return steady
