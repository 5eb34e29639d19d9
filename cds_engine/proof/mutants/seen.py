"""What an answer holds, orders and words left out: what two answers to one patient are compared by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cds_engine.engine.decisions import Decision, TreatmentDecision
from cds_engine.evaluator.doses import ComputedDose
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.statements import Ask
from cds_engine.proof.replay import Replay

ALERTS, QUESTIONS, ORDERS, RULES, PROBLEMS = "(alerts)", "(questions)", "(orders)", "(rules)", "(problems)"
DERIVED = "(derived)"
"""Stand for any alert, any question, ...: for expectations that speak of all of them."""


def seen(replay: Replay) -> tuple[object, ...]:
    """Return what an answer holds, orders and words left out: two patients with the same are answered alike."""
    return tuple(decided(decision) for decision in replay.decisions), beside(replay)


def told(replay: Replay) -> tuple[object, ...]:
    """Return what an answer tells first: alerts, and what is recommended with its dose and its cautions."""
    alerts = tuple(alert.id for key, alert in replay.guideline.alerts if replay.believes(key))
    acting = (decision for decision in replay.decisions if decision.status == "recommended")
    return alerts, tuple((decision.spec.rule.id, *decided(decision)) for decision in acting)


def decided(decision: Decision) -> tuple[object, ...]:
    """Return what became of a rule."""
    waits = decision.status == "needs_data"
    parts = tuple(_part(part, waits=waits) for part in decision.treatments)
    return decision.status, decision.chosen.treatment.target, decision.missing, parts


def _part(part: TreatmentDecision, *, waits: bool) -> tuple[object, ...]:
    """Return what became of a treatment; what is undecided is told of a rule that *waits*."""
    safety = part.safety
    told_of = (safety.blocked_by, safety.undecided if waits else (), safety.cautions)
    reasons = tuple(tuple(hit.rule.id for hit in hits) for hits in told_of)
    return part.status, reasons, _dose(part.dose), part.missing


def _dose(dose: ComputedDose | None) -> tuple[object, ...] | None:
    if dose is None:
        return None
    plan = dose.plan
    rhythm = plan.per, plan.times_per_day, plan.days, plan.unit, plan.cap, plan.caps
    return dose.low, dose.high, dose.product_options, rhythm, len(dose.applied)


def beside(replay: Replay) -> Mapping[tuple[str, ...], object]:
    """Return what an answer holds beside statuses and doses, each under the names that may speak of it."""
    guideline, worlds = replay.guideline, replay.worlds
    found: dict[tuple[str, ...], object] = {
        (alert.id, ALERTS, QUESTIONS, *(ask.fact for ask in alert.ask)): True
        for key, alert in guideline.alerts
        if replay.believes(key)
    }
    for key, ask in _asks(replay):
        found[key, ask.fact, QUESTIONS] = worlds.believed(key)[0].truth is not False
    for decision in replay.decisions:
        rule = decision.spec.rule.id
        for key, _ in decision.spec.exclusions:
            found[rule, key] = worlds.certain.verdicts[key].truth
        for part in decision.treatments if decision.status in {"recommended", "needs_data"} else ():
            for key, rules in _monitored(guideline, part.treatment.target):
                found[rule, rules, key] = worlds.certain.verdicts[key].truth is not False
    for derivation in guideline.derivations:
        found[derivation.fact, DERIVED] = worlds.certain.facts.value(derivation.fact)
    found[(PROBLEMS,)] = worlds.problems
    return found


def _monitored(guideline: Guideline, target: str) -> Iterator[tuple[str, str]]:
    for key, rule in guideline.monitoring.get(target, ()):
        if key is not None:
            yield key, rule.id


def _asks(replay: Replay) -> Iterator[tuple[str, Ask]]:
    """List the questions that are put under a condition, of rules that apply unblocked and alerts that are given."""
    guideline = replay.guideline
    for decision in replay.decisions:
        if decision.status in {"recommended", "needs_data"} and decision.when.truth is True:
            for key, ask in zip(decision.spec.ask_keys, decision.spec.rule.ask, strict=True):
                if key is not None:
                    yield key, ask
    for whole, alert in guideline.alerts:
        if not replay.believes(whole):
            continue
        for key, ask in zip(guideline.alert_ask_keys[alert.id], alert.ask, strict=True):
            if key is not None:
                yield key, ask
