"""What a client is asked to send along, made from the mapping of the pack, and what it sent as one record.

Unknown is not absent: what a client did not send, could not read or sent in part only leaves the record incomplete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cds_engine.pack.dictionary import FactEntry
from cds_engine.pack.fhir import SYSTEMS, FhirFile, Selection
from cds_engine.pack.load import Pack

PATIENT = "patient"
_CODE = {"Immunization": "vaccine-code", "Encounter": "type"}
"""The search parameter of a code, where it is not `code`."""
_INCLUDED = {
    "MedicationRequest": "&_include=MedicationRequest:medication",
    "MedicationStatement": "&_include=MedicationStatement:medication",
    "MedicationAdministration": "&_include=MedicationAdministration:medication",
}

Supplied = Mapping[str, Mapping[str, Any] | None]


def templates(pack: Pack) -> dict[str, str]:
    """Return the prefetch templates of a pack: one a type of resource that its mapping reads."""
    mapping = pack.fhir
    if mapping is None:
        return {}
    found = {PATIENT: "Patient/{{context.patientId}}"}
    for kind, selections in sorted(_by_type(pack, mapping).items()):
        found[_key(kind)] = _query(kind, selections)
    return found


def _key(kind: str) -> str:
    return kind[0].lower() + kind[1:]


Read = tuple[Selection, FactEntry]


def _by_type(pack: Pack, mapping: FhirFile) -> dict[str, list[Read]]:
    found: dict[str, list[Read]] = {}
    for name, fact in mapping.facts.items():
        for selection in fact.entries:
            if selection.resource != "Patient":
                found.setdefault(selection.resource, []).append((selection, pack.facts.facts[name]))
    return found


def _query(kind: str, selections: list[Read]) -> str:
    codes = list(dict.fromkeys(code for selection, fact in selections for code in _codes(selection, fact)))
    is_limited = bool(codes) and not any(_takes_more(selection) for selection, _ in selections)
    coded = f"&{_CODE.get(kind, 'code')}={','.join(codes)}" if is_limited else ""
    return f"{kind}?patient={{{{context.patientId}}}}{coded}{_INCLUDED.get(kind, '')}"


def _takes_more(selection: Selection) -> bool:
    """Say whether a search by single codes would miss entries that count."""
    return selection.any_code or bool(selection.value_sets) or any(code.below for code in selection.codes)


def _codes(selection: Selection, fact: FactEntry) -> Iterator[str]:
    """List the codes of a selection as a search has them; with none of its own, those of the fact."""
    if selection.codes or selection.value_sets:
        yield from (f"{code.system}|{code.code}" for code in selection.codes)
    else:
        yield from (f"{SYSTEMS[code.system]}|{code.code}" for code in fact.codes)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a client sent along of one patient."""

    resources: tuple[Mapping[str, Any], ...]
    missing: tuple[str, ...]
    """Keys that were asked for and not sent, or answered with an error."""
    is_whole: bool
    """Whether all that was asked for is here, to the last page."""

    @property
    def patients(self) -> list[Mapping[str, Any]]:
        """The Patient resources."""
        return [resource for resource in self.resources if resource["resourceType"] == "Patient"]

    def bundle(self, *more: Mapping[str, Any]) -> dict[str, Any]:
        """Return a Bundle with everything and *more*; one that is not whole says that it goes on elsewhere."""
        entries = [{"resource": resource} for resource in (*self.resources, *more)]
        link = [] if self.is_whole else [{"relation": "next"}]
        return {"resourceType": "Bundle", "type": "collection", "entry": entries, "link": link}


def gathered(asked: Mapping[str, str], supplied: Supplied) -> Sent:
    """Return what was sent for the templates that were *asked*, and for any other key.

    `null` says that there is nothing; a missing key and an OperationOutcome say nothing at all.
    """
    resources: list[Mapping[str, Any]] = []
    missing = [key for key in asked if key not in supplied]
    is_whole = not missing
    for key, value in supplied.items():
        if value is None:
            continue
        if value.get("resourceType") == "OperationOutcome":
            missing.append(key)
            is_whole = False
            continue
        found = list(_resources(value))
        resources += [one for one in found if one.get("resourceType") != "OperationOutcome"]
        is_whole &= not _goes_on(value) and len(found) == len(_listed(value))
    return Sent(tuple(resources), tuple(missing), is_whole)


def _resources(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """List the resources of a value: itself, or those of a Bundle."""
    for one in _listed(value):
        if isinstance(one, Mapping) and isinstance(one.get("resourceType"), str):
            yield one


def _listed(value: Mapping[str, Any]) -> list[Any]:
    if value.get("resourceType") != "Bundle":
        return [value]
    entries = value.get("entry")
    return [entry.get("resource") if isinstance(entry, Mapping) else None for entry in _list(entries)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _goes_on(value: Mapping[str, Any]) -> bool:
    links = _list(value.get("link")) if value.get("resourceType") == "Bundle" else []
    return any(isinstance(link, Mapping) and link.get("relation") == "next" for link in links)
