"""Check the dictionary: types, units, ranges and codes of facts."""

from __future__ import annotations

from cds_engine.diagnostics import Diagnostic
from cds_engine.pack.base import PackModel
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.load import Pack
from cds_engine.units import UnitError, conversion, parse_unit


def check_facts(pack: Pack, findings: list[Diagnostic]) -> None:
    """Report what is wrong with facts taken one by one."""
    for name, fact in pack.facts.facts.items():
        _check_shape(name, fact, findings)
        if fact.unit is not None and _unit(fact, ("unit",), fact.unit, findings):
            _check_measures(fact, fact.unit, findings)
        if fact.max_age is not None:
            _converts(fact, ("max_age",), fact.max_age.unit, "d", findings)


def _check_shape(name: str, fact: FactEntry, findings: list[Diagnostic]) -> None:
    def say(code: str, message: str, key: str, hint: str | None = None) -> None:
        findings.append(Diagnostic(code, message, fact.span_of(key), hint))

    if "." in name or "-" in name:
        say("F101", f"the fact `{name}` may have only letters, digits and `_`", "type")
    if fact.type in {"quantity", "drug_dose"} and fact.unit is None:
        say("F102", f"the {fact.type.replace('_', ' ')} `{name}` needs a unit", "type", "add `unit:`")
    if fact.type not in {"quantity", "decimal", "drug_dose"} and fact.unit is not None:
        say("F103", f"a fact of type {fact.type} has no unit", "unit")
    if fact.type == "code" and not fact.allowed:
        say("F104", f"the code `{name}` lists no allowed values", "type", "add `allowed: [...]`")
    if "unknown" in fact.allowed:
        say(
            "F105",
            "`unknown` is never a value: it is what a fact is when nobody said",
            "allowed",
            "remove it",
        )
    if (fact.type == "drug_dose") != (fact.drug is not None):
        say("F106", "`drug` belongs to facts of type drug_dose, and those need it", "type")
    if fact.plausible is not None and fact.type not in {"quantity", "integer", "decimal", "drug_dose"}:
        say("F107", f"a fact of type {fact.type} has no plausible range", "plausible")
    if fact.always and fact.derive is None and not fact.tolerance:
        say("F108", "a value that is always derived needs a tolerance to hold a given one against", "always")
    if fact.absent_means is not None:
        allowed = ["true", "false"] if fact.type == "boolean" else fact.allowed
        if fact.type not in {"boolean", "code"} or fact.absent_means not in allowed:
            say("F110", f"`{fact.absent_means}` cannot be presumed of `{name}`", "absent_means")
    for group in fact.agreeing:
        for code in group:
            if code not in fact.allowed:
                say("N102", f"`{code}` is no value of `{name}`", "agreeing")


def _check_measures(fact: FactEntry, unit: str, findings: list[Diagnostic]) -> None:
    for index, other in enumerate(fact.accepts):
        if _unit(fact, ("accepts", index), other, findings):
            _converts(fact, ("accepts", index), other, unit, findings)
    for change in fact.conversions:
        _unit(change, ("unit",), change.unit, findings)
        if (change.multiply_by is None) == (change.divide_by is None):
            findings.append(Diagnostic("F109", "a conversion either multiplies or divides by a factor", change.span))
    if fact.plausible is not None and fact.plausible.unit:
        _converts(fact, ("plausible",), fact.plausible.unit, unit, findings)
    if fact.tolerance is not None and fact.tolerance.unit not in {"%", ""}:
        _converts(fact, ("tolerance",), fact.tolerance.unit, unit, findings)


def _unit(model: PackModel, path: tuple[str | int, ...], unit: str, findings: list[Diagnostic]) -> bool:
    try:
        parse_unit(unit)
    except UnitError as error:
        findings.append(Diagnostic("U101", error.message, model.span_of(*path), error.help))
        return False
    return True


def _converts(
    model: PackModel, path: tuple[str | int, ...], source: str, target: str, findings: list[Diagnostic]
) -> None:
    try:
        conversion(source, target)
    except UnitError as error:
        findings.append(Diagnostic("U201", error.message, model.span_of(*path), error.help))
