"""The numbers that one fact of one patient can have, in the unit in which it was reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_engine.engine.what_if import lines
from cds_engine.engine.what_if.case import Case, Value
from cds_engine.language.printer import number
from cds_engine.patient.read import shown_value
from cds_engine.patient.spec import FactSpec
from cds_engine.patient.values import CodeSet, Known
from cds_engine.units import Conversion, display


class Line:
    """The numbers that a fact can have, in the unit in which it was reported."""

    def __init__(
        self,
        spec: FactSpec,
        unit: str | None,
        change: Conversion,
        limits: Mapping[str, float],
        now: float | None,
        thresholds: Iterable[float],
        *,
        asks_limits: bool,
    ) -> None:
        self._spec = spec
        self._unit = unit
        self._change = change
        self._limits = limits
        self._now = None if now is None else self.of(now)
        self.whole = spec.entry.type == "integer"
        at = [self.of(threshold) for threshold in thresholds]
        low, high = spec.plausible or (0.0, 2 * max([1.0, *map(abs, at)]))
        self._ends = min(self.of(low), self.of(high)), max(self.of(low), self.of(high))
        self.points = self.points_with(at)
        self._is_within = asks_limits and not limits
        """Whether a range must be supposed as well: then one that holds every plausible value."""
        if self._is_within:
            self._limits = dict(zip(("low", "high"), self._ends, strict=True))

    def points_with(self, thresholds: Iterable[float]) -> list[float]:
        """Return the numbers that are tried, those at *thresholds* among them."""
        return lines.looked_at(*self._ends, thresholds, whole=self.whole)

    def of(self, canonical: float) -> float:
        """Return a number of the canonical unit in the unit of this line."""
        return float(f"{(canonical - self._change.offset) / self._change.factor:.12g}")

    def value(self, amount: float) -> Value:
        """Return a number as it would be sent, with the laboratory's range that came with the present one."""
        sent: object = amount
        if self._unit is not None:
            sent = {"value": amount, "unit": self._unit} | ({"range": dict(self._limits)} if self._limits else {})
        said = f"{number(amount)} {display(self._unit) if self._unit else ''}".rstrip()
        said += ", within the laboratory's own range" if self._is_within else ""
        span = self._ends[1] - self._ends[0] or 1.0
        return Value(sent, said, 0.0 if self._now is None else abs(amount - self._now) / span)


def line_of(case: Case, spec: FactSpec, thresholds: Iterable[float], *, asks_limits: bool) -> Line:
    """Return the numbers of a fact as it was reported, else in its canonical unit; *thresholds* are canonical.

    With *asks_limits* the laboratory's limits are needed beside the value.
    """
    record = case.now.record.facts
    reported, present = record.get(f"{spec.name}.reported.unit"), record.get(spec.name)
    unit = reported.value if isinstance(reported, Known) and isinstance(reported.value, str) else spec.unit
    change = spec.changes.get(str(unit), Conversion(1.0, 0.0))
    limits = {
        end: (limit.value - change.offset) / change.factor
        for end in ("low", "high")
        if isinstance(limit := record.get(f"{spec.name}.range.{end}"), Known) and isinstance(limit.value, float)
    }
    now = present.value if isinstance(present, Known) and isinstance(present.value, float) else None
    return Line(spec, unit, change, limits, now, thresholds, asks_limits=asks_limits)


def said_now(case: Case, name: str) -> str | None:
    """Return the value that a fact has now, in words; None if it has none that can be used."""
    spec = case.guideline.dictionary.facts[name]
    facts = case.now.worlds.certain.facts
    value = facts.value(name)
    if value is None:
        return None
    amount, unit = facts.value(f"{name}.reported.value"), facts.value(f"{name}.reported.unit")
    if isinstance(amount, float) and isinstance(unit, str):
        return f"{number(amount)} {display(unit)}"
    shown = shown_value(spec, value)
    return shown.replace("_", " ") if isinstance(value, str | CodeSet) else shown
