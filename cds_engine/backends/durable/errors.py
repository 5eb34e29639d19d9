"""What this engine says when it cannot: one small function per mistake."""

from __future__ import annotations

from cds_engine.diagnostics import BackendFault, CdsError


class UnsupportedConditionError(CdsError):
    """A condition asks for something that durable_rules cannot do; met when a pack is loaded."""

    def __init__(self, reason: str, condition: str | None = None) -> None:
        self.reason = reason
        self.condition = condition
        name = f" `{condition}`" if condition is not None else " this condition"
        super().__init__(f"durable_rules cannot decide{name}: {reason}")


def wrong_kind(expected: str, value: object) -> BackendFault:
    """Return the fault for a fact whose value is not what the conditions compare it with."""
    return BackendFault(f"durable_rules was to get {expected}, not {value!r}; no answer is given")


def no_answer(reason: str) -> BackendFault:
    """Return the fault for a durable_rules that did not do as it should."""
    return BackendFault(f"durable_rules gave no answer: {reason}")


def both_ways(condition: str) -> BackendFault:
    """Return the fault for a condition that was found true and false at once."""
    return BackendFault(f"durable_rules found `{condition}` both true and false; no answer is given")


def not_importable() -> BackendFault:
    """Return the fault for a Python on which the engine does not exist."""
    return BackendFault("durable_rules cannot be imported here (it needs Python 3.12 or older)")
