"""Where FHIR R4 keeps what is asked of an entry: its code, its status, its time, whom it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any, TypeGuard

from cds_engine.fhir.days import ONGOING, Days, Stretch, at, days, stretch
from cds_engine.pack.fhir import OIDS, SYSTEMS

Resource = Mapping[str, Any]
OBJECT = (dict, Mapping)
"""What JSON calls an object: a dict is known at once, any other mapping takes a while."""

CODE = {
    "Encounter": "type",
    "MedicationRequest": "medicationCodeableConcept",
    "MedicationStatement": "medicationCodeableConcept",
    "MedicationAdministration": "medicationCodeableConcept",
    "Immunization": "vaccineCode",
}
"""The element with the code, where it is not `code`."""
SUBJECT = {"AllergyIntolerance": "patient", "Immunization": "patient"}
"""The element that names the patient, where it is not `subject`."""
CLINICAL = frozenset({"Condition", "AllergyIntolerance"})
"""Types whose status is a coded clinical one, beside a verification status."""
NEVER = frozenset({"entered-in-error", "refuted"})
"""What FHIR itself calls a mistake; it counts for no pack."""
_CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/"
"""How the addresses of FHIR's own lists of clinical statuses begin."""
_ACTIVE = frozenset({"active", "recurrence", "relapse"})
_MOMENTS = {
    "Observation": ("effective",),
    "Procedure": ("performed",),
    "Immunization": ("occurrence",),
    "MedicationStatement": ("effective",),
    "MedicationAdministration": ("effective",),
}
_AUTHORED = frozenset({"ServiceRequest", "MedicationRequest"})


_ALSO = {f"urn:oid:{oid}": SYSTEMS[name] for name, oid in OIDS.items()}
_ALSO |= {also: address for address in SYSTEMS.values() for also in (f"{address}/", address.replace("http:", "https:"))}
_SNOMED_EDITION = f"{SYSTEMS['SNOMED CT']}/"


def system_of(coding: Resource) -> str | None:
    """Return the address of the terminology of a coding, by whichever of its names the record calls it."""
    system = coding.get("system")
    if not isinstance(system, str):
        return None
    return SYSTEMS["SNOMED CT"] if system.startswith(_SNOMED_EDITION) else _ALSO.get(system, system)


def codings(value: object) -> list[Resource]:
    """List the codings of a CodeableConcept, a Coding or a list of either; what is malformed is none."""
    match value:
        case {"coding": [*listed]}:
            return [coding for coding in listed if _is_coding(coding)]
        case {"code": str()} if _is_coding(value):
            return [value]
        case [*items]:
            return [coding for item in items for coding in codings(item)]
    return []


def _is_coding(value: object) -> TypeGuard[Resource]:
    if not isinstance(value, OBJECT):
        return False
    return isinstance(value.get("code"), str | None) and isinstance(value.get("system"), str | None)


def status(resource: Resource) -> str | None:
    """Return the status that decides whether an entry counts; a mistake by FHIR's own words comes first."""
    if resource.get("resourceType") not in CLINICAL:
        found = resource.get("status")
        return found if isinstance(found, str) else None
    mistake = next((word for word in _words(resource.get("verificationStatus")) if word in NEVER), None)
    return mistake or _clinical(resource.get("clinicalStatus"))


def _words(concept: object) -> Iterator[str]:
    """List every code of a concept, and what it says in words: a mistake is one however it is written."""
    yield from (code for coding in codings(concept) if isinstance(code := coding.get("code"), str))
    text = concept.get("text") if isinstance(concept, Mapping) else concept
    if isinstance(text, str):
        yield text.strip().lower()


def _clinical(concept: object) -> str | None:
    """Return the clinical status by FHIR's own list; another list counts where that is not used."""
    found = [coding for coding in codings(concept) if isinstance(coding.get("code"), str)]
    own = [coding for coding in found if str(coding.get("system")).startswith(_CLINICAL_STATUS)]
    return next((str(coding["code"]) for coding in own or found), None)


def subject(resource: Resource) -> str | None:
    """Return the reference to the patient."""
    match resource.get(SUBJECT.get(str(resource.get("resourceType")), "subject")):
        case {"reference": str(reference)}:
            return reference
        case _:
            return None


def time(resource: Resource, born: Days | None = None) -> Stretch | None:
    """Return when an entry happened or held, None if it does not say; *born* places what is told by age."""
    kind = str(resource.get("resourceType"))
    if kind in CLINICAL:
        return _prevalence(resource, born)
    if kind in _AUTHORED:
        moment = days(resource.get("authoredOn"))
        return at(moment) if moment else None
    if kind == "Encounter":
        return _period(resource.get("period"), is_over=resource.get("status") == "finished")
    for name in _MOMENTS.get(kind, ()):
        moment = days(resource.get(f"{name}DateTime")) or days(resource.get(f"{name}Instant"))
        if moment is not None:
            return at(moment)
        found = _period(resource.get(f"{name}Period"), is_over=True)
        if found is not None:
            return found
    return None


def _period(value: object, *, is_over: bool) -> Stretch | None:
    """Read a Period; one without end is going on, unless the entry says that it is over."""
    if not isinstance(value, Mapping):
        return None
    begin, end = days(value.get("start")), days(value.get("end"))
    if begin is None and end is None:
        return None
    if end is None and "end" not in value and not is_over:
        end = ONGOING
    return stretch(begin, end)


def _prevalence(resource: Resource, born: Days | None) -> Stretch | None:
    """Return onset to abatement; without an onset the day of recording stands for it."""
    begin = _edge(resource, "onset", "start", born)
    if begin is None and not any(key.startswith("onset") for key in resource):
        begin = days(resource.get("recordedDate"))
    end = _edge(resource, "abatement", "end", born)
    if end is None and not any(key.startswith("abatement") for key in resource) and status(resource) in _ACTIVE:
        end = ONGOING
    return None if begin is None and end in {None, ONGOING} else stretch(begin, end)


def _edge(resource: Resource, name: str, side: str, born: Days | None) -> Days | None:
    moment = days(resource.get(f"{name}DateTime"))
    if moment is not None:
        return moment
    period = resource.get(f"{name}Period")
    if isinstance(period, Mapping):
        return days(period.get(side))
    age = resource.get(f"{name}Age")
    return _at_age(born, age) if born is not None and isinstance(age, Mapping) else None


def _at_age(born: Days, age: Resource) -> Days | None:
    """Return the days on which somebody was that many years old."""
    value, unit = age.get("value"), age.get("code", age.get("unit"))
    if unit != "a" or isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 150:  # noqa: PLR2004
        return None
    first, last = born.first, born.last
    if last.year + value + 1 > date.max.year:
        return None
    return Days(date(first.year + int(value), first.month, 1), date(last.year + int(value) + 1, last.month, 28))


_STEP = re.compile(r"([A-Za-z]+)(?:\[([^\[\]]+)\])?\.?")


@cache
def _steps(path: str) -> list[tuple[str, str | None]]:
    return [(step[1], step[2]) for step in _STEP.finditer(path)]


def elements(resource: object, path: str) -> list[object]:
    """Return what stands at a path, through every item of the lists on the way.

    A step `extension[URL]` takes the extensions of that address.
    """
    found = [resource]
    for name, wanted in _steps(path):
        inner = [item.get(name) for item in found if isinstance(item, Mapping)]
        found = [part for item in inner for part in (item if isinstance(item, list) else [item]) if part is not None]
        if wanted is not None:
            found = [part for part in found if isinstance(part, Mapping) and part.get("url") == wanted]
    return found
