"""Conditions in controlled English, made from the core that every engine runs and from nothing else.

Every node has one sentence and every sentence one meaning, so that what a reviewer signs is the rule and not a
description of it. Three-valued logic is said where it acts: what asks whether something is known says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from cds_engine.language.syntax import Comparator, Operator
from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.pack.statements import Ask
from cds_engine.results.terms import OF_ORDER, RELATION, SIGN, Terms, amount, said
from cds_engine.results.wording import either, listed
from cds_engine.review.known import Asked, with_questions

NEGATED = {
    Comparator.EQUAL: Comparator.NOT_EQUAL,
    Comparator.NOT_EQUAL: Comparator.EQUAL,
    Comparator.LESS: Comparator.AT_LEAST,
    Comparator.AT_LEAST: Comparator.LESS,
    Comparator.GREATER: Comparator.AT_MOST,
    Comparator.AT_MOST: Comparator.GREATER,
}
EVERY, ANY, THAT_IS = "all of these hold:", "at least one of these holds:", ", that is:"
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
        self._terms = Terms(guideline)

    def say(self, condition: c.Condition) -> Said:
        """Return a condition in words."""
        return self._said(condition, holds=True)

    def sentence(self, condition: c.Condition) -> str:
        """Return a condition on one line, its parts in brackets where it has any."""
        return _on_one_line(self.say(condition))

    def question(self, ask: Ask, key: str | None) -> str:
        """Return a question with when it is asked; *key* is that of its condition, None where it always is."""
        if key is None:
            return ask.says
        return f"{ask.says} (asked when {self.sentence(self._guideline.conditions[key])})"

    def _said(self, node: c.Condition | Asked, *, holds: bool) -> Said:
        match node:
            case Asked(operand, None):
                return Said(self._recorded(operand, is_recorded=not holds))
            case Asked(operand, value):
                return self._settled(operand, is_true=value is True, holds=holds)
            case c.Not(operand):
                return self._said(operand, holds=not holds)
            case c.And(parts):
                return self._joined(with_questions(parts), EVERY if holds else ANY, holds=holds)
            case c.Or(parts):
                return self._joined(parts, ANY if holds else EVERY, holds=holds)
            case c.Defined(name, inner):
                says = self._guideline.pack.definitions.definitions[name].says
                return Said((says if holds else f"it does not hold that {says}") + THAT_IS, (self.say(inner),))
            case c.Choose(condition, yes, no):
                return self._choice(condition, yes, no, holds=holds)
            case _:
                return Said(self._leaf(node, holds=holds))

    def _joined(self, parts: Sequence[c.Condition | Asked], head: str, *, holds: bool) -> Said:
        found = tuple(self._said(part, holds=holds) for part in parts)
        return found[0] if len(found) == 1 else Said(head, tuple(_flat(found, head)))

    def _recorded(self, operand: c.Condition | c.Term, *, is_recorded: bool) -> str:
        """Say `operand is null`, or its opposite."""
        if isinstance(operand, c.Compare | c.OneOf | c.Holds | c.Not | c.And | c.Or | c.Defined):
            return f"{'somebody' if is_recorded else 'nobody'} has said whether {self.sentence(operand)}"
        return f"{'something' if is_recorded else 'nothing'} is on record of {self._label_of(operand)}"

    def _settled(self, operand: c.Condition | c.Term, *, is_true: bool, holds: bool) -> Said:
        """Say `operand is true` or `operand is false`; their opposites also hold where nobody has said."""
        said = self._said(operand, holds=is_true is holds)  # type: ignore[arg-type] # only a condition is true or false
        if holds:
            return Said("it is known that " + said.text, said.parts)
        if said.parts:
            return Said(ANY, (said, Said(f"nobody has said whether {_on_one_line(said)}")))
        return Said(f"{said.text}, or nobody has said")

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
                label = self._terms.label(name.removesuffix(".usable"))
                return f"no value of {label} was given that cannot be used"
            case c.Fact(name):
                return f"{self._terms.label(name)}: {'yes' if holds else 'no'}"
            case c.Compare(comparator, left, right):
                return self._comparison(comparator if holds else NEGATED[comparator], left, right)
            case c.OneOf(term, codes):
                said = either([self._terms.code(code) for code in codes])
                word = "" if holds else "neither " if len(codes) > 1 else "not "
                return f"{self.term(term)} is {word}{said if holds else said.replace(' or ', ' nor ')}"
            case c.Holds(name, codes):
                return self._held(name, codes, holds=holds)
            case c.IsUnknown(operand):
                return f"{self._label_of(operand)} is {'not ' if holds else ''}known"
            case _:
                return ""

    def _held(self, name: str, codes: tuple[str, ...], *, holds: bool) -> str:
        label, members = self._terms.label(name), either([self._terms.code(code) for code in codes])
        verb = "is" if holds else "is not"
        if name in OF_ORDER:
            return f"{label} {verb} {members}"
        if "." in name:
            return f"{label} {verb} taken {members}"
        if len(codes) == 1:
            return f"{members} {verb} among {label}"
        return f"of {members}, {'at least one' if holds else 'none'} is among {label}"

    def _comparison(self, comparator: Comparator, left: c.Term, right: c.Term) -> str:
        if comparator in {Comparator.EQUAL, Comparator.NOT_EQUAL} and _is_code(right):
            word = "is" if comparator is Comparator.EQUAL else "is not"
            return f"{self.term(left)} {word} {self.term(right)}"
        return f"{self.term(left)} is {RELATION[comparator]} {self.term(right)}"

    def term(self, term: c.Term | c.Condition) -> str:
        """Return a value in words: `body surface area`, `30 mL/min/1.73 m²`, `the upper limit × 2.5`."""  # noqa: RUF002
        match term:
            case c.Fact(name):
                return self._terms.label(name)
            case c.Constant(value, unit):
                return amount(value, unit) if isinstance(value, float) else self._constant(value)
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

    def _constant(self, value: str | bool | date | None) -> str:  # noqa: FBT001 - a value of the pack
        if value is None:
            return "unknown"
        return self._terms.code(value) if isinstance(value, str) else said(value)

    def _label_of(self, operand: c.Condition | c.Term) -> str:
        labels = [self._terms.label(name) for name in dict.fromkeys(names_in(operand)) if not name.endswith(".usable")]
        return listed(labels) or "it"


def _is_code(term: c.Term) -> bool:
    return isinstance(term, c.Constant) and isinstance(term.value, str)


def _flat(parts: tuple[Said, ...], head: str) -> Iterator[Said]:
    """Take up the parts of a part that joins in the same way."""
    for part in parts:
        yield from part.parts if part.text == head else (part,)


def _on_one_line(said: Said) -> str:
    """Join the parts by their word; what a shared definition is made of is left to the tree."""
    if said.text.endswith(THAT_IS):
        return said.text.removesuffix(THAT_IS)
    word = JOINS.get(said.text)
    parts = [_on_one_line(part) for part in said.parts]
    if word is None:
        return f"{said.text} {'; '.join(parts)}" if parts else said.text
    nested = [f"({text})" if part.text in JOINS else text for part, text in zip(said.parts, parts, strict=True)]
    return word.join(nested)
