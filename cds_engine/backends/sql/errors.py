"""What the SQL compiler refuses: a shape for which it has no text with the evaluator's meaning."""

from __future__ import annotations

from cds_engine.diagnostics import BackendFault


class NotInColumns(BackendFault):
    """The pack says something that cannot be answered in columns; one patient at a time it can."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} cannot be answered in columns; use `evaluate` for the patients one by one")
