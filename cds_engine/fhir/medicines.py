"""Medicines of a record as entries of the engine's own list: name, dose, how often, route.

Of a range, a maximum or an "as needed" the upper bound counts; lines of one order add up. What cannot be computed is
left open and said, so that the engine asks: a dose is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_engine.fhir.elements import Resource, codings, elements
from cds_engine.fhir.record import Record
from cds_engine.fhir.values import unit_of
from cds_engine.pack.fhir import SYSTEMS

Entry = dict[str, Any]
_HOURS_A_DAY = 24
_RXNORM = SYSTEMS["RxNorm"]
_PER = {("d", 1): "day", ("wk", 1): "week", ("wk", 2): "two_weeks", ("mo", 1): "month", ("d", 7): "week"}
_PER |= {("d", 14): "two_weeks"}
_UNDETERMINED = "dose could not be determined: "


def name_of(resource: Resource, record: Record) -> str | None:
    """Return the RxNorm code of a medicine or allergen, else its name in words."""
    concept = _concept(resource, record)
    listed = list(codings(concept))
    for coding in listed:
        if coding.get("system") == _RXNORM and isinstance(coding.get("code"), str):
            return str(coding["code"])
    return _words(concept, listed)


def _words(concept: object, listed: list[Resource]) -> str | None:
    texts = [concept.get("text") if isinstance(concept, Mapping) else None, *(c.get("display") for c in listed)]
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)


def _concept(resource: Resource, record: Record) -> object:
    if "medicationReference" in resource:
        return (_medication(resource, record) or {}).get("code")
    return resource.get("medicationCodeableConcept", resource.get("code"))


def _medication(resource: Resource, record: Record) -> Resource | None:
    """Return the Medication that an order refers to, contained in it or in the record."""
    found = resource.get("medicationReference")
    reference = found.get("reference") if isinstance(found, Mapping) else None
    if not isinstance(reference, str):
        return None
    if reference.startswith("#"):
        listed = resource.get("contained")
        contained = listed if isinstance(listed, list) else []
        inside = [c for c in contained if isinstance(c, Mapping) and c.get("id") == reference[1:]]
        return inside[0] if inside else None
    return record.by_reference.get(reference)


def entries_of(resource: Resource, record: Record) -> tuple[list[Entry], list[str]]:
    """Return one entry for each dosage of an order, a statement or an administration, and remarks on them."""
    concept = _concept(resource, record)
    code, words = name_of(resource, record), _words(concept, list(codings(concept)))
    entry: Entry = {"id": resource.get("id"), "status": resource.get("status")}
    if words is not None:
        entry["name"] = words
    if code is not None and code != words:
        entry["rxnorm"] = code
    if code is None:
        return [{**entry, "drug": "a medicine without name"}], ["the medicine has no code and no name"]
    remarks: list[str] = []
    dosages = resource.get("dosageInstruction", resource.get("dosage"))
    listed = dosages if isinstance(dosages, list) else [dosages] if isinstance(dosages, Mapping) else []
    dosed = [d for d in listed if isinstance(d, Mapping)]
    if not dosed:
        return [entry], [_UNDETERMINED + "there are no dosage instructions"]
    strength = _strength(_medication(resource, record)) if "medicationReference" in resource else None
    found = [{**entry, **_dosage(dosage, strength, remarks)} for dosage in dosed]
    if len(found) > 1:
        remarks.append(f"{len(found)} dosage instructions were added up")
    return found, remarks


def _dosage(dosage: Resource, strength: tuple[float, str] | None, remarks: list[str]) -> Entry:
    found: Entry = {}
    dose = _dose(dosage, strength, remarks)
    if dose is not None:
        found["dose"] = dose
    found |= _timing(dosage.get("timing"), remarks)
    if dosage.get("asNeededBoolean") is True or "asNeededCodeableConcept" in dosage:
        remarks.append("it is taken as needed; the dose is the most that may be taken")
    route = dosage.get("route")
    said = _words(route, list(codings(route)))
    if said is not None:
        found["route"] = said.lower().removesuffix(" route").strip()
    return found


def _dose(dosage: Resource, strength: tuple[float, str] | None, remarks: list[str]) -> Entry | None:
    """Return the dose of one time; of several statements the ordered one, never their sum."""
    stated = dosage.get("doseAndRate")
    listed = [s for s in stated if isinstance(s, Mapping)] if isinstance(stated, list) else [dosage]
    ordered = [s for s in listed if any(c.get("code") == "ordered" for c in codings(s.get("type")))] or listed
    doses = [d for one in ordered if (d := _upper(one, remarks)) is not None] or [
        d for d in [dosage.get("dose")] if isinstance(d, Mapping)
    ]
    if len(doses) != 1:
        remarks.append(_UNDETERMINED + ("no dose is given" if not doses else "several doses are given"))
        return None
    value, unit = doses[0].get("value"), unit_of(doses[0])
    if isinstance(value, bool) or not isinstance(value, int | float):
        remarks.append(_UNDETERMINED + "the dose is no number")
        return None
    if unit is None or unit in {"1", "{tbl}", "{capsule}", "TAB", "CAP", "tablet", "capsule", "tablets", "capsules"}:
        if strength is None:
            remarks.append(_UNDETERMINED + "it counts units whose strength is not given")
            return None
        return {"value": value * strength[0], "unit": strength[1]}
    return {"value": value, "unit": unit}


def _upper(stated: Resource, remarks: list[str]) -> Resource | None:
    quantity = stated.get("doseQuantity")
    if isinstance(quantity, Mapping):
        return quantity
    spread = stated.get("doseRange")
    if isinstance(spread, Mapping) and isinstance(spread.get("high"), Mapping):
        remarks.append("the dose is a range; its upper end was taken")
        return dict(spread["high"])
    return None


def _strength(medication: Resource | None) -> tuple[float, str] | None:
    """Return what one unit of a product holds, if it has one ingredient and says so."""
    ratios = elements(medication, "ingredient.strength") if medication else []
    if len(ratios) != 1 or not isinstance(ratios[0], Mapping):
        return None
    above, below = ratios[0].get("numerator"), ratios[0].get("denominator")
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return None
    unit, count = unit_of(above), below.get("value", 1)
    is_number = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (above.get("value"), count))
    if unit is None or not is_number or not count or unit_of(below) in {"mL", "L", "g", "mg"}:
        return None
    return above["value"] / count, unit


def _timing(timing: object, remarks: list[str]) -> Entry:
    """Return how often, in the words of the engine's list; several statements of it never hide one another."""
    if not isinstance(timing, Mapping):
        return {}
    said: list[str] = []
    for coding in codings(timing.get("code")):
        word = coding.get("code")
        if isinstance(word, str):
            said.append(word.lower())
            break
    repeat = timing.get("repeat")
    found = _repeated(repeat, remarks) if isinstance(repeat, Mapping) else {}
    if said and "per" not in found:
        return {"per": said[0]}
    if not found and not said:
        remarks.append(_UNDETERMINED + "how often it is taken cannot be read")
    return found


def _repeated(repeat: Resource, remarks: list[str]) -> Entry:
    """Return the interval of `Timing.repeat`: times in a period, on days of the week, at hours of the day."""
    times = repeat.get("frequencyMax", repeat.get("frequency", 1))
    period, unit = repeat.get("period", repeat.get("periodMax")), repeat.get("periodUnit")
    weekdays, hours = repeat.get("dayOfWeek"), repeat.get("timeOfDay", repeat.get("when"))
    if isinstance(weekdays, list) and weekdays:
        return {"per": "week", "times": len(weekdays) * _count(hours)}
    if not _is_count(times):
        remarks.append(_UNDETERMINED + "how often it is taken cannot be read")
        return {}
    if period is None and isinstance(hours, list) and hours:
        return {"per": "day", "times": len(hours)}
    if unit == "h" and _is_count(period) and _HOURS_A_DAY % period == 0:
        return {"per": "day", "times": times * _HOURS_A_DAY / period}
    if unit == "h" and _is_count(period) and period % _HOURS_A_DAY == 0:
        period, unit = period // _HOURS_A_DAY, "d"
    per = _PER.get((str(unit), period)) if _is_count(period) else None
    if per is not None:
        return {"per": per, "times": max(times, _count(hours)) if per == "day" else times}
    if period is None:
        return {}
    remarks.append(_UNDETERMINED + f"every {period} {unit} is no interval of the list")
    return {"per": f"{times} times every {period} {unit}"}


def _count(hours: object) -> int:
    return len(hours) if isinstance(hours, list) and hours else 1


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
