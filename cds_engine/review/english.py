"""Conditions in controlled English, made from the core that every engine runs and from nothing else.

Every node has one sentence and every sentence one meaning, so that what a reviewer signs is the rule and not a
description of it. Three-valued logic is said where it acts: what asks whether something is known says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cds_engine.evaluator.facts import Facts
from cds_engine.language.printer import number
from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import DosePlan, Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.results.explain import INTERVAL_WORDS, RELATION, SIGN, Explainer, brief
from cds_engine.results.wording import counted, listed, spoken
from cds_engine.units import display

NEGATED = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.NOT_EQUAL: Comparator.EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_LEAST: Comparator.LESS,
    Comparator.GREATER: Comparator.AT_MOST,
    Comparator.AT_MOST: Comparator.GREATER,
}
EVERY, ANY = "all of these hold:", "at least one of these holds:"
JOINS = {EVERY: " and ", ANY: " or "}


@dataclass(frozen=True, slots=True)
class Said:
    """A condition in words: a sentence, and below it the sentences that it is made of."""

    text: str
    parts: tuple[Said, ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """List the sentence and its parts, indented."""
        yield "  " * depth + self.text
        for part in self.parts:
            yield from part.lines(depth + 1)


class English:
    """Puts the conditions of one pack into words."""

    def __init__(self, guideline: Guideline) -> None:
        self._guideline = guideline
        self._words = Explainer(guideline, Facts({}, {}, None))

    def say(self, condition: c.Condition) -> Said:
        """Return a condition in words."""
        return self._said(condition, holds=True)

    def sentence(self, condition: c.Condition) -> str:
        """Return a condition on one line, its parts in brackets where it has any."""
        return _on_one_line(self.say(condition))

    def dose(self, plan: DosePlan) -> Iterator[str]:
        """List the sentences of a dose: range, limits, adjustments."""
        facts, unit = self._guideline.dictionary.facts, display(plan.unit)
        ends = number(plan.low) if plan.low == plan.high else f"{number(plan.low)} to {number(plan.high)}"
        times = f" × {facts[plan.basis].entry.label}" if plan.basis else ""  # noqa: RUF001 - a multiplication sign
        often = f", {counted(plan.times_per_day, 'time')} a day" if plan.times_per_day and plan.per == "dose" else ""
        parts = f", in {plan.times_per_day} parts" if plan.times_per_day and plan.per == "day" else ""
        days = " to ".join(dict.fromkeys(number(day) for day in plan.days or ()))
        over = f", over {days} {'day' if days == '1' else 'days'}" if days else ""
        yield f"{ends} {display(plan.rate_unit)}{times}, per {plan.per.upper()}{often}{parts}{over}."
        yield from (f"Never more than {number(amount)} {unit} per {per}." for amount, per in plan.caps)
        if not plan.caps:
            yield "The pack knows no maximum."
        for adjustment in plan.adjustments:
            condition = self.sentence(self._guideline.conditions[adjustment.key])
            source = self._guideline.pack.sources.sources[adjustment.source].label
            place = f"{source}, {adjustment.locator}" if adjustment.locator else source
            yield (
                f"Then × {number(adjustment.multiply)} when {condition} ({adjustment.note}; {place}). "  # noqa: RUF001
                "While that is not known, no dose is shown."
            )

    def _said(self, node: c.Condition, *, holds: bool) -> Said:
        known = _asks_known(node)
        if known is not None:
            return self._known(*known, holds=holds)
        match node:
            case c.Not(operand):
                return self._said(operand, holds=not holds)
            case c.And(parts) | c.Or(parts):
                every = isinstance(node, c.And) == holds
                said = tuple(self._said(part, holds=holds) for part in parts)
                if len(said) == 1:
                    return said[0]
                return Said(EVERY if every else ANY, _flat(said, every=every))
            case c.Defined(name, inner):
                says = self._guideline.pack.definitions.definitions[name].says
                return Said((says if holds else f"it does not hold that {says}") + ", that is:", (self.say(inner),))
            case c.Choose(condition, yes, no):
                return self._choice(condition, yes, no, holds=holds)
            case _:
                return Said(self._leaf(node, holds=holds))

    def _known(self, operand: c.Condition | c.Term, value: bool | None, *, holds: bool) -> Said:  # noqa: FBT001 - a truth value
        """Say a question about what is known: `x is null`, `x is true`, `x is false` and their opposites."""
        if value is None:
            label = self._label_of(operand)
            return Said(
                f"nothing is on record of {label}" if holds else f"something is on record of {label}",
            )
        inner = self._said(operand, holds=value)  # type: ignore[arg-type] # only a condition is true or false
        if holds:
            return Said("it is known that " + inner.text, inner.parts)
        opposite = self._said(operand, holds=not value)  # type: ignore[arg-type] # as above
        return Said(f"{opposite.text.removesuffix(':')}, or nobody has said", opposite.parts)

    def _choice(self, condition: c.Condition, yes: c.CoreNode, no: c.CoreNode, *, holds: bool) -> Said:
        first = self._said(yes, holds=holds)  # type: ignore[arg-type] # of a condition both are
        second = self._said(no, holds=holds)  # type: ignore[arg-type] # as above
        return Said(
            "it depends:",
            (
                Said(f"if {self.sentence(condition)}, then", (first,)),
                Said("if not, then", (second,)),
            ),
        )

    # Leaves

    def _leaf(self, node: c.Condition, *, holds: bool) -> str:
        match node:
            case c.Constant(value):
                return {True: "always", False: "never", None: "this can never be known"}[
                    value if value is None else bool(value) == holds
                ]
            case c.Fact(name) if name.endswith(".usable"):
                label = self._words.label(name.removesuffix(".usable"))
                return f"no value of {label} was given that cannot be used"
            case c.Fact(name):
                return f"{self._words.label(name)}: {'yes' if holds else 'no'}"
            case c.Compare(comparator, left, right):
                return self._comparison(comparator if holds else NEGATED[comparator], left, right)
            case c.OneOf(term, codes):
                said = _either([self._code(code) for code in codes])
                word = "" if holds else "neither " if len(codes) > 1 else "not "
                return f"{self.term(term)} is {word}{said if holds else said.replace(' or ', ' nor ')}"
            case c.Holds(name, codes):
                return self._held(name, codes, holds=holds)
            case c.IsUnknown(operand):
                return f"{self._label_of(operand)} is {'not ' if holds else ''}known"
            case _:
                return ""

    def _held(self, name: str, codes: tuple[str, ...], *, holds: bool) -> str:
        label, said = self._words.label(name), _either([self._code(code) for code in codes])
        if "." in name:
            return f"{label} is {'' if holds else 'not '}taken {said}"
        word = "is" if len(codes) == 1 else "at least one is" if holds else "none is"
        if len(codes) == 1:
            return f"{said} is {'' if holds else 'not '}among {label}"
        return f"of {said}, {word} among {label}"

    def _comparison(self, comparator: Comparator, left: c.Term, right: c.Term) -> str:
        if comparator in {Comparator.EQUAL, Comparator.NOT_EQUAL} and _is_code(right):
            word = "is" if comparator is Comparator.EQUAL else "is not"
            return f"{self.term(left)} {word} {self.term(right)}"
        return f"{self.term(left)} is {RELATION[comparator]} {self.term(right)}"

    def term(self, term: c.Term | c.Condition) -> str:
        """Return a value in words: `body surface area`, `30 mL/min/1.73 m²`, `the upper limit × 2.5`."""  # noqa: RUF002
        match term:
            case c.Fact(name):
                return self._words.label(name)
            case c.Constant(value, unit):
                return self._constant(value, unit)
            case c.Calculate(operator, left, right):
                return f"{self._factor(left, operator)} {SIGN[operator]} {self._factor(right, operator)}"
            case c.Elapsed(unit, start, end):
                return f"whole {unit} from {self.term(start)} to {self.term(end)}"
            case c.Choose(condition, yes, no):
                return f"({self.term(yes)} if {self.sentence(condition)}, else {self.term(no)})"
            case _:
                return self.sentence(term)

    def _factor(self, term: c.Term, outer: Operator) -> str:
        said = self.term(term)
        loose = isinstance(term, c.Calculate) and term.operator is not outer
        return f"({said})" if loose else said

    def _constant(self, value: object, unit: str | None) -> str:
        match value:
            case bool():
                return "yes" if value else "no"
            case float():
                return f"{brief(value)} {display(unit) if unit else ''}".rstrip()
            case date():
                return value.isoformat()
            case None:
                return "unknown"
            case _:
                return self._code(str(value))

    def _code(self, code: str) -> str:
        drug = self._guideline.pack.drugs.drugs.get(code)
        return drug.label if drug is not None else INTERVAL_WORDS.get(code, spoken(code))

    def _label_of(self, operand: c.Condition | c.Term) -> str:
        labels = [self._words.label(name) for name in dict.fromkeys(names_in(operand)) if not name.endswith(".usable")]
        return listed(labels) or "it"


def _asks_known(node: c.Condition) -> tuple[c.Condition | c.Term, bool | None] | None:
    """Return the operand of `is null` (None), `is true` and `is false`, as the lowering writes them; else None."""
    match node:
        case c.And((c.IsUnknown(operand), *rest)) if all(_is_usable(part) for part in rest):
            return operand, None
        case c.And((first, second)):
            return _truth_asked(first, second) or _truth_asked(second, first)
    return None


def _truth_asked(value: c.Condition, known: c.Condition) -> tuple[c.Condition, bool] | None:
    """Return the operand of `value and not (operand is null)`, and whether *value* is it or its opposite."""
    asked = _asks_known(known.operand) if isinstance(known, c.Not) else None
    if asked is None or asked[1] is not None:
        return None
    if value == asked[0]:
        return value, True
    return (value.operand, False) if isinstance(value, c.Not) and value.operand == asked[0] else None


def _is_usable(node: c.Condition) -> bool:
    return isinstance(node, c.Fact) and node.name.endswith(".usable")


def _is_code(term: c.Term) -> bool:
    return isinstance(term, c.Constant) and isinstance(term.value, str)


def _flat(parts: tuple[Said, ...], *, every: bool) -> tuple[Said, ...]:
    """Take up the parts of a part that joins in the same way."""
    head = EVERY if every else ANY
    return tuple(found for part in parts for found in (part.parts if part.text == head else (part,)))


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}" if words else "anything"


def _on_one_line(said: Said) -> str:
    """Join the parts by their word; what a shared definition is made of is left to the tree."""
    if said.text.endswith(", that is:"):
        return said.text.removesuffix(", that is:")
    word = JOINS.get(said.text)
    parts = [_on_one_line(part) for part in said.parts]
    if word is None:
        return f"{said.text} {'; '.join(parts)}" if parts else said.text
    nested = [f"({text})" if part.text in JOINS else text for part, text in zip(said.parts, parts, strict=True)]
    return word.join(nested)
