"""Derived facts: what the dictionary and the formulas make of the facts that were given.

A given value wins unless the derivation is `always` used; a given one that differs beyond the tolerance is a
conflict. A fact that was rejected, conflicting or stale is never derived, defaulted or presumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cds_engine.evaluator.conditions import decide, value_of
from cds_engine.evaluator.facts import Facts
from cds_engine.evaluator.verdict import NOTHING, Unknown
from cds_engine.lowering.guideline import Branch, Derivation, Guideline
from cds_engine.patient.complaints import conflicting, implausible
from cds_engine.patient.read import shown_value
from cds_engine.patient.spec import FactSpec
from cds_engine.patient.values import Known, Note, Origin, Problem, Reason, Value, Withheld


@dataclass(slots=True)
class Derived:
    """The facts of one patient with everything that could be derived, and what was found on the way."""

    facts: Facts
    withheld: dict[str, Withheld]
    also: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    """Values that a given one agrees with, within the tolerance, and that warnings try too."""
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def derive(
    guideline: Guideline,
    given: Mapping[str, Known | Withheld],
    as_of: date | None,
    *,
    settled: frozenset[str] = NOTHING,
) -> Derived:
    """Return all facts of one patient; those in *settled* are taken as given, held against nothing."""
    known: dict[str, Known] = {}
    unknown: dict[str, Unknown] = {}
    withheld: dict[str, Withheld] = {}
    for name, value in given.items():
        if isinstance(value, Known):
            known[name] = value
        else:
            withheld[name] = value
            unknown[name] = Unknown(frozenset({name.split(".", 1)[0]}))
    derived = Derived(Facts(known, unknown, as_of), withheld)
    derived.facts.doubtful.update(name.split(".", 1)[0] for name in withheld)
    _presume(guideline, known, withheld, derived)
    for derivation in guideline.derivations:
        if derivation.fact not in withheld:
            _derive_one(guideline, derivation, known, unknown, derived, settled)
    return derived


def _presume(guideline: Guideline, known: dict[str, Known], withheld: Mapping[str, Withheld], derived: Derived) -> None:
    """Take the declared value of facts that nobody gave, and say so."""
    for name, spec in guideline.dictionary.presumed.items():
        if name not in known and name not in withheld:
            known[name] = Known(spec[0], None, Origin.ASSUMED)
            if not spec[1]:
                label = guideline.dictionary.facts[name].entry.label
                derived.notes.append(Note(name, f"{label}: not given, taken as {spec[0]}"))


def _derive_one(
    guideline: Guideline,
    derivation: Derivation,
    known: dict[str, Known],
    unknown: dict[str, Unknown],
    derived: Derived,
    settled: frozenset[str],
) -> None:
    name = derivation.fact
    spec = guideline.dictionary.facts[name]
    given = known.get(name)
    value, formula = _first_branch(guideline, derivation.branches, derived.facts)
    if not isinstance(value, Unknown) and (doubt := _implausible(spec, value)):
        derived.problems.append(doubt)
        value = Unknown(_doubtful_inputs(guideline, derivation))
    disagrees = given is not None and not isinstance(value, Unknown) and not spec.agree(given.value, value)
    if given is not None and not isinstance(value, Unknown) and disagrees and name not in settled:
        both = [shown_value(spec, given.value), f"{shown_value(spec, value)} derived"]
        derived.problems.append(conflicting(spec, both))
        derived.withheld[name] = Withheld(Reason.CONFLICTING, (given.value, value))
        derived.facts.doubtful.add(name)
        del known[name]
        unknown[name] = Unknown(_to_ask(guideline, name, NOTHING))
        return
    if given is not None and not isinstance(value, Unknown) and value != given.value and name not in settled:
        derived.also[name] = (value if not derivation.always else given.value,)
    if given is not None and (not derivation.always or name in settled):
        return
    known.pop(name, None)
    if isinstance(value, Unknown):
        unknown[name] = Unknown(_to_ask(guideline, name, value.missing))
        if derivation.reads & derived.facts.doubtful:
            derived.facts.doubtful.add(name)
    else:
        known[name] = Known(value, None, Origin.FORMULA if formula else Origin.DERIVED, formula)


def _first_branch(
    guideline: Guideline, branches: tuple[Branch, ...], facts: Facts
) -> tuple[Value | Unknown, str | None]:
    """Return the value of the first branch that holds; an unknown condition before it makes it unknown."""
    for branch in branches:
        if branch.key is not None:
            verdict = decide(guideline.conditions[branch.key], facts)
            if verdict.truth is None:
                return Unknown(verdict.missing), None
            if verdict.truth is False:
                continue
        return value_of(branch.value, facts), branch.formula
    return Unknown(), None


def _implausible(spec: FactSpec, value: Value) -> Problem | None:
    if spec.plausible is None or not isinstance(value, float):
        return None
    low, high = spec.plausible
    return None if low <= value <= high else implausible(spec, shown_value(spec, value), low, high)


def _doubtful_inputs(guideline: Guideline, derivation: Derivation) -> frozenset[str]:
    """Known inputs that gave an implausible result are asked for again."""
    facts = guideline.dictionary.facts
    return frozenset(name for name in derivation.reads if facts[name].entry.ask and not facts[name].entry.setting)


def _to_ask(guideline: Guideline, name: str, inputs: frozenset[str]) -> frozenset[str]:
    """An unknown derived fact asks for its unknown inputs, and for itself if it can be answered."""
    asked = inputs | {name} if guideline.dictionary.facts[name].entry.ask else inputs
    return asked or frozenset({name})
