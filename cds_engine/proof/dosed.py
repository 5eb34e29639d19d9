"""The ways in which a dose may differ between two versions: how much, in what and how often, of which products."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cds_engine.backends.smt.doses import DoseEnds
from cds_engine.backends.smt.logic import Formula, both, either, some
from cds_engine.backends.smt.record import rational
from cds_engine.evaluator.doses import ComputedDose
from cds_engine.language.printer import number
from cds_engine.lowering.guideline import DosePlan
from cds_engine.proof.twice import Twice
from cds_engine.proof.way import Way
from cds_engine.proof.written import schedule_of
from cds_engine.units import exact

ALIKE = 1e-6
"""Doses that differ by less are the same."""
Seen = float | str
"""What is looked at of a dose."""


@dataclass(frozen=True, slots=True)
class Dosed:
    """A treatment that a rule offers in both versions to whoever is *ready* for it in both."""

    rule: str
    target: str
    ready: Formula

    def ways(self, plans: tuple[DosePlan, DosePlan], ends: tuple[DoseEnds, DoseEnds]) -> Iterator[Way]:
        """List how one dose may differ from the other."""
        for name, word in (("low", "lower"), ("high", "upper")):
            apart = getattr(ends[0], name) - getattr(ends[1], name)
            goal = either(apart > rational(ALIKE), apart < -rational(ALIKE))
            yield self._way(f"the {word} end of {self.target}", goal, _final(name))
        if schedule_of(plans[0]) != schedule_of(plans[1]):
            yield self._way(f"the schedule of {self.target}", self.ready, _schedule)
        sizes = [_sizes(plan) for plan in plans]
        if sizes[0] != sizes[1]:
            may_hold = (_may_hold(size, each) for size in sorted(sizes[0] ^ sizes[1]) for each in ends)
            yield self._way(f"the choice of products of {self.target}", some(may_hold), _products)

    def in_one_only(self) -> Way:
        """Return that the treatment has a dose in one version only."""
        return self._way(f"the dose of {self.target}", self.ready, _schedule)

    def _way(self, what: str, goal: Formula, of: Callable[[ComputedDose], Seen]) -> Way:
        def doses(met: Twice) -> list[ComputedDose | None]:
            return [(ready or {})[self.target].dose for ready in met.ready(self.rule)]

        def is_offered(met: Twice) -> bool:
            return all(ready is not None and self.target in ready for ready in met.ready(self.rule))

        def shows(met: Twice) -> bool:
            return is_offered(met) and _are_apart(*(None if dose is None else of(dose) for dose in doses(met)))

        def said(met: Twice | None) -> tuple[str, str]:
            before, after = (_words(dose, of) for dose in ([None, None] if met is None else doses(met)))
            return before, after

        return Way(what, both(self.ready, goal), self.ready, is_offered, shows, said)


def _are_apart(before: Seen | None, after: Seen | None) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return abs(before - after) > ALIKE
    return before != after


def _words(dose: ComputedDose | None, of: Callable[[ComputedDose], Seen]) -> str:
    if dose is None:
        return "-"
    value, plan = of(dose), dose.plan
    return f"{value:.2f} {plan.unit} per {plan.per}" if isinstance(value, float) else value


def _final(end: str) -> Callable[[ComputedDose], Seen]:
    return lambda dose: (dose.low if end == "low" else dose.high).final


def _schedule(dose: ComputedDose) -> str:
    unit, per, times, _, route = schedule_of(dose.plan)
    days = " to ".join(map(number, dict.fromkeys(dose.plan.days or ())))
    parts = [f"{unit} per {per}", *([f"{times} times a day"] if times else []), *([f"for {days} days"] if days else [])]
    return ", ".join([*parts, *([str(route)] if route else [])])


def _products(dose: ComputedDose) -> str:
    return ", ".join(number(size) for size in dose.product_options) or "none"


def _sizes(plan: DosePlan) -> set[float]:
    """Return every amount that can be dispensed, whatever the dose."""
    if plan.product_sizes is None:
        return set()
    smallest, largest, step = plan.product_sizes
    return {exact(n * step) for n in range(math.ceil(exact(smallest / step)), math.floor(exact(largest / step)) + 1)}


def _may_hold(size: float, ends: DoseEnds) -> Formula:
    """Return that an amount lies between the ends of a dose, or as near to one as rounding may move it."""
    return both(ends.low <= rational(size + ALIKE), ends.high >= rational(size - ALIKE))
