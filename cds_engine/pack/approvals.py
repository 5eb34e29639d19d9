"""approvals.yaml: who approved which statement at which meaning; the only place that can say `approved`."""

from __future__ import annotations

from pydantic import Field

from cds_engine.pack.base import Day, Identifier, PackModel, Text

APPROVALS_FILE = "approvals.yaml"


class ApprovedPart(PackModel):
    """One part of what was approved: its hash, and what it said in words."""

    hash: Text
    words: Text


class Approval(PackModel):
    """One clinician's approval of one statement; it holds while the meaning is the one approved."""

    by: Text
    on: Day
    due: Day | None = None
    """When it should be reviewed again."""
    pack: Text | None = None
    """Hash of the whole pack as it stood, to know its version again."""
    meaning: Text
    """Hash of the rules, doses, facts, safety rules and source reference."""
    scenarios: Text
    """Hash of the patients and expectations of its scenarios."""
    says: Text
    """The sentence as it stood; changing it does not void the approval."""
    parts: dict[Text, ApprovedPart] = Field(default_factory=dict)
    answers: dict[Text, Text] = Field(default_factory=dict)
    """What became of each scenario, for the list of affected patients."""


class ApprovalsFile(PackModel):
    """approvals.yaml."""

    approvals: dict[Identifier, Approval] = Field(default_factory=dict)
