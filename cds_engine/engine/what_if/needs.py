"""What must come true for a rule to have a status: a conjunction of needs, in one or several ways."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cds_engine.engine.what_if.case import Supposed
from cds_engine.evaluator.verdict import negate
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline, RuleSpec, Treatment
from cds_engine.lowering.walk import names_in
from cds_engine.pack.statements import Caution, Contraindication
from cds_engine.results.models import Status

Aim = frozenset[bool | None]
"""The truths that a condition may have."""
TRUE: Aim = frozenset({True})
FALSE: Aim = frozenset({False})
NOT_FALSE: Aim = frozenset({True, None})
NOT_TRUE: Aim = frozenset({False, None})


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that must come true; to make it so at least one of the facts that bear on its names must change."""

    names: tuple[str, ...]
    """The facts and properties that decide it."""
    conditions: tuple[c.Condition, ...]
    """What it asks of them."""
    is_met: Callable[[Supposed], bool]


Way = tuple[Need, ...]


def ways_to(status: Status, guideline: Guideline, spec: RuleSpec) -> list[Way]:
    """Return the ways in which a rule comes to have *status*; whoever meets every need of one has it."""
    when = guideline.conditions[spec.key]
    each = [(treatment,) for treatment in spec.treatments] if spec.mode == "one_of" else [spec.treatments]
    last = _has(status, guideline, spec)
    match status:
        case "recommended":
            ready = ([n for t in some for n in _ready(t, guideline)] for some in each)
            return [(*_of_certain(when, TRUE), *needs, last) for needs in ready]
        case "needs_data":
            open_ = ([n for t in some for n in _unblocked(t, guideline)] for some in each)
            return [(*_of_certain(when, NOT_FALSE), *needs, last) for needs in open_]
        case "blocked":
            blocks = [_blocked(some, guideline) for some in each]
            return [(*_of_certain(when, NOT_FALSE), *blocks, last)] if all(need.names for need in blocks) else []
        case "not_applicable":
            return [(*_of_certain(when, FALSE), last)]


def parts_of(node: c.Condition, aim: Aim) -> Iterator[tuple[c.Condition, Aim]]:
    """List the parts that must all come true, each with what it must come to, for a condition to meet its aim."""
    match node:
        case c.Defined(_, condition):
            yield from parts_of(condition, aim)
        case c.Not(operand):
            yield from parts_of(operand, frozenset(negate(truth) for truth in aim))
        case c.And(parts) if False not in aim:
            for part in parts:
                yield from parts_of(part, aim)
        case c.Or(parts) if True not in aim:
            for part in parts:
                yield from parts_of(part, aim)
        case _:
            yield node, aim


def _of_certain(when: c.Condition, aim: Aim) -> Iterator[Need]:
    for part, wanted in parts_of(when, aim):

        def is_met(supposed: Supposed, part: c.Condition = part, wanted: Aim = wanted) -> bool:
            return supposed.certain(part).truth in wanted

        yield Need(names_in(part), (part,), is_met)


def _ready(treatment: Treatment, guideline: Guideline) -> Iterator[Need]:
    """List what must hold for a treatment to be ready: nothing forbids it or holds it back, and its dose is known."""
    for key, rule in guideline.contraindications.get(treatment.target, ()):
        yield from _not_hindered(key, rule, guideline.conditions[key])
    for key, caution in guideline.cautions.get(treatment.target, ()):
        yield _not_held(key, caution, guideline.conditions[key])
    yield from _dosed(treatment, guideline)


def _not_hindered(key: str, rule: Contraindication, condition: c.Condition) -> Iterator[Need]:
    for part, wanted in parts_of(condition, FALSE):

        def is_met(supposed: Supposed, part: c.Condition = part, wanted: Aim = wanted) -> bool:
            return all(
                found.truth in wanted or (found.truth is None and not supposed.worlds.must_hold(rule, found))
                for found in supposed.in_every_reading(key, part)
            )

        yield Need(names_in(part), (part,), is_met)


def _not_held(key: str, rule: Caution, condition: c.Condition) -> Need:
    def is_met(supposed: Supposed) -> bool:
        verdict, _ = supposed.worlds.believed(key)
        return verdict.truth is not None or not supposed.worlds.must_hold(rule, verdict)

    return Need(names_in(condition), (condition,), is_met)


def _dosed(treatment: Treatment, guideline: Guideline) -> Iterator[Need]:
    plan = treatment.dose
    if plan is None:
        return
    if plan.basis is not None:
        basis = plan.basis
        yield Need((basis,), (), lambda supposed: isinstance(supposed.worlds.certain.facts.look_up(basis), float))
    for adjustment in plan.adjustments:

        def is_met(supposed: Supposed, key: str = adjustment.key) -> bool:
            return supposed.worlds.certain.verdicts[key].truth is not None

        condition = guideline.conditions[adjustment.key]
        yield Need(names_in(condition), (condition,), is_met)


def _unblocked(treatment: Treatment, guideline: Guideline) -> Iterator[Need]:
    for key, _ in guideline.contraindications.get(treatment.target, ()):
        for part, wanted in parts_of(guideline.conditions[key], NOT_TRUE):

            def is_met(supposed: Supposed, key: str = key, part: c.Condition = part, wanted: Aim = wanted) -> bool:
                return all(found.truth in wanted for found in supposed.in_every_reading(key, part))

            yield Need(names_in(part), (part,), is_met)


def _blocked(treatments: tuple[Treatment, ...], guideline: Guideline) -> Need:
    """Return the need that a contraindication of any of the treatments holds."""
    keys = [key for t in treatments for key, _ in guideline.contraindications.get(t.target, ())]
    conditions = tuple(guideline.conditions[key] for key in keys)

    def is_met(supposed: Supposed) -> bool:
        return any(supposed.worlds.believed(key)[0].truth is True for key in keys)

    return Need(names_in(conditions), conditions, is_met)


def _has(status: Status, guideline: Guideline, spec: RuleSpec) -> Need:
    """Return the need that the rule has the status after all; met where the others are, but for what they leave out."""
    conditions = tuple(guideline.conditions.values())
    names = (*names_in(conditions), *(t.dose.basis for t in spec.treatments if t.dose and t.dose.basis))
    return Need(names, conditions, lambda supposed: supposed.decision.status == status)
