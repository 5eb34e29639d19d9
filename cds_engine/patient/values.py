"""What is known of one patient: values, and why a value is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A set of codes, perhaps known in part: what is not a member may still be missing from the list."""

    members: frozenset[str]
    is_complete: bool = True


Value = float | str | bool | date | CodeSet


class Origin(StrEnum):
    """Where a value comes from."""

    GIVEN = "given"
    FORMULA = "formula"
    DERIVED = "derived"
    ASSUMED = "assumed"


class Known(NamedTuple):
    """A checked value in the canonical unit of its fact."""

    value: Value
    date: date | None = None
    origin: Origin = Origin.GIVEN
    formula: str | None = None
    also: tuple[Value, ...] = ()
    """Other current values, within the tolerance; contraindications and alerts try them too."""


class Reason(StrEnum):
    """Why a fact that somebody gave is not used."""

    REJECTED = "rejected"
    CONFLICTING = "conflicting"
    STALE = "stale"


class Withheld(NamedTuple):
    """A fact that was given but may not be used: unknown, and never derived, defaulted or presumed."""

    reason: Reason
    alternatives: tuple[Value, ...] = ()
    """The values that may be right after all; contraindications and alerts try each of them."""
    details: tuple[tuple[tuple[str, Value], ...], ...] = ()
    """For each alternative the properties that came with it: `(("range.high", 2.7),)`."""


class Problem(NamedTuple):
    """What is wrong with one thing in the input; nothing wrong is ever repaired."""

    fact: str | None
    code: str
    message: str


class Note(NamedTuple):
    """Something that was taken as read, so that the reader can object."""

    fact: str | None
    text: str
