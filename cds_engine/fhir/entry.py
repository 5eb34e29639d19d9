"""What every entry of a record has, whatever its type: a slim model over the dict that came.

Read once for an entry that a mapping asks for; what only some types have (value, dosage, components) stays in the
dict, and is read where it is wanted.
"""

from __future__ import annotations

from typing import NamedTuple

from cds_engine.fhir.days import Days, Stretch
from cds_engine.fhir.elements import Resource, status
from cds_engine.fhir.times import time


class Entry(NamedTuple):
    """An entry with its status and its time."""

    resource: Resource
    kind: str
    status: str | None
    """The one that decides whether it counts; a mistake by FHIR's own words comes first."""
    when: Stretch | None
    """When it happened or held; None if it does not say."""

    @property
    def place(self) -> str:
        """The name of the entry: `Observation/abc`."""
        return place_of(self.resource)

    @property
    def is_patient(self) -> bool:
        """Whether this is the patient himself, who has neither status nor time."""
        return self.kind == "Patient"


def entry_of(resource: Resource, born: Days | None) -> Entry:
    """Return an entry; *born* places what is told by age."""
    kind = str(resource.get("resourceType"))
    if kind == "Patient":
        return Entry(resource, kind, None, None)
    return Entry(resource, kind, status(kind, resource), time(kind, resource, born))


def place_of(resource: Resource) -> str:
    """Return the name of an entry: `Observation/abc`."""
    return f"{resource.get('resourceType')}/{resource.get('id', 'without id')}"
