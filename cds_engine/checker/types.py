"""The types of the condition language, and what a name can stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from cds_engine.pack.load import Unread
from cds_engine.units import parse_unit


@dataclass(frozen=True, slots=True)
class BooleanType:
    """True, false or unknown."""


@dataclass(frozen=True, slots=True)
class NumberType:
    """A plain number."""


@dataclass(frozen=True, slots=True)
class QuantityType:
    """A number in a UCUM unit; two of them compare if their units are of one kind."""

    unit: str

    @property
    def kind(self) -> str:
        """What the unit may be compared with."""
        return parse_unit(self.unit).kind


@dataclass(frozen=True, slots=True)
class CodeType:
    """One of a closed list of codes; any code where the list is None."""

    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SetType:
    """A set of codes."""

    codes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class DateType:
    """A calendar date."""


@dataclass(frozen=True, slots=True)
class NullType:
    """The type of `null`, which fits everywhere."""


Type = BooleanType | NumberType | QuantityType | CodeType | SetType | DateType | NullType


@dataclass(frozen=True, slots=True)
class FactSymbol:
    """A fact or a property of one."""

    name: str
    type: Type
    plausible: tuple[float, float] | None = None
    """In the unit of the type, inclusive."""


@dataclass(frozen=True, slots=True)
class DefinitionSymbol:
    """A shared condition."""

    name: str


@dataclass(frozen=True, slots=True)
class ClassSymbol:
    """A named set of drugs."""

    name: str
    codes: tuple[str, ...]


Symbol = FactSymbol | DefinitionSymbol | ClassSymbol


@dataclass(frozen=True, slots=True)
class Scope:
    """Every name that a condition of the pack may use."""

    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    unread: Unread = field(default_factory=Unread)
    """What the pack may declare besides, in files that could not be read."""

    def with_facts(self, facts: Mapping[str, FactSymbol]) -> Scope:
        """Return the scope with further facts, or with other types for facts it has."""
        return replace(self, symbols={**self.symbols, **facts})

    def may_hold(self, name: str) -> bool:
        """Say whether a name that is not known may stand in what could not be read."""
        return self.unread.may_declare(name, "facts.yaml", "definitions.yaml", "drugs.yaml")

    def codes(self) -> Iterator[str]:
        """List every code of the pack's facts."""
        for symbol in self.symbols.values():
            if isinstance(symbol, FactSymbol) and isinstance(symbol.type, CodeType | SetType):
                yield from symbol.type.codes or ()


def describe(type_: Type) -> str:
    """Name a type in the author's words."""
    match type_:
        case BooleanType():
            return "true or false"
        case NumberType():
            return "a plain number"
        case QuantityType(unit):
            return f"a quantity in `{unit}`"
        case CodeType():
            return "a code"
        case SetType():
            return "a set of codes"
        case DateType():
            return "a date"
        case NullType():
            return "`null`"
