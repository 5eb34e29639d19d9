"""Patients near a given one: varied in what a changed fact is derived from, to where a version crosses a threshold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise

from cds_engine.proof.describe import Cuts
from cds_engine.proof.replay import Patient
from cds_engine.proof.twice import Twice, Versions

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
        self._cuts = cuts
        derivations = {d.fact: d for version in versions for d in version.derivations if d.fact in changed}
        self._pairs = [(fact, name) for fact, found in sorted(derivations.items()) for name in sorted(found.reads)]

    def of(self, patient: Patient) -> Iterator[Patient]:
        """List patients with one number otherwise, last those between where the versions cross a threshold."""
        facts = patient["facts"]
        assert isinstance(facts, Mapping)  # noqa: S101 - a patient has facts
        for fact, name in self._pairs:
            number = _number(facts.get(name))
            if number is not None and number > 0:
                yield from self._varied(patient, facts, fact, (name, number))

    def _varied(
        self, patient: Patient, facts: Mapping[str, object], fact: str, varied: tuple[str, float]
    ) -> Iterator[Patient]:
        name, start = varied
        lines: tuple[list[Point], list[Point]] = [], []

        def having(number: float) -> Patient:
            number = float(f"{number:.{DIGITS}g}")
            return {**patient, "facts": {**facts, name: _with_number(facts[name], number)}}

        for step in STEPS:
            candidate = having(start * step)
            yield candidate
            met = Twice.of(self._versions, candidate)
            for line, replay in zip(lines, (met.before, met.after), strict=True):
                value = replay.worlds.certain.facts.value(fact)
                if isinstance(value, float) and value > 0:
                    line.append((start * step, value))
        for threshold in sorted(self._cuts.at.get(fact, ())):
            crossed = [number for line in lines for number in _crossings(line, threshold)]
            yield from (having(math.sqrt(one * other)) for one, other in pairwise(sorted(crossed)))


def _crossings(line: list[Point], threshold: float) -> Iterator[float]:
    """List the numbers with which a fact comes to a threshold, read off between the numbers that were tried."""
    for (first, below), (second, above) in pairwise(line):
        if threshold > 0 and below != above and min(below, above) <= threshold <= max(below, above):
            share = math.log(threshold / below) / math.log(above / below)
            yield first * (second / first) ** share


def _number(value: object) -> float | None:
    """Return the number of a fact as it is sent: `128 cm`, a bare number, or a quantity."""
    match value:
        case bool():
            return None
        case int() | float():
            return float(value)
        case {"value": inner}:
            return _number(inner)
        case str():
            try:
                return float(value.split(" ", 1)[0])
            except ValueError:
                return None
        case _:
            return None


def _with_number(value: object, number: float) -> object:
    match value:
        case Mapping():
            return {**value, "value": number}
        case str():
            return " ".join([str(number), *value.split(" ", 1)[1:]])
        case _:
            return number
