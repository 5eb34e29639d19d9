"""A known patient answered by a changed guideline: what did not change is taken from the answer he had before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_engine.engine.decisions import Decision, TreatmentDecision, decide_rules
from cds_engine.engine.worlds import World, Worlds, steady
from cds_engine.evaluator.conditions import decide
from cds_engine.evaluator.doses import ComputedDose
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.statements import Ask
from cds_engine.proof.mutants.reach import Known, Reach, forgetting
from cds_engine.proof.replay import Replay

ALERTS, QUESTIONS, ORDERS, RULES, PROBLEMS = "(alerts)", "(questions)", "(orders)", "(rules)", "(problems)"
"""Stand for any alert, any question, ...: for expectations that speak of all of them."""


def differing(known: Known, reach: Reach, new: Guideline) -> frozenset[str]:
    """Return the names of what is answered otherwise: rules, alerts, facts that are asked for or derived, ..."""
    before = known.replay
    if reach.changes_facts:
        after = Replay.of_record(new, known.record, known.as_of)
    else:
        worlds = _worlds(before.worlds, reach)
        after = Replay(new, worlds, decide_rules(new, worlds))
    found = {name for pair in zip(before.decisions, after.decisions, strict=True) for name in _apart(*pair)}
    first, second = _beside(before), _beside(after)
    found |= {name for key in first.keys() | second.keys() if first.get(key) != second.get(key) for name in key}
    if _orders_differ(known, reach, new):
        found.add(ORDERS)
    return frozenset(found)


def seen(replay: Replay) -> tuple[object, ...]:
    """Return what an answer holds, orders and words left out: two patients with the same are answered alike."""
    return tuple(_seen(decision) for decision in replay.decisions), _beside(replay)


def told(replay: Replay) -> tuple[object, ...]:
    """Return what an answer tells first: alerts, and what is recommended with its dose and its cautions."""
    alerts = tuple(alert.id for key, alert in replay.guideline.alerts if replay.believes(key))
    acting = (decision for decision in replay.decisions if decision.status == "recommended")
    return alerts, tuple((decision.spec.rule.id, *_seen(decision)) for decision in acting)


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


def _apart(before: Decision, after: Decision) -> Iterator[str]:
    """List a rule, and what it asks for, where these differ."""
    if _seen(before) != _seen(after):
        yield from (before.spec.rule.id, RULES)
    for name in before.missing ^ after.missing:
        yield from (name, QUESTIONS)


def _seen(decision: Decision) -> tuple[object, ...]:
    parts = tuple(_part(part) for part in decision.treatments)
    return decision.status, decision.chosen.treatment.target, decision.missing, parts


def _part(part: TreatmentDecision) -> tuple[object, ...]:
    safety = part.safety
    reasons = tuple(
        tuple(hit.rule.id for hit in hits) for hits in (safety.blocked_by, safety.undecided, safety.cautions)
    )
    return part.status, reasons, _dose(part.dose), part.missing


def _dose(dose: ComputedDose | None) -> tuple[object, ...] | None:
    if dose is None:
        return None
    plan = dose.plan
    rhythm = plan.per, plan.times_per_day, plan.days, plan.unit, plan.cap, plan.caps
    return dose.low, dose.high, dose.product_options, rhythm, len(dose.applied)


def _beside(replay: Replay) -> Mapping[tuple[str, ...], object]:
    """Return what an answer holds beside statuses and doses, each under the names that may speak of it."""
    guideline, worlds = replay.guideline, replay.worlds
    found: dict[tuple[str, ...], object] = {
        (alert.id, ALERTS): True for key, alert in guideline.alerts if replay.believes(key)
    }
    for key, ask in _asks(replay):
        truth = worlds.certain.verdicts[key].truth
        found[key, ask.fact, QUESTIONS] = truth
    for decision in replay.decisions:
        rule = decision.spec.rule.id
        for key, _ in decision.spec.exclusions:
            found[rule, key] = worlds.certain.verdicts[key].truth
        for part in decision.treatments if decision.status in {"recommended", "needs_data"} else ():
            for key, rules in _monitored(guideline, part.treatment.target):
                found[rule, rules, key] = worlds.certain.verdicts[key].truth is not False
    for derivation in guideline.derivations:
        found[(derivation.fact,)] = worlds.certain.facts.value(derivation.fact)
    found[(PROBLEMS,)] = worlds.problems
    return found


def _monitored(guideline: Guideline, target: str) -> Iterator[tuple[str, str]]:
    for key, rule in guideline.monitoring.get(target, ()):
        if key is not None:
            yield key, rule.id


def _asks(replay: Replay) -> Iterator[tuple[str, Ask]]:
    """List the questions that are put under a condition, of rules that apply and alerts that are given."""
    guideline = replay.guideline
    for decision in replay.decisions:
        if decision.status != "not_applicable":
            for key, ask in zip(decision.spec.ask_keys, decision.spec.rule.ask, strict=True):
                if key is not None:
                    yield key, ask
    for _, alert in guideline.alerts:
        for key, ask in zip(guideline.alert_ask_keys[alert.id], alert.ask, strict=True):
            if key is not None:
                yield key, ask


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
    return reach.changes_facts or not keys.isdisjoint(changed)
