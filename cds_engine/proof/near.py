"""Patients near a given one: varied in what a changed fact is derived from, to where a version crosses a threshold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain, pairwise, product

from cds_engine.language.printer import number
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in, nodes
from cds_engine.proof.describe import Cuts
from cds_engine.proof.replay import Replay
from cds_engine.proof.twice import Versions, as_far_as_facts
from cds_engine.proof.variants import amount_of, between_ranges, with_amount

WITHIN = (-0.9, 0.9)
"""Shares of a tolerance by which a given value is off what is computed."""
STEPS = 8
"""In how many equal ratios the plausible range of a number is cut."""
NARROW = 256.0
"""How many times its lower end the upper end of a range is at most taken for, where it begins at 0."""
DIGITS = 6
"""Significant digits of a number that was sought."""
Point = tuple[float, float]
"""A number of the patient, and what the changed fact comes to with it."""
Facts = Mapping[str, object]


class Near:
    """Varies the facts of patients in what the facts that changed rest on."""

    def __init__(self, versions: Versions, changed: AbstractSet[str], cuts: Cuts) -> None:
        self._dictionary = versions[0].dictionary.facts
        self.deriving = as_far_as_facts(versions[0]), as_far_as_facts(versions[1])
        """The versions as far as facts go."""
        self._cuts = cuts
        derivations = {d.fact: d for version in versions for d in version.derivations if d.fact in changed}
        conflicts = Counter(name for found in self._conflicts() for name in found)
        self._inputs = {
            fact: sorted(derivation.reads, key=lambda name: (conflicts[name], name))
            for fact, derivation in sorted(derivations.items())
        }
        """What each is derived from, first what contradicts the least."""
        self._between = {
            name: list(between_ranges(old, new))
            for name, old in self._dictionary.items()
            if name in changed and (new := versions[1].dictionary.facts.get(name)) is not None
        }
        """Of each fact what only one version finds plausible."""
        self.partners = {
            name: sorted({other for found in self._conflicts() if name in found for other in found} - {name})
            for name, amounts in self._between.items()
            if amounts
        }
        """What may contradict such an amount."""

    def of(self, facts: Facts) -> Iterator[Facts]:
        """List a patient's facts as they are, and with a changed fact between a threshold in one version and the other.

        Each also with that fact given, within the tolerance of what one version derives; last with an amount that only
        one version finds plausible, beside usual and unusual amounts of what may contradict it.
        """
        crossed = (self._crossed(facts, fact) for fact in self._inputs)
        for found in chain([facts], *crossed):
            yield found
            yield from self._given(found)
        for name, others in self.partners.items():
            numbers = [other for other in others if amount_of(facts.get(other))]
            for amount, beside in product(self._between[name], list(self._surroundings(facts, numbers, name))):
                unit = self._dictionary[name].unit
                yield {**facts, **dict(beside), name: f"{number(amount)} {unit}" if unit else amount}

    def _conflicts(self) -> Iterator[frozenset[str]]:
        for version in self.deriving:
            yield from (frozenset(found) for found in version.conflicts.values())

    def thresholds(self, fact: str) -> set[float]:
        """Return the numbers at which something changes with a fact, the ends of its plausible range among them."""
        specs = (version.dictionary.facts.get(fact) for version in self.deriving)
        ends = {end for spec in specs if spec is not None for end in spec.plausible or ()}
        return ends.union(self._cuts.at.get(fact, ()))

    def _given(self, facts: Facts) -> Iterator[Facts]:
        for version in self.deriving:
            derived = Replay.of(version, {"facts": facts}).worlds.certain.facts
            for fact in self._inputs:
                value, spec = derived.value(fact), version.dictionary.facts.get(fact)
                if spec is not None and isinstance(value, float) and fact not in facts:
                    step = spec.tolerance * (value if spec.tolerance_is_share else 1.0)
                    for amount in (float(f"{value + share * step:.{DIGITS}g}") for share in WITHIN):
                        yield {**facts, fact: f"{number(amount)} {spec.unit}" if spec.unit else amount}

    def _crossed(self, facts: Facts, fact: str) -> Iterator[Facts]:
        """List for each threshold of a fact the first numbers with which it lies between that in the two versions."""
        line = cache(lambda name, beside: self._line({**facts, **dict(beside)}, fact, name))
        numbers = [name for name in self._inputs[fact] if amount_of(facts.get(name)) and self._ends(name, facts)[1] > 0]
        for threshold in sorted(self.thresholds(fact)):
            lines = ((name, beside) for name in numbers for beside in self._surroundings(facts, numbers, name))
            for name, beside in lines:
                crossings = sorted(at for each in line(name, beside) for at in _crossings(each, threshold))
                between = (math.sqrt(one * other) for one, other in pairwise(crossings))
                found = [_having({**facts, **dict(beside)}, name, at) for at in between]
                found = [candidate for candidate in found if self._are_apart(candidate, fact, threshold)]
                if found:
                    yield from found
                    break

    def _are_apart(self, facts: Facts, fact: str, threshold: float) -> bool:
        """Say whether a threshold lies between what a fact comes to in the two versions, or only one has it."""
        first, second = (_value(version, facts, fact) for version in self.deriving)
        if first is None or second is None:
            return first is not second
        return min(first, second) <= threshold <= max(first, second) and first != second

    def _surroundings(self, facts: Facts, numbers: list[str], name: str) -> Iterator[tuple[tuple[str, object], ...]]:
        """List what is changed of the other numbers: nothing first, then each to an end of its plausible range."""
        yield ()
        for other in numbers:
            if other != name:
                yield from (((other, with_amount(facts[other], end)),) for end in self._ends(other, facts))

    def _ends(self, name: str, facts: Facts) -> tuple[float, float]:
        amount = amount_of(facts[name]) or 1.0
        low, high = self._dictionary[name].plausible or (amount / math.sqrt(NARROW), amount * math.sqrt(NARROW))
        return (low if low > 0 else high / NARROW), high

    def _line(self, facts: Facts, fact: str, name: str) -> tuple[list[Point], list[Point]]:
        """Return what a fact comes to in both versions as one number goes through its plausible range."""
        low, high = self._ends(name, facts)
        found: tuple[list[Point], list[Point]] = [], []
        for step in range(STEPS + 1):
            amount = low * (high / low) ** (step / STEPS)
            for line, version in zip(found, self.deriving, strict=True):
                value = _value(version, _having(facts, name, amount), fact)
                if value is not None and value > 0:
                    line.append((amount, value))
        return _longer(found[0]), _longer(found[1])


def numbers_of(facts: Mapping[str, object], versions: Versions) -> dict[str, float]:
    """Return the numbers of a patient from which facts are computed."""
    return {name: amount for name in computed_from(versions) if (amount := amount_of(facts.get(name)))}


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


def _value(version: Guideline, facts: Facts, fact: str) -> float | None:
    value = Replay.of(version, {"facts": facts}).worlds.certain.facts.value(fact)
    return value if isinstance(value, float) else None


def _having(facts: Facts, name: str, amount: float) -> Facts:
    return {**facts, name: with_amount(facts[name], float(f"{amount:.{DIGITS}g}"))}


def _longer(line: list[Point]) -> list[Point]:
    """Return a line that goes on one step at both ends: a fact beyond its plausible range is unknown, and not there."""
    if len(line) < 2:  # noqa: PLR2004 - no direction
        return line
    first, last = (
        (one * one / other, value * value / next_value)
        for (one, value), (other, next_value) in (line[:2], line[:-3:-1])
    )
    return [first, *line, last]


def _crossings(line: list[Point], threshold: float) -> Iterator[float]:
    """List the numbers with which a fact comes to a threshold, read off between the numbers that were tried."""
    for (first, below), (second, above) in pairwise(line):
        if threshold > 0 and below != above and min(below, above) <= threshold <= max(below, above):
            share = math.log(threshold / below) / math.log(above / below)
            yield first * (second / first) ** share
