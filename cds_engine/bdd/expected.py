"""What a case may expect: every key, its shape, and the names in it; nothing that is written is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from cds_engine.diagnostics import did_you_mean
from cds_engine.engine.findings import Severity
from cds_engine.lowering.guideline import Guideline
from cds_engine.results.models import Status

Number = int | float
Mistake = tuple[str, str]
"""What is wrong, and the way out."""


class _Expected(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _OfDose(_Expected):
    low: Number | None = None
    high: Number | None = None
    low_capped: bool | None = None
    high_capped: bool | None = None
    products: list[Number] = []


class _OfChoice(_OfDose):
    status: Status


class _OfRule(_OfDose):
    status: Status | None = None
    drug: str | None = None
    route: str | None = None
    missing: list[str] = []
    blocked_by: list[str] = []
    excluded_by: list[str] = []
    undecided: list[str] = []
    choices: dict[str, _OfChoice] = {}
    cautions: list[str] = []
    not_cautions: list[str] = []
    monitoring: list[str] = []
    not_monitoring: list[str] = []


class _OfAnswer(_Expected):
    alerts: list[str] = []
    not_alerts: list[str] = []
    questions: list[str] = []
    not_questions: list[str] = []
    problems: list[str] = []
    derived: dict[str, str | bool | Number] = {}
    findings: dict[str, dict[str, Severity]] = {}
    no_findings: dict[str, list[str]] = {}


OF_ANSWER = frozenset(_OfAnswer.model_fields)
"""Keys of `expect` that are about the whole answer; every other is a rule."""
Kind = Literal["rule", "fact", "alert", "contraindication", "exclusion", "caution", "monitoring rule", "safety rule"]
NAMES_A: Mapping[str, Kind] = {
    **dict.fromkeys(("alerts", "not_alerts"), "alert"),
    **dict.fromkeys(("questions", "not_questions", "missing", "derived"), "fact"),
    **dict.fromkeys(("cautions", "not_cautions"), "caution"),
    **dict.fromkeys(("monitoring", "not_monitoring"), "monitoring rule"),
    "blocked_by": "contraindication",
    "undecided": "safety rule",
    "excluded_by": "exclusion",
}
"""What the names under a key are names of."""
WAYS_OUT = {
    "list_type": "write a list, `[one, another]`",
    "dict_type": "write pairs, `{name: value}`",
    "model_type": "write pairs, `{name: value}`",
    "string_type": "write one word",
    "bool_type": "write true or false",
}


def known_names(guideline: Guideline) -> dict[Kind, frozenset[str]]:
    """Return everything in a pack that an expectation may name."""
    contraindications = frozenset(rule.id for found in guideline.contraindications.values() for _, rule in found)
    cautions = frozenset(rule.id for found in guideline.cautions.values() for _, rule in found)
    return {
        "rule": frozenset(spec.rule.id for spec in guideline.rules),
        "fact": frozenset(guideline.pack.facts.facts),
        "alert": frozenset(alert.id for _, alert in guideline.alerts),
        "contraindication": contraindications,
        "exclusion": frozenset(exclusion.id for spec in guideline.rules for _, exclusion in spec.exclusions),
        "caution": cautions,
        "monitoring rule": frozenset(rule.id for found in guideline.monitoring.values() for _, rule in found),
        "safety rule": contraindications | cautions,
    }


def mistakes_in(expected: Mapping[str, object], known: Mapping[Kind, frozenset[str]]) -> Iterator[Mistake]:
    """List what of an expectation cannot be compared with an answer."""
    yield from _misshapen(_OfAnswer, {key: expected[key] for key in expected if key in OF_ANSWER}, "")
    yield from _unknown(expected, known)
    for rule, wanted in expected.items():
        if rule in OF_ANSWER:
            continue
        if rule not in known["rule"]:
            hint = did_you_mean(rule, [*known["rule"], *OF_ANSWER]) or "name a rule of the pack"
            yield f"there is no rule `{rule}` to expect something of", hint
        of_rule = wanted if isinstance(wanted, Mapping) else {"status": wanted}
        yield from _misshapen(_OfRule, of_rule, rule)
        yield from _unknown(of_rule, known)


def _misshapen(model: type[_Expected], written: Mapping[str, object], of: str) -> Iterator[Mistake]:
    try:
        model.model_validate(dict(written))
    except ValidationError as error:
        yield from dict.fromkeys(_said(found, model, of) for found in error.errors(include_url=False))


def _said(found: ErrorDetails, model: type[_Expected], of: str) -> Mistake:
    place = [str(step) for step in found["loc"] if step not in {"int", "float", "bool", "str"}]
    named = " of ".join(f"`{step}`" for step in (*reversed(place), *([of] if of else [])))
    match found["type"]:
        case "extra_forbidden":
            hint = did_you_mean(place[-1], model.model_fields) or f"expected can be {', '.join(model.model_fields)}"
            return f"nothing called {named} can be expected", hint
        case "missing":
            return f"{named} is missing", "say it"
        case "literal_error":
            return f"{named} cannot be so", f"write {found['ctx']['expected']}"
        case kind:
            return f"{named} cannot be so", WAYS_OUT.get(kind, "write a number")


def _unknown(written: Mapping[str, object], known: Mapping[Kind, frozenset[str]]) -> Iterator[Mistake]:
    for key, kind in NAMES_A.items():
        names = written.get(key)
        for name in names if isinstance(names, Iterable) and not isinstance(names, str) else ():
            if name not in known[kind]:
                yield (
                    f"there is no {kind} `{name}` to expect",
                    did_you_mean(str(name), known[kind]) or f"look it up among the {kind}s of the pack",
                )
