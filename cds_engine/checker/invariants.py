"""Check the invariants of a pack: parsed, typed, each with an id of its own; they take no part in an evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cds_engine.checker import mistakes
from cds_engine.checker.expressions import Typed, check_condition
from cds_engine.checker.spoken import spoken_scope
from cds_engine.checker.types import Scope
from cds_engine.diagnostics import Diagnostic
from cds_engine.language.parser import ParseError, parse
from cds_engine.pack.invariants import Invariant, read_invariants
from cds_engine.pack.load import Pack


@dataclass(frozen=True, slots=True)
class CheckedInvariant:
    """One invariant with its conditions typed; of whom it speaks is None where it speaks of everybody."""

    written: Invariant
    premise: Typed | None
    claim: Typed


def check_invariants(folder: Path, pack: Pack) -> tuple[list[CheckedInvariant], list[Diagnostic]]:
    """Return the invariants of a pack without those that have a mistake, and every finding about them."""
    file, findings = read_invariants(folder)
    findings += _used_twice(file.invariants)
    scope = spoken_scope(pack) if file.invariants else Scope({})
    found = [_checked(invariant, scope, findings) for invariant in file.invariants]
    return [invariant for invariant in found if invariant is not None], findings


def _used_twice(invariants: list[Invariant]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for invariant in invariants:
        if invariant.id in seen:
            message = f"the id `{invariant.id}` is used twice"
            yield Diagnostic("C102", message, invariant.span_of("id"), "give each an id of its own")
        seen.add(invariant.id)


def _checked(invariant: Invariant, scope: Scope, findings: list[Diagnostic]) -> CheckedInvariant | None:
    premise = None if invariant.premise is None else _typed(invariant, "premise", invariant.premise, scope, findings)
    claim = _typed(invariant, "claim", invariant.claim, scope, findings)
    if claim is None or (premise is None and invariant.premise is not None):
        return None
    return CheckedInvariant(invariant, premise, claim)


def _typed(invariant: Invariant, field: str, text: str, scope: Scope, findings: list[Diagnostic]) -> Typed | None:
    """Return a typed condition, None where it has an error."""
    place = invariant.place(field)
    try:
        node = parse(text, place.locator(text) if place else None)
    except ParseError as error:
        findings.append(error.diagnostic)
        return None
    found: list[Diagnostic] = []
    typed = check_condition(node, scope, found)
    found = [mistakes.in_a_pack(finding) for finding in found]
    findings += found
    return None if any(finding.severity == "error" for finding in found) else typed
