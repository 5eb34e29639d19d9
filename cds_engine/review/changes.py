"""Which patients a new version of a pack answers otherwise, read from what `cds-engine diff --format json` wrote.

This package compares no versions itself. A file that speaks of another version of the pack is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.approvals import Approval
from cds_engine.proof.words import example_words
from cds_engine.results.wording import counted, spoken
from cds_engine.review.findings import Affected
from cds_engine.review.written import Written, WrittenError, read_written


class _Version(Written):
    version: str
    hash: str


class _Change(Written):
    rule: str
    text: str
    before: str
    after: str
    patient: dict[str, Any] | None = None


class _Count(Written):
    rule: str
    before: str
    after: str
    patients: int


class _Cohort(Written):
    patients: int
    changes: tuple[_Count, ...] = ()


class Changes(Written):
    """What changed in meaning since another version of the pack."""

    old: _Version
    new: _Version
    changes: tuple[_Change, ...]
    cohort: _Cohort | None = None
    undecided: tuple[str, ...] = ()
    assumed: str


def read_changes(file: Path, guideline: Guideline) -> Changes:
    """Return what *file* says of this version of the pack.

    Raises:
        WrittenError: If it cannot be read, or speaks of another version of the pack.
    """
    found = read_written(Changes, file, "diff")
    if found.new.hash != guideline.pack.hash:
        raise WrittenError(f"the changes in `{file}` lead to another version of the pack; compare this one again")
    return found


def affected_by(changes: Changes, guideline: Guideline, approvals: Mapping[str, Approval]) -> dict[str, Affected]:
    """Return for each statement whom its rules, and the alerts about its medicines, answer otherwise than before."""
    bearing = _bearing(guideline)
    found = {}
    for statement in guideline.statements:
        mine = [change for change in changes.changes if statement in bearing.get(change.rule, ())]
        counts = [c for c in changes.cohort.changes if statement in bearing.get(c.rule, ())] if changes.cohort else []
        if mine or statement in approvals:
            found[statement] = Affected(
                compared=_compared(changes, approvals.get(statement)),
                changes=tuple(_sentence(change, guideline) for change in mine),
                cohort=None
                if changes.cohort is None
                else tuple(
                    f"{count.patients} of {counted(changes.cohort.patients, 'patient')} of the cohort: "
                    f"{spoken(count.before)} before, {spoken(count.after)} now"
                    for count in counts
                ),
                bounds=(changes.assumed, *(f"Undecided: {reason}." for reason in changes.undecided)),
            )
    return found


def _bearing(guideline: Guideline) -> dict[str, frozenset[str]]:
    """Return for each rule, and each alert about a medicine, the statements that it bears on."""
    found = {spec.rule.id: frozenset(spec.statements) for spec in guideline.rules}
    for _, alert in guideline.alerts:
        offering = [spec for spec in guideline.rules if alert.drug in {t.target for t in spec.treatments}]
        found[alert.id] = frozenset(statement for spec in offering for statement in spec.statements)
    return found


def _compared(changes: Changes, approval: Approval | None) -> str:
    said = f"This version, {changes.new.version}, is compared with version {changes.old.version}"
    if approval is None:
        return f"{said}."
    is_approved = approval.pack == changes.old.hash
    return f"{said}, {'of which it was approved' if is_approved else 'which is not the one that was approved'}."


def _sentence(change: _Change, guideline: Guideline) -> tuple[str, str | None]:
    if change.patient is None:
        return change.text, None
    patient = example_words(change.patient, guideline)
    return change.text, f"For example {patient}: {spoken(change.before)} before, {spoken(change.after)} now."
