"""Check the dictionary: types, units, ranges and codes of facts."""

from __future__ import annotations

import re

from cds_engine.diagnostics import Diagnostic, Span, did_you_mean
from cds_engine.language.lexer import KEYWORDS
from cds_engine.language.printer import number
from cds_engine.pack.base import Amount, PackModel
from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.load import Pack
from cds_engine.units import UnitError, conversion, parse_unit


def check_facts(pack: Pack, findings: list[Diagnostic]) -> None:
    """Report what is wrong with facts taken one by one, and with what conditions call them."""
    for name, fact in pack.facts.facts.items():
        _check_shape(name, fact, findings)
        _check_values(name, fact, findings)
        if fact.unit is not None and _unit(fact, ("unit",), fact.unit, findings):
            _check_measures(fact, fact.unit, findings)
        if fact.max_age is not None:
            _check_age(fact, fact.max_age, findings)
    _check_names(pack, findings)


def _check_names(pack: Pack, findings: list[Diagnostic]) -> None:
    """Facts, definitions and drug classes share one namespace, that of the condition language."""
    seen: dict[str, Span | None] = {"as_of": None}
    places = (
        (pack.facts.facts, pack.facts, "facts"),
        (pack.definitions.definitions, pack.definitions, "definitions"),
        (pack.drugs.classes, pack.drugs, "classes"),
    )
    for declared, file, key in places:
        for name in declared:
            span = file.span_of_key(key, name)
            if not _WORD.fullmatch(name):
                hint = f"conditions read only letters, digits and `_`: write `{_NO_WORD.sub('_', name)}`"
                findings.append(Diagnostic("F101", f"no condition can name `{name}`", span, hint))
            elif name in KEYWORDS:
                found = f"`{name}` is a word of the condition language"
                findings.append(Diagnostic("F101", found, span, "choose another name"))
            if name in seen:
                first = seen[name]
                hint = f"it was first used at {first}" if first else "it is the date of the evaluation"
                findings.append(Diagnostic("C102", f"the name `{name}` is used twice", span, hint))
            seen.setdefault(name, span)


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IN_BRACES = re.compile(r"\{[^{}]+\}")
_NO_WORD = re.compile(r"[^A-Za-z0-9_]+")


def _check_shape(name: str, fact: FactEntry, findings: list[Diagnostic]) -> None:
    def say(code: str, message: str, key: str, hint: str) -> None:
        findings.append(Diagnostic(code, message, fact.span_of(key), hint))

    called = fact.type.replace("_", " ")
    if fact.type in {"quantity", "drug_dose"} and fact.unit is None:
        say("F102", f"the {called} `{name}` needs a unit", "type", "add `unit:` with a UCUM unit, such as `mg`")
    if fact.type not in {"quantity", "decimal", "drug_dose"} and fact.unit is not None:
        say("F103", f"a fact of type {called} has no unit", "unit", "remove it, or make the fact a quantity")
    for index, other in enumerate(fact.accepts if fact.unit is None else ()):
        if fact.type not in {"integer", "decimal"} or not _IN_BRACES.fullmatch(other):
            hint = "a count accepts only words in braces, such as `{score}`; else add `unit:`"
            found = f"`{name}` has no unit that `{other}` could be converted to"
            findings.append(Diagnostic("F103", found, fact.span_of("accepts", index), hint))
    if fact.type == "code" and not fact.allowed:
        say("F104", f"the code `{name}` lists no allowed values", "type", "add `allowed: [...]`")
    if fact.drug is not None and fact.type != "drug_dose":
        say("F106", f"a fact of type {called} names no drug", "drug", "remove `drug:`, or write `type: drug_dose`")
    if fact.drug is None and fact.type == "drug_dose":
        say("F106", f"the drug dose `{name}` does not say of which drug", "type", "add `drug:`")
    if fact.plausible is not None and fact.type not in {"quantity", "integer", "decimal", "drug_dose"}:
        say("F107", f"a fact of type {called} has no plausible range", "plausible", "remove it")
    if fact.always and not fact.tolerance:
        hint = "add `tolerance:`, by how much a given value may differ"
        say("F108", f"`{name}` is always derived, and a given value is held against it", "always", hint)
    if fact.derive is not None and fact.type in {"codes", "medications", "drug_dose"}:
        say("F111", f"a fact of type {called} cannot be derived", "derive", "derive a fact that is true or false")


def _check_values(name: str, fact: FactEntry, findings: list[Diagnostic]) -> None:
    """Report codes that are none of the fact's, wherever the fact lists some."""
    for index, code in enumerate(fact.allowed):
        if code == "unknown":
            found = "`unknown` is never a value: it is what a fact is when nobody said"
            findings.append(Diagnostic("F105", found, fact.span_of("allowed", index), "remove it"))
        if code in fact.allowed[:index]:
            found = f"`{code}` is listed twice"
            findings.append(Diagnostic("C102", found, fact.span_of("allowed", index), "remove one of them"))
    for row, group in enumerate(fact.agreeing):
        for index, code in enumerate(group):
            if code not in fact.allowed:
                place = fact.span_of("agreeing", row, index)
                hint = did_you_mean(code, fact.allowed)
                findings.append(Diagnostic("N102", f"`{code}` is no value of `{name}`", place, hint))
    if fact.absent_means is not None:
        known = ["true", "false"] if fact.type == "boolean" else fact.allowed
        if fact.type not in {"boolean", "code"} or fact.absent_means not in known:
            hint = did_you_mean(fact.absent_means, known) or "it can be " + ", ".join(f"`{word}`" for word in known)
            if fact.type not in {"boolean", "code"}:
                hint = "only what is true or false, or a code, may be presumed: remove it"
            found = f"`{fact.absent_means}` cannot be presumed of `{name}`"
            findings.append(Diagnostic("F110", found, fact.span_of("absent_means"), hint))


def _check_age(fact: FactEntry, age: Amount, findings: list[Diagnostic]) -> None:
    span, hint = fact.span_of("max_age"), "write it as `90 d`, `12 wk`, `6 mo` or `1 a`"
    try:
        conversion(age.unit or "1", "d")
    except UnitError:
        found = f"`{age.unit}` is no unit of time" if age.unit else "this age has no unit"
        findings.append(Diagnostic("U201", found, span, hint))
    else:
        if age.value <= 0:
            findings.append(Diagnostic("F112", "a value may always be older than this", span, hint))


def _check_measures(fact: FactEntry, unit: str, findings: list[Diagnostic]) -> None:
    for index, other in enumerate(fact.accepts):
        if _unit(fact, ("accepts", index), other, findings):
            _converts(fact, ("accepts", index), other, unit, findings)
    for change in fact.conversions:
        _unit(change, ("unit",), change.unit, findings)
        if (change.multiply_by is None) == (change.divide_by is None):
            found = "a conversion either multiplies or divides by a factor"
            findings.append(Diagnostic("F109", found, change.span, "write `multiply_by:` or `divide_by:`"))
    if fact.plausible is not None:
        if fact.plausible.unit:
            _converts(fact, ("plausible",), fact.plausible.unit, unit, findings)
        else:
            hint = f"write `{number(fact.plausible.low)} to {number(fact.plausible.high)} {unit}`"
            found = "this range has no unit"
            findings.append(Diagnostic("F102", found, fact.span_of("plausible"), hint))
    if fact.tolerance is not None:
        if fact.tolerance.unit not in {"%", ""}:
            _converts(fact, ("tolerance",), fact.tolerance.unit, unit, findings)
        if fact.tolerance.value < 0:
            found = "a tolerance is 0 or more"
            findings.append(Diagnostic("F112", found, fact.span_of("tolerance"), "write it without the sign"))


def _unit(model: PackModel, path: tuple[str | int, ...], unit: str, findings: list[Diagnostic]) -> bool:
    try:
        parse_unit(unit)
    except UnitError as error:
        findings.append(Diagnostic("U101", error.message, model.span_of(*path), error.help or _UCUM))
        return False
    return True


def _converts(
    model: PackModel, path: tuple[str | int, ...], source: str, target: str, findings: list[Diagnostic]
) -> None:
    try:
        conversion(source, target)
    except UnitError as error:
        hint = error.help or (
            f"write it in `{target}`, or in a unit of the same kind" if error.code != "U101" else _UCUM
        )
        findings.append(Diagnostic(_code(error), error.message, model.span_of(*path), hint))


_UCUM = "units are written in UCUM, such as `mg/dL`"


def _code(error: UnitError) -> str:
    return "U101" if error.code == "U101" else "U201"
