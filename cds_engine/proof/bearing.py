"""Which statements an invariant bears on: those whose rules, drugs, actions or origin it speaks of."""

from __future__ import annotations

from collections.abc import Iterator

from cds_engine.checker.spoken import word
from cds_engine.lowering.guideline import Guideline
from cds_engine.lowering.walk import names_in
from cds_engine.proof.invariants import Promise

OF_TARGETS = frozenset({"acts", "dose", "waits"})
OF_RULES = frozenset({"status", "chosen", "ready"})


def bears_on(promise: Promise, guideline: Guideline) -> tuple[str, ...]:
    """Return the statements, in the order of the pack; none where the promise speaks of the patient's facts alone."""
    spoken = [name.split(".") for name in names_in((promise.premise, promise.claim))]
    rules = {name for kind, name, *_ in filter(_has_kind, spoken) if kind in OF_RULES}
    targets = {target for kind, name, *_ in filter(_has_kind, spoken) for target in _targets(kind, name, guideline)}
    origins = {name for kind, name, *_ in filter(_has_kind, spoken) if kind == "strongest"}
    found = {
        statement
        for spec in guideline.rules
        if word(spec.rule.id) in rules
        or spec.statement.origin in origins
        or targets & {treatment.target for treatment in spec.treatments}
        for statement in spec.statements
    }
    return tuple(statement for statement in guideline.statements if statement in found)


def _has_kind(parts: list[str]) -> bool:
    return len(parts) > 1


def _targets(kind: str, name: str, guideline: Guideline) -> Iterator[str]:
    """List the drugs and actions that a name of an invariant speaks of."""
    if kind in OF_TARGETS:
        yield name
    elif kind == "reason":
        yield from (
            target
            for target, found in guideline.contraindications.items()
            if any(word(rule.id) == name for _, rule in found)
        )
    elif kind == "alert":
        yield from (alert.drug for _, alert in guideline.alerts if word(alert.id) == name and alert.drug)
