"""What may be on record of a patient: each fact given, given but not usable, or absent; free within the dictionary.

INVARIANT: every record that the reader of patients can produce is one of these, so that what holds for all of
these holds for every patient; some of these no reader produces, and a refutation is replayed for that reason.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import z3

from cds_engine.backends.smt.asked import amounts_asked, codes_asked
from cds_engine.backends.smt.logic import FALSE, TRUE, both, constant, either, opposite
from cds_engine.backends.smt.ordered import ORDER, OTHER, ordered
from cds_engine.backends.smt.values import Code, Day, Flag, Members, Number, Payload
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.dictionary import INTERVALS
from cds_engine.patient.medications import PER_WEEK
from cds_engine.patient.spec import FactSpec

MARGIN = Fraction(1, 10**12)
"""How far a number computed with doubles may lie from its real value, as a share of what it was computed from:
some thousand times more than the evaluator's few roundings come to."""
COUNTED = frozenset({*PER_WEEK, "several_times_a_week"})
"""The intervals of which an amount a week can be told."""
FIRST_DAY, LAST_DAY = 1, 3652059
"""Of the calendar, as ordinals."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One fact or property as it stands on record."""

    known: z3.BoolRef
    withheld: z3.BoolRef
    payload: Payload | None


NOBODY_SAID = Slot(FALSE, FALSE, None)


def rational(number: float) -> z3.RatNumRef:
    """Return a number of the pack as the decimal that it was written as."""
    return z3.RealVal(str(Fraction(repr(number))))


def base_of(name: str) -> str:
    """Return the fact that a property belongs to."""
    return name.split(".", 1)[0]


class Record:
    """The facts of any one patient, made as they are asked for.

    Two records of different *tag* are of one patient of whom different things may be known: values are shared.
    """

    def __init__(
        self,
        guideline: Guideline,
        beside: Iterable[c.Condition] = (),
        tag: str = "",
        inner: str = "",
        apart: Container[str] = (),
    ) -> None:
        """Make a record; the facts *apart* are read otherwise in another, from which *inner* tells them."""
        self.guideline = guideline
        self._apart = apart
        self.facts: Mapping[str, FactSpec] = guideline.dictionary.facts
        self.tag = tag
        self._inner = inner
        self.constraints: list[z3.BoolRef] = []
        self.slots: dict[str, Slot] = {}
        self._asked = codes_asked(guideline, beside)
        self.another_amount = z3.Bool(f"{tag}another amount in doubt")
        """Whether the weekly amount of a drug that no condition asks for was given and cannot be used."""
        self.amounts = amounts_asked(guideline, beside)
        """The weekly amounts of drugs that any condition asks for."""
        self._fresh = 0

    def slot(self, name: str) -> Slot:
        """Return the slot of a fact or property."""
        if name not in self.slots:
            self.slots[name] = NOBODY_SAID  # while it is made
            self.slots[name] = self._made(name)
            self._structure(name)
        return self.slots[name]

    def free(self, word: str) -> z3.BoolRef:
        """Return a truth that nothing else rests on."""
        self._fresh += 1
        return z3.Bool(f"{self._inner}{word}#{self._fresh}")

    def _made(self, name: str) -> Slot:
        if name == "as_of":
            day = z3.Int("as_of")
            self.constraints.append(both(day >= FIRST_DAY, day <= LAST_DAY))
            return Slot(z3.Bool(f"{self.tag}as_of given"), FALSE, Day(day))
        own = self._inner if base_of(name) in self._apart else self.tag
        known, withheld = z3.Bool(f"{own}{name} given"), z3.Bool(f"{own}{name} withheld")
        if "." in name and not name.endswith(".weekly_amount"):
            withheld = FALSE
        self.constraints.append(opposite(both(known, withheld)))
        return Slot(known, withheld, self.payload(name, ""))

    def payload(self, name: str, tag: str) -> Payload | None:
        """Return a free value of a fact or property, within its plausible range."""
        base, _, prop = name.partition(".")
        label = f"{self._inner}{tag}{name}" if base in self._apart else f"{tag}{name}"
        if base == ORDER:
            value, holds = ordered(name, self.guideline, label)
            self.constraints += holds
            return value
        spec = self.facts.get(base)
        if spec is None:
            return None
        if prop.startswith("range.") or prop == "reported.value":
            return Number(z3.Real(label))
        if prop == "reported.unit":
            return self._one_code(label, tuple(spec.changes))
        if prop.endswith(".weekly_amount"):
            amount = z3.Real(label)
            self.constraints.append(amount >= 0)
            return Number(amount)
        if prop.endswith(".per"):
            return self._set(label, INTERVALS)
        if prop.endswith(".route"):
            return self._set(label, self._asked.get(name, ()))
        return self._plain(spec, label)

    def _plain(self, spec: FactSpec, label: str) -> Payload | None:
        match spec.entry.type:
            case "boolean":
                return Flag(z3.Bool(label))
            case "code":
                return self._one_code(label, tuple(spec.entry.allowed), spec.name)
            case "codes" | "medications":
                return self._set(label, self._asked.get(spec.name, ()))
            case "date":
                day = z3.Int(label)
                self.constraints.append(both(day >= FIRST_DAY, day <= LAST_DAY))
                return Day(day)
            case "integer":
                number = z3.ToReal(z3.Int(label))
            case _:
                number = z3.Real(label)
        low, high = spec.plausible or (0.0, None)
        inside = both(number >= rational(low), TRUE if high is None else number <= rational(high))
        self._holds_of_used(spec.name, inside)
        return Number(number)

    def _holds_of_used(self, name: str, truth: z3.BoolRef) -> None:
        """Hold a value to its dictionary; one that another dictionary accepts only where it is used."""
        is_used = z3.Bool(f"{self._inner}{name} given")
        self.constraints.append(z3.Implies(is_used, truth) if name in self._apart else truth)

    def _one_code(self, label: str, allowed: tuple[str, ...], name: str = "") -> Code:
        codes = [*allowed, *(() if allowed else (OTHER,))]
        each = {code: z3.Bool(f"{label} = {code}") for code in codes}
        flags = list(each.values())
        self.constraints.append(z3.AtMost(*flags, 1))
        self._holds_of_used(name, either(*flags))
        return Code(each)

    def _set(self, label: str, codes: tuple[str, ...]) -> Members:
        each = {code: z3.Bool(f"{label} has {code}") for code in codes}
        return Members(each, z3.Bool(f"{label} complete"))

    # What the reader of patients makes sure of

    def _structure(self, name: str) -> None:
        slot, base, prop = self.slots[name], base_of(name), name.partition(".")[2]
        spec = self.facts.get(base)
        if spec is None:
            return
        if prop:
            whole = self.slot(base)
            if prop.startswith("range."):
                self.constraints.append(z3.Implies(slot.known, whole.known))
                self._range_in_order(base)
            elif prop.startswith("reported."):
                self.constraints.append(slot.known == whole.known)
                self._reported(spec)
            else:
                self._of_a_drug(base, prop)
        if spec.entry.type == "date" and not prop:
            today = self.slot("as_of")
            assert isinstance(slot.payload, Day) and isinstance(today.payload, Day)  # noqa: S101, PT018 - their types
            known = both(slot.known, today.known)
            self.constraints.append(z3.Implies(known, slot.payload.value <= today.payload.value))

    def _range_in_order(self, base: str) -> None:
        low, high = self.slot(f"{base}.range.low"), self.slot(f"{base}.range.high")
        if low.payload is not None and high.payload is not None:
            assert isinstance(low.payload, Number) and isinstance(high.payload, Number)  # noqa: S101, PT018 - their types
            in_order = low.payload.value <= high.payload.value
            self.constraints.append(z3.Implies(both(low.known, high.known), in_order))

    def _reported(self, spec: FactSpec) -> None:
        """A value as it was reported is, times its factor, the value in the canonical unit."""
        unit, value = self.slot(f"{spec.name}.reported.unit"), self.slot(f"{spec.name}.reported.value")
        own = self.slot(spec.name)
        if not (isinstance(unit.payload, Code) and isinstance(value.payload, Number)):
            return
        assert isinstance(own.payload, Number)  # noqa: S101 - a quantity
        said, canonical = value.payload.value, own.payload.value
        for code, change in spec.changes.items():
            reached = said * rational(change.factor) + rational(change.offset)
            near = opposite(off_by(canonical, reached, canonical))
            exactly = canonical == reached if change.factor == 1 and change.offset == 0 else near
            self.constraints.append(z3.Implies(both(own.known, unit.payload.is_one_of(code)), exactly))

    def _of_a_drug(self, base: str, prop: str) -> None:
        """Hold what a list says of one drug together; see `patient.medications.fold`."""
        drug = prop.split(".", 1)[0]
        whole, per = self.slot(base), self.slot(f"{base}.{drug}.per")
        amount = self.slot(f"{base}.{drug}.weekly_amount")
        route = self.slot(f"{base}.{drug}.route")
        if per.payload is None or amount.payload is None or route.payload is None or whole.payload is None:
            return  # being made; the last of them comes back here
        assert isinstance(whole.payload, Members) and isinstance(per.payload, Members)  # noqa: S101, PT018 - their types
        assert isinstance(route.payload, Members) and isinstance(amount.payload, Number)  # noqa: S101, PT018 - their types
        listed, complete = whole.payload.has_any(drug), whole.payload.complete
        taken = either(*per.payload.each.values())
        nothing = both(whole.known, opposite(listed))
        counted = [opposite(has) for code, has in per.payload.each.items() if code not in COUNTED]
        only_listed = constant(all(spec.entry.type != "drug_dose" for spec in self.facts.values()))
        self.constraints += [
            per.known == whole.known,
            route.known == whole.known,
            z3.Implies(both(whole.known, listed, per.payload.complete), taken),
            z3.Implies(both(only_listed, listed, amount.known), both(complete, per.payload.complete, *counted)),
            z3.Implies(nothing, both(opposite(taken), per.payload.complete == complete)),
            z3.Implies(nothing, both(*(opposite(has) for has in route.payload.each.values()))),
            z3.Implies(nothing, both(amount.known == complete, opposite(amount.withheld))),
            z3.Implies(both(nothing, amount.known), amount.payload.value == 0),
            z3.Implies(opposite(whole.known), both(opposite(amount.known), opposite(amount.withheld))),
        ]


def off_by(left: z3.ArithRef, right: z3.ArithRef, size: z3.ArithRef) -> z3.BoolRef:
    """Return the truth that two numbers differ by more than the margin of *size*, which is not negative."""
    margin = z3.RealVal(str(MARGIN)) * size
    return either(left - right > margin, right - left > margin)
