"""The files of a pack that take no part in an evaluation: read one at a time, when somebody asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from cds_engine.diagnostics import Diagnostic, Span
from cds_engine.pack import mistakes, reading
from cds_engine.pack.base import PackModel

M = TypeVar("M", bound=PackModel)


def read_beside(folder: Path, name: str, model: type[M]) -> tuple[M | None, list[Diagnostic]]:
    """Read the file *name* of the pack in *folder*; None if there is none or it has findings, which are returned."""
    file, findings = folder / name, list[Diagnostic]()
    if not file.is_file():
        return None, findings
    try:
        content = file.read_bytes()
    except OSError:
        found = Diagnostic(
            "Y101", f"`{name}` cannot be read", Span(file.as_posix(), 1, 1, 1), "look at its permissions"
        )
        return None, [found]
    data = reading.read_yaml(content, file.as_posix(), findings)
    if data is None:
        return None, findings
    try:
        return model.model_validate(data), findings
    except ValidationError as error:
        return None, [*findings, *mistakes.findings_of(error, data, model, file.as_posix())]
