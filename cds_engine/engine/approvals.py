"""Which statements are approved: those whose approval was given for the meaning that they have now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cds_engine.diagnostics import Diagnostic, PackError, Span, did_you_mean
from cds_engine.engine.meaning import Meaning, meaning_of
from cds_engine.lowering.guideline import Guideline
from cds_engine.pack.approvals import APPROVALS_FILE, Approval, ApprovalsFile
from cds_engine.pack.beside import read_beside

STATES = ("retired", "changes_requested", "submitted", "under_review", "approved")
"""Review states, the lowest first; `minimum_review` compares by this order."""
REFUSED = frozenset({"retired", "changes_requested"})
"""States that an approval given earlier does not undo."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The review state of a statement, and why it is not approved any more if it once was."""

    written: str
    """The state that the pack gives it."""
    approval: Approval | None = None
    lost: tuple[str, ...] = ()
    """Every part of the meaning that changed, came or went since the approval, in words."""

    @property
    def due(self) -> date | None:
        """The last day on which the approval counts, where it counts and has one."""
        return self.approval.due if self.approval is not None and not self.lost else None

    def is_overdue(self, day: date | None) -> bool:
        """Say whether the approval has passed its review date; without a day none has."""
        return self.due is not None and day is not None and day > self.due

    def state(self, day: date | None) -> str:
        """Return the review state on a day: `approved` while an approval of this meaning counts."""
        if self.approval is None or self.lost or self.is_overdue(day) or self.written in REFUSED:
            return self.written
        return "approved"


def read_approvals(folder: Path) -> ApprovalsFile:
    """Return the approvals of the pack in *folder*, none where it has no such file.

    Raises:
        PackError: If the file has mistakes: then nobody knows what is approved.
    """
    file, findings = read_beside(folder, APPROVALS_FILE, ApprovalsFile)
    if findings:
        raise PackError(findings)
    return file or ApprovalsFile()


def standings_of(guideline: Guideline) -> dict[str, Standing]:
    """Return where each statement stands.

    Raises:
        PackError: If the approvals cannot be read.
    """
    given = read_approvals(guideline.pack.path).approvals
    return {name: _standing(guideline, name, given.get(name)) for name in guideline.statements}


def _standing(guideline: Guideline, name: str, approval: Approval | None) -> Standing:
    written = guideline.statements[name].review
    if approval is None:
        return Standing(written)
    meaning = meaning_of(guideline, name)
    if meaning.hash != approval.meaning:
        return Standing(written, approval, tuple(changed_parts(meaning, approval)) or ("its meaning changed",))
    return Standing(written, approval)


def changed_parts(meaning: Meaning, approval: Approval) -> Iterator[str]:
    """List what is different from what was approved: `the dose methotrexate-weekly changed`."""
    now, then = meaning.hashes, approval.parts
    for name, found in now.items():
        if name not in then:
            yield f"{name} is new"
        elif then[name].hash != found:
            yield f"{name} changed"
    yield from (f"{name} is gone" for name in then if name not in now)


def check_approvals(guideline: Guideline, today: date) -> list[Diagnostic]:
    """Return a finding for every approval that does not hold any more, is overdue, or is of a statement not there."""
    try:
        file = read_approvals(guideline.pack.path)
    except PackError as error:
        return list(error.diagnostics)
    findings = []
    for name, approval in file.approvals.items():
        span = file.span_of_key("approvals", name)
        if name not in guideline.statements:
            hint = did_you_mean(name, guideline.statements) or "remove the approval"
            findings.append(Diagnostic("A102", f"there is no statement `{name}` to approve", span, hint))
            continue
        standing = _standing(guideline, name, approval)
        if standing.lost:
            findings.append(lost_approval(name, approval, standing.lost, span=span))
        elif standing.is_overdue(today):
            findings.append(_overdue(name, approval, span))
    return findings


def _overdue(name: str, approval: Approval, span: Span | None) -> Diagnostic:
    said = f"the approval of `{name}` by {approval.by} was to be reviewed by {approval.due}; it counts no longer"
    hint = f"have it read again, then `cds-engine approve PACK {name} --by NAME --due DATE`"
    return Diagnostic("A103", said, span, hint, "warning")


def lost_approval(name: str, approval: Approval, lost: tuple[str, ...], span: Span | None = None) -> Diagnostic:
    """Return the finding about an approval that does not hold any more."""
    said = f"`{name}` lost its approval by {approval.by} of {approval.on.isoformat()}: {'; '.join(lost)}"
    hint = f"read the change on its review page, then `cds-engine approve PACK {name} --by NAME`"
    return Diagnostic("A101", said, span, hint, "warning")


def is_below(state: str, minimum: str) -> bool:
    """Say whether a review state is below what is asked for.

    >>> is_below("submitted", "approved"), is_below("approved", "under_review")
    (True, False)
    """
    return STATES.index(state) < STATES.index(minimum)
