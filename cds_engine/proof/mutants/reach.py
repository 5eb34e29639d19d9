"""What a change reaches: which conditions, doses and safety rules differ, and for which known patients it can matter.

INVARIANT: a patient whom a change cannot reach has the same answer before and after, but for the words in which a
reason quotes the condition; what is said of somebody whom it can reach is found out by asking again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from cds_engine.engine.worlds import World
from cds_engine.evaluator.conditions import decide, value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Derivation, Guideline
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.patient.orders import Order, facts_of
from cds_engine.patient.record import Record
from cds_engine.proof.mutants.seen import ALERTS, DERIVED, ORDERS, PROBLEMS, QUESTIONS, RULES, beside, decided
from cds_engine.proof.replay import Replay

WITHIN = ("definition ", "term ", "value ")
"""Conditions that answer nothing themselves: others hold them."""
Pair: TypeAlias = "tuple[c.Condition, c.Condition]"
"""A condition before and after."""
Terms: TypeAlias = "tuple[c.Term | c.Condition, c.Term | c.Condition]"
Reaching = tuple[str, str]
"""A target, and the key of a safety rule that reaches it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A patient with his orders as he was answered once."""

    replay: Replay
    record: Record
    as_of: date | None
    drugs: frozenset[str]
    """What is ordered or taken."""
    of_orders: tuple[Facts, ...]
    """The facts that conditions about each of his orders are decided on, in every reading."""
    decided: tuple[tuple[object, ...], ...]
    """What became of each rule, to be compared with."""
    beside: Mapping[tuple[str, ...], object]
    """What the answer holds beside, to be compared with."""

    @classmethod
    def of(cls, guideline: Guideline, record: Record, as_of: date | None, orders: list[Order]) -> Known:
        """Answer a patient and keep what was decided."""
        replay = Replay.of_record(guideline, record, as_of)
        worlds = (replay.worlds.certain, *replay.worlds.others)
        return cls(
            replay=replay,
            record=record,
            as_of=as_of,
            drugs=frozenset(order.entry.drug for order in orders if order.entry.drug is not None),
            of_orders=tuple(_with_order(world, order) for order in orders for world in worlds),
            decided=tuple(decided(decision) for decision in replay.decisions),
            beside=beside(replay),
        )


def _with_order(world: World, order: Order) -> Facts:
    facts = Facts({**world.facts.known, **facts_of(order)}, world.facts.unknown, world.facts.as_of)
    facts.doubtful = world.facts.doubtful
    return facts


@dataclass(frozen=True, slots=True)
class Reach:
    """How two guidelines of one pack differ."""

    conditions: Mapping[str, Pair]
    """Those that something is answered by."""
    about_orders: Mapping[str, Pair]
    facts: frozenset[str]
    """Facts that may come out otherwise, those that may contradict each other included."""
    deep: tuple[Terms, ...]
    """Values from which facts are derived."""
    deep_conditions: tuple[Pair, ...]
    """Conditions by which facts are derived, or contradict each other."""
    safety: frozenset[Reaching]
    """Safety rules that reach another target, or hold otherwise while they are unknown."""
    gone: tuple[c.Condition, ...]
    """Conditions of alerts and contradictions that are left out."""
    regimens: frozenset[str]
    drugs: frozenset[str]
    """Those whose doses differ."""
    all_orders: bool
    """Whether orders are judged otherwise whatever they are."""

    @property
    def changes_facts(self) -> bool:
        """Whether facts may come out otherwise, and not only what follows from them."""
        return bool(self.deep or self.deep_conditions)

    def could_name(self, old: Guideline) -> frozenset[str]:
        """Return what else may be answered otherwise than what the change concerns: facts asked for, any alert, ..."""
        keys = {*self.conditions, *(key for _, key in self.safety)}
        asked = frozenset().union(*(old.reads[key] for key in keys))
        asked |= {ask.fact for _, alert in old.alerts for ask in alert.ask}
        asked |= {ask.fact for spec in old.rules for ask in spec.rule.ask}
        general = {ALERTS, QUESTIONS, ORDERS, RULES} | ({PROBLEMS, DERIVED} if self.changes_facts else set())
        if self.changes_facts or self.regimens:
            asked |= old.dictionary.facts.keys()
        return asked | general

    def may_matter(self, known: Known, old: Guideline) -> bool:
        """Say whether a known patient may be answered otherwise."""
        replay = known.replay
        worlds = [world.facts for world in (replay.worlds.certain, *replay.worlds.others)]
        return (
            any(_differs(pair, facts) for pair in self.conditions.values() for facts in worlds)
            or any(_differs(pair, facts) for pair in self.about_orders.values() for facts in known.of_orders)
            or self._changes_facts_of(replay, worlds)
            or any(decide(old.conditions[key], facts).truth is not False for _, key in self.safety for facts in worlds)
            or any(decide(condition, facts).truth is not False for condition in self.gone for facts in worlds)
            or self._changes_doses_of(known)
            or (self.all_orders and bool(known.of_orders))
        )

    def _changes_facts_of(self, replay: Replay, worlds: list[Facts]) -> bool:
        if not self.changes_facts:
            return False
        if replay.worlds.withheld or replay.worlds.others:
            return True
        return any(_differs(pair, facts) for pair in self.deep_conditions for facts in worlds) or any(
            _values_differ(pair, facts) for pair in self.deep for facts in worlds
        )

    def _changes_doses_of(self, known: Known) -> bool:
        if not self.regimens:
            return False
        return not self.drugs.isdisjoint(known.drugs) or any(
            part.treatment.dose is not None and part.treatment.dose.regimen in self.regimens
            for decision in known.replay.decisions
            for part in decision.treatments
            if decision.status != "not_applicable"
        )


def reach_of(old: Guideline, new: Guideline) -> Reach:
    """Return how *new* differs from *old*; both were lowered with one sharing."""
    changed = {
        key: (found, new.conditions[key])
        for key, found in old.conditions.items()
        if key in new.conditions and new.conditions[key] is not found and not key.startswith(WITHIN)
    }
    branches = {branch.key for derivation in old.derivations for branch in derivation.branches}
    deep = {key for key in changed if key in branches or key.startswith("conflict ")}
    doses = {name for name, plan in old.doses.items() if plan != new.doses[name]}
    return Reach(
        conditions={key: pair for key, pair in changed.items() if key not in deep},
        about_orders={
            key: (found, new.order_conditions[key])
            for key, found in old.order_conditions.items()
            if new.order_conditions[key] is not found
        },
        facts=_changed_facts(old, new, deep),
        deep=tuple(_changed_values(old, new)),
        deep_conditions=tuple(changed[key] for key in sorted(deep))
        + tuple((old.conditions[key], c.Constant(value=False)) for key in old.conflicts if key not in new.conflicts),
        safety=frozenset((target, key) for target, key, _ in _reaching(old) ^ _reaching(new)),
        gone=tuple(old.conditions[key] for key, _ in old.alerts if key not in {name for name, _ in new.alerts}),
        regimens=frozenset(doses),
        drugs=frozenset(old.doses[name].drug for name in doses),
        all_orders=old.pack.manifest.orders != new.pack.manifest.orders
        or len(old.order_checks) != len(new.order_checks),
    )


def _changed_facts(old: Guideline, new: Guideline, deep: set[str]) -> frozenset[str]:
    """Return the facts that are derived otherwise, and those whose contradiction is found otherwise."""
    derived = {
        before.fact
        for before, after in _derived_twice(old, new)
        if any(a.value is not b.value or a.key in deep for a, b in zip(before.branches, after.branches, strict=True))
    }
    broken = {name for key, names in old.conflicts.items() if key in deep or key not in new.conflicts for name in names}
    return frozenset(derived | broken)


def _changed_values(old: Guideline, new: Guideline) -> Iterator[Terms]:
    for before, after in _derived_twice(old, new):
        for first, second in zip(before.branches, after.branches, strict=True):
            if first.value is not second.value:
                yield first.value, second.value


def _derived_twice(old: Guideline, new: Guideline) -> Iterator[tuple[Derivation, Derivation]]:
    """List how each fact is derived before and after; their order may differ with what they rest on."""
    after = {derivation.fact: derivation for derivation in new.derivations}
    for before in old.derivations:
        yield before, after[before.fact]


def _reaching(guideline: Guideline) -> set[tuple[str, str, str]]:
    """Return every safety rule with each of its targets and what it does while it is unknown."""
    sorts: tuple[Mapping[str, tuple[tuple[str, Contraindication | Caution], ...]], ...] = (
        guideline.contraindications, guideline.cautions,
    )  # fmt: skip
    return {(target, key, rule.if_unknown) for sort in sorts for target, pairs in sort.items() for key, rule in pairs}


def _differs(pair: Pair, facts: Facts) -> bool:
    """Say whether a condition comes out otherwise, what it asks for included."""
    first = decide(pair[0], facts)
    with forgetting(facts):
        second = decide(pair[1], facts)
    return first.truth is not second.truth or first.missing != second.missing


def _values_differ(pair: Terms, facts: Facts) -> bool:
    with forgetting(facts):
        first, second = (value_of(term, facts) for term in pair)
    return first != second


@contextmanager
def forgetting(facts: Facts) -> Iterator[None]:
    """Take back every verdict that is added meanwhile: those on changed conditions would fill the memory."""
    known = len(facts.verdicts)
    yield
    while len(facts.verdicts) > known:
        facts.verdicts.popitem()
