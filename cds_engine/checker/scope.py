"""Every name that a pack's conditions may use, with its type."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.checker.types import (
    BooleanType,
    ClassSymbol,
    CodeType,
    DateType,
    DefinitionSymbol,
    FactSymbol,
    NullType,
    NumberType,
    QuantityType,
    Scope,
    SetType,
    Symbol,
    Type,
)
from cds_engine.pack.dictionary import INTERVALS, FactEntry
from cds_engine.pack.load import Pack
from cds_engine.pack.measures import plausible_range
from cds_engine.units import UnitError, parse_unit

WEEKLY = "mg/wk"
"""The unit of `weekly_amount`."""


def scope_of(pack: Pack) -> Scope:
    """Return the scope of the pack's conditions."""
    drugs = _drugs(pack)
    symbols: dict[str, Symbol] = {"as_of": FactSymbol("as_of", DateType())}
    for name, fact in pack.facts.facts.items():
        for symbol in _symbols(name, fact, drugs):
            symbols[symbol.name] = symbol
    for name in pack.definitions.definitions:
        symbols[name] = DefinitionSymbol(name)
    for name, members in pack.drugs.classes.items():
        symbols[name] = ClassSymbol(name, tuple(members.members))
    return Scope(symbols, pack.unread)


def _drugs(pack: Pack) -> tuple[str, ...]:
    """Return the drugs and what may be one; empty, so that any will do, when their list could not be read."""
    return () if pack.unread.has("drugs.yaml") else (*pack.drugs.drugs, *pack.unread.names)


def type_of(fact: FactEntry, drugs: tuple[str, ...]) -> Type | None:
    """Return the type of a fact in conditions; None for one that cannot be used in them."""
    match fact.type:
        case "quantity" | "integer" | "decimal":
            return _number_type(fact)
        case "boolean":
            return BooleanType()
        case "code":
            return CodeType(tuple(fact.allowed) or None)
        case "codes" | "medications":
            return SetType(tuple(fact.allowed) or drugs or None)
        case "date":
            return DateType()
        case "drug_dose":
            return None


def order_scope(pack: Pack) -> dict[str, FactSymbol]:
    """Return the names that a check of an order may use besides the patient's."""
    found = [
        FactSymbol("order.drug", CodeType(_drugs(pack) or None)),
        FactSymbol("order.dose", QuantityType("mg")),
        FactSymbol("order.per", SetType(INTERVALS)),
        FactSymbol("order.route", CodeType()),
        FactSymbol("order.weekly_amount", QuantityType(WEEKLY)),
    ]
    return {symbol.name: symbol for symbol in found}


def _number_type(fact: FactEntry) -> Type | None:
    if fact.unit is None:
        return NumberType() if fact.type != "quantity" else None
    try:
        return QuantityType(parse_unit(fact.unit).code)
    except UnitError:
        return None


def _symbols(name: str, fact: FactEntry, drugs: tuple[str, ...]) -> Iterator[FactSymbol]:
    if fact.type == "drug_dose":
        return
    found = type_of(fact, drugs) or NullType()  # a fact with a finding of its own fits everywhere
    try:
        plausible = plausible_range(fact.plausible, fact.unit)
    except UnitError:
        plausible = None
    yield FactSymbol(name, found, plausible)
    if fact.type == "quantity":
        yield FactSymbol(f"{name}.range.low", found)
        yield FactSymbol(f"{name}.range.high", found)
        yield FactSymbol(f"{name}.reported.unit", CodeType())
        yield FactSymbol(f"{name}.reported.value", NumberType())
    if fact.type == "medications":
        for drug in drugs:
            yield FactSymbol(f"{name}.{drug}.per", SetType(INTERVALS))
            yield FactSymbol(f"{name}.{drug}.route", SetType())
            yield FactSymbol(f"{name}.{drug}.weekly_amount", QuantityType(WEEKLY))
