"""The core: about a dozen nodes with one meaning each, on which every engine agrees.

Names are resolved, units are converted, definitions are expanded, and numbers are plain floats in the
canonical unit of the facts they meet. Conditions are three-valued (Kleene); terms have a value or are unknown.

INVARIANT: both sides of a numeric `Compare` are rounded by `units.exact` before they are compared,
and a number that leaves for another engine is rounded the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from cds_engine.diagnostics import Span
from cds_engine.language.syntax import Comparator, Operator

Scalar = float | str | bool | date


@dataclass(frozen=True, slots=True)
class CoreNode:
    """A node of the core; `span` is where its source was written."""

    span: Span | None = field(default=None, compare=False, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class Constant(CoreNode):
    """A value written in the pack; as a condition `True`, `False`, or `None` for `null`.

    `unit` is the canonical unit that the number is in, for people; None for plain numbers and the rest.
    """

    value: Scalar | None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Fact(CoreNode):
    """The value of a fact, of a derived fact or of a property such as `calcium_total.range.high`.

    As a condition: a boolean fact. Unknown when the patient's value is.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Calculate(CoreNode):
    """Arithmetic on two numbers; unknown if either is, if it divides by zero or leaves the real numbers."""

    operator: Operator
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Elapsed(CoreNode):
    """Whole `years`, `months`, `weeks` or `days` from one date to another, as a plain number."""

    unit: str
    start: Term
    end: Term


@dataclass(frozen=True, slots=True)
class Choose(CoreNode):
    """`yes` or `no` by a condition; unknown if the condition is. Branches are both terms or both conditions."""

    condition: Condition
    yes: Term | Condition
    no: Term | Condition


@dataclass(frozen=True, slots=True)
class Compare(CoreNode):
    """Two numbers, two codes or two dates compared; unknown if either side is."""

    comparator: Comparator
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class OneOf(CoreNode):
    """The code of `term` is one of `codes`; unknown if the term is."""

    term: Term
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holds(CoreNode):
    """The set fact `name` holds at least one of `codes`.

    A set may be known in part: then a member found is true, and none found is unknown.
    """

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsUnknown(CoreNode):
    """The operand is unknown; itself always true or false."""

    operand: Condition | Term


@dataclass(frozen=True, slots=True)
class Not(CoreNode):
    """True for false, false for true, unknown for unknown."""

    operand: Condition


@dataclass(frozen=True, slots=True)
class And(CoreNode):
    """False if any part is false, else unknown if any is unknown, else true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or(CoreNode):
    """True if any part is true, else unknown if any is unknown, else false."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Defined(CoreNode):
    """A shared definition, expanded in place; keeps its name for the explanation."""

    name: str
    condition: Condition


Condition: TypeAlias = "Constant | Fact | Compare | OneOf | Holds | IsUnknown | Not | And | Or | Defined | Choose"
"""Nodes that are true, false or unknown."""

Term: TypeAlias = "Constant | Fact | Calculate | Elapsed | Choose"
"""Nodes that have a value (number, code or date) or are unknown."""
