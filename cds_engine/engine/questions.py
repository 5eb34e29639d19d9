"""What to ask next, and what was taken for granted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds_engine.engine.decisions import Decision, TreatmentDecision
from cds_engine.engine.worlds import Worlds
from cds_engine.evaluator.conditions import value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.statements import Ask
from cds_engine.patient.values import Reason
from cds_engine.results.models import Assumption, Question


def questions_of(
    guideline: Guideline, worlds: Worlds, decisions: Iterable[Decision], *, patient: bool
) -> list[Question]:
    """Return the questions, ranked by how many rules wait for each, then by cost, then as in the dictionary.

    Asked are the facts that rules wait for, those that were given but could not be used, and those that a rule
    or alert declares doubtful.
    """
    settles: dict[str, list[str]] = {}
    for decision in decisions:
        for name in decision.missing:
            settles.setdefault(name, []).append(decision.spec.rule.id)
    texts = dict(worlds.asks)
    why: dict[str, Reason | str] = {name: found.reason for name, found in worlds.withheld.items()}
    for ask in _declared(guideline, worlds, decisions):
        texts.setdefault(ask.fact, ask.says)
        why.setdefault(ask.fact, "missing" if worlds.certain.facts.value(ask.fact) is None else "doubtful")
    found = []
    for name in {*settles, *why}:
        spec = guideline.dictionary.facts.get(name)
        if spec is not None:
            entry = spec.entry
            text = texts.get(name) or (patient and entry.patient_ask) or entry.ask or f"What is the {entry.label}?"
            reason = str(why.get(name, "missing"))
            found.append(Question.made(fact=name, ask=text, settles=settles.get(name, []), why=reason))
    order = guideline.positions
    return sorted(
        found,
        key=lambda q: (-len(q.settles), guideline.dictionary.facts[q.fact].entry.cost, order[q.fact]),
    )


def _declared(guideline: Guideline, worlds: Worlds, decisions: Iterable[Decision]) -> Iterable[Ask]:
    """List the questions that true alerts and applicable rules put although the fact may be known."""
    for key, alert in guideline.alerts:
        if worlds.believed(key)[0].truth is True:
            yield from _open(alert.ask, guideline.alert_ask_keys[alert.id], worlds)
    for decision in decisions:
        if decision.status in {"recommended", "needs_data"} and decision.when.truth is True:
            yield from _open(decision.spec.rule.ask, decision.spec.ask_keys, worlds)


def _open(asks: list[Ask], keys: tuple[str | None, ...], worlds: Worlds) -> Iterable[Ask]:
    for ask, key in zip(asks, keys, strict=True):
        if key is None or worlds.believed(key)[0].truth is not False:
            yield ask


def assumptions_of(
    guideline: Guideline, worlds: Worlds, decisions: Iterable[Decision], as_of: date | None, *, patient: bool
) -> list[Assumption]:
    """Return what was taken for granted: no date, presumed facts, safety rules that act only when known."""
    found = [
        Assumption.made(fact=note.fact, text=note.text, ask=_ask(guideline, note.fact, patient=patient), rules=[])
        for note in worlds.notes
    ]
    if as_of is None:
        text = "no date was given for this answer: values count as current whatever their date"
        found.insert(0, Assumption.made(fact=None, text=text, ask=None, rules=[]))
    for name, rules in _unknown_and_ignored(guideline, worlds, decisions).items():
        label = guideline.dictionary.facts[name].entry.label
        text = f"{label}: not known, and taken as no reason against it"
        found.append(Assumption.made(fact=name, text=text, ask=_ask(guideline, name, patient=patient), rules=rules))
    return found


def _ask(guideline: Guideline, name: str | None, *, patient: bool) -> str | None:
    if name is None:
        return None
    entry = guideline.dictionary.facts[name].entry
    return (entry.patient_ask if patient else None) or entry.ask


def _unknown_and_ignored(guideline: Guideline, worlds: Worlds, decisions: Iterable[Decision]) -> dict[str, list[str]]:
    """Return the facts whose absence was taken for no danger, each with the rules it bears on."""
    found: dict[str, list[str]] = {}
    of_target: dict[str, set[str]] = {}
    for decision in decisions:
        if decision.status not in {"recommended", "needs_data"}:
            continue
        names: set[str] = set()
        for treatment in decision.treatments:
            target = treatment.treatment.target
            if target not in of_target:
                of_target[target] = _taken_for_granted(guideline, worlds, treatment)
            names |= of_target[target]
        for name in sorted(names & guideline.positions.keys(), key=guideline.positions.__getitem__):
            found.setdefault(name, []).append(decision.spec.rule.id)
    return found


def _taken_for_granted(guideline: Guideline, worlds: Worlds, found: TreatmentDecision) -> set[str]:
    """Return the facts whose absence was taken for no danger of one drug or action."""
    names = {name for hit in found.safety.ignored for name in hit.verdict.missing}
    for key, _ in guideline.contraindications.get(found.treatment.target, ()):
        if worlds.certain.verdicts[key].truth is False:
            for asked in guideline.asks_null.get(key, ()):
                names |= _found_unknown(asked, worlds.certain.facts)
    return names


def _found_unknown(asked: c.IsUnknown, facts: Facts) -> frozenset[str]:
    """Return the facts that an `is null` or `is true` found unknown."""
    value = value_of(asked.operand, facts)
    return value.missing if isinstance(value, Unknown) else NOTHING
