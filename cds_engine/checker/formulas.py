"""Check what formulas take and give: facts that exist, in units that convert."""

from __future__ import annotations

from collections.abc import Mapping

from cds_engine.checker.expressions import Typed
from cds_engine.checker.sites import WITHOUT_UNIT
from cds_engine.checker.types import FactSymbol
from cds_engine.checker.walk import base_fact, parts
from cds_engine.diagnostics import Diagnostic, did_you_mean
from cds_engine.pack.dictionary import FactEntry, Formula
from cds_engine.pack.load import Pack
from cds_engine.units import UnitError, conversion, parse_unit

_NUMBERS = {"quantity", "decimal", "integer"}


def check_formulas(pack: Pack, typed: Mapping[str, Typed], findings: list[Diagnostic]) -> None:
    """Report what a formula cannot take or give."""
    for name, formula in pack.formulas.formulas.items():
        value = typed.get(f"formula {name} value")
        if value is not None:
            _check_taken(pack, formula, value, findings)
        for key in ("gives", "takes"):
            units: Mapping[str, str] = getattr(formula, key)
            for fact, unit in units.items():
                _check_unit(pack, formula, key, fact, unit, findings)


def _check_taken(pack: Pack, formula: Formula, value: Typed, findings: list[Diagnostic]) -> None:
    for part in parts(value):
        name = base_fact(part.symbol.name) if isinstance(part.symbol, FactSymbol) else None
        if name in pack.facts.facts and name not in formula.takes:
            fact = pack.facts.facts[name]
            unit = fact.unit or (fact.type if fact.type in WITHOUT_UNIT else "1")
            hint = f"add `{name}: {unit}` under `takes:`"
            findings.append(Diagnostic("N101", f"the formula does not take `{name}`", part.node.span, hint))


def _check_unit(pack: Pack, formula: Formula, key: str, name: str, unit: str, findings: list[Diagnostic]) -> None:
    fact = pack.facts.facts.get(name)
    if fact is None:
        if not pack.unread.may_declare(name, "facts.yaml"):
            hint = did_you_mean(name, pack.facts.facts) or "facts stand in facts.yaml"
            span = formula.span_of_key(key, name)
            findings.append(Diagnostic("N101", f"there is no fact `{name}`", span, hint))
    elif message := _unfit(fact, unit, key):
        code = "U101" if "UCUM" in message else "U201"
        findings.append(Diagnostic(code, message, formula.span_of(key, name), _way_out(fact, key)))


def _unfit(fact: FactEntry, unit: str, key: str) -> str | None:
    """Say why a fact cannot be computed with in *unit*, or None when it can."""
    if unit in WITHOUT_UNIT:
        return f"this is no {unit}" if fact.type != unit or key == "gives" else None
    if fact.type not in _NUMBERS:
        return f"a fact of type {fact.type.replace('_', ' ')} has no unit"
    if fact.unit is not None and not _is_unit(fact.unit):
        return None  # said of the fact itself
    try:
        parse_unit(unit)
        conversion(fact.unit or "1", unit)
    except UnitError as error:
        return error.message
    return None


def _way_out(fact: FactEntry, key: str) -> str:
    if fact.type in _NUMBERS:
        return f"the fact is in `{fact.unit or '1'}`"
    return "a formula gives a number" if key == "gives" else f"write `{fact.type}`, if that is what it takes"


def _is_unit(unit: str) -> bool:
    try:
        parse_unit(unit)
    except UnitError:
        return False
    return True
