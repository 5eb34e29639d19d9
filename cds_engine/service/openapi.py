"""The description of the service for other programs, from the models; bodies are read by the desk, not by FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cds_engine.service.requests import EvaluateRequest, FeedbackRequest, HookRequest, OrderRequest, SelectRequest

BODIES: tuple[type[BaseModel], ...] = (HookRequest, OrderRequest, SelectRequest, EvaluateRequest, FeedbackRequest)
REF = "#/components/schemas/{model}"
OUTCOME = {
    "type": "object",
    "title": "OperationOutcome",
    "description": "Why a request was not answered; it never repeats what was sent.",
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "severity": {"type": "string"},
                    "code": {"type": "string"},
                    "details": {"type": "object", "properties": {"text": {"type": "string"}}},
                    "diagnostics": {"type": "string"},
                },
            },
        },
    },
    "required": ["resourceType", "issue"],
}


def body_of(*models: type[BaseModel]) -> dict[str, Any]:
    """Return the part of an operation that says what its body is: one of the models."""
    refs = [{"$ref": REF.format(model=model.__name__)} for model in models]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return how an operation refuses."""
    schema = {"$ref": REF.format(model="OperationOutcome")}
    content = {"application/json": {"schema": schema}}
    return {status: {"description": WORDS[status], "content": content} for status in statuses}


WORDS = {
    400: "The request is malformed.",
    401: "There is no token, or it is not accepted.",
    404: "There is no such service.",
    408: "The body did not arrive in time.",
    412: "Data that the answer needs cannot be had.",
    413: "The request is larger than the service takes.",
    415: "The body is not JSON.",
    503: "Too much is going on; come again later.",
}


def described(app: FastAPI, title: str, version: str, description: str) -> dict[str, Any]:
    """Return the OpenAPI of the application with the bodies of its endpoints."""
    found = get_openapi(title=title, version=version, description=description, routes=app.routes)
    _, definitions = models_json_schema([(model, "validation") for model in BODIES], ref_template=REF)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas |= {**definitions.get("$defs", {}), "OperationOutcome": OUTCOME}
    found["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "As CDS Hooks has it."}
    }
    return found
