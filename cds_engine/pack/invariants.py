"""invariants.yaml: what the pack promises of every possible patient; it takes no part in an evaluation."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from cds_engine.diagnostics import Diagnostic, Span
from cds_engine.pack import mistakes, reading
from cds_engine.pack.base import ConditionText, Identifier, PackModel, Text

FILE = "invariants.yaml"


class Invariant(PackModel):
    """One promise: whenever the premise is true, the claim is true, neither false nor unknown."""

    id: Identifier
    says: Text
    """In words, for the reviewer."""
    premise: ConditionText | None = None
    """Of whom it speaks; of every patient when it is left out."""
    claim: ConditionText


class InvariantsFile(PackModel):
    """invariants.yaml."""

    invariants: list[Invariant] = Field(default_factory=list)


def read_invariants(folder: Path) -> tuple[InvariantsFile, list[Diagnostic]]:
    """Read the invariants of the pack in *folder*, none if it has no such file; and every finding on the way."""
    file, findings = folder / FILE, list[Diagnostic]()
    if not file.is_file():
        return InvariantsFile(), findings
    try:
        content = file.read_bytes()
    except OSError:
        span = Span(file.as_posix(), 1, 1, 1)
        return InvariantsFile(), [Diagnostic("Y101", f"`{FILE}` cannot be read", span, "look at its permissions")]
    data = reading.read_yaml(content, file.as_posix(), findings)
    if data is None:
        return InvariantsFile(), findings
    try:
        return InvariantsFile.model_validate(data), findings
    except ValidationError as error:
        findings += mistakes.findings_of(error, data, InvariantsFile, file.as_posix())
        return InvariantsFile(), findings
