"""The invariants of a pack, lowered, ready to be proved or tried on one concrete patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cds_engine.checker.check import Checked
from cds_engine.checker.invariants import check_invariants
from cds_engine.diagnostics import Diagnostic
from cds_engine.lowering import core as c
from cds_engine.lowering.expressions import lower_condition
from cds_engine.lowering.guideline import Guideline


@dataclass(frozen=True, slots=True)
class Promise:
    """One invariant, ready to be proved or tried."""

    id: str
    says: str
    premise: c.Condition
    claim: c.Condition


def promises_of(folder: Path, checked: Checked, guideline: Guideline) -> tuple[list[Promise], list[Diagnostic]]:
    """Read the invariants of a pack; those with a mistake are findings, all at once."""
    found, findings = check_invariants(folder, checked.pack)
    definitions = {
        key.removeprefix("definition "): condition
        for key, condition in guideline.conditions.items()
        if key.startswith("definition ")
    }
    promises = []
    for invariant in found:
        premise = lower_condition(invariant.premise, definitions) if invariant.premise else c.Constant(value=True)
        claim = lower_condition(invariant.claim, definitions)
        promises.append(Promise(invariant.written.id, invariant.written.says, premise, claim))
    return promises, findings
