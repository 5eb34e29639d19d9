"""Where FHIR R4 keeps what is asked of an entry: its code, its status, whom it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeGuard

from cds_engine.pack.fhir import OIDS, SYSTEMS

Resource = Mapping[str, Any]
OBJECT = (dict, Mapping)
"""What JSON calls an object: a dict is known at once, any other mapping takes a while."""
_WORD = (str, type(None))
"""A text or nothing; `str | None` says the same and takes three times as long."""

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

_ADDRESSES = {address: address for address in SYSTEMS.values()}
_ADDRESSES |= {f"urn:oid:{oid}": SYSTEMS[name] for name, oid in OIDS.items()}
_ADDRESSES |= {
    also: address for address in SYSTEMS.values() for also in (f"{address}/", address.replace("http:", "https:"))
}
"""Every name of a terminology that the engine knows, to its address."""
_SNOMED_EDITION = f"{SYSTEMS['SNOMED CT']}/"


def system_of(coding: Resource) -> str | None:
    """Return the address of the terminology of a coding, by whichever of its names the record calls it."""
    system = coding.get("system")
    if not isinstance(system, str):
        return None
    known = _ADDRESSES.get(system)
    if known is not None:
        return known
    return SYSTEMS["SNOMED CT"] if system.startswith(_SNOMED_EDITION) else system


def codings(value: object) -> list[Resource]:
    """List the codings of a CodeableConcept, a Coding or a list of either; what is malformed is none."""
    if isinstance(value, dict) and isinstance(listed := value.get("coding"), list):  # nearly always, and known at once
        return [coding for coding in listed if _is_coding(coding)]
    match value:
        case {"coding": [*listed]}:
            return [coding for coding in listed if _is_coding(coding)]
        case {"code": str()} if _is_coding(value):
            return [value]
        case [*items]:
            return [coding for item in items for coding in codings(item)]
    return []


def only_code(value: object) -> str | None:
    """Return the code of a concept that has this one coding and no other, as nearly all have; None for any other.

    `codings` says the same of them, in five times the time.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    listed = value.get("coding") if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) != 1 or not _is_coding(listed[0]):
        return None
    code: str | None = listed[0].get("code")
    return code


def _is_coding(value: object) -> TypeGuard[Resource]:
    if not isinstance(value, OBJECT):
        return False
    return isinstance(value.get("code"), _WORD) and isinstance(value.get("system"), _WORD)


def status(kind: str, resource: Resource) -> str | None:
    """Return the status that decides whether an entry counts; a mistake by FHIR's own words comes first."""
    if kind not in CLINICAL:
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
    found = resource.get(SUBJECT.get(str(resource.get("resourceType")), "subject"))
    reference = found.get("reference") if isinstance(found, OBJECT) else None
    return reference if isinstance(reference, str) else None


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
        inner = [item.get(name) for item in found if isinstance(item, OBJECT)]
        found = [part for item in inner for part in (item if isinstance(item, list) else [item]) if part is not None]
        if wanted is not None:
            found = [part for part in found if isinstance(part, OBJECT) and part.get("url") == wanted]
    return found
