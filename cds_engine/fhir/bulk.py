"""A bulk export: a folder of NDJSON files, one resource a line, as one Bundle a patient.

The whole export is held in memory, grouped by patient. A line that is no resource, or that names no patient of the
export, is reported and never dropped in silence; of the types that no mapping reads (practitioners, claims) nothing is
kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, get_args

from cds_engine.fhir.elements import Resource, subject
from cds_engine.fhir.out import Json
from cds_engine.fhir.parse import parse
from cds_engine.pack.fhir import ResourceType

READ = frozenset(get_args(ResourceType))


class Stray(NamedTuple):
    """A line that belongs to no patient, and why."""

    place: str
    reason: str


class Exported(NamedTuple):
    """The record of one patient."""

    place: str
    bundle: Json


def files_of(folder: Path) -> list[Path]:
    """List the files of an export."""
    return sorted(folder.glob("*.ndjson"))


def read_bulk(folder: Path) -> Iterator[Exported | Stray]:
    """List the patients of an export, in the order in which it names them, then the lines that belong to none."""
    patients: dict[str, list[Resource]] = {}
    others: list[tuple[str, Resource]] = []
    medications: dict[str, Resource] = {}
    strays: list[Stray] = []
    for place, found in _lines(folder):
        if isinstance(found, Stray):
            strays.append(found)
            continue
        kind, name = found["resourceType"], found.get("id")
        if kind == "Patient" and isinstance(name, str):
            patients.setdefault(name, []).append(found)
        elif kind == "Medication" and isinstance(name, str):
            medications[f"Medication/{name}"] = found
        elif kind in READ:
            others.append((place, found))
    for place, resource in others:
        reference = subject(resource)
        mine = patients.get(reference.split("/_history/", 1)[0].rpartition("Patient/")[2]) if reference else None
        if mine is not None:
            mine.append(resource)
        else:
            strays.append(Stray(place, _why(reference)))
    for name, resources in patients.items():
        yield Exported(f"{folder}, Patient/{name}", _bundle(resources, medications))
    yield from strays


def _lines(folder: Path) -> Iterator[tuple[str, Resource | Stray]]:
    for file in files_of(folder):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                place = f"{file}:{number}"
                if not line.strip():
                    continue
                try:
                    data = parse(line)
                except ValueError:
                    yield place, Stray(place, "this line is not JSON; an export has one resource a line")
                    continue
                if isinstance(data, dict) and isinstance(data.get("resourceType"), str):
                    yield place, data
                else:
                    yield place, Stray(place, "this line is no FHIR resource: it has no `resourceType`")


def _why(reference: str | None) -> str:
    if reference is None:
        return "the resource does not say whom it is about; it was not used"
    return f"the export has no patient `{reference}`; the resource was not used"


def _bundle(resources: list[Resource], medications: dict[str, Resource]) -> Json:
    """Return a patient's resources with the medicines that they refer to."""
    named = dict.fromkeys(
        found["reference"]
        for resource in resources
        if isinstance(found := resource.get("medicationReference"), dict) and found.get("reference") in medications
    )
    listed = [*resources, *(medications[name] for name in named)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource} for resource in listed]}
