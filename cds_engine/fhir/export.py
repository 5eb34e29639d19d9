"""A pack as FHIR: PlanDefinitions of its rules, ActivityDefinitions of its regimens, a Library and ValueSets.

What a reader of FHIR gets is *computable* at most: the conditions stand as they were written, in the pack's own
language.
"""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.fhir.definitions import STRUCTURE, Cites, Definitions, condition, trigger, typed
from cds_engine.fhir.dosing import planned
from cds_engine.fhir.library import library, value_sets
from cds_engine.fhir.out import Json, artifact, bundle, concept, text, without_empty
from cds_engine.lowering.guideline import Guideline, RuleSpec, Treatment
from cds_engine.pack.statements import (
    Alert,
    Caution,
    Contraindication,
    Monitoring,
    OrderCheck,
    Statement,
)
from cds_engine.results.models import Citation

SafetyRule = Contraindication | Caution | Monitoring | Alert | OrderCheck
KINDS: dict[type, str] = {
    Contraindication: "contraindication",
    Caution: "caution",
    Monitoring: "monitoring",
    Alert: "alert",
    OrderCheck: "order-check",
}


def pack_bundle(guideline: Guideline, citations: Cites) -> Json:
    """Return the whole pack as a Bundle; its first entry is the PlanDefinition of the pack."""
    of = Definitions(guideline, citations)
    rules = [*_rules(of), *_safety(of)]
    return bundle([_whole(of, rules), library(of), *rules, *_regimens(of), *value_sets(of)])


def _whole(of: Definitions, rules: list[Json]) -> Json:
    manifest = of.pack.manifest
    found = of.resource("PlanDefinition", of.own(), manifest.id, manifest.title)
    return found | {
        "type": typed("plan-definition-type", "clinical-protocol"),
        "description": manifest.scope,
        "library": [of.versioned("library")],
        "action": [
            {"title": rule["title"], "definitionCanonical": f"{rule['url']}|{manifest.version}"} for rule in rules
        ],
    }


# Rules


def _rules(of: Definitions) -> Iterator[Json]:
    for spec in of.guideline.rules:
        cited = of.citations.of_statements(spec.statements)
        yield of.plan("rule", spec.rule.id, spec.rule.recommend.says, cited) | {
            "description": spec.statement.says,
            "action": [_action(of, spec, cited)],
        }


def _action(of: Definitions, spec: RuleSpec, cited: list[Citation]) -> Json:
    statement = spec.statement
    topic = next(t for t in of.pack.topics.values() if any(s.id == statement.id for s in t.statements))
    holds = [when for when in (topic.applies_to, statement.applies_to, spec.rule.when) if when]
    conditions = [condition(when) for when in holds]
    conditions += [condition(f"not ({e.when})", e.says) for _, e in spec.exclusions]
    action = {
        "extension": _grading(statement, of.pack.sources.sources[statement.source].label),
        "title": spec.rule.recommend.says,
        "description": statement.says,
        "textEquivalent": f"{spec.modality}: {spec.rule.recommend.says}",
        "documentation": [artifact(citation) for citation in cited],
        "trigger": [trigger("patient-view")],
        "condition": conditions,
    }
    if spec.mode == "one":
        return without_empty(action | _treatment(of, spec.treatments[0]))
    return without_empty(
        action
        | {
            "code": [_called(of, treatment) for treatment in spec.treatments],
            "selectionBehavior": "all" if spec.mode == "all_of" else "exactly-one",
            "action": [
                without_empty({"title": treatment.target.replace("_", " "), **_treatment(of, treatment)})
                for treatment in spec.treatments
            ],
        }
    )


def _treatment(of: Definitions, treatment: Treatment) -> Json:
    """Return what is to be done, and the regimen by which a drug is given."""
    regimen = of.versioned("regimen", treatment.dose.regimen) if treatment.dose else None
    return {"code": [_called(of, treatment)], "definitionCanonical": regimen}


def _called(of: Definitions, treatment: Treatment) -> Json:
    if treatment.drug is None:
        return text(treatment.target.replace("_", " "))
    drug = of.pack.drugs.drugs[treatment.drug]
    return concept(drug.label, drug.codes)


def _grading(statement: Statement, scale: str) -> list[Json]:
    """Return strength and quality as the source grades them, named with the source, whose scale it is."""
    graded = {
        "cqf-strengthOfRecommendation": ("strength of recommendation", statement.evidence.strength),
        "cqf-qualityOfEvidence": ("level of evidence", statement.evidence.level),
    }
    return [
        {"url": f"{STRUCTURE}{name}", "valueCodeableConcept": text(f"{grade} ({words} as graded by {scale})")}
        for name, (words, grade) in graded.items()
    ]


# Safety


def _safety(of: Definitions) -> Iterator[Json]:
    for topic in of.pack.safety.values():
        listed: list[SafetyRule] = [*topic.contraindications, *topic.cautions, *topic.monitoring]
        listed += [*topic.alerts, *topic.order_checks]
        yield from (_safety_rule(of, rule) for rule in listed)


def _safety_rule(of: Definitions, rule: SafetyRule) -> Json:
    kind = KINDS[type(rule)]
    cited = of.citations.cite(rule.source, rule.locator)
    targets = [] if isinstance(rule, Alert | OrderCheck) else [*rule.drugs, *rule.actions]
    called = f"{rule.severity} {kind}" if isinstance(rule, Alert | OrderCheck) else kind
    action = {
        "title": rule.says,
        "textEquivalent": f"{called}: {', '.join([*targets, ''])}{rule.says}",
        "code": [text(target.replace("_", " ")) for target in targets],
        "documentation": [artifact(citation) for citation in cited],
        "trigger": [trigger("patient-view" if isinstance(rule, Alert | Monitoring) else "order-sign")],
        "condition": [condition(rule.when)] if rule.when else [],
    }
    return of.plan(kind, rule.id, rule.says, cited) | {"action": [without_empty(action)]}


# Regimens


def _regimens(of: Definitions) -> Iterator[Json]:
    for name, plan in of.guideline.doses.items():
        drug, written = of.pack.drugs.drugs[plan.drug], plan.written
        basis = of.pack.facts.facts[plan.basis].label if plan.basis else None
        cited = of.citations.cite(plan.source, written.dose.locator)
        dose = planned(plan, basis)
        if written.route is not None:
            dose["route"] = text(written.route.prefer)
        found = of.resource("ActivityDefinition", of.own("regimen", name), name, f"{drug.label}: {dose['text']}")
        yield without_empty(
            found
            | {
                "description": written.off_label and f"off-label: {written.off_label}",
                "relatedArtifact": [artifact(citation) for citation in cited],
                "library": [of.versioned("library")],
                "kind": "MedicationRequest",
                "intent": "proposal",
                "productCodeableConcept": concept(drug.label, drug.codes),
                "dosage": [dose],
            }
        )
