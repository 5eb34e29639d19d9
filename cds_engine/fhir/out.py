"""Pieces that every resource we write is made of: names, references, concepts, citations."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from cds_engine.pack.dictionary import Code
from cds_engine.pack.fhir import SYSTEMS
from cds_engine.results.models import Citation

Json = dict[str, Any]

_OURS = uuid.UUID("6f2c4d1a-0c63-5b7e-9a54-3f0a4f6f8b11")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def canonical(*parts: str) -> str:
    """Return the address of something that a pack declares.

    >>> canonical("example", "rule", "r1")
    'urn:cds-engine:example:rule:r1'
    """
    return ":".join(["urn:cds-engine", *parts])


def identifier(*parts: object) -> str:
    """Return an id that is the same whenever the parts are."""
    return str(uuid.uuid5(_OURS, "\0".join(str(part) for part in parts)))


def without_empty(resource: Mapping[str, Any]) -> Json:
    """Leave out what is empty: FHIR has no null and no empty list."""
    return {key: value for key, value in resource.items() if value not in (None, "", [], {})}


def text(words: str) -> Json:
    """Return a concept that is words only."""
    return {"text": words}


def concept(words: str, codes: Iterable[Code]) -> Json:
    """Return a concept with its codes and words."""
    return without_empty({"coding": [coding(code) for code in codes], "text": words})


def coding(code: Code) -> Json:
    """Return a code of the dictionary as FHIR writes it."""
    return {"system": SYSTEMS[code.system], "code": code.code}


def patient_reference(name: str | None) -> Json | None:
    """Return the reference to the patient of an answer, as a name where it is no FHIR id."""
    if name is None:
        return None
    return {"reference": f"Patient/{name}"} if _ID.fullmatch(name) else {"display": name}


def artifact(found: Citation) -> Json:
    """Return a citation as a related artifact."""
    label = f"{found.label}, {found.locator}" if found.locator else found.label
    return without_empty({"type": "citation", "label": found.source, "display": label, "url": found.url})


def entry(resource: Json) -> Json:
    """Return a resource as an entry of a Bundle."""
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def reference(resource: Json) -> Json:
    """Return the reference to a resource of the same Bundle."""
    return {"reference": f"urn:uuid:{resource['id']}", "type": resource["resourceType"]}


def bundle(resources: Iterable[Json]) -> Json:
    """Return resources that belong together."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry(resource) for resource in resources]}
