"""The value of an entry in the engine's own words: with unit, day and reference range, or why it has none.

Units go on as written; the one door for units reads them. Nothing is repaired here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from cds_engine.fhir.days import Stretch
from cds_engine.fhir.elements import OBJECT, Resource, codings, system_of
from cds_engine.pack.fhir import RecordCode

Given = dict[str, Any]
"""A value as a patient's file holds it."""

UCUM = "http://unitsofmeasure.org"


_MOST = 1e9
"""More than any count or dose of a prescription; what is larger is an error of writing."""


def is_amount(value: object) -> TypeGuard[float]:
    """Say whether a value is a number that a count, a dose or a strength may be: above 0, finite, no nonsense."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _MOST


def value_element(resource: Resource) -> tuple[str, object] | None:
    """Return the name and content of `value[x]`, None where there is none."""
    for key in resource:
        if key.startswith("value") and key[5:6].isupper() and (value := resource[key]) is not None:
            return key, value
    return None


def why_absent(resource: Resource) -> str:
    """Say why an entry has no value."""
    reason = next((str(coding.get("code")) for coding in codings(resource.get("dataAbsentReason"))), None)
    return f"it has no value ({reason})" if reason else "it has no value"


def dated(given: Given, time: Stretch | None, place: str) -> Given:
    """Add its day to a value; without a day nobody knows whether it is current, and it cannot be used."""
    if time is None:
        return {"unusable": f"{place} has no date"}
    day = time.begin.exact
    if day is None:
        return {"unusable": f"{place} does not say the day, only that it was from {time.begin.first} on"}
    given["date"] = day.isoformat()
    return given


def measured(resource: Resource, found: tuple[str, object]) -> tuple[Given, str | None]:
    """Return a number with its unit and reference range, and a remark on what of it was left out."""
    name, value = found
    if name == "valueQuantity" and isinstance(value, OBJECT):
        return _quantity(resource, value)
    match found:
        case "valueInteger" | "valueDecimal", value:
            return {"value": value}, None
        case "valueString", str(text):
            return {"value": text}, None
        case name, _:
            return {"unusable": f"`{name}` is no number with its unit"}, None
    raise AssertionError(found)  # pragma: no cover - the cases are all there are


def _quantity(resource: Resource, quantity: Resource) -> tuple[Given, str | None]:
    if quantity.get("value") is None:
        return {"unusable": "its quantity holds no number"}, None
    given: Given = {"value": _number(quantity)}
    unit = unit_of(quantity)
    if unit is not None:
        given["unit"] = unit
    if "referenceRange" not in resource:
        return given, None
    limits, remark = _limits(resource, unit)
    return (given | {"range": limits} if limits else given), remark


def unit_of(quantity: Resource) -> str | None:
    """Return the unit of a Quantity: its UCUM code, or the words where there is no code."""
    code = quantity.get("code")
    if isinstance(code, str) and quantity.get("system", UCUM) == UCUM:
        return code
    unit = quantity.get("unit")
    return unit if isinstance(unit, str) else None


def _number(quantity: Resource) -> object:
    """Return the number; one that is only a limit (`< 5`) stays a text, which no fact takes for a number."""
    value, comparator = quantity.get("value"), quantity.get("comparator")
    return f"{comparator} {value}" if comparator is not None else value


def _limits(resource: Resource, unit: str | None) -> tuple[Given | None, str | None]:
    """Return the reference range, if there is exactly one for everybody and it is in the unit of the value."""
    listed = resource.get("referenceRange")
    ranges = [r for r in listed if isinstance(r, Mapping)] if isinstance(listed, list) else []
    if not ranges:
        return None, None
    only = ranges[0]
    ends = {key: end for key in ("low", "high") if isinstance(end := only.get(key), Mapping)}
    kinds = [coding.get("code") for coding in codings(only.get("type"))]
    is_for_some = only.get("appliesTo") or only.get("age") or any(kind != "normal" for kind in kinds)
    if len(ranges) > 1 or is_for_some or not ends:
        return None, "its reference ranges were not used: they do not say one range for this patient"
    if any(unit_of(end) != unit for end in ends.values()):
        return None, "its reference range was not used: it is not in the unit of the value"
    return {key: end.get("value") for key, end in ends.items()}, None


def coded(value: object, meanings: Mapping[str, list[RecordCode]]) -> str | None:
    """Return the value of a code fact that a coded value of the record stands for, None for none of them."""
    pairs = [(system_of(coding), coding.get("code")) for coding in codings(value)]
    pairs += [(None, value)] if isinstance(value, str) else []
    for meaning, codes in meanings.items():
        for code in codes:
            if any(code.code == word and system in {None, code.system} for system, word in pairs):
                return meaning
    return None
