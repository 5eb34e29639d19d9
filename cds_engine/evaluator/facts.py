"""One patient as conditions see it: each name is a value or unknown; nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from cds_engine.evaluator.verdict import Unknown, Verdict
from cds_engine.patient.values import Known, Value


class Facts:
    """The facts of one patient, derived ones included, and the verdicts so far.

    INVARIANT: a fact that a verdict rests on does not change after it; facts are derived in the order of what
    they rest on.
    """

    __slots__ = ("as_of", "doubtful", "known", "unknown", "verdicts")

    def __init__(self, known: Mapping[str, Known], unknown: dict[str, Unknown], as_of: date | None) -> None:
        self.known = known
        self.unknown = unknown
        self.as_of = as_of
        self.doubtful: set[str] = set()
        """Facts that were given but may not be used, and what is unknown because of them."""
        self.verdicts: dict[int, Verdict] = {}
        """By the `id` of a condition, which its verdict keeps alive: what was decided so far."""

    def look_up(self, name: str) -> Value | Unknown:
        """Return the value of a fact or property; an unknown one names the fact to ask for."""
        found = self.known.get(name)
        if found is not None:
            return found.value
        missing = self.unknown.get(name)
        if missing is not None:
            return missing
        if name == "as_of":
            return self.as_of if self.as_of is not None else Unknown()
        base, _, prop = name.partition(".")
        if prop == "usable":
            return Unknown(frozenset({base})) if base in self.doubtful else True
        found_unknown = self.unknown[name] = self.unknown.get(base) or Unknown(frozenset({base}))
        return found_unknown

    def value(self, name: str) -> Value | None:
        """Return the value of a fact, None when it is unknown."""
        known = self.known.get(name)
        if known is not None:
            return known.value
        found = self.look_up(name)
        return None if isinstance(found, Unknown) else found
