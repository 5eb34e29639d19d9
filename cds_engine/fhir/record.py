"""A Bundle, or a set of resources, as the record of exactly one patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cds_engine.diagnostics import InputError
from cds_engine.fhir.elements import OBJECT, Resource


@dataclass(frozen=True, slots=True)
class Record:
    """The resources of one patient."""

    patient: Resource
    references: frozenset[str]
    """How entries refer to the patient."""
    resources: list[Resource]
    """Those of the types that were asked for, and the patient."""
    by_reference: Mapping[str, Resource]
    """What medicines refer to."""
    is_page: bool = False
    """Whether more of the record stands on further pages: then nothing is absent for not being here."""

    def is_about(self, reference: str) -> bool:
        """Say whether a reference names this patient.

        An address on a server is held against the one of the patient, if the record gives it; else its end decides.
        """
        path = reference.split("/_history/", 1)[0]
        if path in self.references:
            return True
        if "://" in path and any(known.startswith("http") for known in self.references):
            return False
        return "Patient/" in path and path[path.rindex("Patient/") :] in self.references

    @property
    def name(self) -> str | None:
        """The id of the patient."""
        found = self.patient.get("id")
        return found if isinstance(found, str) else None


def is_fhir(data: object) -> bool:
    """Say whether data look like a FHIR resource and not like a patient of ours."""
    return isinstance(data, Mapping) and isinstance(data.get("resourceType"), str)


_ALWAYS = frozenset({"Patient", "Medication"})
"""What a record is read by, and what its prescriptions refer to."""


def read_record(data: Mapping[str, Any] | Iterable[Mapping[str, Any]], kinds: Collection[str]) -> Record:
    """Read the resources of some *kinds* in a Bundle, one Patient, or a list of resources.

    Raises:
        InputError: If it is none of them, or does not hold exactly one patient.
    """
    resources: list[Resource] = []
    urls: dict[str, Resource] = {}
    seen: dict[tuple[str, str], int] = {}
    patients: dict[str, set[str]] = {}
    for entry, resource in _entries(data):
        kind = resource["resourceType"]
        if kind not in kinds and kind not in _ALWAYS:
            continue
        identifier = resource.get("id")
        if kind == "Patient":
            patients.setdefault(str(identifier or _url(entry)), set()).update(_names(entry, resource))
        newest: Resource | None = None
        if isinstance(identifier, str):
            first = seen.setdefault((kind, identifier), len(resources))
            if first < len(resources):
                newest = _newest(resources[first], resource)
            if newest is not None:
                resources[first] = newest
        if newest is None:
            resources.append(resource)
        if kind == "Medication":
            urls.update(dict.fromkeys(_names(entry, resource), newest or resource))
    if len(patients) != 1:
        found = "no Patient" if not patients else f"{len(patients)} Patients"
        raise InputError(f"the record holds {found}; give the resources of exactly one patient")
    references = next(iter(patients.values()))
    patient = next(resource for resource in resources if resource["resourceType"] == "Patient")
    return Record(patient, frozenset(references), resources, urls, is_page=_has_next(data))


def _url(entry: Resource) -> str | None:
    """Return the address that a Bundle gives an entry."""
    url = entry.get("fullUrl")
    return url if isinstance(url, str) else None


def _names(entry: Resource, resource: Resource) -> set[str]:
    """Return how other entries may refer to one."""
    url = _url(entry)
    names = {url} if url else set()
    identifier = resource.get("id")
    if isinstance(identifier, str):
        names |= {f"{resource['resourceType']}/{identifier}", f"urn:uuid:{identifier}"}
    return names


def _newest(one: Resource, other: Resource) -> Resource | None:
    """Return the newer of two versions of one resource; None where nobody can tell, so that both count."""
    if one == other:
        return one
    for when in (_updated, _version):
        first, second = when(one), when(other)
        if first is not None and second is not None and first != second:
            return one if first > second else other
    return None


def _updated(resource: Resource) -> str | None:
    """Return when a version was written, if that is said in UTC and so can be compared as it stands."""
    found = _meta(resource).get("lastUpdated")
    is_utc = isinstance(found, str) and found.endswith(("Z", "+00:00"))
    return str(found)[:19] if is_utc else None


def _version(resource: Resource) -> str | None:
    """Return the number of a version, if it is one, so that longer and then later ones are larger."""
    found = _meta(resource).get("versionId")
    is_number = isinstance(found, str) and found.isascii() and found.isdigit()
    return f"{int(str(found)):020}" if is_number else None


def _meta(resource: Resource) -> Resource:
    found = resource.get("meta")
    return found if isinstance(found, Mapping) else {}


def _has_next(data: object) -> bool:
    links = data.get("link") if isinstance(data, Mapping) else None
    listed = links if isinstance(links, list) else []
    return any(isinstance(link, Mapping) and link.get("relation") == "next" for link in listed)


def _entries(data: object) -> Iterable[tuple[Resource, Resource]]:
    """Yield the entries of a Bundle, each with its resource; of other records the resources, with an empty entry."""
    match data:
        case Mapping() if data.get("resourceType") == "Bundle":
            entries = data.get("entry")
            if not isinstance(entries, list):
                raise InputError("the Bundle has no `entry`; it must hold the resources of one patient")
            for index, entry in enumerate(entries):
                resource = entry.get("resource") if isinstance(entry, OBJECT) else None
                if not isinstance(resource, OBJECT) or not isinstance(resource.get("resourceType"), str):
                    raise InputError(f"entry {index + 1} of the Bundle holds no resource; an entry has a `resource`")
                yield entry, resource
        case Mapping() if isinstance(data.get("resourceType"), str):
            yield {}, data
        case Mapping():
            raise InputError("this is no FHIR resource: it has no `resourceType`")
        case str() | bytes():
            raise InputError("a FHIR record is a Bundle or a list of resources, not a text")
        case Iterable():
            for index, resource in enumerate(data):
                if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
                    raise InputError(f"item {index + 1} is no FHIR resource: it has no `resourceType`")
                yield {}, resource
        case _:
            raise InputError("a FHIR record is a Bundle or a list of resources")
