"""Medicines of a record as entries of the engine's own list: name, dose, how often, route.

Of a range, a maximum or an "as needed" the upper bound counts; lines of one order add up, unless they follow one
another. What cannot be computed is left open and said, so that the engine asks: a dose is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cds_engine.fhir.elements import Resource, codings, elements, system_of
from cds_engine.fhir.record import Record
from cds_engine.fhir.timing import UNDETERMINED, often, times_a_week
from cds_engine.fhir.unheard import unheard
from cds_engine.fhir.values import is_amount, unit_of
from cds_engine.pack.dictionary import DrugsFile
from cds_engine.pack.fhir import SYSTEMS

Entry = dict[str, Any]
_RXNORM = SYSTEMS["RxNorm"]
_COUNTED = frozenset({"1", "{tbl}", "{tablet}", "{capsule}", "{cap}", "tab", "cap", "tablet", "tablets"})
_COUNTED |= {"capsule", "capsules", "pill", "pills"}
"""Units that count pieces of a product, in lower case."""


class Medicines:
    """Reads the medicines of records for one pack, by whatever code of them the pack knows."""

    def __init__(self, drugs: DrugsFile) -> None:
        self._known = {
            (SYSTEMS[code.system], code.code): name for name, drug in drugs.drugs.items() for code in drug.codes
        }

    def names(self, resource: Resource, record: Record) -> list[str]:
        """Return what the engine knows a medicine or allergen by: a code of the pack, else any code or its name."""
        concept = _concept(resource, record)
        listed = list(codings(concept))
        known = [coding for coding in listed if _pair(coding) in self._known]
        if known:
            by_drug = {self._known[_pair(coding)]: coding for coding in known}
            return [c["code"] if system_of(c) == _RXNORM else drug for drug, c in by_drug.items()]
        other = _rxnorm(listed) or _words(concept, listed)
        return [] if other is None else [other]

    def entries(self, resource: Resource, record: Record) -> tuple[list[Entry], list[str]]:
        """Return one entry for each dosage of an order, a statement or an administration, and remarks on them.

        A concept with codes of several drugs gives entries for each of them.
        """
        concept = _concept(resource, record)
        words = _words(concept, list(codings(concept)))
        entry: Entry = {"id": resource.get("id"), "status": resource.get("status")}
        if words is not None:
            entry["name"] = words
        names = self.names(resource, record)
        if not names:
            return [{**entry, "drug": "a medicine without name"}], ["the medicine has no code and no name"]
        remarks: list[str] = []
        strength = _strength(_medication(resource, record)) if "medicationReference" in resource else None
        dosed = _dosages(resource, strength, remarks)
        return [
            {**entry, **({} if name == words else {"rxnorm" if name.isdigit() else "drug": name}), **dosage}
            for name in names
            for dosage in dosed
        ], remarks


def _pair(coding: Resource) -> tuple[str, str]:
    return str(system_of(coding)), str(coding.get("code"))


def _rxnorm(listed: list[Resource]) -> str | None:
    found = (c["code"] for c in listed if system_of(c) == _RXNORM and isinstance(c.get("code"), str))
    return next(found, None)


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


# Doses


def _dosages(resource: Resource, strength: tuple[float, str] | None, remarks: list[str]) -> list[Entry]:
    """Return what each dosage instruction says; one empty entry where there are none."""
    written = resource.get("dosageInstruction", resource.get("dosage"))
    listed = written if isinstance(written, list) else [written] if isinstance(written, Mapping) else []
    dosed = [dosage for dosage in listed if isinstance(dosage, Mapping)]
    if not dosed:
        remarks.append(f"{UNDETERMINED}there are no dosage instructions")
        return [{}]
    found = [_dosage(dosage, strength, remarks) for dosage in dosed]
    if len(found) == 1:
        return found
    if len({str(dosage.get("sequence")) for dosage in dosed}) == len(dosed) and "sequence" in dosed[0]:
        remarks.append(f"{len(found)} dosage instructions follow one another: the most a week counts for warnings")
        return _phases(found)
    remarks.append(f"{len(found)} dosage instructions were added up")
    return found


def _phases(found: list[Entry]) -> list[Entry]:
    """Leave the most a week its amount and the others their interval alone: nobody says which holds today.

    Where the doses cannot be compared, because an interval is not known or the units differ, none keeps its amount.
    """
    dosed = [phase for phase in found if "dose" in phase]
    a_week = [None if (times := times_a_week(phase)) is None else phase["dose"]["value"] * times for phase in dosed]
    comparable = [amount for amount in a_week if amount is not None]
    is_clear = len(comparable) == len(dosed) and len({phase["dose"]["unit"] for phase in dosed}) == 1
    largest = dosed[comparable.index(max(comparable))] if is_clear else None
    return [p if p is largest else {key: value for key, value in p.items() if key != "dose"} for p in found]


def _dosage(dosage: Resource, strength: tuple[float, str] | None, remarks: list[str]) -> Entry:
    if dosage.get("modifierExtension"):
        remarks.append(f"{UNDETERMINED}the instruction is modified in a way that is not understood")
        return {}
    found: Entry = {}
    dose = _dose(dosage, strength, remarks)
    if dose is not None:
        found["dose"] = dose
    found |= often(dosage, remarks)
    if dosage.get("asNeededBoolean") is True or "asNeededCodeableConcept" in dosage:
        remarks.append("it is taken as needed; the dose is the most that may be taken")
    remarks += unheard(dosage)
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
        remarks.append(UNDETERMINED + ("no dose is given" if not doses else "several doses are given"))
        return None
    value, unit = doses[0].get("value"), unit_of(doses[0])
    if isinstance(value, bool) or not isinstance(value, int | float) or "comparator" in doses[0]:
        remarks.append(f"{UNDETERMINED}the dose is no number")
        return None
    if not is_amount(value):
        remarks.append(f"{UNDETERMINED}the dose is no possible amount")
        return None
    if unit is None:
        remarks.append(f"{UNDETERMINED}the dose has no unit")
        return None
    if unit.lower() in _COUNTED:
        if strength is None:
            remarks.append(f"{UNDETERMINED}it counts units whose strength is not given")
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
    """Return what one piece of a product holds, if it has one ingredient and says so."""
    ratios = elements(medication, "ingredient.strength") if medication else []
    if len(ratios) != 1 or not isinstance(ratios[0], Mapping):
        return None
    above, below = ratios[0].get("numerator"), ratios[0].get("denominator")
    if not isinstance(above, Mapping) or not isinstance(below, Mapping):
        return None
    amount, count = above.get("value"), below.get("value", 1)
    unit, piece = unit_of(above), unit_of(below)
    is_piece = piece is None or piece.lower() in _COUNTED
    if unit is None or not is_amount(amount) or not is_amount(count) or not is_piece or "comparator" in above:
        return None
    return amount / count, unit
