"""Patients near a given one: varied in what a changed fact is derived from, to where a version crosses a threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise

from cds_engine.lowering import core as c
from cds_engine.lowering.walk import names_in, nodes
from cds_engine.proof.describe import Cuts
from cds_engine.proof.replay import Patient, Replay
from cds_engine.proof.twice import Twice, Versions, as_far_as_facts
from cds_engine.proof.variants import amount_of, between_ranges, with_amount

SIZES = (1.0, 1.5)
"""How much of everything that a changed fact is computed from is begun with."""
MANY = 20.0
"""How many times of what the patient has something else is worked out with."""
WITHIN = (-0.9, 0.9)
"""Shares of a tolerance by which a given value is off what is computed."""
STEPS = tuple(2 ** (step / 2) for step in range(-8, 9))
"""Shares of a number that are tried: from a sixteenth to sixteen times."""
DIGITS = 6
"""Significant digits of a number that was sought."""
Point = tuple[float, float]
"""A number of the patient, and what the changed fact comes to with it."""


class Near:
    """Varies patients in what the facts that changed rest on."""

    def __init__(self, versions: Versions, changed: AbstractSet[str], cuts: Cuts) -> None:
        self._versions = versions
        self._deriving = tuple(as_far_as_facts(version) for version in versions)
        self._cuts = cuts
        derivations = {d.fact: d for version in versions for d in version.derivations if d.fact in changed}
        self._pairs = [(fact, name) for fact, found in sorted(derivations.items()) for name in sorted(found.reads)]

    def of(self, patient: Patient) -> Iterator[Patient]:
        """List patients with one number otherwise, last those between where the versions cross a threshold."""
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        yield from self.given(patient)
        for fact, name in self._pairs:
            number = amount_of(facts.get(name))
            if number is not None and number > 0:
                yield from self._varied(patient, facts, fact, (name, number))

    def points(self, patient: Patient) -> list[dict[str, float]]:
        """Return values of what a changed fact is computed from: the patient's, and others.

        The others are more of everything, many times what else he has, and of one number so much that a threshold lies
        between what the two versions come to.
        """
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        inputs = {name for _, name in self._pairs}
        numbers = numbers_of(facts, self._versions)
        points: list[dict[str, float]] = []
        for size in SIZES:
            sized = {name: number * size if name in inputs else number for name, number in numbers.items()}
            as_big = {**facts, **{name: with_amount(facts[name], number) for name, number in sized.items()}}
            points += [sized, {n: at if n in inputs else self._many(n, at) for n, at in sized.items()}]
            for fact, name in {fact: name for fact, name in self._pairs if name in sized}.items():
                crossed = self._crossed(patient, as_big, fact, (name, sized[name]))
                points += [{**sized, name: at} for at in crossed]
        return points

    def _many(self, name: str, number: float) -> float:
        """Return many times a number, where that is plausible."""
        plausible = self._versions[0].dictionary.facts[name].plausible
        return number if plausible is not None and number * MANY > plausible[1] else number * MANY

    def _thresholds(self, fact: str) -> set[float]:
        """Return the numbers at which something changes with a fact, the ends of its plausible range among them."""
        versions = [version for version in self._versions if fact in version.dictionary.facts]
        found = {end for version in versions for end in version.dictionary.facts[fact].plausible or ()}
        return found.union(self._cuts.at.get(fact, ()))

    def given(self, patient: Patient) -> Iterator[Patient]:
        """List patients for whom a derived fact is given besides, within the tolerance of what one version derives."""
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        met = Twice.of(self._versions, patient)
        for fact in dict.fromkeys(fact for fact, _ in self._pairs):
            for version, replay in zip(self._versions, (met.before, met.after), strict=True):
                value, spec = replay.worlds.certain.facts.value(fact), version.dictionary.facts.get(fact)
                if spec is not None and isinstance(value, float) and fact not in facts:
                    step = spec.tolerance * (value if spec.tolerance_is_share else 1.0)
                    for amount in (float(f"{value + share * step:.{DIGITS}g}") for share in WITHIN):
                        written = {"value": amount, "unit": spec.unit} if spec.unit else amount
                        yield {**patient, "facts": {**facts, fact: written}}

    def _varied(
        self, patient: Patient, facts: Mapping[str, object], fact: str, varied: tuple[str, float]
    ) -> Iterator[Patient]:
        for step in STEPS:
            yield _having(patient, facts, varied[0], varied[1] * step)
        yield from (_having(patient, facts, varied[0], at) for at in self._crossed(patient, facts, fact, varied))

    def _crossed(
        self, patient: Patient, facts: Mapping[str, object], fact: str, varied: tuple[str, float]
    ) -> Iterator[float]:
        """List numbers with which a fact lies between a threshold in one version and in the other."""
        lines = self._line(patient, facts, fact, varied)
        for threshold in sorted(self._thresholds(fact)):
            crossed = [number for line in lines for number in _crossings(line, threshold)]
            yield from (math.sqrt(one * other) for one, other in pairwise(sorted(crossed)))

    def _line(
        self, patient: Patient, facts: Mapping[str, object], fact: str, varied: tuple[str, float]
    ) -> tuple[list[Point], list[Point]]:
        """Return what a fact comes to in both versions with more and less of one number."""
        found: tuple[list[Point], list[Point]] = [], []
        name, start = varied
        for step in STEPS:
            candidate = _having(patient, facts, name, start * step)
            for line, version in zip(found, self._deriving, strict=True):
                value = Replay.of(version, candidate).worlds.certain.facts.value(fact)
                if isinstance(value, float) and value > 0:
                    line.append((start * step, value))
        return found


def numbers_of(facts: Mapping[str, object], versions: Versions) -> dict[str, float]:
    """Return the numbers of a patient from which facts are computed."""
    return {name: number for name in computed_from(versions) if (number := amount_of(facts.get(name)))}


def computed_from(versions: Versions) -> list[str]:
    """Return the facts that products and roots are computed from, and that are not derived themselves."""
    derived = {derivation.fact for version in versions for derivation in version.derivations}
    values = [branch.value for v in versions for derivation in v.derivations for branch in derivation.branches]
    computed = tuple(node for value in values for node in nodes(value) if isinstance(node, c.Calculate))
    return sorted({name for name in names_in(computed) if name in versions[0].dictionary.facts} - derived)


def middles(versions: Versions) -> list[dict[str, float]]:
    """Return a plausible value for each of these facts, and beside it one that only one version finds plausible."""
    specs = [version.dictionary.facts for version in versions]
    ranges = {name: specs[0][name].plausible for name in computed_from(versions)}
    middle = {
        name: math.sqrt(max(ends[0], 1.0) * ends[1])
        for name, ends in ranges.items()
        if ends is not None and ends[1] > 0
    }
    pairs = {name: (specs[0][name], specs[1][name]) for name in middle if name in specs[1]}
    return [middle, *({**middle, n: at} for n, (old, new) in pairs.items() for at in between_ranges(old, new))]


def _having(patient: Patient, facts: Mapping[str, object], name: str, number: float) -> Patient:
    amount = float(f"{number:.{DIGITS}g}")
    return {**patient, "facts": {**facts, name: with_amount(facts[name], amount)}}


def _crossings(line: list[Point], threshold: float) -> Iterator[float]:
    """List the numbers with which a fact comes to a threshold, read off between the numbers that were tried."""
    for (first, below), (second, above) in pairwise(line):
        if threshold > 0 and below != above and min(below, above) <= threshold <= max(below, above):
            share = math.log(threshold / below) / math.log(above / below)
            yield first * (second / first) ** share
