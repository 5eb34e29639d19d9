"""What an author can write: the nodes of the condition language, a subset of HL7 CQL 1.5.

A closed union. Every node carries the place it was written at; equality ignores it. What the nodes
mean is not here: `checker` gives them types, `lowering` rewrites them to the core, `evaluator` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from cds_engine.diagnostics import Span


class Comparator(StrEnum):
    """The six comparisons of CQL."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="

    @property
    def mirrored(self) -> Comparator:
        """The comparison with its sides exchanged: `a < b` is `b > a`."""
        return _MIRRORED.get(self, self)


_MIRRORED = {
    Comparator.LESS: Comparator.GREATER,
    Comparator.AT_MOST: Comparator.AT_LEAST,
    Comparator.GREATER: Comparator.LESS,
    Comparator.AT_LEAST: Comparator.AT_MOST,
}


class Operator(StrEnum):
    """The arithmetic of CQL that packs may use."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    POWER = "^"


class Connective(StrEnum):
    """The binary connectives of Kleene's strong three-valued logic."""

    AND = "and"
    OR = "or"
    XOR = "xor"
    IMPLIES = "implies"


@dataclass(frozen=True, slots=True)
class Node:
    """Anything written in the language; `span` never takes part in equality."""

    span: Span | None = field(default=None, compare=False, kw_only=True, repr=False)


@dataclass(frozen=True, slots=True)
class BooleanLiteral(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class NullLiteral(Node):
    """`null`: not known."""


@dataclass(frozen=True, slots=True)
class NumberLiteral(Node):
    """A plain number, such as `0.413`."""

    value: float


@dataclass(frozen=True, slots=True)
class QuantityLiteral(Node):
    """A number with its UCUM unit, such as `40 'mg'`."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class CodeLiteral(Node):
    """A code in quotes, such as `'confirmed'`."""

    code: str


@dataclass(frozen=True, slots=True)
class DateLiteral(Node):
    """A calendar date, such as `@2026-11-21`."""

    value: date


@dataclass(frozen=True, slots=True)
class SetLiteral(Node):
    """`{ 'pregnant', 'possible' }`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A fact, a property of one (`calcium_total.range.high`), a definition, a class of drugs, or `as_of`."""

    name: str


@dataclass(frozen=True, slots=True)
class Not(Node):
    """`not operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`left and right`, `or`, `xor`, `implies`."""

    connective: Connective
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`left < right` and its five siblings."""

    comparator: Comparator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`operand between low and high`, both ends included."""

    operand: Expression
    low: Expression
    high: Expression


@dataclass(frozen=True, slots=True)
class In(Node):
    """`element in collection`."""

    element: Expression
    collection: Expression


@dataclass(frozen=True, slots=True)
class Contains(Node):
    """`collection contains element`."""

    collection: Expression
    element: Expression


@dataclass(frozen=True, slots=True)
class ContainsAny(Node):
    """`collection contains any { ... }`: at least one of them."""

    collection: Expression
    elements: Expression


@dataclass(frozen=True, slots=True)
class Is(Node):
    """`operand is [not] null | true | false`; never unknown itself."""

    operand: Expression
    value: bool | None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`left + right` and its siblings."""

    operator: Operator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """`-operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if condition then yes else no`; an unknown condition makes the whole unknown."""

    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Elapsed(Node):
    """`years between start and end` (or `days`): whole calendar units, as CQL counts them."""

    unit: str
    start: Expression
    end: Expression


Literal = BooleanLiteral | NullLiteral | NumberLiteral | QuantityLiteral | CodeLiteral | DateLiteral
Expression = (
    Literal | SetLiteral | Name | Not | Logic | Comparison | Between | In | Contains | ContainsAny | Is
    | Arithmetic | Negative | If | Elapsed
)  # fmt: skip
