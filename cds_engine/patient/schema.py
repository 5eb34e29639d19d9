"""The JSON Schema of a patient for one pack: made from its dictionary, so that a sender can check before sending."""

from __future__ import annotations

from typing import Any

from cds_engine.patient.spec import Dictionary, FactSpec

UNKNOWN = {"enum": [None, "unknown"]}
AMOUNT = {"type": "string", "examples": ["128 cm"]}
LIMIT = {"type": ["number", "string"]}
ENTRY = {
    "type": "object",
    "properties": {
        "drug": {"type": "string"},
        "dose": {"$ref": "#/$defs/amount"},
        "per": {"type": "string"},
        "times": {"type": "integer", "minimum": 1},
        "route": {"type": "string"},
        "status": {"type": "string"},
        "id": {"type": "string"},
    },
}


def patient_schema(dictionary: Dictionary, title: str) -> dict[str, Any]:
    """Return the schema of a patient: facts by name, orders, day and audience; an unknown name is a mistake."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {
            "id": {"type": ["string", "integer", "null"]},
            "as_of": {"type": ["string", "null"], "format": "date"},
            "audience": {"type": "string"},
            "facts": {
                "type": "object",
                "properties": {name: _fact(spec) for name, spec in dictionary.facts.items()},
                "additionalProperties": False,
            },
            "orders": {"type": "array", "items": {"$ref": "#/$defs/medicine"}},
        },
        "required": ["facts"],
        "additionalProperties": False,
        "$defs": {
            **{f"{name}_value": _value(spec) for name, spec in dictionary.facts.items()},
            "medicine": ENTRY,
            "amount": {
                "anyOf": [
                    AMOUNT,
                    {
                        "type": "object",
                        "properties": {"value": {"type": "number"}, "unit": {"type": "string"}},
                        "required": ["value", "unit"],
                    },
                ]
            },
        },
    }


def _fact(spec: FactSpec) -> dict[str, Any]:
    one = {"$ref": f"#/$defs/{spec.name}_value"}
    dated = {
        "type": "object",
        "properties": {
            "value": {"type": ["number", "string"]} if spec.entry.type == "quantity" else one,
            "unit": {"type": "string"},
            "date": {"type": "string", "format": "date"},
            "range": {"type": "object", "properties": {"low": LIMIT, "high": LIMIT}},
        },
        "required": ["value"],
    }
    several = {"type": "array", "items": {"anyOf": [one, dated]}}
    described: dict[str, Any] = {"title": spec.entry.label}
    if spec.unit:
        described["description"] = f"in {spec.unit}, or another unit of the same kind"
    return {**described, "anyOf": [one, dated, several, UNKNOWN]}


def _value(spec: FactSpec) -> dict[str, Any]:
    entry = spec.entry
    match entry.type:
        case "quantity":
            return AMOUNT
        case "drug_dose":
            return {"$ref": "#/$defs/amount"}
        case "boolean":
            return {"type": "boolean"}
        case "integer":
            return {"type": "integer"}
        case "decimal":
            return {"type": ["number", "string"]}
        case "code":
            return {"enum": list(entry.allowed)} if entry.allowed else {"type": "string"}
        case "codes":
            items = {"enum": list(entry.allowed)} if entry.allowed else {"type": "string"}
            return {"type": "array", "items": items}
        case "medications":
            return {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/medicine"}]}}
        case "date":
            return {"type": "string", "format": "date"}
