"""What has to be known as data requirements, by the mapping of the pack: a client fetches what will then be read."""

from __future__ import annotations

from cds_engine.fhir.elements import CODE
from cds_engine.fhir.out import Json, coding
from cds_engine.pack.load import Pack


def requirement(pack: Pack, fact: str) -> Json:
    """Return what has to be known, by the first selection of its mapping; the codes of it are alternatives."""
    entry = pack.facts.facts.get(fact)
    mapped = pack.fhir.facts.get(fact) if pack.fhir else None
    named: Json = {"display": entry.label if entry else fact}
    if mapped is None or pack.fhir is None:
        codes = [coding(code) for code in entry.codes] if entry else []
        return {"type": "Observation", "codeFilter": [{"path": "code", "code": codes or [named]}]}
    asked = mapped.entries[0]
    if asked.element is not None:
        return {"type": asked.resource, "mustSupport": [asked.element.partition("[")[0]]}
    listed = [{"system": code.system, "code": code.code} for code in asked.codes]
    sets = [pack.fhir.value_sets[name] for name in asked.value_sets]
    listed += [{"system": code.system, "code": code.code} for one in sets for code in one.codes]
    if not asked.codes and not asked.value_sets and not asked.any_code and entry is not None:
        listed = [coding(code) for code in entry.codes]
    by_name = [one.url or f"urn:oid:{one.oid}" for one in sets if not one.codes]
    path = {"path": CODE.get(asked.resource, "code")}
    filters = [{**path, "code": listed or [named]}] if listed or not by_name else []
    return {"type": asked.resource, "codeFilter": filters + [{**path, "valueSet": name} for name in by_name]}
