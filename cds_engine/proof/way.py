"""One way in which a rule or an alert may be answered otherwise by another version: who is, and who shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cds_engine.backends.smt.logic import Formula
from cds_engine.proof.twice import Shows, Twice

Said = tuple[str, str]
"""What was and what is, in words."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a rule or alert may be answered otherwise."""

    what: str
    goal: Formula
    """True of everybody who is."""
    among: Formula
    """Those whom they are told from: to whom the rule applies, or who get the dose."""
    is_among: Shows
    shows: Shows
    said: Callable[[Twice | None], Said]
    """What was and what is, of somebody who shows it, or of nobody."""
