"""What everything has that a pack declares and FHIR defines: address, version, name, state, citations."""

from __future__ import annotations

from typing import Protocol

from cds_engine.fhir.out import Json, artifact, canonical, identifier, without_empty
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.models import Citation

LANGUAGE = "text/x-cds-engine-condition"
"""How conditions are marked: a subset of CQL, but stricter, so that no CQL engine may run them as they are."""
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
_TYPES = "http://terminology.hl7.org/CodeSystem/"


class Cites(Protocol):
    """Makes the citations of a pack."""

    def cite(self, source: str | None, locator: str | None) -> list[Citation]:
        """Return the citation of a source."""

    def of_statements(self, names: tuple[str, ...]) -> list[Citation]:
        """Return the citations of statements."""


class Definitions:
    """Writes the definitions of one pack."""

    def __init__(self, guideline: Guideline, citations: Cites) -> None:
        self.guideline = guideline
        self.pack = guideline.pack
        self.citations = citations

    def own(self, *parts: str) -> str:
        """Return the address of something of this pack."""
        return canonical(self.pack.manifest.id, *parts)

    def versioned(self, *parts: str) -> str:
        """Return the address of something of this version of the pack."""
        return f"{self.own(*parts)}|{self.pack.manifest.version}"

    def resource(self, kind: str, url: str, name: str, title: str) -> Json:
        """Return what a definition begins with; it is a draft, and *computable* at most."""
        manifest = self.pack.manifest
        words = "".join(part.capitalize() for part in name.replace("-", "_").replace(".", "_").split("_"))
        return {
            "resourceType": kind,
            "id": identifier(self.pack.hash, url),
            "url": url,
            "version": manifest.version,
            "name": words if words[:1].isalpha() else f"N{words}",
            "title": title,
            "status": "draft",
            "experimental": True,
            "date": manifest.knowledge_date.isoformat(),
            "extension": [{"url": f"{STRUCTURE}cqf-knowledgeCapability", "valueCode": "computable"}],
        }

    def plan(self, kind: str, name: str, title: str, cited: list[Citation]) -> Json:
        """Return a PlanDefinition of one rule, without its action."""
        found = self.resource("PlanDefinition", self.own(kind, name), name, title)
        return without_empty(
            found
            | {
                "type": typed("plan-definition-type", "eca-rule"),
                "subtitle": kind,
                "library": [self.versioned("library")],
                "relatedArtifact": [artifact(citation) for citation in cited],
            }
        )


def typed(system: str, code: str) -> Json:
    """Return the kind of a definition."""
    return {"coding": [{"system": f"{_TYPES}{system}", "code": code}]}


def condition(when: str, words: str | None = None) -> Json:
    """Return a condition as it was written."""
    expression = without_empty({"language": LANGUAGE, "expression": " ".join(when.split()), "description": words})
    return {"kind": "applicability", "expression": expression}


def trigger(event: str) -> Json:
    """Return the moment at which a rule is asked."""
    return {"type": "named-event", "name": event}
