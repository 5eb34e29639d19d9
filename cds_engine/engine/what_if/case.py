"""One patient as far as one rule goes, answered again with some facts supposed otherwise."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cds_engine.engine.decisions import Decision, decide_rules
from cds_engine.engine.worlds import Worlds, worlds_of
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.verdict import Verdict
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.patient.read import read_facts
from cds_engine.patient.record import Record
from cds_engine.patient.values import Known, Withheld


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a fact is supposed to have: as anybody sends it, and in words, by which it is told from others."""

    sent: object
    said: str
    distance: float = 0.0
    """From the value that it has now, as a share of what is plausible; 1 where there is no measure."""


Changes = Mapping[str, Value]
"""Fact to the value that it is supposed to have."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """One patient with some facts supposed otherwise, and what becomes of the rule."""

    changes: Changes
    record: Record
    worlds: Worlds
    decision: Decision

    def certain(self, node: c.Condition) -> Verdict:
        """Return the verdict on a condition, of what is certain."""
        return decide(node, self.worlds.certain.facts)

    def in_every_reading(self, key: str, node: c.Condition) -> list[Verdict]:
        """Return the verdicts on a part of a safety rule, in every reading in which the rule was decided."""
        worlds = [self.worlds.certain, *(world for world in self.worlds.others if key in world.verdicts)]
        return [decide(node, world.facts) for world in worlds]

    def is_usable(self, name: str) -> bool:
        """Say whether somebody gave the fact and its value is used."""
        return isinstance(self.record.facts.get(name), Known) and name not in self.worlds.withheld


class Case:
    """Answers for one patient and one rule, as often as asked."""

    def __init__(self, guideline: Guideline, spec: RuleSpec, facts: Mapping[str, object], as_of: date | None) -> None:
        self.guideline = as_far_as(guideline, spec)
        self.spec = spec
        self.facts = facts
        self.as_of = as_of
        self.tries = 0
        """How many suppositions were answered so far."""
        self._record = read_facts(facts, guideline.dictionary, as_of)
        self._met: dict[frozenset[tuple[str, str]], Supposed] = {}
        self._derived = {derivation.fact: derivation for derivation in guideline.derivations}
        self.now = self.suppose({})

    def suppose(self, changes: Changes) -> Supposed:
        """Answer with *changes* in place of what is on record."""
        key = frozenset((name, value.said) for name, value in changes.items())
        found = self._met.get(key)
        if found is None:
            self.tries += 1
            record = self._changed({name: value.sent for name, value in changes.items()})
            worlds = worlds_of(self.guideline, record, self.as_of, {})
            found = self._met[key] = Supposed(changes, record, worlds, decide_rules(self.guideline, worlds)[0])
        return found

    def _changed(self, sent: Mapping[str, object]) -> Record:
        """Return the record with the facts *sent* read anew; medicines are folded together with all that names them."""
        facts = self.guideline.dictionary.facts
        kinds = {"medications", "drug_dose"}
        if any(facts[name].entry.type in kinds for name in sent):
            others = {
                name: raw for name, raw in self.facts.items() if name in facts and facts[name].entry.type in kinds
            }
            sent = {**others, **sent}
        fresh = read_facts(sent, self.guideline.dictionary, self.as_of).facts
        listed = self.guideline.dictionary.medications
        gone = {*sent, listed} if any(facts[name].entry.type in kinds for name in sent) else {*sent}
        kept = {name: found for name, found in self._record.facts.items() if name.split(".", 1)[0] not in gone}
        return Record({**kept, **fresh})

    def bearing_on(self, names: Iterable[str], supposed: Supposed) -> tuple[str, ...]:
        """Return the facts of which another value could change what *names* come to, those named first.

        Of a derived fact those that it is derived from, unless a given value wins; of a fact that is withheld because
        it contradicts others these as well.
        """
        return tuple(self._bearing(names, supposed))

    def _bearing(self, names: Iterable[str], supposed: Supposed) -> Iterator[str]:
        waiting, seen = deque(names), set[str]()
        while waiting:
            base = waiting.popleft().split(".", 1)[0]
            spec = self.guideline.dictionary.facts.get(base)
            if base in seen or spec is None:
                continue
            seen.add(base)
            derivation = self._derived.get(base)
            is_always_derived = derivation is not None and derivation.always
            if not (is_always_derived or spec.entry.setting):
                yield base
            if derivation is not None and (is_always_derived or not supposed.is_usable(base)):
                waiting += self._in_order(derivation.reads)
            if base in supposed.worlds.withheld:
                conflicts = [key for key, facts in self.guideline.conflicts.items() if base in facts]
                waiting += self._in_order(name for key in conflicts for name in self.guideline.reads[key])
            if base == self.guideline.dictionary.medications:
                waiting += [name for name in self.facts if self._is_a_drug_dose(name)]

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return facts in the order of the dictionary, so that every search goes the same way."""
        order = self.guideline.positions
        return sorted(names, key=lambda name: (order.get(name, len(order)), name))

    def _is_a_drug_dose(self, name: str) -> bool:
        spec = self.guideline.dictionary.facts.get(name)
        return spec is not None and spec.entry.type == "drug_dose"

    def contradicts_itself(self, supposed: Supposed) -> bool:
        """Say whether a supposition contradicts what is on record: then it is about nobody."""
        return bool(supposed.worlds.withheld.keys() - self.now.worlds.withheld.keys())

    def given(self, name: str) -> Known | Withheld | None:
        """Return a fact as it stands on record."""
        return self._record.facts.get(name)


def as_far_as(guideline: Guideline, *specs: RuleSpec) -> Guideline:
    """Return the guideline with only what these rules rest on, so that it answers quickly."""
    treatments = [treatment for spec in specs for treatment in spec.treatments]
    targets = [treatment.target for treatment in treatments]
    keys = {*(spec.key for spec in specs), *guideline.conflicts}
    keys |= {branch.key for derivation in guideline.derivations for branch in derivation.branches if branch.key}
    keys |= {key for target in targets for key, _ in guideline.contraindications.get(target, ())}
    keys |= {key for target in targets for key, _ in guideline.cautions.get(target, ())}
    keys |= {adjustment.key for t in treatments if t.dose for adjustment in t.dose.adjustments}
    conditions = {key: condition for key, condition in guideline.conditions.items() if key in keys}
    return replace(guideline, rules=specs, conditions=conditions, alerts=(), order_reads=())
