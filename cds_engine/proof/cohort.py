"""How many of given patients two versions of a pack answer otherwise, in whatever a comparison tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cds_engine.engine.decisions import Decision
from cds_engine.engine.what_if.case import as_far_as
from cds_engine.evaluator.doses import ComputedDose, displayed
from cds_engine.lowering.guideline import Guideline
from cds_engine.proof.diff import RECORDS
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.twice import Twice
from cds_engine.proof.written import schedule_of

NOT_THERE = "-"
"""Stands for what a rule or alert says that the version does not have."""
SAYS_NOTHING = frozenset({NOT_THERE, "not_applicable", "not shown"})
"""What nobody notices: whoever is answered so by both versions is not affected."""
STRENGTH = "strength"
"""How strongly a rule speaks, or how severe an alert is: told by its own words."""

DOSE, PRODUCTS = "another dose", "other products"


@dataclass(slots=True)
class Counts:
    """Counted patients: all, those whom any change affects, and by rule or alert with its answers before and after."""

    patients: int = 0
    affected: int = 0
    by_change: Counter[tuple[str, str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one version says to a patient by one rule or alert."""

    status: str
    rest: Mapping[tuple[str, str], object] = field(default_factory=dict)
    """What else is compared where the status is the same, each by its name and by the treatment that it is of."""


ABSENT = Seen(NOT_THERE)


def counted_in(patients: Iterable[Patient], old: Guideline, new: Guideline, names: Container[str]) -> Counts:
    """Answer every patient by both versions, as the evaluator does, and count the differences in what is *named*.

    Named are rules, alerts and `records`. Counted are all that `Difference` compares, doses as they are displayed.
    """
    counts = Counts()
    versions = _as_far_as(old, names), _as_far_as(new, names)
    for patient in patients:
        met = Twice.of(versions, patient)
        changes = list(_changes(met, with_records=RECORDS in names))
        counts.patients += 1
        counts.affected += bool(changes)
        counts.by_change.update(changes)
    return counts


def _as_far_as(guideline: Guideline, names: Container[str]) -> Guideline:
    """Return the guideline with only what the rules and alerts of some names rest on, so that it answers quickly."""
    rules = as_far_as(guideline, *(spec for spec in guideline.rules if spec.rule.id in names))
    alerts = tuple((key, alert) for key, alert in guideline.alerts if alert.id in names)
    conditions = {**rules.conditions, **{key: guideline.conditions[key] for key, _ in alerts}}
    return replace(rules, conditions=conditions, alerts=alerts)


def _changes(met: Twice, *, with_records: bool) -> Iterator[tuple[str, str, str]]:
    """List in what two versions answer a patient otherwise: the rule or alert, what was and what is."""
    for before, after in ((_rules(met.before.decisions), _rules(met.after.decisions)), _alerts(met)):
        for name in dict.fromkeys([*before, *after]):
            pairs = _apart(before.get(name, ABSENT), after.get(name, ABSENT))
            yield from ((name, one, other) for one, other in pairs)
    if with_records:
        one, other = met.contradicts_itself()
        yield from [(RECORDS, one, other)] if one != other else []


def _apart(before: Seen, after: Seen) -> Iterator[tuple[str, str]]:
    if before.status != after.status:
        if not {before.status, after.status} <= SAYS_NOTHING:
            yield before.status, after.status
        return
    differing = [part for part in before.rest if part in after.rest and before.rest[part] != after.rest[part]]
    for what in dict.fromkeys(name for name, target in differing if not _follows(name, target, differing)):
        if what == STRENGTH:
            yield str(before.rest[STRENGTH, ""]), str(after.rest[STRENGTH, ""])
        else:
            yield before.status, what


def _follows(name: str, target: str, differing: Container[tuple[str, str]]) -> bool:
    """Say whether one difference is only what comes of another: the products that another dose is made up from."""
    return name == PRODUCTS and (DOSE, target) in differing


def _rules(decisions: Iterable[Decision]) -> dict[str, Seen]:
    return {
        found.spec.rule.id: Seen(found.status, dict(_offer(found)) if found.status == "recommended" else {})
        for found in decisions
    }


def _offer(decision: Decision) -> Iterator[tuple[tuple[str, str], object]]:
    """List what a rule that is recommended says beyond that."""
    yield (STRENGTH, ""), decision.spec.modality
    ready = {part.treatment.target: part.dose for part in decision.treatments if part.status == "recommended"}
    yield ("other treatments", ""), frozenset(ready)
    yield ("another treatment first", ""), next(iter(ready), None)
    for target, dose in ready.items():
        for name, value in _dosed(dose).items():
            yield (name, target), value


def _dosed(dose: ComputedDose | None) -> dict[str, object]:
    """Return what is compared of a dose; where one version has none that is another dose, and nothing besides."""
    if dose is None:
        return {DOSE: None}
    return {
        DOSE: (displayed(dose.low.final), displayed(dose.high.final)),
        "another schedule": schedule_of(dose.plan),
        PRODUCTS: dose.product_options,
    }


def _alerts(met: Twice) -> tuple[dict[str, Seen], dict[str, Seen]]:
    return _shown(met.before), _shown(met.after)


def _shown(replay: Replay) -> dict[str, Seen]:
    return {
        alert.id: Seen("shown", {(STRENGTH, ""): alert.severity}) if replay.believes(key) else Seen("not shown")
        for key, alert in replay.guideline.alerts
    }
