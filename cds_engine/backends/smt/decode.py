"""A model of the formula to a patient as anybody would send one, with numbers of a few digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

import z3

from cds_engine.backends.smt.answer import SymbolicAnswer
from cds_engine.backends.smt.ordered import OTHER
from cds_engine.backends.smt.record import Slot
from cds_engine.backends.smt.values import Code, Day, Flag, Members, Number, Payload
from cds_engine.language.printer import number
from cds_engine.patient.spec import FactSpec

NOT_USABLE = "?"
"""A value that every reader rejects, where the fact was given and cannot be used."""
REJECTED = (NOT_USABLE, 5)
"""What stands for a fact that was given and cannot be used: the second for one that is a set."""
UNHEARD_OF = "a medicine that is on no list"


def patient_of(answers: Sequence[SymbolicAnswer], model: z3.ModelRef, digits: int) -> dict[str, object]:
    """Return a patient as the first of several answers reads him; of the others what only they can use of him."""
    first, *others = (Decoder(answer, model, digits) for answer in answers)
    found = first.patient()
    facts = found["facts"]
    assert isinstance(facts, dict)  # noqa: S101 - a patient has facts
    for other in others:
        read = other.patient()["facts"]
        assert isinstance(read, dict)  # noqa: S101 - a patient has facts
        facts |= {name: value for name, value in read.items() if name not in facts or _is_rejected(facts[name])}
    return found


def _is_rejected(value: object) -> bool:
    return isinstance(value, str | int) and value in REJECTED


class Decoder:
    """Reads one model; `digits` is how many significant digits numbers are rounded to."""

    def __init__(self, answer: SymbolicAnswer, model: z3.ModelRef, digits: int) -> None:
        self._answer = answer
        self._model = model
        self._digits = digits
        self._facts = answer.record.facts

    def patient(self) -> dict[str, object]:
        """Return the patient."""
        facts = {}
        for name in sorted(self._answer.record.slots, key=lambda n: self._answer.guideline.positions.get(n, 0)):
            spec = self._facts.get(name)
            if spec is not None and (value := self._fact(spec)) is not None:
                facts[name] = value
        found: dict[str, object] = {"facts": facts}
        today = self._answer.record.slots.get("as_of")
        if today is not None and self._is(today.known) and isinstance(today.payload, Day):
            found["as_of"] = self._day(today.payload)
        return found

    def _fact(self, spec: FactSpec) -> object:
        slot = self._answer.record.slots[spec.name]
        medicines = spec.entry.type == "medications"
        one = self._medicines if medicines else self._value
        rejected = REJECTED[spec.entry.type in {"codes", "medications"}]
        again = self._another(spec)
        if self._is(slot.withheld):
            return rejected if again is None or medicines else [again, rejected]
        if not self._is(slot.known) or slot.payload is None:
            return None
        value = one(spec, slot.payload, "")
        return value if again is None or again == value or medicines else [value, again]

    def _another(self, spec: FactSpec) -> object:
        """Return the value of the other reading, None when there is none."""
        read = self._answer.reread.get(spec.name)
        if read is None or not self._is(self._answer.is_open(spec.name)) or read.payload is None:
            return None
        return self._value(spec, read.payload, "other ")

    def _value(self, spec: FactSpec, payload: Payload, tag: str) -> object:
        match payload:
            case Number():
                return self._number(spec, payload, tag)
            case Flag(value):
                return self._is(value)
            case Code():
                return self._code(payload)
            case Day():
                return self._day(payload)
            case Members():
                members = self._members(payload)
                return members if self._is(payload.complete) else [*members, NOT_USABLE]

    def _number(self, spec: FactSpec, payload: Number, tag: str) -> object:
        slots: Mapping[str, Slot] = self._answer.reread if tag else self._answer.record.slots
        value, unit = self._rounded(payload.value, spec), spec.unit
        reported = slots.get(f"{spec.name}.reported.unit")
        said = slots.get(f"{spec.name}.reported.value")
        if reported is not None and said is not None and isinstance(reported.payload, Code):
            code = self._code(reported.payload)
            if code is not None and isinstance(said.payload, Number):
                value, unit = self._rounded(said.payload.value, None), code
        written: object = f"{number(value)} {unit}" if unit else value
        if "e" in str(written).split(" ", 1)[0]:
            written = {"value": value, "unit": unit}
        ends = {}
        for end in ("low", "high"):
            limit = slots.get(f"{spec.name}.range.{end}")
            if limit is not None and self._is(limit.known) and isinstance(limit.payload, Number):
                factor = spec.changes[unit].factor if unit is not None and unit in spec.changes else 1.0
                ends[end] = self._rounded(limit.payload.value, None) / (factor or 1.0)
        return {"value": value, "unit": unit, "range": ends} if ends else written

    def _medicines(self, spec: FactSpec, payload: Payload, _: str) -> object:
        """Return a list of medicines that folds into the set and what it says of each drug."""
        assert isinstance(payload, Members)  # noqa: S101 - its type
        entries: list[object] = []
        slots = self._answer.record.slots
        for drug in self._members(payload):
            per, amount = slots.get(f"{spec.name}.{drug}.per"), slots.get(f"{spec.name}.{drug}.weekly_amount")
            intervals = self._members(per.payload) if per and isinstance(per.payload, Members) else ["week"]
            said = not per or not isinstance(per.payload, Members) or self._is(per.payload.complete)
            own: list[dict[str, object]] = [{"drug": drug, "per": interval} for interval in intervals]
            if amount is not None and self._is(amount.known) and isinstance(amount.payload, Number):
                weekly = self._rounded(amount.payload.value, None)
                own = own or [{"drug": drug}]
                times = {"day": 7.0, "two_weeks": 0.5, "several_times_a_week": 2.0}.get(str(own[0].get("per")), 1.0)
                own[0] |= {"times": 2} if own[0].get("per") == "several_times_a_week" else {}
                own[0]["dose"] = f"{number(weekly / times)} mg"
            if not said or not own:
                own.append({"drug": drug})
            entries += own
        return entries if self._is(payload.complete) else [*entries, UNHEARD_OF]

    # Values of the model

    def _is(self, truth: z3.BoolRef) -> bool:
        return bool(z3.is_true(self._model.eval(truth)))

    def _members(self, payload: Members) -> list[str]:
        return [code for code, has in payload.each.items() if self._is(has)]

    def _code(self, payload: Code) -> str | None:
        return next((code for code, truth in payload.each.items() if self._is(truth) and code != OTHER), None)

    def _day(self, payload: Day) -> str:
        found = self._model.eval(payload.value, model_completion=True)
        return date.fromordinal(int(str(found))).isoformat()

    def _rounded(self, term: z3.ArithRef, spec: FactSpec | None) -> float:
        found = self._model.eval(term, model_completion=True)
        if z3.is_algebraic_value(found):
            found = found.approx(20)
        value = float(Fraction(found.numerator_as_long(), found.denominator_as_long()))
        rounded = float(f"{value:.{self._digits}g}")
        if spec is not None and spec.plausible is not None:
            low, high = spec.plausible
            rounded = value if not low <= rounded <= high else rounded
        return rounded
