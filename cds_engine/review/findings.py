"""What was found out about a statement elsewhere: proofs, mutants, approvals and what changed since; plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence about every possible patient, and what became of it."""

    says: str
    outcome: Literal["proved", "refuted", "undecided", "speaks of nobody"]
    patient: str | None = None
    """Of a refuted one somebody who breaks it, in words."""
    statements: tuple[str, ...] = ()
    """The statements it bears on; every one where it names none."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of the rule that no case and no scenario noticed, as a vignette for the reviewer to decide on."""

    statements: tuple[str, ...]
    """Whose answers it can change; no one's in particular where it names none."""
    change: str
    """What was changed, in words: `40 mg became 60 mg`."""
    lines: tuple[str, ...]
    """A scenario or patient who would be treated differently, in words, line by line."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What the scenarios and cases of a statement are worth."""

    covered: tuple[str, ...]
    """How many statuses, outcomes and boundaries of how many are exercised, in words."""
    noticed: str | None
    """How many changes of the rules are noticed; None where none were made."""
    survived: int


@dataclass(frozen=True, slots=True)
class Exercised:
    """What coverage and mutation tests found out about a pack; made elsewhere, shown here."""

    worth: Mapping[str, Worth]
    """By statement."""
    mutants: tuple[Mutant, ...] | None
    """None where no mutation test ran."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What provers found out about a pack; made elsewhere, shown here."""

    promises: tuple[Promise, ...] = ()
    bounds: tuple[str, ...] = ()
    """What the proofs do not speak of, in sentences."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different since the statement was approved."""

    says: tuple[tuple[str, str, str], ...] = ()
    """What, before, now: prose."""
    meaning: tuple[tuple[str, str, str], ...] = ()
    """What, before, now: what the engine reads."""
    patients: tuple[str, ...] = ()
    """Scenarios whose answer differs, or that are new or gone."""


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom the rules of a statement answer otherwise than in another version, over all patients."""

    compared: str
    """Which versions were compared, in a sentence."""
    changes: tuple[tuple[str, str | None], ...]
    """What changes for whom, and a patient as an example."""
    cohort: tuple[str, ...] | None
    """How many of given patients; None where none were given."""
    bounds: tuple[str, ...]
    """What the comparison does not speak of."""


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """The review state of a statement and how it came to be."""

    state: str
    words: str
    by: str | None = None
    on: str | None = None
    due: str | None = None
    is_lost: bool = False
    why: tuple[str, ...] = ()
    change: Change | None = None
