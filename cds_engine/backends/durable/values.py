"""What durable_rules is told about a patient: checked values as properties of one message.

Knows where each property comes from and how it is written; knows nothing of conditions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Protocol, TypeAlias

from cds_engine.backends.durable.errors import wrong_kind
from cds_engine.units.exact import exact

if TYPE_CHECKING:
    from collections.abc import Callable

    from cds_engine.lowering.core import Compare, Term


class CodeSet(Protocol):
    """The codes of a set fact; a code that is no member is absent only if the set `is_complete`."""

    @property
    def members(self) -> frozenset[str]:
        """The codes known to be in the set."""

    @property
    def is_complete(self) -> bool:
        """Whether no other code is in the set."""


class FactView(Protocol):
    """One patient as this engine sees him: values, and the three things that must come ready-made."""

    def value(self, name: str) -> float | str | bool | date | CodeSet | None:
        """Return the checked value of a fact, or None when it is unknown."""

    def number(self, term: Term) -> float | None:
        """Return the value of a `Calculate` or `Elapsed` term, or None when it is unknown."""

    def compares(self, node: Compare) -> bool | None:
        """Decide a comparison of dates, or one in which neither side is a constant."""


@dataclass(frozen=True, slots=True)
class FactSource:
    """The value of a fact."""

    name: str


@dataclass(frozen=True, slots=True)
class TermSource:
    """The ready-made value of an arithmetic term."""

    term: Term


@dataclass(frozen=True, slots=True)
class MemberSource:
    """Whether a set holds `code`; with None for the code: false once the set is complete, else unknown."""

    name: str
    code: str | None


@dataclass(frozen=True, slots=True)
class VerdictSource:
    """The ready-made verdict of a comparison."""

    node: Compare


@dataclass(frozen=True, slots=True)
class PartSource:
    """A part of a condition that an earlier ruleset decided: true, or left out."""

    index: int


Source: TypeAlias = FactSource | TermSource | MemberSource | VerdictSource | PartSource
"""Where a property of the message comes from."""

Value: TypeAlias = float | str | bool | date | CodeSet | None
"""What a source yields for one patient; None is unknown."""


class Kind(StrEnum):
    """How a value is sent; `KNOWN` is the flag that says whether there is one at all."""

    NUMBER = "number"
    CODE = "code"
    FLAG = "flag"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Property:
    """One property of the message; a property whose value is unknown is left out, except `KNOWN`."""

    source: Source
    kind: Kind


def fetch(source: Source) -> Callable[[FactView], Value]:
    """Return the function that reads *source* from a patient."""
    match source:
        case FactSource(name):
            return lambda facts: facts.value(name)
        case TermSource(term):
            return lambda facts: facts.number(term)
        case VerdictSource(node):
            return lambda facts: facts.compares(node)
        case MemberSource(name, code):
            return lambda facts: _holds(facts.value(name), code)
        case PartSource():
            return lambda _: None


def _holds(value: Value, code: str | None) -> bool | None:
    """Decide membership: true for a member, false for others once the set is complete, else unknown."""
    if value is None:
        return None
    if isinstance(value, float | int | str | date):
        raise wrong_kind("a set of codes", value)
    if code in value.members:
        return True
    return False if value.is_complete else None


def written(value: Value, kind: Kind) -> str | None:
    """Write *value* as durable_rules reads it without loss, or None when it is to be left out.

    >>> written(1e-05, Kind.NUMBER)
    '1.00000000000000e-05'
    >>> written('5', Kind.CODE)
    '"5"'
    >>> written(None, Kind.KNOWN)
    'false'
    """
    if kind is Kind.KNOWN:
        return "false" if value is None else "true"
    if value is None:
        return None
    if kind is Kind.NUMBER:
        return number_text(value)
    if kind is Kind.CODE:
        if not isinstance(value, str):
            raise wrong_kind("a code", value)
        return encode_basestring_ascii(value)
    if not isinstance(value, bool):
        raise wrong_kind("true or false", value)
    return "true" if value else "false"


def number_text(value: Value) -> str:
    """Write a number rounded by `exact`; the form always has a point, without which exponents are refused."""
    if isinstance(value, bool) or not isinstance(value, float | int) or not math.isfinite(value):
        raise wrong_kind("a number", value)
    return f"{exact(value) + 0.0:.14e}"  # adding zero makes one zero of -0.0 and 0.0
