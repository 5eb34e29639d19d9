"""Groups of patients in words: what is true of every one of them and not of all the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import Amount, Formula, Model, both, holds, opposite
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.values import Code, Flag, Number
from cds_engine.language.printer import number
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.lowering.walk import nodes
from cds_engine.units import display

Finds = Callable[..., tuple[bool | None, Model | None]]
"""Says whether a patient may show all of the goals it is given, with one who does."""


@dataclass(slots=True)
class Cuts:
    """The facts that matter to a change, each with the numbers at which something changes."""

    at: dict[str, set[float]] = field(default_factory=dict)

    def add(self, name: str, *numbers: float) -> None:
        """Note a fact and numbers of it."""
        self.at.setdefault(name, set()).update(numbers)


def cuts_of(conditions: Iterable[c.Condition], plans: Iterable[DosePlan], guideline: Guideline) -> Cuts:
    """Return the facts of the changed conditions and doses, with their thresholds."""
    found = Cuts()
    for condition in conditions:
        for node in nodes(condition):
            match node:
                case c.Compare(_, c.Fact(name), c.Constant(float() as value)):
                    found.add(name, value)
                case c.Compare(_, c.Constant(float() as value), c.Fact(name)):
                    found.add(name, value)
                case c.Fact(name) if "." not in name and name != "as_of":
                    found.add(name)
    for plan in plans:
        if plan.basis is not None:
            rates = [rate * plan.basis_scale for rate in (plan.low, plan.high) if rate]
            found.add(plan.basis, *([plan.cap / rate for rate in rates] if plan.cap is not None else []))
        for adjustment in plan.adjustments:
            for name, numbers in cuts_of([guideline.conditions[adjustment.key]], (), guideline).at.items():
                found.add(name, *numbers)
    return found


class Describer:
    """Finds what a group of patients has in common."""

    def __init__(self, answer: SymbolicAnswer, cuts: Cuts, finds: Finds) -> None:
        self._answer = answer
        self._cuts = cuts
        self._finds = finds
        self._members: dict[int, list[Model]] = {}
        """Patients of each group that were met: what is not true of one is not true of all."""

    def whom(self, goal: Formula, among: Formula) -> tuple[str, ...]:
        """Return what is true of everybody with *goal*, leaving out what is true of everybody *among* whom he is."""
        said = []
        for name, numbers in sorted(self._cuts.at.items(), key=lambda item: self._order(item[0])):
            if name in self._answer.guideline.dictionary.facts:
                found = self._of(name, numbers, goal, among)
                if found:
                    said.append(found)
        return tuple(said)

    def _order(self, name: str) -> int:
        return self._answer.guideline.positions.get(name, 0)

    def _of(self, name: str, numbers: set[float], goal: Formula, among: Formula) -> str | None:
        value = self._answer.certain.value(name)
        label = self._answer.guideline.dictionary.facts[name].entry.label
        if self._new(opposite(value.known), goal, among):
            return f"{label} not known"
        match value.payload:
            case Number():
                words = self._bounds(value.payload.value, value.known, numbers, name, goal, among)
            case Flag(flag):
                words = next(
                    (
                        word
                        for word, is_so in (("yes", flag), ("no", opposite(flag)))
                        if self._new(both(value.known, is_so), goal, among)
                    ),
                    "",
                )
            case Code(each):
                words = self._codes(each, value.known, goal, among)
            case _:
                words = ""
        if words:
            return f"{label} {words}"
        return f"{label} known" if self._new(value.known, goal, among) else None

    def _codes(self, each: Mapping[str, Formula], known: Formula, goal: Formula, among: Formula) -> str:
        if not self._all(known, goal):
            return ""
        possible = [code for code, truth in each.items() if not self._all(opposite(truth), goal)]
        if len(possible) == len(each) or self._all(
            both(known, *(opposite(t) for code, t in each.items() if code not in possible)), among
        ):
            return ""
        return " or ".join(possible)

    def _bounds(
        self, value: Amount, known: Formula, numbers: set[float], name: str, goal: Formula, among: Formula
    ) -> str:
        unit = self._answer.guideline.dictionary.facts[name].unit
        shown = {n: f"{number(float(f'{n:.6g}'))} {display(unit) if unit else ''}".rstrip() for n in numbers}
        words = []
        for at in sorted(numbers, reverse=True):
            if self._new(both(known, value > rational(at)), goal, among):
                words.append(f"above {shown[at]}")
            elif self._new(both(known, value >= rational(at)), goal, among):
                words.append(f"from {shown[at]}")
            else:
                continue
            break
        for at in sorted(numbers):
            if self._new(both(known, value < rational(at)), goal, among):
                words.append(f"below {shown[at]}")
            elif self._new(both(known, value <= rational(at)), goal, among):
                words.append(f"up to {shown[at]}")
            else:
                continue
            break
        return " and ".join(words)

    def _new(self, truth: Formula, goal: Formula, among: Formula) -> bool:
        """Say whether something is true of all of a group, but not of all among whom it is."""
        return self._all(truth, goal) and not self._all(truth, among)

    def _all(self, truth: Formula, group: Formula) -> bool:
        met = self._members.setdefault(group.get_id(), [])
        if any(holds(model, truth) is False for model in met):
            return False
        found, model = self._finds(group, opposite(truth))
        if model is not None:
            met.append(model)
        return found is False
