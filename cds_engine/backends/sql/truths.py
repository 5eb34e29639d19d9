"""Truths and values in pairs of columns that are never NULL: unknown is a column of its own.

SQL's own NULL has Kleene's meaning too, but engines check every value for it. Two plain booleans a truth cost a
twentieth, and what is known of a whole table (a fact that it has no column for) folds away as the text is written.
"""

from __future__ import annotations

from typing import NamedTuple

from cds_engine.backends.sql.sheet import FALSE, TRUE, Sql, choose, every, negated, some


class Truth(NamedTuple):
    """A condition: certainly true, certainly false, or neither."""

    yes: Sql
    no: Sql
    known: Sql
    """Whether it is true or false."""

    @classmethod
    def of(cls, yes: Sql, no: Sql) -> Truth:
        """Return the truth of which only the two sides are known."""
        return cls(yes, no, some(yes, no))

    @classmethod
    def certain(cls, yes: Sql) -> Truth:
        """Return the truth that is false wherever it is not true."""
        return cls(yes, negated(yes), TRUE)

    @property
    def settled(self) -> Truth:
        """Whether it is true, which is always known."""
        return Truth.certain(self.yes)

    @property
    def unknown(self) -> Sql:
        """Whether it is neither."""
        return negated(self.known)

    @property
    def opposite(self) -> Truth:
        """True for false, false for true, unknown for unknown."""
        return Truth(self.no, self.yes, self.known)


class Value(NamedTuple):
    """A term: a value that says nothing unless it is known."""

    value: Sql
    known: Sql

    @property
    def unknown(self) -> Sql:
        """Whether there is no value."""
        return negated(self.known)


UNKNOWN = Truth(FALSE, FALSE, FALSE)


def truth_of(value: Value) -> Truth:
    """Return a boolean value as a truth."""
    return decided(value.known, value.value)


def decided(known: Sql, holds: Sql) -> Truth:
    """Return the truth that is what *holds* says where it is known."""
    return Truth(every(known, holds), every(known, negated(holds)), known)


def both(*parts: Truth) -> Truth:
    """Return Kleene's *and*."""
    yes = every(*(part.yes for part in parts))
    if all(part.known == TRUE for part in parts):
        return Truth.certain(yes)
    return Truth.of(yes, some(*(part.no for part in parts)))


def either(*parts: Truth) -> Truth:
    """Return Kleene's *or*."""
    yes = some(*(part.yes for part in parts))
    if all(part.known == TRUE for part in parts):
        return Truth.certain(yes)
    return Truth.of(yes, every(*(part.no for part in parts)))


def chosen_truth(condition: Truth, yes: Truth, no: Truth) -> Truth:
    """Return one of two truths by a condition; unknown where it is."""
    return Truth.of(
        some(every(condition.yes, yes.yes), every(condition.no, no.yes)),
        some(every(condition.yes, yes.no), every(condition.no, no.no)),
    )


def chosen_value(condition: Truth, yes: Value, no: Value) -> Value:
    """Return one of two values by a condition; unknown where it is."""
    if FALSE in {yes.known, no.known}:
        kept, holds = (yes, condition.yes) if no.known == FALSE else (no, condition.no)
        return where(holds, kept)
    known = some(every(condition.yes, yes.known), every(condition.no, no.known))
    return Value(choose(condition.yes, yes.value, no.value), known)


def where(condition: Sql, value: Value) -> Value:
    """Return a value where a boolean holds, unknown elsewhere."""
    return Value(value.value, every(condition, value.known))


def first_known(first: Value, second: Value) -> Value:
    """Return the first value where it is known, else the second."""
    if FALSE in {first.known, second.known}:
        return first if second.known == FALSE else second
    return Value(choose(first.known, first.value, second.value), some(first.known, second.known))


CERTAIN = Value(TRUE, TRUE)
NO_VALUE = Value(Sql("NULL"), FALSE)
