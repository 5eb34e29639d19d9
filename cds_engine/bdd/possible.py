"""Whether any patient can show what no scenario or case exercises; orders are outside of what is proved."""

from __future__ import annotations

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.logic import FALSE, Formula, both
from cds_engine.backends.smt.record import rational
from cds_engine.backends.smt.search import Search
from cds_engine.backends.smt.values import Number
from cds_engine.bdd.coverage import Item, Threshold
from cds_engine.lowering.guideline import Guideline


class Possible:
    """Asks Z3 about one pack, for records in which no fact has two readings."""

    def __init__(self, guideline: Guideline, seconds: float = 2.0) -> None:
        self._guideline = guideline
        self._answer = SymbolicAnswer(guideline, alone=True)
        self._search = Search(self._answer, seconds)

    def is_impossible(self, item: Item) -> bool:
        """Say whether it is proved that no patient shows an item."""
        goal = self._goal(item)
        return goal is not None and self._search.none(goal, self._answer.arithmetic.ideal, curved=True) is True

    def _goal(self, item: Item) -> Formula | None:
        """Return the truth that a patient shows an item; None where that is not in the formula."""
        if item.sort == "status":
            spec = next(spec for spec in self._guideline.rules if spec.rule.id == item.of)
            shown: Formula = getattr(self._answer.rule(spec)[0], item.what)
            return shown
        condition = self._guideline.conditions.get(item.key or "")
        if condition is None:
            return None
        truth = self._answer.certain.truth(condition)
        if item.threshold is not None:
            return self._near(item.threshold, item.what)
        return {"true": truth.yes, "false": truth.no, "unknown": truth.unknown}[item.what]

    def _near(self, threshold: Threshold, side: str) -> Formula:
        value = self._answer.certain.value(threshold.fact)
        if not isinstance(value.payload, Number):
            return FALSE
        number = value.payload.value
        low, high = (rational(end) for end in threshold.around)
        at = rational(threshold.value)
        within = {"at": number == at, "just below": both(number >= low, number < at)}.get(
            side, both(number > at, number <= high)
        )
        return both(value.known, within)
