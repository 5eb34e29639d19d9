"""What the library knows by name: the facts and properties that its conditions read, each with its CQL type."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.lowering import core as c
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in

TYPES = {
    "boolean": "Boolean",
    "quantity": "Decimal",
    "decimal": "Decimal",
    "integer": "Decimal",
    "drug_dose": "Decimal",
    "code": "String",
    "date": "Date",
    "codes": "List<String>",
    "medications": "List<String>",
}
"""The types of facts; every number is in the canonical unit of its fact."""

LAST_PART = {"high": "Decimal", "low": "Decimal", "value": "Decimal", "weekly_amount": "Decimal", "unit": "String"}
"""The types of properties by the last part of their names; the others are sets of codes."""

USABLE = "usable"


def named(guideline: Guideline) -> Iterator[str]:
    """List the facts and properties that the conditions, derivations and doses of a guideline read, each once."""
    found = {plan.basis: None for plan in guideline.doses.values() if plan.basis}
    for condition in guideline.conditions.values():
        found |= dict.fromkeys(names_in(condition))
    for derivation in guideline.derivations:
        found[derivation.fact] = None
        for branch in derivation.branches:
            found |= dict.fromkeys(names_in(branch.value))
    yield from sorted(name for name in found if not name.endswith(f".{USABLE}"))


def type_of(name: str, guideline: Guideline) -> str:
    """Return the CQL type of a fact or property."""
    base, _, prop = name.partition(".")
    if base == "as_of":
        return "Date"
    return LAST_PART.get(prop.rpartition(".")[2], "List<String>") if prop else TYPES[_entry(base, guideline)]


def _entry(base: str, guideline: Guideline) -> str:
    return guideline.dictionary.facts[base].entry.type


def quoted(name: str) -> str:
    r"""Return an identifier in quotes.

    >>> quoted("body_surface_area"), quoted('a "b"')
    ('"body_surface_area"', '"a \\"b\\""')
    """
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(value: c.Scalar) -> str:
    r"""Return a value as CQL writes it; a number always as a Decimal.

    >>> literal(True), literal(40.0), literal(1e-05), literal("it's")
    ('true', '40.0', '0.00001', "'it\\'s'")
    """
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            text = f"{value:.15g}" if "e" not in f"{value:.15g}" else f"{value:.20f}".rstrip("0")
            return text if "." in text else f"{text}.0"
        case str():
            return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        case _:
            return f"@{value.isoformat()}"
