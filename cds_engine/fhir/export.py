"""A pack as FHIR: PlanDefinitions, a Library with its files, and ValueSets of the codes that it lists itself.

What a reader of FHIR gets is *computable* at most: the conditions stand as they were written, in the pack's own
language. Value sets that are only named stay names: their codes are not ours to give.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Protocol

from cds_engine.fhir.out import Json, artifact, bundle, canonical, coding, identifier, text, without_empty
from cds_engine.lowering.guideline import Guideline, RuleSpec
from cds_engine.pack.statements import Alert, Caution, Contraindication, Statement
from cds_engine.results.models import Citation

LANGUAGE = "text/x-cds-engine-condition"
"""How conditions are marked: a subset of CQL, but stricter, so that no CQL engine may run them as they are."""
_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
_TYPES = "http://terminology.hl7.org/CodeSystem/"
_OID = "urn:oid:"


class Cites(Protocol):
    """Makes the citations of a pack."""

    def cite(self, source: str | None, locator: str | None) -> list[Citation]:
        """Return the citation of a source."""

    def of_statements(self, names: tuple[str, ...]) -> list[Citation]:
        """Return the citations of statements."""


def pack_bundle(guideline: Guideline, citations: Cites) -> Json:
    """Return the whole pack as a Bundle; its first entry is the PlanDefinition of the pack."""
    return bundle(_Export(guideline, citations).resources())


class _Export:
    def __init__(self, guideline: Guideline, citations: Cites) -> None:
        self._guideline = guideline
        self._pack = guideline.pack
        self._citations = citations
        self._id = self._pack.manifest.id
        self._version = self._pack.manifest.version

    def resources(self) -> list[Json]:
        """List the resources."""
        rules = [*self._rules(), *self._safety()]
        return [self._whole(rules), self._library(), *rules, *self._value_sets()]

    def _resource(self, kind: str, url: str, name: str, title: str) -> Json:
        manifest = self._pack.manifest
        words = "".join(part.capitalize() for part in name.replace("-", "_").replace(".", "_").split("_"))
        return {
            "resourceType": kind,
            "id": identifier(self._pack.hash, url),
            "url": url,
            "version": self._version,
            "name": words if words[:1].isalpha() else f"N{words}",
            "title": title,
            "status": "draft",
            "experimental": True,
            "date": manifest.knowledge_date.isoformat(),
            "extension": [{"url": f"{_STRUCTURE}cqf-knowledgeCapability", "valueCode": "computable"}],
        }

    def _own(self, *parts: str) -> str:
        return canonical(self._id, *parts)

    def _versioned(self, *parts: str) -> str:
        return f"{self._own(*parts)}|{self._version}"

    # Rules

    def _whole(self, rules: list[Json]) -> Json:
        manifest = self._pack.manifest
        found = self._resource("PlanDefinition", self._own(), self._id, manifest.title)
        return found | {
            "type": _typed("plan-definition-type", "clinical-protocol"),
            "description": manifest.scope,
            "library": [self._versioned("library")],
            "action": [
                {"title": rule["title"], "definitionCanonical": f"{rule['url']}|{self._version}"} for rule in rules
            ],
        }

    def _rules(self) -> Iterator[Json]:
        for spec in self._guideline.rules:
            statement = spec.statement
            cited = self._citations.of_statements(spec.statements)
            yield self._plan("rule", spec.rule.id, spec.rule.recommend.says, cited) | {
                "description": statement.says,
                "action": [self._action(spec, statement, cited)],
            }

    def _action(self, spec: RuleSpec, statement: Statement, cited: list[Citation]) -> Json:
        topic = next(t for t in self._pack.topics.values() if any(s.id == statement.id for s in t.statements))
        holds = [when for when in (topic.applies_to, statement.applies_to, spec.rule.when) if when]
        conditions = [_condition(when) for when in holds]
        conditions += [_condition(f"not ({e.when})", e.says) for _, e in spec.exclusions]
        named = [t.drug or t.action or "" for t in spec.treatments]
        scale = self._pack.sources.sources[statement.source].label
        return without_empty(
            {
                "extension": _grading(statement, scale),
                "title": spec.rule.recommend.says,
                "description": statement.says,
                "textEquivalent": f"{spec.modality}: {spec.rule.recommend.says}",
                "code": [text(name.replace("_", " ")) for name in named],
                "documentation": [artifact(citation) for citation in cited],
                "trigger": [{"type": "named-event", "name": "patient-view"}],
                "condition": conditions,
            }
        )

    def _safety(self) -> Iterator[Json]:
        for topic in self._pack.safety.values():
            rules: list[Contraindication | Caution | Alert] = [*topic.contraindications, *topic.cautions, *topic.alerts]
            yield from (self._safety_rule(rule) for rule in rules)

    def _safety_rule(self, rule: Contraindication | Caution | Alert) -> Json:
        kind = type(rule).__name__.lower()
        cited = self._citations.cite(rule.source, rule.locator)
        targets = [] if isinstance(rule, Alert) else [*rule.drugs, *rule.actions]
        action = {
            "title": rule.says,
            "textEquivalent": f"{kind}: {', '.join([*targets, ''])}{rule.says}",
            "code": [text(target.replace("_", " ")) for target in targets],
            "documentation": [artifact(citation) for citation in cited],
            "trigger": [{"type": "named-event", "name": "order-sign" if targets else "patient-view"}],
            "condition": [_condition(rule.when)],
        }
        return self._plan(kind, rule.id, rule.says, cited) | {"action": [without_empty(action)]}

    def _plan(self, kind: str, name: str, title: str, cited: list[Citation]) -> Json:
        found = self._resource("PlanDefinition", self._own(kind, name), name, title)
        return without_empty(
            found
            | {
                "type": _typed("plan-definition-type", "eca-rule"),
                "subtitle": kind,
                "library": [self._versioned("library")],
                "relatedArtifact": [artifact(citation) for citation in cited],
            }
        )

    # Files and codes

    def _library(self) -> Json:
        found = self._resource("Library", self._own("library"), f"{self._id}_library", self._pack.manifest.title)
        files = sorted(self._pack.path.rglob("*.yaml"))
        sources = [source for name in self._pack.sources.sources for source in self._citations.cite(name, None)]
        mapping = self._pack.fhir
        sets = mapping.value_sets.values() if mapping else ()
        named = [entry.url or f"{_OID}{entry.oid}" for entry in sets if not entry.codes]
        return found | {
            "type": _typed("library-type", "logic-library"),
            "description": self._pack.manifest.scope,
            "relatedArtifact": [
                *(artifact(source) for source in sources),
                *({"type": "depends-on", "resource": address} for address in named),
            ],
            "content": [
                {
                    "contentType": "application/yaml",
                    "title": file.relative_to(self._pack.path).as_posix(),
                    "data": base64.b64encode(file.read_bytes()).decode("ascii"),
                }
                for file in files
            ],
        }

    def _value_sets(self) -> Iterator[Json]:
        for name, fact in self._pack.facts.facts.items():
            yield from self._value_set("fact", name, fact.label, (coding(code) for code in fact.codes))
        for name, group in self._pack.drugs.classes.items():
            codes = (coding(code) for drug in group.members for code in self._pack.drugs.drugs[drug].codes)
            yield from self._value_set("drugs", name, group.label, codes)
        for name, entry in self._pack.fhir.value_sets.items() if self._pack.fhir else ():
            listed = ({"system": code.system, "code": code.code} for code in entry.codes)
            yield from self._value_set("value-set", name, entry.label, listed)

    def _value_set(self, kind: str, name: str, title: str, codes: Iterable[Json]) -> Iterator[Json]:
        by_system: dict[str, list[Json]] = {}
        for code in codes:
            concepts = by_system.setdefault(code["system"], [])
            if {"code": code["code"]} not in concepts:
                concepts.append({"code": code["code"]})
        if by_system:
            found = self._resource("ValueSet", self._own(kind, name), name, title)
            include = [{"system": system, "concept": concepts} for system, concepts in by_system.items()]
            yield found | {"compose": {"include": include}}


def _typed(system: str, code: str) -> Json:
    return {"coding": [{"system": f"{_TYPES}{system}", "code": code}]}


def _condition(when: str, words: str | None = None) -> Json:
    expression = without_empty({"language": LANGUAGE, "expression": " ".join(when.split()), "description": words})
    return {"kind": "applicability", "expression": expression}


def _grading(statement: Statement, scale: str) -> list[Json]:
    """Return strength and quality as the source grades them, named with the source, whose scale it is."""
    graded = {
        "cqf-strengthOfRecommendation": ("strength of recommendation", statement.evidence.strength),
        "cqf-qualityOfEvidence": ("level of evidence", statement.evidence.level),
    }
    return [
        {"url": f"{_STRUCTURE}{name}", "valueCodeableConcept": text(f"{grade} ({words} as graded by {scale})")}
        for name, (words, grade) in graded.items()
    ]
