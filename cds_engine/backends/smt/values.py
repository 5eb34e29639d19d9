"""What a fact or a condition may be in the formula: a value with a flag that says whether it is known.

`touch` says of an unknown one whether a fact that was given and cannot be used would settle it: on that rests
whether a contraindication that may be ignored when unknown is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import z3

from cds_engine.backends.smt.logic import FALSE, TRUE, both, choose, either, opposite


@dataclass(frozen=True, slots=True)
class Number:
    """A number as comparisons see it; a computed one is a free number within the margin of its real value."""

    value: z3.ArithRef


@dataclass(frozen=True, slots=True)
class Code:
    """One of several codes, each with the truth that it is this one; a code that is not listed is none of them."""

    each: Mapping[str, z3.BoolRef]

    def is_one_of(self, *codes: str) -> z3.BoolRef:
        """Return the truth that the code is one of *codes*."""
        return either(*(self.each.get(code, FALSE) for code in codes))


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    value: z3.BoolRef


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as the number that `date.toordinal` gives it."""

    value: z3.ArithRef


@dataclass(frozen=True, slots=True)
class Members:
    """A set of codes, perhaps known in part."""

    each: Mapping[str, z3.BoolRef]
    complete: z3.BoolRef

    def has_any(self, *codes: str) -> z3.BoolRef:
        """Return the truth that at least one of *codes* is a member."""
        return either(*(self.each.get(code, FALSE) for code in codes))


Payload = Number | Code | Flag | Day | Members


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is known or not; `payload` is None only where it is never known."""

    known: z3.BoolRef
    payload: Payload | None
    touch: z3.BoolRef = FALSE


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition: certainly true, certainly false, and neither where it is unknown."""

    yes: z3.BoolRef
    no: z3.BoolRef
    touch: z3.BoolRef = FALSE

    @property
    def known(self) -> z3.BoolRef:
        """The truth that it is true or false."""
        return either(self.yes, self.no)

    @property
    def unknown(self) -> z3.BoolRef:
        """The truth that it is neither."""
        return both(opposite(self.yes), opposite(self.no))


UNKNOWN = Value(FALSE, None)
ALWAYS_TRUE = Truth(TRUE, FALSE)


def as_truth(value: Value) -> Truth:
    """Read a boolean fact as a condition."""
    if not isinstance(value.payload, Flag):
        return Truth(FALSE, FALSE, value.touch)
    flag = value.payload.value
    return Truth(both(value.known, flag), both(value.known, opposite(flag)), value.touch)


def as_value(truth: Truth) -> Value:
    """Read a condition as a boolean value."""
    return Value(truth.known, Flag(truth.yes), truth.touch)


def merged(condition: z3.BoolRef, yes: Payload | None, no: Payload | None) -> Payload | None:
    """Return one payload where the condition holds and the other where it does not."""
    if no is None or z3.is_true(condition):
        return yes
    if yes is None or z3.is_false(condition):
        return no
    match yes, no:
        case Number(), Number():
            return Number(z3.If(condition, yes.value, no.value))
        case Day(), Day():
            return Day(z3.If(condition, yes.value, no.value))
        case Flag(), Flag():
            return Flag(choose(condition, yes.value, no.value))
        case Code(), Code():
            codes = dict.fromkeys([*yes.each, *no.each])
            return Code({c: choose(condition, yes.is_one_of(c), no.is_one_of(c)) for c in codes})
        case Members(), Members():
            codes = dict.fromkeys([*yes.each, *no.each])
            each = {c: choose(condition, yes.has_any(c), no.has_any(c)) for c in codes}
            return Members(each, choose(condition, yes.complete, no.complete))
    msg = "two branches of one value are of different types"
    raise AssertionError(msg)


def equal(left: Payload | None, right: Payload | None) -> z3.BoolRef:
    """Return the truth that two payloads of one fact are the same."""
    match left, right:
        case (Number(), Number()) | (Day(), Day()) | (Flag(), Flag()):
            same: z3.BoolRef = left.value == right.value  # type: ignore[union-attr] # both are of one type
            return same
        case Code(), Code():
            codes = dict.fromkeys([*left.each, *right.each])
            return both(*(left.is_one_of(c) == right.is_one_of(c) for c in codes))
        case Members(), Members():
            codes = dict.fromkeys([*left.each, *right.each])
            same_members = [left.has_any(c) == right.has_any(c) for c in codes]
            return both(left.complete == right.complete, *same_members)
    return FALSE
