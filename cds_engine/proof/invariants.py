"""The invariants of a pack, typed and lowered, and what they come to for one concrete patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cds_engine.checker.check import Checked
from cds_engine.checker.expressions import check_condition
from cds_engine.checker.spoken import spoken_scope
from cds_engine.diagnostics import Diagnostic
from cds_engine.language.parser import ParseError, parse
from cds_engine.lowering import core as c
from cds_engine.lowering.expressions import lower_condition
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.invariants import Invariant, read_invariants


@dataclass(frozen=True, slots=True)
class Promise:
    """One invariant, ready to be proved or tried."""

    id: str
    says: str
    premise: c.Condition
    claim: c.Condition


def promises_of(folder: Path, checked: Checked, guideline: Guideline) -> tuple[list[Promise], list[Diagnostic]]:
    """Read the invariants of a pack; those with a mistake are findings, all at once."""
    written, findings = read_invariants(folder)
    scope = spoken_scope(checked.pack)
    definitions = {
        key.removeprefix("definition "): found
        for key, found in guideline.conditions.items()
        if key.startswith("definition ")
    }
    seen: set[str] = set()
    found: list[Promise] = []

    def lowered(model: Invariant, field: str, text: str) -> c.Condition | None:
        place = model.place(field)
        try:
            node = parse(text, place.locator(text) if place else None)
        except ParseError as error:
            findings.append(error.diagnostic)
            return None
        before = len(findings)
        typed = check_condition(node, scope, findings)
        return lower_condition(typed, definitions) if not _errors(findings[before:]) else None

    for invariant in written.invariants:
        if invariant.id in seen:
            message = f"the id `{invariant.id}` is used twice"
            findings.append(Diagnostic("C102", message, invariant.span_of("id"), "give each an id of its own"))
        seen.add(invariant.id)
        premise = lowered(invariant, "premise", invariant.premise) if invariant.premise else c.Constant(value=True)
        claim = lowered(invariant, "claim", invariant.claim)
        if premise is not None and claim is not None:
            found.append(Promise(invariant.id, invariant.says, premise, claim))
    return found, findings


def _errors(findings: list[Diagnostic]) -> list[Diagnostic]:
    return [finding for finding in findings if finding.severity == "error"]
