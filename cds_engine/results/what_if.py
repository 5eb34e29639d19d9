"""What would change a status, as an answer shows it: never advice, only how a rule reads other facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from cds_engine.results.models import Result, Status

FEW = 5
"""How many changes to one status, and values of one fact, are written out; the rest is counted."""
LONG = 3
"""Of more facts than these one set is written out."""
WOULD: dict[Status, str] = {
    "recommended": "would apply if",
    "needs_data": "would apply, but wait for further facts, if",
    "blocked": "would be blocked if",
    "not_applicable": "would not apply if",
}
NO_ADVICE = "Each line was answered again with the values that it names; it is no advice to change a value."
FIXED = "Only for another patient, because these facts do not change:"
NOTHING = "no other values were found that would change it"


class SupposedFact(Result):
    """One fact with the values that it is supposed to have, in words and as anybody would send them."""

    fact: str
    label: str
    kind: Literal["missing", "unusable", "modifiable", "fixed"]
    """Nobody said; given and not usable; known, and a new finding may differ; known, and the same for life."""
    now: str | None
    """The present value in words; None where there is none that can be used."""
    values: list[str]
    """Each of them does it alone."""
    sent: list[Any]


class Supposition(Result):
    """Facts that would give the rule another status if all of them were so."""

    status: Status
    facts: list[SupposedFact]

    @property
    def is_fixed(self) -> bool:
        """Whether it supposes another value of a fact that does not change."""
        return any(fact.kind == "fixed" for fact in self.facts)

    @property
    def text(self) -> str:
        """The supposition in a sentence: `would be blocked if breastfeeding were yes (now no)`."""
        return f"{WOULD[self.status]} {'; and '.join(_said(fact) for fact in self.facts)}"


class WhatWouldChange(Result):
    """The smallest changes of facts that would give one rule another status."""

    rule: str
    status: Status
    suppositions: list[Supposition]
    """To each status those with the fewest facts, the nearest first."""
    is_complete: bool = True
    """False where the search ended before it had looked at every set of that size."""

    @property
    def of_this_patient(self) -> list[Supposition]:
        """Those that a missing answer or a new finding could bring."""
        return [found for found in self.suppositions if not found.is_fixed]

    @property
    def of_another(self) -> list[Supposition]:
        """Those that suppose another value of a fact that does not change, such as sex or age."""
        return [found for found in self.suppositions if found.is_fixed]

    @property
    def text(self) -> str:
        """The whole in words, a line a supposition."""
        lines = [f"{self.rule} is {self.status.replace('_', ' ')}", *_lines(self.of_this_patient)]
        if self.of_another:
            lines += [FIXED, *_lines(self.of_another)]
        if not self.suppositions:
            lines.append(f"- {NOTHING}")
        if not self.is_complete:
            lines.append("The search ended before it had looked at everything: there may be more, or smaller, changes.")
        return "\n".join([*lines, NO_ADVICE])

    def __str__(self) -> str:
        return self.text


def _said(fact: SupposedFact) -> str:
    values = fact.values[:FEW]
    rest = len(fact.values) - len(values)
    words = " or ".join([*values, f"{rest} more"] if rest else values)
    match fact.kind:
        case "missing":
            return f"{fact.label} were known to be {words}"
        case "unusable":
            return f"{fact.label} were known to be {words} (what was given cannot be used)"
        case _:
            return f"{fact.label} were {words} (now {fact.now})"


def _lines(found: Sequence[Supposition]) -> list[str]:
    lines = []
    for status in dict.fromkeys(one.status for one in found):
        own = [one for one in found if one.status == status]
        shown = own[: FEW if len(own[0].facts) <= LONG else 1]
        lines += [f"- {one.text}" for one in shown]
        if len(own) > len(shown):
            rest = len(own) - len(shown)
            lines.append(
                f"- {WOULD[status]} {'another change' if rest == 1 else f'one of {rest} other changes'} were so"
            )
    return lines
