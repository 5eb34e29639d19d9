"""A known patient answered by a changed guideline: what did not change is taken from the answer he had before."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.engine.decisions import Decision, decide_rules
from cds_engine.engine.worlds import World, Worlds, steady
from cds_engine.evaluator.conditions import decide
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.mutants.reach import Known, Reach, forgetting
from cds_engine.proof.mutants.seen import ORDERS, QUESTIONS, RULES, beside, decided
from cds_engine.proof.replay import Replay


def differing(known: Known, reach: Reach, new: Guideline) -> frozenset[str]:
    """Return the names of what is answered otherwise: rules, alerts, facts that are asked for or derived, ..."""
    before = known.replay
    if reach.changes_facts:
        after = Replay.of_record(new, known.record, known.as_of)
    else:
        worlds = _worlds(before.worlds, reach)
        after = Replay(new, worlds, decide_rules(new, worlds))
    pairs = zip(before.decisions, known.decided, after.decisions, strict=True)
    found = {name for pair in pairs for name in _apart(*pair)}
    first, second = known.beside, beside(after)
    found |= {name for key in first.keys() | second.keys() if first.get(key) != second.get(key) for name in key}
    if _orders_differ(known, reach, new):
        found.add(ORDERS)
    return frozenset(found)


def _worlds(before: Worlds, reach: Reach) -> Worlds:
    """Return the worlds of a patient with the changed conditions decided again, on the same facts."""
    others = tuple(_world(world, reach) for world in before.others)
    certain = _world(before.certain, reach)
    return Worlds(
        certain=World(certain.facts, steady(certain.verdicts, others)),
        others=others,
        withheld=before.withheld,
        problems=before.problems,
        notes=before.notes,
        asks=before.asks,
    )


def _world(world: World, reach: Reach) -> World:
    with forgetting(world.facts):
        changed = {key: decide(pair[1], world.facts) for key, pair in reach.conditions.items() if key in world.verdicts}
    return World(world.facts, {**world.verdicts, **changed})


def _apart(before: Decision, was: tuple[object, ...], after: Decision) -> Iterator[str]:
    """List a rule, and what it asks for, where these differ."""
    if was != decided(after):
        yield from (before.spec.rule.id, RULES)
        for ask in before.spec.rule.ask:
            yield from (ask.fact, QUESTIONS)
    for name in before.missing ^ after.missing:
        yield from (name, QUESTIONS)


def _orders_differ(known: Known, reach: Reach, new: Guideline) -> bool:
    """Say whether the screening of orders may differ."""
    if not known.of_orders:
        return False
    if reach.about_orders or reach.all_orders or not reach.drugs.isdisjoint(known.drugs):
        return True
    changed = {*reach.conditions, *(key for _, key in reach.safety)}
    keys = {
        key
        for guideline in (known.replay.guideline, new)
        for drug in known.drugs
        for found in (guideline.contraindications, guideline.cautions)
        for key, _ in found.get(drug, ())
    }
    keys |= {a.key for drug in known.drugs for plan in new.regimens_of.get(drug, ()) for a in plan.adjustments}
    return reach.changes_facts or not keys.isdisjoint(changed)
