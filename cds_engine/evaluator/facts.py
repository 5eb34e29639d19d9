"""One patient as conditions see it: each name is a value or unknown; nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from cds_engine.evaluator.verdict import Unknown, Verdict
from cds_engine.lowering import core as c
from cds_engine.patient.values import Known, Value


class Facts:
    """The facts of one patient, derived ones included, and the verdicts on shared definitions so far.

    Also what a second engine is given: checked values, and ready-made results where it cannot compute.
    """

    __slots__ = ("as_of", "known", "unknown", "verdicts")

    def __init__(self, known: Mapping[str, Known], unknown: Mapping[str, Unknown], as_of: date | None) -> None:
        self.known = known
        self.unknown = unknown
        self.as_of = as_of
        self.verdicts: dict[str, Verdict] = {}

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
        base = name.split(".", 1)[0]
        return self.unknown.get(base) or Unknown(frozenset({base}))

    # What a second engine asks

    def value(self, name: str) -> Value | None:
        """Return the value of a fact, None when it is unknown."""
        found = self.look_up(name)
        return None if isinstance(found, Unknown) else found

    def number(self, term: c.Term) -> float | None:
        """Return the value of an arithmetic term, None when it is unknown."""
        from cds_engine.evaluator.conditions import value_of  # noqa: PLC0415 - they describe each other

        found = value_of(term, self)
        return found if isinstance(found, float) else None

    def compares(self, node: c.Compare) -> bool | None:
        """Return the truth of a comparison between two facts or two dates."""
        from cds_engine.evaluator.conditions import decide  # noqa: PLC0415 - they describe each other

        return decide(node, self).truth
