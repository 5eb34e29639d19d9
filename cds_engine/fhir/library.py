"""The files of a pack as a Library, and the codes that it lists itself as ValueSets.

Value sets that are only named stay names: their codes are not ours to give.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from cds_engine.fhir.definitions import Definitions, typed
from cds_engine.fhir.out import Json, artifact, coding

_OID = "urn:oid:"


def library(of: Definitions) -> Json:
    """Return the files of a pack, with what they cite and the value sets they need."""
    pack = of.pack
    found = of.resource("Library", of.own("library"), f"{pack.manifest.id}_library", pack.manifest.title)
    files = sorted(pack.path.rglob("*.yaml"))
    sources = [source for name in pack.sources.sources for source in of.citations.cite(name, None)]
    sets = pack.fhir.value_sets.values() if pack.fhir else ()
    named = [entry.url or f"{_OID}{entry.oid}" for entry in sets if not entry.codes]
    return found | {
        "type": typed("library-type", "logic-library"),
        "description": pack.manifest.scope,
        "relatedArtifact": [
            *(artifact(source) for source in sources),
            *({"type": "depends-on", "resource": address} for address in named),
        ],
        "content": [
            {
                "contentType": "application/yaml",
                "title": file.relative_to(pack.path).as_posix(),
                "data": base64.b64encode(file.read_bytes()).decode("ascii"),
            }
            for file in files
        ],
    }


def value_sets(of: Definitions) -> Iterator[Json]:
    """List the codes of facts, of classes of drugs and of the mapping."""
    pack = of.pack
    for name, fact in pack.facts.facts.items():
        yield from _value_set(of, "fact", name, fact.label, (coding(code) for code in fact.codes))
    for name, group in pack.drugs.classes.items():
        codes = (coding(code) for drug in group.members for code in pack.drugs.drugs[drug].codes)
        yield from _value_set(of, "drugs", name, group.label, codes)
    for name, entry in pack.fhir.value_sets.items() if pack.fhir else ():
        listed = ({"system": code.system, "code": code.code} for code in entry.codes)
        yield from _value_set(of, "value-set", name, entry.label, listed)


def _value_set(of: Definitions, kind: str, name: str, title: str, codes: Iterable[Json]) -> Iterator[Json]:
    by_system: dict[str, list[Json]] = {}
    for code in codes:
        concepts = by_system.setdefault(code["system"], [])
        if {"code": code["code"]} not in concepts:
            concepts.append({"code": code["code"]})
    if by_system:
        found = of.resource("ValueSet", of.own(kind, name), name, title)
        include = [{"system": system, "concept": concepts} for system, concepts in by_system.items()]
        yield found | {"compose": {"include": include}}
