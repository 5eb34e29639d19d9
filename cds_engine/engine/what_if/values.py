"""The values that a fact could have instead: those that meet a need, the nearest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from cds_engine.engine.what_if import lines
from cds_engine.engine.what_if.case import Case, Changes, Value
from cds_engine.engine.what_if.needs import Need
from cds_engine.engine.what_if.numbers import Line, line_of
from cds_engine.lowering import core as c
from cds_engine.lowering.walk import nodes
from cds_engine.patient.read import read_facts
from cds_engine.patient.spec import FactSpec
from cds_engine.patient.values import CodeSet, Known, Withheld

DAYS_BACK = (0, 1, 2, 3, 7, 14, 30, 61, 91, 182, 365, 730, 1826, 3652, 6574, 14610, 43464)
"""How long before the day of the answer a date is looked for; between two of them it is found by halving."""
OFTEN = (("week", " once a week"), ("day", " every day"))
"""How often a medicine is supposed to be taken, where a condition asks how often."""


class Alternatives:
    """Finds other values of one fact in one supposition."""

    def __init__(self, case: Case, name: str, need: Need, changes: Changes) -> None:
        self._case = case
        self._spec: FactSpec = case.guideline.dictionary.facts[name]
        self._need = need
        self._changes = changes
        self._now = case.given(name)
        self._value = self._now.value if isinstance(self._now, Known) else None

    def found(self, *, alone: bool) -> list[Value]:
        """Return the values that meet the need; else, if not *alone*, those with which another fact could."""
        meeting = [value for value in self._meeting() if self._meets(value)]
        return meeting or ([] if alone else list(self._on_the_way()))

    def _meets(self, value: Value) -> bool:
        return self._need.is_met(self._case.suppose({**self._changes, self._spec.name: value}))

    def _meeting(self) -> Iterator[Value]:
        match self._spec.entry.type:
            case "quantity" | "integer" | "decimal":
                yield from self._numbers()
            case "date":
                yield from self._days()
            case "drug_dose":
                yield Value({"value": 0, "unit": self._spec.unit}, "none", 1.0)
            case _:
                yield from self._words()

    def _on_the_way(self) -> Iterator[Value]:
        """List values that settle an unknown fact without meeting the need, or any other of few."""
        match self._spec.entry.type:
            case "boolean" | "code" | "codes" | "medications":
                yield from self._words()
            case "quantity" | "integer" | "decimal" if self._value is None:
                yield from self._unknown_number(self._line(), lambda _: True)
            case _:
                return

    # Yes and no, codes, sets of codes, medicines

    def _words(self) -> Iterator[Value]:
        match self._spec.entry.type:
            case "boolean":
                yield from (Value(t, "yes" if t else "no", 1.0) for t in (False, True) if t is not self._value)
            case "code":
                others = (code for code in self._spec.entry.allowed if code != self._value)
                yield from (Value(code, code.replace("_", " "), 1.0) for code in others)
            case "codes":
                yield from self._sets()
            case "medications":
                yield from self._medicines()

    def _sets(self) -> Iterator[Value]:
        asked = self._asked(self._spec.name)
        members = self._value.members if isinstance(self._value, CodeSet) else frozenset()
        sets = [members - {*asked}, *(members | {code} for code in asked)]
        if not isinstance(self._value, CodeSet):
            sets.insert(0, frozenset())
        for found in dict.fromkeys(sets):
            if found != members or not isinstance(self._value, CodeSet) or not self._value.is_complete:
                yield Value(sorted(found), ", ".join(sorted(found)).replace("_", " ") or "none", 1.0)

    def _medicines(self) -> Iterator[Value]:
        name, dictionary = self._spec.name, self._case.guideline.dictionary
        raw = self._case.facts.get(name)
        listed = read_facts({name: raw}, dictionary, self._case.as_of).medicines if self._now is not None else ()
        drugs = [entry.drug for entry in listed if entry.drug is not None]
        if self._now is None:
            yield Value([], "none", 0.0)
        asked = self._asked(name)
        sent = [(entry.drug, entry.sent) for entry in listed if entry.sent is not None]
        without = [dict(entry) for drug, entry in sent if drug is not None and drug not in asked]
        if any(drug in asked for drug in drugs) or len(without) < len(listed):
            gone = ", ".join(dict.fromkeys(drug for drug in drugs if drug in asked)) or "what cannot be read"
            yield Value(without, f"as listed, without {gone.replace('_', ' ')}", 1.0)
        for drug in dict.fromkeys((*asked, *self._drugs_of_properties())):
            others = [dict(entry) for own, entry in sent if own != drug]
            for per, words in OFTEN if f"{name}.{drug}.per" in self._need.names else (("week", ""),):
                said = f"as listed, with {drug.replace('_', ' ')}{words}"
                yield Value([*others, {"drug": drug, "per": per}], said, 1.0)

    def _drugs_of_properties(self) -> list[str]:
        parts = [name.split(".") for name in self._need.names]
        return list(dict.fromkeys(p[1] for p in parts if p[0] == self._spec.name and len(p) > 2))  # noqa: PLR2004

    def _asked(self, name: str) -> tuple[str, ...]:
        """Return the codes of a set that the need asks for."""
        held = (n for n in self._nodes() if isinstance(n, c.Holds) and n.name == name)
        return tuple(dict.fromkeys(code for node in held for code in node.codes))

    def _nodes(self) -> Iterator[c.CoreNode]:
        for condition in self._need.conditions:
            yield from nodes(condition)

    # Numbers and days

    def _numbers(self) -> Iterator[Value]:
        line = self._line()
        again = [value for value in self._measured_again(line) if self._meets(value)]
        if again:
            yield from again
            return
        known = self._value if isinstance(self._value, float) else None
        if known is None:
            yield from self._unknown_number(line, lambda value: self._meets(line.value(value)))
            return
        now = line.of(known)
        for value in lines.nearest(now, line.points, lambda n: self._meets(line.value(n)), whole=line.whole):
            yield line.value(value)

    def _unknown_number(self, line: Line, holds: Callable[[float], bool]) -> Iterator[Value]:
        """List a value of each stretch in which it holds, divided where any condition of the rule turns."""
        everywhere = nodes(tuple(self._case.guideline.conditions.values()))
        cuts = [line.of(at) for at in self._thresholds(everywhere)]
        for value in lines.typical(line.points_with(cuts), holds, cuts, whole=line.whole):
            yield line.value(value)

    def _measured_again(self, line: Line) -> Iterator[Value]:
        """List the values of a fact that was given and cannot be used: one of them may be right after all."""
        for value in self._now.alternatives if isinstance(self._now, Withheld) else ():
            if isinstance(value, float):
                yield line.value(line.of(value))

    def _line(self) -> Line:
        asks_limits = any(name.startswith(f"{self._spec.name}.range.") for name in self._need.names)
        return line_of(self._case, self._spec, self._thresholds(self._nodes()), asks_limits=asks_limits)

    def _thresholds(self, among: Iterable[c.CoreNode]) -> Iterator[float]:
        """List the numbers that the fact itself is compared with."""
        for node in among:
            match node:
                case c.Compare(_, c.Fact(name), c.Constant(float() as at)) if name == self._spec.name:
                    yield at
                case c.Compare(_, c.Constant(float() as at), c.Fact(name)) if name == self._spec.name:
                    yield at

    def _days(self) -> Iterator[Value]:
        today = self._case.as_of
        if today is None:
            return

        def sent(day: float) -> Value:
            when = date.fromordinal(round(day)).isoformat()
            return Value(when, when, min(1.0, abs(day - now) / DAYS_BACK[-1]) if known is not None else 0.0)

        known = self._value if isinstance(self._value, date) else None
        now = (known or today).toordinal()
        points = [float(today.toordinal() - back) for back in DAYS_BACK if today.toordinal() > back]

        def holds(day: float) -> bool:
            return self._meets(sent(day))

        if known is None:
            yield from (sent(day) for day in lines.typical(sorted(points), holds, whole=True))
        else:
            yield from (sent(day) for day in lines.nearest(float(now), points, holds, whole=True))
